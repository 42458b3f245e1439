//! Which prefixes of a tree does its database not know?

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::finding::{Finding, Kind, package, short};
use super::seen::Seen;
use path_fault::{entries, is_file, is_folder};
use spack_db::{Packages, Record, Tree, read_spec};

/// How deep prefixes lie: `ARCH/COMPILER/NAME-VERSION-HASH` at most, and one more for padded paths.
const DEEPEST: usize = 4;

/// Looks for installs below `tree` that its database does not know.
pub(super) fn unrecorded(tree: &Tree, seen: &mut Seen) {
    let known: HashSet<&Path> =
        tree.database.records.iter().filter_map(|record| record.prefix.as_deref()).collect();
    let mut todo: Vec<(PathBuf, usize)> = vec![(tree.root.clone(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        let below = match entries(&folder) {
            Ok(below) => below,
            Err(fault) => {
                seen.hide(&fault);
                continue;
            }
        };
        for entry in below {
            let path = entry.path();
            // A link leads to what stands somewhere else.
            let is_real = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !is_real || is_hidden || known.contains(&*path) {
                continue;
            }
            match is_file(&path.join(".spack/spec.json")) {
                Ok(true) => seen.findings.extend(finding(tree, &path)),
                // An install that Spack did not make, or one of its own that is closed: neither is a folder of prefixes.
                Ok(false) if depth < DEEPEST && !is_install(&path) => todo.push((path, depth + 1)),
                Ok(false) => {}
                Err(fault) => seen.hide(&fault),
            }
        }
    }
}

fn is_install(path: &Path) -> bool {
    ["bin", "lib"].iter().any(|name| is_folder(&path.join(name)).unwrap_or(false))
}

/// None for one that the database knows by another path: of two that lead to one place, one may go through a link.
fn finding(tree: &Tree, prefix: &Path) -> Option<Finding> {
    let shown = prefix.display();
    let real = |path: &Path| path.canonicalize().ok();
    let is_known = |record: &Record| {
        let known = tree.database.by_hash(&record.hash).and_then(|known| known.prefix.as_deref());
        known.is_some_and(|known| real(known).is_some() && real(known) == real(prefix))
    };
    match read_spec(prefix, &Packages::default()) {
        Ok((record, _)) if is_known(&record) => None,
        Ok((record, _)) => {
            let what = format!("{}: {shown}", short(&record));
            Some(Finding::of(Kind::NoRecord, &package(&record), &record.hash, what))
        }
        Err(why) => Some(Finding::new(Kind::NoRecord, format!("{shown}: {why}"))),
    }
}
