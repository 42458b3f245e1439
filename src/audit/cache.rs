//! A build cache against itself and against the lock files.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use serde::Serialize;

use super::finding::{Finding, Kind, package, short_hash};
use super::seen::Unknown;
use spack_db::{Cached, Lock, Mirror, Record, State};

/// A package of an environment that Spack must build, because the cache cannot give it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Miss {
    /// `hdf5@1.14.5`
    pub package: String,
    /// Its DAG hash.
    pub hash: String,
    /// Nothing that was asked for is linked to it or runs with it: it is only wanted where something else is built.
    pub only_builds: bool,
    /// Why the cache cannot give it.
    pub why: String,
}

/// A build cache, held against the lock files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cache {
    /// The folder.
    pub path: String,
    /// `v2` or `v3`.
    pub layout: String,
    /// Packages that Spack can install from it.
    pub packages: usize,
    /// Specs of the lock files, without externals.
    pub specs: usize,
    /// Those of them that Spack can install from it.
    pub hits: usize,
    /// Those that it cannot.
    pub misses: Vec<Miss>,
    /// What it holds and no lock file asks for: `zlib@1.3.1/abcdefg`.
    pub unasked: Vec<String>,
}

impl Cache {
    /// Holds `mirror` against `locks`; what is wrong with it goes to `findings` and `unknown`.
    #[must_use]
    pub fn new(
        mirror: &Mirror,
        locks: &[(PathBuf, Lock)],
        findings: &mut Vec<Finding>,
        unknown: &mut Vec<Unknown>,
    ) -> Self {
        for (hash, cached) in &mirror.packages {
            let Cached { label, listed, state } = cached;
            let named = format!("{label}/{}", short_hash(hash));
            let mut find = |kind, what| findings.push(Finding::of(kind, label, hash, what));
            match state {
                State::Gone => find(Kind::Stale, named),
                State::Broken(why) => find(Kind::NotWhole, format!("{named}: {why}")),
                State::Hidden(why) => {
                    unknown.push(Unknown { what: format!("{named}: {why}"), retry: false });
                }
                State::Whole if !listed => find(Kind::Unlisted, named),
                State::Whole => {}
            }
        }
        findings.sort();
        let asked: BTreeMap<&str, (&Record, bool)> = asked(locks);
        let misses = asked.iter().filter_map(|(hash, (record, runs))| {
            let why = match mirror.packages.get(*hash) {
                None => "not in it",
                Some(Cached { state: State::Gone, .. }) => "only in its index",
                Some(Cached { state: State::Broken(_) | State::Hidden(_), .. }) => "not whole",
                Some(Cached { listed: false, .. }) => "not in its index",
                Some(_) => return None,
            };
            let (package, hash) = (package(record), (*hash).to_owned());
            Some(Miss { package, hash, only_builds: !runs, why: why.to_owned() })
        });
        let mut misses: Vec<Miss> = misses.collect();
        misses.sort_by(|left, right| (left.only_builds, left).cmp(&(right.only_builds, right)));
        let given = |cached: &&Cached| cached.listed && cached.state == State::Whole;
        let unasked = mirror.packages.iter().filter(|(hash, _)| !asked.contains_key(&***hash));
        let mut unasked: Vec<String> =
            unasked.map(|(hash, cached)| format!("{}/{}", cached.label, short_hash(hash))).collect();
        unasked.sort();
        Self {
            path: mirror.root.display().to_string(),
            layout: mirror.layout.to_string(),
            packages: mirror.packages.values().filter(given).count(),
            specs: asked.len(),
            hits: asked.len() - misses.len(),
            misses,
            unasked,
        }
    }
}

/// Every spec of the lock files that Spack builds, and whether anything that was asked for is linked to it or runs with it.
fn asked(locks: &[(PathBuf, Lock)]) -> BTreeMap<&str, (&Record, bool)> {
    let mut asked: BTreeMap<&str, (&Record, bool)> = BTreeMap::new();
    for (_, lock) in locks {
        let runs = runs(lock);
        for record in lock.records.iter().filter(|record| !record.external) {
            let known = asked.entry(&record.hash).or_insert((record, false));
            known.1 |= runs.contains(&*record.hash);
        }
    }
    asked
}

/// The roots of a lock file, and all that they are linked to or run with.
fn runs(lock: &Lock) -> HashSet<&str> {
    let mut runs = HashSet::new();
    let mut todo: Vec<&str> = lock.roots.iter().map(|root| &*root.hash).collect();
    while let Some(hash) = todo.pop() {
        if runs.insert(hash) {
            todo.extend(lock.by_hash(hash).into_iter().flat_map(|record| &record.needs).map(|need| &**need));
        }
    }
    runs
}
