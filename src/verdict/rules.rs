//! `test-suites/diagnoses/*.toml` and the `[[diagnosis]]` tables of a site file: why things fail, as data.
//!
//! [`Rules::parse`] reads them and tells every fault at its place. What only compiling every pattern can show, and
//! whether each rule recognises its own samples, is told by [`Rules::prove`]: our tests call it for the rules that
//! are shipped, a run calls it for those of a site. So a run in which nothing fails compiles nothing.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::document::{self, Table};
use crate::error::{Error, Kind, Source};
use crate::suite::embedded;
use crate::verdict::rule::{self, Rule};
use crate::verdict::sieve::Sieve;
use crate::verdict::status::{self, Status, Statuses};
use crate::verdict::telling::{self, Telling, Tellings};

/// All rules, later sources overriding earlier ones by id.
#[derive(Debug, Default)]
pub struct Rules {
    all: Vec<Rule>,
    /// What exit statuses mean.
    pub statuses: Statuses,
    /// Which lines of an output say what went wrong.
    pub tellings: Tellings,
    sieve: OnceLock<Sieve>,
}

/// The rules that are part of the binary.
#[must_use]
pub fn shipped() -> Vec<Source> {
    let names = embedded::SUITES.below("diagnoses").map(|(name, _)| format!("diagnoses/{name}"));
    names.map(|name| embedded::table(&name)).collect()
}

impl Rules {
    /// Reads the rules of `sources`. Other tables of those files are left to other readers.
    ///
    /// # Errors
    /// All faults of all sources.
    pub fn parse(sources: &[Source]) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let mut rules = Self::default();
        for source in sources {
            let read = document::read(source, |root| {
                root.any_key();
                let found: Vec<Rule> = root.tables("diagnosis", rule::read).into_iter().flatten().collect();
                twice(root, &found);
                let statuses: Vec<Status> =
                    root.tables("status", status::read).into_iter().flatten().collect();
                let tellings: Vec<Telling> =
                    root.tables("telling", telling::read).into_iter().flatten().collect();
                (found, statuses, tellings)
            });
            match read {
                Ok((found, statuses, tellings)) => {
                    rules.all.retain(|old| found.iter().all(|new| new.id != old.id));
                    rules.all.extend(found);
                    // Later sources are asked first.
                    rules.statuses.add(statuses);
                    rules.tellings.add(tellings);
                }
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(Error::of(Kind::Data, faults)) }
    }

    /// Every rule, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.all.iter()
    }

    /// The rule of this id.
    #[must_use]
    pub fn explain(&self, id: &str) -> Option<&Rule> {
        self.all.iter().find(|rule| rule.id == id)
    }

    /// Which patterns may be in `text`, of all patterns of all rules in the order of [`Rules::iter`]: all others are not.
    pub(super) fn may_be_in(&self, text: &str) -> Vec<bool> {
        let patterns =
            || self.all.iter().flat_map(|rule| &rule.patterns).map(|pattern| pattern.text.as_str());
        self.sieve.get_or_init(|| Sieve::new(patterns())).may_match(text.as_bytes())
    }
}

fn twice(root: &mut Table<'_>, rules: &[Rule]) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        if !seen.insert(&rule.id) {
            root.fault(format!("there are two diagnoses called `{}`", rule.id), rule.span.clone());
        }
    }
}
