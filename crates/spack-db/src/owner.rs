//! To which install does a modulefile belong?

use std::path::Path;

use super::branch::{is_short_hash, split_hash};
use super::database::Database;
use super::record::Record;

/// What an owner was known by, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The install's hash, in the modulefile's head or in its name.
    Hash,
    /// Paths below the install's prefix.
    Prefix,
    /// Name and version, of which there is one install.
    Name,
}

/// The install to which a modulefile belongs.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The install.
    pub record: &'a Record,
    /// What it was known by.
    pub evidence: Evidence,
}

impl<'a> Owner<'a> {
    /// Finds the owner of the module `full` (`hdf5/1.14.5-x7k2abc`), whose file holds `text`, Lua or Tcl.
    #[must_use]
    pub fn of(database: &'a Database, full: &str, text: &str) -> Option<Self> {
        let (name, version) = full.rsplit_once('/').unwrap_or((full, ""));
        let name = name.rsplit('/').next().unwrap_or(name);
        let (version, hash) = split_hash(version);
        let known = |evidence| move |record| Self { record, evidence };
        let head = head(text);
        let by_hash = || {
            let of_name = hash.map(|hash| (name, hash));
            let mut specs = of_name.into_iter().chain(head);
            specs.find_map(|(name, hash)| database.by_short_hash(hash).filter(|record| *record.name == *name))
        };
        // A hash that is not known is that of an install that is gone, be it in the name or in the head.
        let is_gone = hash.is_some() || head.is_some();
        by_hash()
            .map(known(Evidence::Hash))
            .or_else(|| by_prefix(database, name, text).map(known(Evidence::Prefix)))
            .or_else(|| by_name(database, name, version).filter(|_| !is_gone).map(known(Evidence::Name)))
    }
}

/// The package and the hash in the head of a modulefile, where Spack writes the spec:
/// `-- hdf5@1.14.5%gcc@14.2.0+mpi/x7k2abc`.
fn head(text: &str) -> Option<(&str, &str)> {
    let mut comments = text
        .lines()
        .take(20)
        .filter_map(|line| line.strip_prefix("--").or_else(|| line.strip_prefix('#')))
        .filter_map(|line| line.trim_end().rsplit_once('/'));
    comments.find_map(|(before, hash)| {
        let (name, _) = before.split_once('@')?;
        is_short_hash(hash).then(|| (name.trim_start_matches(['-', '#', ' ', '\t']), hash))
    })
}

/// Whether the module `full`, whose file holds `text`, can only have been written for an install of Spack's: its head
/// says so, or its name or a prefix in it that bears its name ends in a hash.
#[must_use]
pub fn names_spec(full: &str, text: &str) -> bool {
    let (family, version) = full.rsplit_once('/').unwrap_or((full, ""));
    let name = family.rsplit('/').next().unwrap_or(family);
    let whole = |part: &str| {
        part.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
            && part.rsplit_once('-').is_some_and(|(_, hash)| hash.len() == 32 && is_short_hash(hash))
    };
    // Seven letters behind a version may be a word of the site's; with a digit among them they hardly are.
    let hash = split_hash(version).1.filter(|hash| hash.len() == 7);
    head(text).is_some()
        || text.lines().take(20).any(|line| line.contains("created by spack"))
        || hash.is_some_and(|hash| hash.bytes().any(|byte| byte.is_ascii_digit()))
        || named_paths(text).any(|path| path.split('/').any(whole))
}

/// Whether the generator of Spack wrote the module `full`, whose file holds `text`: one that was written by hand for an
/// install of Spack's has neither its head nor a hash in its name.
#[must_use]
pub fn is_generated(full: &str, text: &str) -> bool {
    let version = full.rsplit_once('/').map_or("", |(_, version)| version);
    head(text).is_some()
        || text.lines().take(20).any(|line| line.contains("created by spack"))
        || split_hash(version).1.is_some()
}

/// The absolute paths that a modulefile, Lua or Tcl, spells out.
pub fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| letter.is_whitespace() || "\"'`[](){},;:=".contains(letter));
    words.filter(|word| word.starts_with('/'))
}

/// The install of the module's own name whose prefix most paths of the modulefile lie in; one of another name only if
/// it holds more than half of all paths, since modulefiles mention their dependencies too.
fn by_prefix<'a>(database: &'a Database, name: &str, text: &str) -> Option<&'a Record> {
    let mut counts: Vec<(&Record, usize)> = Vec::new();
    let mut total = 0;
    for path in named_paths(text) {
        total += 1;
        for record in database.by_path(Path::new(path)) {
            match counts.iter_mut().find(|(known, _)| std::ptr::eq(*known, record)) {
                Some((_, count)) => *count += 1,
                None => counts.push((record, 1)),
            }
        }
    }
    counts.retain(|(record, count)| *record.name == *name || count * 2 > total);
    let rank = |(record, count): &(&Record, usize)| (*record.name == *name, record.installed, *count);
    let best = counts.iter().max_by_key(|found| rank(found))?;
    // Several installs that are alike, such as externals of one prefix, leave it open whose module it is.
    let alike = counts.iter().filter(|found| rank(found) == rank(best)).count();
    (alike == 1).then_some(best.0)
}

fn by_name<'a>(database: &'a Database, name: &str, version: &str) -> Option<&'a Record> {
    let fits = |record: &&Record| record.installed && *record.name == *name && *record.version == *version;
    let mut all = database.records.iter().filter(fits);
    all.next().filter(|_| all.next().is_none())
}
