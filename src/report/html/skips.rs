//! Skipped checks, collected by the reason why. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::report::account::Account;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::KNOWN;

/// Reasons that are told.
pub(super) const ROWS: usize = 100;

/// Skipped checks by their reason, that of most checks first; known issues have a part of their own.
pub(super) struct Skips<'a> {
    pub(super) reasons: Vec<(&'a str, Vec<(usize, &'a str)>)>,
    of: HashMap<usize, Vec<usize>>,
}

impl<'a> Skips<'a> {
    pub(super) fn new(account: &'a Account) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut reasons: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
        for (place, case) in account.cases().enumerate() {
            let skipped = |check: &&Check| check.outcome == Outcome::Skipped && check.kind != KNOWN;
            for check in case.checks.iter().filter(skipped) {
                let at = *places.entry(&check.reason).or_insert_with(|| {
                    reasons.push((&check.reason, Vec::new()));
                    reasons.len() - 1
                });
                reasons[at].1.push((place, &check.name));
            }
        }
        reasons.sort_by_key(|(_, checks)| Reverse(checks.len()));
        let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, (_, checks)) in reasons.iter().enumerate().take(ROWS) {
            for (place, _) in checks {
                let known = of.entry(*place).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
        }
        Self { reasons, of }
    }

    /// The reasons of a case, by their places in the list: what its `data-skip` says.
    pub(super) fn marks(&self, place: usize) -> Option<String> {
        let places = self.of.get(&place)?;
        Some(places.iter().map(usize::to_string).collect::<Vec<_>>().join(" "))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }
}
