//! What should an environment hold?

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::node::Node;
use super::packages::Packages;
use super::read::{LOCK, ReadError, Version, json};
use super::record::Record;

/// Something that the environment's owner asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Root {
    /// DAG hash.
    pub hash: Box<str>,
    /// The words in which it was asked for.
    #[serde(default)]
    pub spec: Box<str>,
}

/// A `spack.lock`.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// What was asked for, here and in the environments that this one includes.
    pub roots: Vec<Root>,
    /// All of it, in the order of the hashes. Roots are `explicit`; whether something is installed a lock cannot know.
    pub records: Vec<Record>,
    /// What could not be understood, one line each.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "_meta")]
    meta: Option<Meta>,
    #[serde(default)]
    roots: Option<Vec<Root>>,
    #[serde(default)]
    concrete_specs: Option<BTreeMap<Box<str>, Node>>,
    #[serde(default)]
    include_concrete: BTreeMap<Box<str>, Body>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "lockfile-version")]
    version: Version,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    roots: Vec<Root>,
    #[serde(default)]
    concrete_specs: BTreeMap<Box<str>, Node>,
}

impl Lock {
    /// The versions of the format that are known: Spack 0.18 to 1.3.
    const KNOWN: std::ops::RangeInclusive<u64> = 4..=8;

    /// Reads a lock file.
    ///
    /// # Errors
    /// The file cannot be read, is cut short, or is no lock file.
    pub fn read(path: &Path, packages: &Packages) -> Result<Self, ReadError> {
        let File { meta, roots, concrete_specs, include_concrete } = json(path, LOCK)?;
        if meta.is_none() && roots.is_none() && concrete_specs.is_none() {
            let what = format!("not {}: `{}` has neither `_meta` nor roots", LOCK.what, path.display());
            return Err(ReadError::with(what, "it is the file `spack.lock` in the folder of an environment"));
        }
        let mut lock = Self { roots: roots.unwrap_or_default(), ..Self::default() };
        lock.warnings.extend(meta.unwrap_or_default().version.warning(path, "lock file", Self::KNOWN));
        let mut nodes = concrete_specs.unwrap_or_default();
        for included in include_concrete.into_values() {
            lock.roots.extend(included.roots);
            nodes.extend(included.concrete_specs);
        }
        let names: BTreeMap<Box<str>, (Box<str>, Box<str>)> = nodes
            .iter()
            .map(|(hash, node)| (hash.clone(), (node.name.clone(), node.version.clone())))
            .collect();
        let find = |hash: &str| names.get(hash).map(|(name, version)| (&**name, &**version));
        let asked: HashSet<&str> = lock.roots.iter().map(|root| &*root.hash).collect();
        for root in asked.iter().filter(|hash| !nodes.contains_key(**hash)) {
            lock.warnings.push(format!("`{}`: root {root} has no spec", path.display()));
        }
        lock.records = nodes
            .into_iter()
            .map(|(hash, node)| {
                let explicit = asked.contains(&*hash);
                Record { explicit, ..node.record(hash, find, packages) }
            })
            .collect();
        Ok(lock)
    }

    /// The spec of a hash.
    #[must_use]
    pub fn by_hash(&self, hash: &str) -> Option<&Record> {
        let at = self.records.binary_search_by(|record| (*record.hash).cmp(hash)).ok()?;
        self.records.get(at)
    }
}
