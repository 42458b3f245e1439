//! To which install does each modulefile of a stack belong, and which installs have none?

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use spack_db::{Evidence, Lock, Owner, Record, Trees, is_generated, names_spec};

use crate::stack::spider::Found;

/// A modulefile is a few kilobytes; what follows after this much is not looked at.
const LONGEST: u64 = 1 << 20;

/// Whose a modulefile is.
#[derive(Clone, Copy, Debug)]
pub enum Claim<'i> {
    /// An install's.
    Of(&'i Record),
    /// Spack wrote it, and no tree knows the install.
    Gone,
    /// Nothing says that Spack wrote it.
    Foreign,
    /// The file cannot be read.
    Unread,
}

/// Where a record is: which tree, and which record of it.
type Place = (usize, usize);

#[derive(Clone, Copy, Debug)]
enum Known {
    /// An install's; and whether Spack's generator wrote the file.
    Of(Place, bool),
    Gone,
    Foreign,
    Unread,
}

/// Every modulefile of a stack with the install that it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// What Spack wrote.
    pub books: Trees,
    files: BTreeMap<PathBuf, Known>,
}

impl Inventory {
    /// Reads every modulefile of `found` and asks `books` whose it is.
    #[must_use]
    pub fn new(books: Trees, found: &[Found]) -> Self {
        let files = if books.trees.is_empty() {
            BTreeMap::new()
        } else {
            found.par_iter().map(|entry| (entry.file.clone(), known(&books, entry))).collect()
        };
        Self { books, files }
    }

    /// Whose `file` is; foreign where it is no modulefile of the stack.
    #[must_use]
    pub fn claim(&self, file: &Path) -> Claim<'_> {
        match self.files.get(file).copied().unwrap_or(Known::Foreign) {
            Known::Of((tree, record), _) => Claim::Of(&self.books.trees[tree].database.records[record]),
            Known::Gone => Claim::Gone,
            Known::Foreign => Claim::Foreign,
            Known::Unread => Claim::Unread,
        }
    }

    /// Whether `file` is an install's.
    #[must_use]
    pub fn is_of_install(&self, file: &Path) -> bool {
        matches!(self.files.get(file), Some(Known::Of(..)))
    }

    /// Whether `tree` is the stack's own: modules were written for it, or by the Spack that it lies in. Another's tree,
    /// to which externals lead, owes this stack no module.
    #[must_use]
    pub fn is_ours(&self, tree: usize) -> bool {
        let owns = |known: &Known| matches!(known, Known::Of((owner, _), _) if *owner == tree);
        self.books.trees[tree].own || self.files.values().any(owns)
    }

    /// Whether Spack wrote the modulefiles of `tree`: then it owes one to each install. Who writes them by hand shows what
    /// people should see.
    fn owes(&self, tree: usize) -> bool {
        self.files.values().any(|known| matches!(known, Known::Of((owner, _), true) if *owner == tree))
    }

    /// Whether Spack wrote modulefiles of any tree.
    #[must_use]
    pub fn owes_modules(&self) -> bool {
        (0..self.books.trees.len()).any(|tree| self.owes(tree))
    }

    /// The environments of the stack's own Spacks, and those that stand by themselves.
    pub fn environments(&self) -> impl Iterator<Item = &(PathBuf, Lock)> {
        self.books.environments.iter().filter(|(lock, _)| {
            let folder = lock.ancestors().nth(2).unwrap_or(lock);
            let Some(spack) =
                folder.ends_with("var/spack/environments").then(|| folder.ancestors().nth(3)).flatten()
            else {
                return true;
            };
            let in_it = |tree: &usize| self.books.trees[*tree].root.starts_with(spack) && self.is_ours(*tree);
            self.books.spacks.iter().any(|known| known == spack)
                || (0..self.books.trees.len()).any(|tree| in_it(&tree))
        })
    }

    /// Installs that somebody asked for, that are there, and to which no modulefile belongs, though Spack wrote those of
    /// their tree; in the order of the trees.
    pub fn without_module(&self) -> impl Iterator<Item = &Record> {
        let owned: std::collections::HashSet<Place> = self
            .files
            .values()
            .filter_map(|known| if let Known::Of(place, _) = known { Some(*place) } else { None })
            .collect();
        let ours = self.books.trees.iter().enumerate().filter(|(tree, _)| self.owes(*tree));
        let all = ours.flat_map(|(tree, found)| {
            found.database.records.iter().enumerate().map(move |(place, record)| ((tree, place), record))
        });
        all.filter(move |(place, record)| {
            record.explicit
                && record.installed
                && !record.external
                && record.deprecated_for.is_none()
                && !owned.contains(place)
        })
        .map(|(_, record)| record)
    }

    /// The record of a hash that is installed somewhere, else any.
    #[must_use]
    pub fn by_hash(&self, hash: &str) -> Option<&Record> {
        let all = || self.books.trees.iter().filter_map(|tree| tree.database.by_hash(hash));
        all().find(|record| record.installed).or_else(|| all().next())
    }
}

fn known(books: &Trees, entry: &Found) -> Known {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(&entry.file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    if read.is_err() {
        return Known::Unread;
    }
    let text = String::from_utf8_lossy(&bytes);
    let full = entry.module.to_string();
    let owners = books.trees.iter().enumerate().filter_map(|(place, tree)| {
        let owner = Owner::of(&tree.database, &full, &text)?;
        Some((owner, place))
    });
    // A tree that builds upon another names the other's installs, too, as not installed; one that takes another's for
    // externals is the one that wrote the module.
    let rank = |(owner, place): &(Owner<'_>, usize)| {
        (owner.evidence, !owner.record.installed, !books.trees[*place].own, !owner.record.external)
    };
    let Some((owner, tree)) = owners.min_by_key(rank) else {
        return if names_spec(&full, &text) { Known::Gone } else { Known::Foreign };
    };
    // By the name alone any hand-written module of a package that Spack also has would be Spack's.
    if owner.evidence == Evidence::Name && !names_spec(&full, &text) {
        return Known::Foreign;
    }
    let records = &books.trees[tree].database.records;
    let place = records.binary_search_by(|record| record.hash.cmp(&owner.record.hash));
    place.map_or(Known::Foreign, |record| Known::Of((tree, record), is_generated(&full, &text)))
}
