//! Modulefiles against the databases.

use std::collections::HashMap;

use super::finding::{Finding, Kind, short, short_hash};
use super::seen::Seen;
use crate::stack::inventory::{Claim, Inventory};
use crate::stack::spider::Found;
use path_fault::PathFault;
use spack_db::{Branch, Record, Standing, Tool};

/// Looks at each modulefile, and at installs that have none.
pub(super) fn look(inventory: &Inventory, found: &[Found], seen: &mut Seen) {
    let books = &inventory.books;
    let mut owned: HashMap<&str, &Found> = HashMap::new();
    for entry in found {
        let (name, file) = (&entry.module, entry.file.display());
        let record = match inventory.claim(&entry.file) {
            Claim::Foreign => continue,
            Claim::Unread => {
                if let Err(error) = std::fs::File::open(&entry.file) {
                    seen.hide(&PathFault::new(&entry.file, &error));
                }
                continue;
            }
            Claim::Gone => {
                let what = format!("{name}, for an install that no database knows: {file}");
                if books.blind {
                    seen.doubt(&what);
                } else {
                    seen.findings.push(Finding::new(Kind::NoInstall, what));
                }
                continue;
            }
            Claim::Of(record) => record,
        };
        owned.insert(&record.hash, entry);
        if !record.installed {
            let what = format!("{name}, of {}: {file}", short(record));
            if books.blind {
                seen.doubt(&what);
            } else {
                seen.findings.push(Finding::about(Kind::NoInstall, record, what));
            }
            continue;
        }
        let standing = match record.standing() {
            Standing::Deprecated => Some("deprecated"),
            Standing::Orphaned => Some("orphaned"),
            Standing::Wanted | Standing::Absent => None,
        };
        if let Some(standing) = standing {
            let what = format!("{name}, of {}, which is {standing}: {file}", short(record));
            seen.findings.push(Finding::about(Kind::Unwanted, record, what));
        }
        if let Some(why) = Branch::of(&entry.folder(), &books.packages).misfit(record, &books.packages) {
            let what = format!("{name}, of {}, is {why}: {file}", short(record));
            seen.findings.push(Finding::about(Kind::Branch, record, what));
        }
    }
    for record in inventory.without_module() {
        seen.findings.push(match twin(record, &owned, inventory) {
            Some((other, entry)) => {
                let file = entry.file.display();
                let what =
                    format!("{} and {} write {file}, which is the latter's", short(record), short(other));
                Finding::about(Kind::OneModulefile, record, what)
            }
            None => Finding::about(Kind::NoModule, record, short(record)),
        });
    }
}

/// Another install that is alike in all that the place and the name of a modulefile are made of, and whose own has no hash
/// in its name.
fn twin<'i>(
    record: &Record,
    owned: &HashMap<&'i str, &'i Found>,
    inventory: &'i Inventory,
) -> Option<(&'i Record, &'i Found)> {
    let parts = |tool: &Option<Tool>| tool.as_ref().map(|tool| (tool.name.clone(), tool.version.clone()));
    let alike = |other: &Record| {
        other.hash != record.hash
            && (&other.name, &other.version) == (&record.name, &record.version)
            && parts(&other.compiler) == parts(&record.compiler)
            && other.mpi == record.mpi
    };
    let mut all = inventory.books.trees.iter().flat_map(|tree| &tree.database.records);
    all.find_map(|other| {
        let entry = owned.get(&*other.hash).filter(|_| alike(other))?;
        (!entry.module.to_string().ends_with(short_hash(&other.hash))).then_some((other, *entry))
    })
}
