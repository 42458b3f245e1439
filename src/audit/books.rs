//! Lock files and databases against each other and against the prefixes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::answer::{Environment, Modulefiles, Read, Tree};
use super::finding::{Finding, Kind, package, short, short_hash};
use super::modulefiles;
use super::seen::{Seen, Unknown};
use super::tree::unrecorded;
use crate::stack::inventory::Inventory;
use crate::stack::spider::Found;
use path_fault::is_folder;
use spack_db::{Lock, Record};

/// What is held against each other.
#[derive(Clone, Copy, Debug)]
pub struct Books<'b> {
    /// Databases, and whose each modulefile is.
    pub inventory: &'b Inventory,
    /// Lock files: those of the stack's environments and those that were named.
    pub locks: &'b [(PathBuf, Lock)],
    /// Every modulefile of the stack; none where trees were named instead.
    pub found: Option<&'b [Found]>,
}

impl<'b> Books<'b> {
    /// Looks at all of it: what was looked at, what does not agree, what could not be looked at.
    #[must_use]
    pub fn look(&self) -> (Read, Vec<Finding>, Vec<Unknown>) {
        let mut seen = Seen::default();
        let unread = self.inventory.books.unread.iter();
        seen.findings.extend(unread.map(|line| Finding::new(Kind::Unread, line)));
        for (path, lock) in self.locks {
            self.unbuilt(path, lock, &mut seen);
        }
        self.prefixes(&mut seen);
        if let Some(found) = self.found {
            modulefiles::look(self.inventory, found, &mut seen);
        }
        seen.findings.sort();
        seen.findings.dedup();
        (self.read(), seen.findings, seen.unknown)
    }

    fn read(&self) -> Read {
        let trees = self.inventory.books.trees.iter().enumerate().map(|(place, tree)| Tree {
            path: tree.root.display().to_string(),
            installs: tree.database.records.iter().filter(|record| record.installed).count(),
            own: self.owns(place),
        });
        let environments = self
            .locks
            .iter()
            .map(|(path, lock)| Environment { path: path.display().to_string(), specs: lock.records.len() });
        let modulefiles = self.found.map(|found| Modulefiles {
            files: found.len(),
            of_installs: found.iter().filter(|entry| self.inventory.is_of_install(&entry.file)).count(),
        });
        Read { trees: trees.collect(), environments: environments.collect(), modulefiles }
    }

    /// A tree that was named is meant; of those that were found, another Spack's owes this stack nothing.
    fn owns(&self, tree: usize) -> bool {
        self.found.is_none() || self.inventory.is_ours(tree)
    }

    /// The records of the trees that are judged.
    fn records(&self) -> impl Iterator<Item = &'b Record> {
        let trees = self.inventory.books.trees.iter().enumerate().filter(|(place, _)| self.owns(*place));
        trees.flat_map(|(_, tree)| &tree.database.records)
    }

    /// What an environment asks for, and what that is linked to or runs with, is installed.
    fn unbuilt(&self, path: &Path, lock: &Lock, seen: &mut Seen) {
        let built = |hash: &str| {
            self.inventory.by_hash(hash).is_some_and(|record| record.installed || record.external)
        };
        let mut known: HashSet<&str> = HashSet::new();
        for root in &lock.roots {
            let mut todo = vec![&*root.hash];
            while let Some(hash) = todo.pop() {
                let spec = lock.by_hash(hash);
                if !known.insert(hash) || spec.is_some_and(|spec| spec.external) {
                    continue;
                }
                todo.extend(spec.into_iter().flat_map(|spec| &spec.needs).map(|need| &**need));
                if built(hash) {
                    continue;
                }
                let named = spec.map_or_else(|| format!("{}/{}", root.spec, short_hash(hash)), short);
                let why = if lock.roots.iter().any(|root| *root.hash == *hash) {
                    String::new()
                } else {
                    let asked = lock.by_hash(&root.hash).map_or_else(|| root.spec.to_string(), short);
                    format!("{asked} needs it, ")
                };
                let what = format!("{named}: {why}in {}", path.display());
                if self.inventory.books.blind {
                    seen.doubt(&what);
                } else {
                    let package = spec.map_or_else(|| root.spec.to_string(), package);
                    seen.findings.push(Finding::of(Kind::Unbuilt, &package, hash, what));
                }
            }
        }
    }

    /// What a database calls installed is there, with all that it needs; and what is there is in a database.
    fn prefixes(&self, seen: &mut Seen) {
        let mut gone: HashSet<&str> = HashSet::new();
        for record in self.records() {
            let Some(prefix) = record.prefix.as_deref() else { continue };
            match is_folder(prefix) {
                Ok(false) => {
                    gone.insert(&record.hash);
                    if record.installed {
                        let what = format!("{}: {}", short(record), prefix.display());
                        seen.findings.push(Finding::about(Kind::NoPrefix, record, what));
                    }
                }
                Err(fault) if record.installed => seen.hide(&fault),
                // Of what is not installed nothing is said.
                Ok(true) | Err(_) => {}
            }
        }
        for record in self.records().filter(|record| record.installed) {
            for need in record.needs.iter().filter_map(|hash| self.inventory.by_hash(hash)) {
                // One that the database calls installed is a finding of its own.
                if !need.installed && gone.contains(&*need.hash) {
                    let what = format!("{} needs {}, which is not installed", short(record), short(need));
                    seen.findings.push(Finding::about(Kind::NoDependency, record, what));
                }
            }
        }
        for (place, tree) in self.inventory.books.trees.iter().enumerate() {
            if self.owns(place) {
                unrecorded(tree, seen);
            }
        }
    }
}
