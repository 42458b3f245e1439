//! What a compiler or an MPI cannot do *by its family and version*, as data.
//!
//! A probe that needs such a thing is skipped only where this table says so, with the table's reason. A family that
//! the table does not name is taken to have the capability: a gap in our knowledge goes red, never quietly green.

use std::collections::BTreeMap;

use crate::document::{self, Table};
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

#[derive(Clone, Debug)]
enum Limit {
    Within { range: Range, reason: Option<String> },
    Never { reason: String },
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

    /// Why none of `modules` (family and version) has the capability; `None` if nothing speaks against it.
    #[must_use]
    pub fn lacking(&self, name: &str, modules: &[(&str, &str)]) -> Option<String> {
        let capability = self.named.get(name)?;
        modules.iter().find_map(|(family, version)| {
            let why = match capability.families.get(*family)? {
                Limit::Within { range, .. } if range.holds(&Version::new(version)) => return None,
                Limit::Within { range, reason: None } => format!("has it {range}"),
                Limit::Within { range, reason: Some(reason) } => format!("has it {range}; {reason}"),
                Limit::Never { reason } => reason.clone(),
            };
            Some(format!("{family}/{version} has no {} ({why})", capability.summary))
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
        let limit = if let Some(range) = table.named_string(&key.value) {
            match Range::parse(&range.value) {
                Ok(range) => Limit::Within { range, reason: reason.clone() },
                Err(fault) => {
                    table.fault(fault, range.span);
                    continue;
                }
            }
        } else {
            let never = table.named_table(&key.value, |table| table.needed_string("never"));
            let Some(never) = never.flatten() else { continue };
            Limit::Never { reason: never.value }
        };
        families.insert(key.value, limit);
    }
    Capability { summary, families }
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
        assert_eq!(table().lacking("expected", &[("gcc", "12.2.0")]), None);
        assert_eq!(
            table().lacking("expected", &[("gcc", "11.3.0")]).unwrap(),
            "gcc/11.3.0 has no <expected> (has it >= 12)"
        );
        assert_eq!(
            table().lacking("expected", &[("llvm", "16.0.6")]).unwrap(),
            "llvm/16.0.6 has no <expected> (needs libstdc++ 13)"
        );
        assert_eq!(table().lacking("expected", &[("newcomer", "1")]), None);
    }

    #[test]
    fn a_wrong_range_has_a_place() {
        let source = Source::new("c.toml", "[capability.x]\nsummary = \"s\"\ngcc = \"12\"\n");
        let faults = Capabilities::parse(&source).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().contains("c.toml:3:7"), "{}", faults[0]);
    }
}
