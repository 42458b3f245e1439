//! Variables that a pod hands down to every process: which are taken away, which mislead, and on which results depend.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::document::Table;

/// What the tables say about inherited variables, by their names; the last also by their values.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    scrub: GlobSet,
    warn: GlobSet,
    ledger: GlobSet,
    values: GlobSet,
}

/// The same, not compiled yet: every family adds its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns {
    scrub: Vec<Glob>,
    warn: Vec<Glob>,
    ledger: Vec<Glob>,
    values: Vec<Glob>,
}

impl Inherited {
    /// What all of them say together.
    ///
    /// # Errors
    /// Patterns that are too many or too large for one automaton.
    pub(super) fn new(all: &[&Patterns]) -> Result<Self, globset::Error> {
        let set = |list: fn(&Patterns) -> &Vec<Glob>| {
            let mut builder = GlobSetBuilder::new();
            for glob in all.iter().copied().flat_map(list) {
                builder.add(glob.clone());
            }
            builder.build()
        };
        Ok(Self {
            scrub: set(|patterns| &patterns.scrub)?,
            warn: set(|patterns| &patterns.warn)?,
            ledger: set(|patterns| &patterns.ledger)?,
            values: set(|patterns| &patterns.values)?,
        })
    }

    /// Whether this variable must not reach a toolchain.
    #[must_use]
    pub fn is_scrubbed(&self, name: &str, value: &str) -> bool {
        self.scrub.is_match(name) || self.values.is_match(value)
    }

    /// Whether this variable would mislead an MPI, so that a person should know of it.
    #[must_use]
    pub fn misleads(&self, name: &str) -> bool {
        self.warn.is_match(name)
    }

    /// Whether what a stack does depends on this variable, so that it is part of a ledger's key.
    #[must_use]
    pub fn changes_results(&self, name: &str) -> bool {
        self.ledger.is_match(name)
    }
}

impl Patterns {
    pub(super) fn read(table: &mut Table<'_>) -> Self {
        Self {
            scrub: globs(table, "scrub"),
            warn: globs(table, "warn"),
            ledger: globs(table, "ledger"),
            values: globs(table, "values"),
        }
    }
}

fn globs(table: &mut Table<'_>, key: &'static str) -> Vec<Glob> {
    let mut globs = Vec::new();
    for pattern in table.strings(key).unwrap_or_default() {
        match Glob::new(&pattern.value) {
            Ok(glob) => globs.push(glob),
            Err(error) => {
                let what = format!("cannot read the pattern `{}`: {}", pattern.value, error.kind());
                table.fault(what, pattern.span);
            }
        }
    }
    globs
}
