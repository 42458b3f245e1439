//! Which libraries must not be loaded twice in different makes?

use super::finding::FindingKind;
use super::object::Object;
use super::vendors::Vendors;

/// Two files of one process that are rivals, by their position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) kind: FindingKind,
    pub(super) first: usize,
    pub(super) second: usize,
}

/// The first two of each kind. The files must differ: a link from one's name to the other's file is no second runtime.
pub(super) fn pairs(loaded: &[&Object], vendors: &Vendors) -> Vec<Pair> {
    let pair = |(kind, names): &(FindingKind, Vec<String>)| {
        let mut rivals = loaded.iter().enumerate().filter(|(_, object)| is_one_of(object, names));
        let (first, _) = rivals.next()?;
        let (second, _) = rivals.next()?;
        Some(Pair { kind: *kind, first, second })
    };
    vendors.rivals.iter().filter_map(pair).collect()
}

fn is_one_of(object: &Object, names: &[String]) -> bool {
    object.name().split_once(".so").is_some_and(|(stem, _)| names.iter().any(|name| name == stem))
}
