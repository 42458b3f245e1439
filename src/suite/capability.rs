//! What a compiler or an MPI cannot do *by its family and version*, as data.
//!
//! A probe that needs such a thing is skipped only where this table says so, with the table's reason. A family that
//! the table does not name is taken to have the capability: a gap in our knowledge goes red, never quietly green.

use std::collections::BTreeMap;

use crate::document::{self, Table, Written};
use crate::error::{Fault, Source};
use crate::suite::version::{Range, Version};

/// All capabilities by name.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    named: BTreeMap<String, Capability>,
}

#[derive(Clone, Debug)]
struct Capability {
    summary: String,
    families: BTreeMap<String, Limit>,
}

/// Which versions of a family have a capability.
#[derive(Clone, Debug)]
pub enum Limit {
    /// Those of a range.
    Within {
        /// The range.
        range: Range,
        /// Why the others have not.
        reason: Option<String>,
    },
    /// None.
    Never {
        /// Why.
        reason: String,
    },
}

impl Capabilities {
    /// Reads `capabilities.toml`.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let named = root.table("capability", |table| {
                table.any_key();
                let names: Vec<String> = table.keys().map(|key| key.value).collect();
                names
                    .into_iter()
                    .filter_map(|name| {
                        let capability = table.named_table(&name, capability)?;
                        Some((name, capability))
                    })
                    .collect()
            });
            Self { named: named.unwrap_or_default() }
        })
    }

    /// Whether the table knows this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// Takes over the entries of `other`, which win.
    pub fn extend(&mut self, other: Self) {
        self.named.extend(other.named);
    }

    /// Says of one family which versions have a capability, if there is one of this name; `false` where there is none.
    pub fn limit(&mut self, name: &str, family: &str, limit: Limit) -> bool {
        let found = self.named.get_mut(name);
        found.map(|capability| capability.families.insert(family.to_owned(), limit)).is_some()
    }

    /// Why one of `modules` has not the capability; `None` if nothing speaks against it. Of each module, its family and
    /// version come first, then those of the families that it is like: the first counts of which the table speaks.
    #[must_use]
    pub fn lacking(&self, name: &str, modules: &[Vec<(String, String)>]) -> Option<String> {
        let capability = self.named.get(name)?;
        modules.iter().find_map(|kin| {
            let (own, own_version) = kin.first()?;
            let (limit, version) =
                kin.iter().find_map(|(family, version)| Some((capability.families.get(family)?, version)))?;
            let why = match limit {
                Limit::Within { range, .. } if range.holds(&Version::new(version)) => return None,
                Limit::Within { range, reason: None } => format!("has it {range}"),
                Limit::Within { range, reason: Some(reason) } => format!("has it {range}; {reason}"),
                Limit::Never { reason } => reason.clone(),
            };
            Some(format!("{own}/{own_version} has no {} ({why})", capability.summary))
        })
    }
}

fn capability(table: &mut Table<'_>) -> Capability {
    let summary = table.needed_string("summary").map(|summary| summary.value).unwrap_or_default();
    let reason = table.string("reason").map(|reason| reason.value);
    table.any_key();
    let names: Vec<_> =
        table.keys().filter(|key| !["summary", "reason"].contains(&key.value.as_str())).collect();
    let mut families = BTreeMap::new();
    for key in names {
        let Some(limit) = limit(table, &key, reason.as_ref()) else { continue };
        families.insert(key.value, limit);
    }
    Capability { summary, families }
}

/// The fault of naming a capability that no table knows, without its place.
#[must_use]
pub fn no_capability(name: &str, known: &Capabilities) -> Fault {
    let fault = Fault::new(format!("no capability `{name}` in capabilities.toml"));
    match document::nearest(name, known.names()) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

/// The value of `key`: a range of versions, or `{ never = "reason" }`.
pub(crate) fn limit(table: &mut Table<'_>, key: &Written<String>, reason: Option<&String>) -> Option<Limit> {
    let Some(range) = table.named_string(&key.value) else {
        let never = table.named_table(&key.value, |table| table.needed_string("never"))??;
        return Some(Limit::Never { reason: never.value });
    };
    match Range::parse(&range.value) {
        Ok(range) => Some(Limit::Within { range, reason: reason.cloned() }),
        Err(fault) => {
            table.fault(fault, range.span);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Capabilities {
        Capabilities::parse(&Source::new(
            "capabilities.toml",
            "[capability.expected]\nsummary = \"<expected>\"\ngcc = \">= 12\"\nllvm = { never = \"needs libstdc++ 13\" }\n",
        ))
        .unwrap()
    }

    #[test]
    fn only_what_the_table_says_is_lacking() {
        let lacking = |kin: &[(&str, &str)]| {
            let kin = kin.iter().map(|(family, version)| ((*family).to_owned(), (*version).to_owned()));
            table().lacking("expected", &[kin.collect()])
        };
        assert_eq!(lacking(&[("gcc", "12.2.0")]), None);
        assert_eq!(lacking(&[("gcc", "11.3.0")]).unwrap(), "gcc/11.3.0 has no <expected> (has it >= 12)");
        assert_eq!(
            lacking(&[("llvm", "16.0.6")]).unwrap(),
            "llvm/16.0.6 has no <expected> (needs libstdc++ 13)"
        );
        assert_eq!(lacking(&[("newcomer", "1")]), None);
        assert_eq!(lacking(&[("newcomer", "1"), ("gcc", "12")]), None);
        assert_eq!(
            lacking(&[("newcomer", "1"), ("gcc", "11")]).unwrap(),
            "newcomer/1 has no <expected> (has it >= 12)"
        );
    }

    #[test]
    fn a_wrong_range_has_a_place() {
        let source = Source::new("c.toml", "[capability.x]\nsummary = \"s\"\ngcc = \"12\"\n");
        let faults = Capabilities::parse(&source).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().contains("c.toml:3:7"), "{}", faults[0]);
    }
}
