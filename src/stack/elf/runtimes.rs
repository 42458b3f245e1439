//! Which libraries must not be loaded twice in different makes?

use std::path::Path;

use super::closure::Closure;
use super::finding::FindingKind;
use super::object::Object;

/// Names (up to `.so`) of runtimes that do the same thing.
const RIVALS: [(FindingKind, &[&str]); 2] = [
    (FindingKind::TwoOpenMp, &["libgomp", "libomp", "libiomp5", "libnvomp"]),
    (FindingKind::TwoMpi, &["libmpi", "libmpich"]),
];

/// Two members of one process that are rivals.
pub(super) struct Pair {
    pub(super) kind: FindingKind,
    pub(super) first: usize,
    pub(super) second: usize,
}

/// The first two different files of each kind; a link from one's name to the other's file is no second runtime.
pub(super) fn pairs(closure: &Closure) -> Vec<Pair> {
    RIVALS
        .iter()
        .filter_map(|&(kind, names)| {
            let mut members =
                closure.members.iter().enumerate().filter(|(_, member)| is_one_of(&member.object, names));
            let (first, _) = members.next()?;
            let (second, _) = members.next()?;
            Some(Pair { kind, first, second })
        })
        .collect()
}

fn is_one_of(object: &Object, names: &[&str]) -> bool {
    let file = || Path::new(&object.path).file_name()?.to_str();
    let name = object.image.soname.as_deref().or_else(file).unwrap_or_default();
    name.split_once(".so").is_some_and(|(stem, _)| names.contains(&stem))
}
