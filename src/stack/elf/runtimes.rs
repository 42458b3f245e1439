//! Which libraries must not be loaded twice in different makes?

use super::finding::FindingKind;
use super::object::Object;

/// Names (up to `.so`) of runtimes that do the same thing.
const RIVALS: [(FindingKind, &[&str]); 2] = [
    (FindingKind::TwoOpenMp, &["libgomp", "libomp", "libiomp5", "libnvomp"]),
    (FindingKind::TwoMpi, &["libmpi", "libmpich"]),
];

/// Two files of one process that are rivals, by their position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) kind: FindingKind,
    pub(super) first: usize,
    pub(super) second: usize,
}

/// The first two of each kind. The files must differ: a link from one's name to the other's file is no second runtime.
pub(super) fn pairs(loaded: &[&Object]) -> Vec<Pair> {
    let pair = |&(kind, names): &(FindingKind, &[&str])| {
        let mut rivals = loaded.iter().enumerate().filter(|(_, object)| is_one_of(object, names));
        let (first, _) = rivals.next()?;
        let (second, _) = rivals.next()?;
        Some(Pair { kind, first, second })
    };
    RIVALS.iter().filter_map(pair).collect()
}

fn is_one_of(object: &Object, names: &[&str]) -> bool {
    object.name().split_once(".so").is_some_and(|(stem, _)| names.contains(&stem))
}
