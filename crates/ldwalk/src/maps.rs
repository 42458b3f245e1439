//! Which libraries does a running process really use?
//!
//! Only its own `/proc/self/maps` can tell: a library opened by hand is in no `DT_NEEDED`.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::finding::{Finding, FindingKind, Weight};
use super::loader::Loader;
use super::object::Object;
use super::policy::Policy;
use super::runtimes;

/// The libraries in the text of a `/proc/PID/maps`, in the order of their addresses.
fn libraries(maps: &str, program: &Path, loader: &Loader) -> Vec<Arc<Object>> {
    let mut seen = HashSet::new();
    maps.lines()
        .filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])))
        .filter(|&path| path != program && seen.insert(path))
        .filter_map(|path| loader.object(path))
        .collect()
}

/// Judges what `program` has mapped, given the text of its `/proc/self/maps`: libraries of the host, and two runtimes
/// of one kind. The loader must be the one that files of this node are judged with.
#[must_use]
pub fn judge_maps(maps: &str, program: &Path, loader: &Loader, policy: &Policy) -> Vec<Finding> {
    let libraries = libraries(maps, program, loader);
    let finding = |kind, detail| Finding {
        weight: Weight::Wrong,
        kind,
        file: program.to_owned(),
        detail,
        chain: vec![program.to_owned()],
        others: 0,
    };
    let leaks = libraries
        .iter()
        .filter(|library| {
            !policy.may_come_from_the_host(library.name()) && !policy.is_of_the_stack(&library.path)
        })
        .map(|library| {
            let detail = format!("uses `{}` of the host: `{}`", library.name(), library.path.display());
            finding(FindingKind::HostLeak, detail)
        });
    let objects: Vec<&Object> = libraries.iter().map(|library| &**library).collect();
    let pairs = runtimes::pairs(&objects, policy.vendors()).into_iter().map(|pair| {
        let path = |at: usize| libraries[at].path.display();
        let detail = format!("uses both `{}` and `{}`", path(pair.first), path(pair.second));
        finding(pair.kind, detail)
    });
    leaks.chain(pairs).collect()
}
