//! Which installs does a tree hold?

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::node::Node;
use super::packages::Packages;
use super::read::{DATABASE, ReadError, Version, json};
use super::record::{Record, Tool};

/// Every install of a tree, from its `.spack-db/index.json`.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// In the order of their hashes.
    pub records: Vec<Record>,
    /// What could not be understood, one line each.
    pub warnings: Vec<String>,
    /// Positions of the records that have a prefix, in the order of the prefixes.
    by_prefix: Vec<usize>,
}

#[derive(Deserialize)]
struct File {
    database: Body,
}

#[derive(Deserialize)]
struct Body {
    version: Version,
    #[serde(default)]
    installs: Installs,
}

#[derive(Default)]
struct Installs(Vec<(Box<str>, Install)>);

#[derive(Deserialize)]
struct Install {
    #[serde(default)]
    spec: Node,
    #[serde(default)]
    path: Option<PathBuf>,
    #[serde(default)]
    installed: bool,
    #[serde(default)]
    explicit: bool,
    #[serde(default)]
    ref_count: Option<u64>,
    #[serde(default)]
    deprecated_for: Option<Box<str>>,
}

impl<'de> Deserialize<'de> for Installs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InstallsVisitor;

        impl<'de> Visitor<'de> for InstallsVisitor {
            type Value = Installs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("installs by their hash")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Installs, A::Error> {
                let mut installs = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    installs.push(entry);
                }
                Ok(Installs(installs))
            }
        }

        deserializer.deserialize_map(InstallsVisitor)
    }
}

impl Database {
    /// The versions of the format that are known: Spack 0.13 to 1.3.
    pub(super) const KNOWN: std::ops::RangeInclusive<u64> = 5..=9;

    /// Reads the database of an install tree.
    ///
    /// # Errors
    /// The file cannot be read, is cut short, or is no database.
    pub fn read(tree: &Path, packages: &Packages) -> Result<Self, ReadError> {
        let path = tree.join(".spack-db/index.json");
        let File { database } = json(&path, DATABASE)?;
        let mut installs = database.installs.0;
        installs.sort_by(|(a, _), (b, _)| a.cmp(b));
        let tools: HashMap<Box<str>, Tool> = installs
            .iter()
            .flat_map(|(_, install)| &install.spec.links)
            .filter_map(|link| {
                let at = installs.binary_search_by(|(hash, _)| hash.cmp(&link.hash)).ok()?;
                let node = &installs[at].1.spec;
                let tool = Tool { name: node.name.clone(), version: node.version.clone(), hash: None };
                Some((link.hash.clone(), tool))
            })
            .collect();
        let find = |hash: &str| tools.get(hash).map(|tool| (&*tool.name, &*tool.version));
        let mut found = Self::default();
        found.warnings.extend(database.version.warning(&path, "database", Self::KNOWN));
        for (hash, install) in installs {
            if install.spec.name.is_empty() {
                found
                    .warnings
                    .push(format!("`{}`: install {hash} has no spec with a name: left out", path.display()));
                continue;
            }
            let record = install.spec.record(hash, find, packages);
            found.records.push(Record {
                prefix: install.path.or(record.prefix),
                installed: install.installed,
                explicit: install.explicit,
                dependents: install.ref_count,
                deprecated_for: install.deprecated_for,
                ..record
            });
        }
        let records = &found.records;
        let mut by_prefix: Vec<usize> =
            (0..records.len()).filter(|&at| records[at].prefix.is_some()).collect();
        by_prefix.sort_by(|&a, &b| records[a].prefix.cmp(&records[b].prefix));
        found.by_prefix = by_prefix;
        Ok(found)
    }

    /// The record of a hash.
    #[must_use]
    pub fn by_hash(&self, hash: &str) -> Option<&Record> {
        let at = self.records.binary_search_by(|record| (*record.hash).cmp(hash)).ok()?;
        self.records.get(at)
    }

    /// The only record whose hash begins so; `None` if there are several.
    #[must_use]
    pub fn by_short_hash(&self, start: &str) -> Option<&Record> {
        let from = self.records.partition_point(|record| &*record.hash < start);
        let mut all = self.records[from..].iter().take_while(|record| record.hash.starts_with(start));
        all.next().filter(|_| all.next().is_none() && !start.is_empty())
    }

    /// The records whose prefix holds `path`: the innermost prefix, which several externals may share.
    #[must_use]
    pub fn by_path(&self, path: &Path) -> Vec<&Record> {
        let at = |place: usize| &self.records[self.by_prefix[place]];
        let holds = |wanted: &Path| {
            let from =
                self.by_prefix.partition_point(|&at| self.records[at].prefix.as_deref() < Some(wanted));
            let all = (from..self.by_prefix.len()).map(at);
            all.take_while(|record| record.prefix.as_deref() == Some(wanted)).collect::<Vec<_>>()
        };
        path.ancestors().map(holds).find(|all| !all.is_empty()).unwrap_or_default()
    }
}
