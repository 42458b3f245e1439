//! How long may a module take to load? The default is data, and a site may say otherwise.

use std::time::Duration;

use globset::{Glob, GlobMatcher};

use crate::document::{self, Table};
use crate::error::{Fault, Source};
use crate::suite::limits;

/// Budgets by the full names of modules.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    /// The most precise pattern first: the one of most letters, wildcards not counted.
    all: Vec<(GlobMatcher, Budget)>,
}

/// One budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The names that it is for.
    pub pattern: String,
    /// How long each may take.
    pub limit: Duration,
}

impl Budgets {
    /// Reads `budgets.toml`.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, Self::table)
    }

    /// Reads the table of a document that may have one.
    pub(super) fn table(root: &mut Table<'_>) -> Self {
        let mut all = Vec::new();
        for (pattern, limit) in root.string_table("load-time").into_iter().flatten() {
            let glob = Glob::new(&pattern.value);
            let duration = limits::time(&limit.value);
            match (glob, duration) {
                (Ok(glob), Ok(limit)) => {
                    all.push((glob.compile_matcher(), Budget { pattern: pattern.value, limit }));
                }
                (Err(error), _) => {
                    root.fault(format!("cannot read the pattern: {}", error.kind()), pattern.span);
                }
                (_, Err(fault)) => root.fault(format!("a load time must be a duration: {fault}"), limit.span),
            }
        }
        let precision =
            |pattern: &str| pattern.chars().filter(|letter| !"*?[]{},!".contains(*letter)).count();
        all.sort_by_key(|(_, budget)| std::cmp::Reverse(precision(&budget.pattern)));
        Self { all }
    }

    /// These, and `others` where these say nothing.
    #[must_use]
    pub fn before(&self, others: &Self) -> Self {
        Self { all: self.all.iter().chain(&others.all).cloned().collect() }
    }

    /// The budget of the module of this full name.
    #[must_use]
    pub fn of(&self, module: &str) -> Option<&Budget> {
        self.all.iter().find(|(glob, _)| glob.is_match(module)).map(|(_, budget)| budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    fn budgets(text: &str) -> Result<Budgets, Vec<Fault>> {
        Budgets::parse(&Source::new("site.toml", text))
    }

    #[test]
    fn the_most_precise_pattern_counts_and_the_sites_goes_first() {
        let ours = Budgets::parse(&embedded::table("budgets.toml")).unwrap();
        assert_eq!(ours.of("gcc/12.2.0").unwrap().limit, Duration::from_secs(3));
        let site =
            budgets("[load-time]\n\"*/*\" = \"5s\"\n\"matlab/*\" = \"1m\"\n\"matlab/9\" = \"9s\"\n").unwrap();
        let all = site.before(&ours);
        assert_eq!(all.of("matlab/R2024a").unwrap().limit, Duration::from_mins(1));
        assert_eq!(all.of("matlab/9").unwrap().limit, Duration::from_secs(9));
        assert_eq!(all.of("gcc/12.2.0").unwrap().pattern, "*/*");
        assert_eq!(all.of("cmake").unwrap().pattern, "*");
    }

    #[test]
    fn what_is_no_duration_or_no_pattern_is_told_with_its_place() {
        for text in ["[load-time]\n\"*\" = \"soon\"\n", "[load-time]\n\"a[\" = \"3s\"\n"] {
            let faults = budgets(text).unwrap_err();
            assert_eq!(faults.len(), 1);
            assert!(faults[0].place.is_some(), "{faults:?}");
        }
    }
}
