//! Which packages would be others, were some of them changed? Pure.
//!
//! A DAG hash covers all that a package is built with, linked to or runs with, so what only builds counts as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use spack_db::{Packages, Record};

/// Packages and who depends on them.
pub(super) struct Graph<'r> {
    records: BTreeMap<&'r str, &'r Record>,
    dependents: HashMap<&'r str, Vec<&'r str>>,
}

impl<'r> Graph<'r> {
    /// Of several records of one hash the first counts.
    pub(super) fn new(all: impl Iterator<Item = &'r Record>, packages: &Packages) -> Self {
        let mut records: BTreeMap<&str, &Record> = BTreeMap::new();
        for record in all {
            records.entry(&record.hash).or_insert(record);
        }
        let mut dependents: HashMap<&str, Vec<&str>> = HashMap::new();
        for record in records.values() {
            for used in record.needs.iter().chain(&record.builders) {
                dependents.entry(used).or_default().push(&record.hash);
            }
            // Before Spack 1.0 a compiler is a name and a version.
            let Some(tool) = record.compiler.as_ref().filter(|tool| tool.hash.is_none()) else { continue };
            let is_it =
                |other: &&&Record| other.version == tool.version && packages.are_one(&other.name, &tool.name);
            for compiler in records.values().filter(is_it) {
                dependents.entry(&compiler.hash).or_default().push(&record.hash);
            }
        }
        Self { records, dependents }
    }

    /// Names of all packages.
    pub(super) fn names(&self) -> BTreeSet<&'r str> {
        self.records.values().map(|record| &*record.name).collect()
    }

    /// The packages that `words` mean: `NAME`, `NAME@VERSION` as Spack understands it, or either or none with `/HASH`.
    pub(super) fn meant(&self, words: &str) -> Vec<&'r Record> {
        let (spec, hash) = words.split_once('/').unwrap_or((words, ""));
        let (name, version) = spec.split_once('@').unwrap_or((spec, ""));
        let fits = |record: &Record| {
            (name.is_empty() || *record.name == *name)
                && is_version(&record.version, version)
                && record.hash.starts_with(hash)
        };
        // No word at all means nothing, and not all.
        let is_named = !(name.is_empty() && hash.is_empty());
        self.records.values().copied().filter(|record| is_named && fits(record)).collect()
    }

    /// Those of `changed`, and all that depends on them.
    pub(super) fn touched(&self, changed: &[&'r Record]) -> BTreeMap<&'r str, &'r Record> {
        let mut touched = BTreeMap::new();
        let mut todo: Vec<&str> = changed.iter().map(|record| &*record.hash).collect();
        while let Some(hash) = todo.pop() {
            let Some(record) = self.records.get(hash) else { continue };
            if touched.insert(hash, *record).is_none() {
                todo.extend(self.dependents.get(hash).into_iter().flatten());
            }
        }
        touched
    }
}

/// `5` and `5.0` mean 5.0.11, `=5.0` does not.
fn is_version(version: &str, wanted: &str) -> bool {
    match wanted.strip_prefix('=') {
        Some(exactly) => version == exactly,
        None => version
            .strip_prefix(wanted)
            .is_some_and(|rest| wanted.is_empty() || rest.is_empty() || rest.starts_with(['.', '-', '_'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spack_db::Tool;

    fn record(name: &str, version: &str, needs: &[&str], builders: &[&str]) -> Record {
        let hashes = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect();
        Record {
            name: name.into(),
            version: version.into(),
            hash: name.into(),
            prefix: None,
            compiler: None,
            mpi: None,
            explicit: true,
            installed: true,
            deprecated_for: None,
            external: false,
            dependents: None,
            needs: hashes(needs),
            builders: hashes(builders),
        }
    }

    #[test]
    fn what_only_builds_is_a_reason_to_build_again_and_a_compiler_by_name_is_one_too() {
        let mut old = record("old", "1", &[], &[]);
        old.compiler = Some(Tool { name: "gcc".into(), version: "12.2.0".into(), hash: None });
        let all = [
            record("gcc", "12.2.0", &[], &[]),
            record("cmake", "3.27", &[], &["gcc"]),
            record("openmpi", "5.0.11", &["hwloc"], &["gcc"]),
            record("hwloc", "2.9", &[], &[]),
            record("hdf5", "1.14", &["openmpi"], &["cmake"]),
            old,
        ];
        let mut packages = Packages::default();
        packages.add_compiler("gcc", ["gcc"]);
        let graph = Graph::new(all.iter(), &packages);
        let touched = |words: &str| {
            let meant = graph.meant(words);
            graph.touched(&meant).into_keys().collect::<Vec<_>>()
        };
        assert_eq!(touched("hwloc"), ["hdf5", "hwloc", "openmpi"]);
        assert_eq!(touched("cmake"), ["cmake", "hdf5"]);
        assert_eq!(touched("gcc"), ["cmake", "gcc", "hdf5", "old", "openmpi"]);
        assert_eq!(touched("hdf5"), ["hdf5"]);
    }

    #[test]
    fn a_package_is_named_as_spack_names_it() {
        let all = [record("openmpi", "5.0.11", &[], &[]), record("hdf5", "1.14.5", &[], &[])];
        let graph = Graph::new(all.iter(), &Packages::default());
        for (words, wanted) in [
            ("openmpi", 1),
            ("openmpi@5", 1),
            ("openmpi@5.0", 1),
            ("openmpi@=5.0.11", 1),
            ("openmpi@=5.0", 0),
            ("openmpi@5.0.1", 0),
            ("openmpi@4", 0),
            ("/hdf", 1),
            ("hdf5/hdf5", 1),
            ("openmpi/hdf5", 0),
            ("hdf", 0),
            ("", 0),
            ("@", 0),
            ("/", 0),
            ("@5", 0),
        ] {
            assert_eq!(graph.meant(words).len(), wanted, "{words}");
        }
    }
}
