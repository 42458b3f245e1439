//! The whole hierarchy out of one process: Lmod's own `spider -o spider-json`.
//!
//! Keyed by modulefile, so a module that stands in several branches of the hierarchy is several entries, each with the
//! chains of parents that make it visible.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::stack::environment::Environment;
use crate::stack::lmod::{Call, Lmod};
use crate::stack::module::Module;

/// One modulefile as spider found it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Found {
    /// Its full name.
    pub module: Module,
    /// The modulefile.
    pub file: PathBuf,
    /// Every chain of modules that must be loaded before it is visible; empty for Core.
    pub parents: Vec<Vec<Module>>,
    /// What it says of itself with `family()`.
    pub family: Option<String>,
    /// Whether it is left out of `avail`.
    pub hidden: bool,
    /// Whether a `.modulerc` or `.version` names it as the default of its name.
    pub default: bool,
    /// Whether it says anything of itself, by `whatis` or `help`.
    pub described: bool,
    /// The folders that it puts on `PATH`.
    pub paths: Vec<PathBuf>,
    /// It is visible only on a condition that spider does not meet: lists of the whole stack do not show it.
    pub conditional: bool,
}

impl Found {
    /// A modulefile of which nothing else is known.
    #[must_use]
    pub fn bare(module: Module, file: PathBuf) -> Self {
        Self {
            module,
            file,
            parents: Vec::new(),
            family: None,
            hidden: false,
            default: false,
            described: true,
            paths: Vec::new(),
            conditional: false,
        }
    }

    /// The entry of `MODULEPATH` that it stands in: the folder above all parts of its name.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let parts = self.module.to_string().split('/').count();
        self.file.ancestors().nth(parts).unwrap_or(Path::new("")).to_path_buf()
    }
}

/// Asks spider for everything below `roots`, which is a `MODULEPATH`.
#[must_use]
pub fn ask(lmod: &Lmod, base: &Environment, roots: &str) -> Call {
    let mut call = lmod.ask_version(base);
    let spider = lmod.command().with_file_name("spider");
    call.argv = vec![spider.into_os_string(), "-o".into(), "spider-json".into(), roots.into()];
    call
}

/// Reads the answer; entries in order of name, then file.
///
/// # Errors
/// A text that is not what spider writes.
pub fn read(json: &[u8]) -> Result<Vec<Found>, String> {
    let packages: BTreeMap<String, BTreeMap<PathBuf, Entry>> =
        serde_json::from_slice(json).map_err(|error| format!("spider's answer cannot be read: {error}"))?;
    let mut found: Vec<Found> = packages
        .into_values()
        .flatten()
        .map(|(file, entry)| Found {
            module: Module::new(&entry.full_name),
            file,
            parents: entry
                .parents
                .0
                .iter()
                .map(|chain| chain.0.iter().map(|name| Module::new(name)).collect())
                .collect(),
            family: entry.family,
            hidden: entry.hidden,
            // Lmod sorts a marked default before all others by this sign.
            default: entry.weight.starts_with('^'),
            described: !entry.whatis.0.is_empty() || entry.help.is_some_and(|help| !help.trim().is_empty()),
            paths: entry.paths.0,
            conditional: false,
        })
        .collect();
    found.sort_by(|left, right| (&left.module, &left.file).cmp(&(&right.module, &right.file)));
    Ok(found)
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "fullName")]
    full_name: String,
    #[serde(rename = "parentAA", default)]
    parents: List<List<String>>,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    hidden: bool,
    #[serde(rename = "wV", default)]
    weight: String,
    #[serde(default)]
    whatis: List<String>,
    #[serde(default)]
    help: Option<String>,
    #[serde(rename = "pathA", default)]
    paths: Keys,
}

/// A Lua list. An empty one may be written `{}`, since Lua has no other.
struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(List(Vec::new()))
            }
        }
        deserializer.deserialize_any(Items(std::marker::PhantomData))
    }
}

/// The keys of a Lua table that is used as a set. An empty one may be written `[]`.
#[derive(Default)]
struct Keys(Vec<PathBuf>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Set;
        impl<'de> Visitor<'de> for Set {
            type Value = Keys;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a set")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<PathBuf, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Keys(Vec::new()))
            }
        }
        deserializer.deserialize_any(Set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_for_each_file_with_its_parents() {
        let found = read(
            br#"{"openmpi":{"/m/gcc/openmpi/5.lua":{"fullName":"openmpi/5","parentAA":[["gcc/12"]],"family":"mpi",
                "hidden":false,"pathA":{"/o/bin":1},"wV":"^x","whatis":["Name : openmpi"]}},
                "gcc":{"/m/Core/gcc/12.lua":{"fullName":"gcc/12","pathA":[],"parentAA":{},"hidden":true}}}"#,
        )
        .unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[1].default && found[1].described && !found[0].default && !found[0].described);
        assert!(found[0].hidden && found[0].parents.is_empty() && found[0].paths.is_empty());
        assert_eq!(found[1].parents, [[Module::new("gcc/12")]]);
        assert_eq!(found[1].family.as_deref(), Some("mpi"));
        assert!(read(b"nonsense").is_err());
    }
}
