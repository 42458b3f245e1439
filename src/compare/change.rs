//! Checks that turned out otherwise.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::pairs::{Pair, Side};
use crate::report::record::CaseRecord;
use crate::verdict::check::{Check, Outcome};

/// How the outcome of a check differs, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// It fails, and did not.
    NewlyFailed,
    /// It ends in an error, and did not.
    NewlyUnknown,
    /// It is skipped, and was tested.
    NewlySkipped,
    /// It is not there any more.
    Gone,
    /// It passes, and did not.
    NewlyPassed,
    /// It was not there.
    New,
}

impl Turn {
    /// Every turn, the worst first.
    pub const ALL: [Self; 6] =
        [Self::NewlyFailed, Self::NewlyUnknown, Self::NewlySkipped, Self::Gone, Self::NewlyPassed, Self::New];

    fn of(before: Option<Outcome>, after: Option<Outcome>) -> Option<Self> {
        match (before, after) {
            (Some(before), Some(after)) if before == after => None,
            (_, Some(Outcome::Failed)) => Some(Self::NewlyFailed),
            (_, Some(Outcome::Error)) => Some(Self::NewlyUnknown),
            (Some(_), Some(Outcome::Skipped)) => Some(Self::NewlySkipped),
            (Some(_), Some(Outcome::Passed)) => Some(Self::NewlyPassed),
            (None, Some(_)) => Some(Self::New),
            (Some(_), None) => Some(Self::Gone),
            (None, None) => None,
        }
    }

    /// Whether it is bad news that the second run brings.
    #[must_use]
    pub fn is_red(self) -> bool {
        matches!(self, Self::NewlyFailed | Self::NewlyUnknown)
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NewlyFailed => "newly failed",
            Self::NewlyUnknown => "newly error",
            Self::NewlySkipped => "newly skipped",
            Self::Gone => "gone",
            Self::NewlyPassed => "newly passed",
            Self::New => "new",
        })
    }
}

/// A check that turned out otherwise.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// How.
    pub turn: Turn,
    /// Its suite.
    pub suite: String,
    /// Its probe.
    pub probe: String,
    /// MPI ranks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// The toolchain, of the second run where that has the case.
    pub toolchain: String,
    /// The check; empty if the whole case is gone.
    pub check: String,
    /// The outcome before.
    pub before: Option<Outcome>,
    /// The outcome now.
    pub after: Option<Outcome>,
    /// Why it did not pass: now, or before if it passes now.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The diagnosis, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
}

/// Every check of every pair that turned out otherwise.
pub(super) fn changes(pairs: &[Pair<'_>]) -> Vec<Change> {
    pairs.iter().flat_map(of_pair).collect()
}

/// Whether the case turned red.
pub(super) fn is_newly_red(pair: &Pair<'_>) -> bool {
    of_pair(pair).iter().any(|change| change.turn.is_red())
}

/// Every check of a case of both runs that turned out otherwise.
pub(super) fn of_both(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    of_pair(&Pair { before: Some(before), after: Some(after) })
}

fn of_pair(pair: &Pair<'_>) -> Vec<Change> {
    let (before, after) = (pair.before.map(|side| side.case), pair.after.map(|side| side.case));
    // What was never told of a case is no check that could be gone.
    let before = before.filter(|case| !case.is_cut() || after.is_none());
    let Some(shown) = after.or(before) else { return Vec::new() };
    let change = |turn, name: &str, (from, to): (Option<&Check>, Option<&Check>)| {
        let red = to.filter(|check| check.outcome != Outcome::Passed).or(from);
        Change {
            turn,
            suite: shown.owed.suite.clone(),
            probe: shown.owed.probe.clone(),
            ranks: shown.owed.ranks,
            toolchain: shown.owed.toolchain.clone(),
            check: name.to_owned(),
            before: from.map(|check| check.outcome),
            after: to.map(|check| check.outcome),
            reason: red.map(|check| check.told().clone()).unwrap_or_default(),
            diagnosis: red.and_then(|check| Some(check.diagnosis.as_ref()?.id.clone())),
        }
    };
    let Some(after) = after else { return vec![change(Turn::Gone, "", (None, None))] };
    let (from, to) = (before.map(named).unwrap_or_default(), named(after));
    let mut changes: Vec<Change> = to
        .iter()
        .filter_map(|(key, check)| {
            let old = from.get(key).copied();
            let turn = Turn::of(old.map(|check| check.outcome), Some(check.outcome))?;
            Some(change(turn, &key.0, (old, Some(check))))
        })
        .collect();
    // A case that stopped at its first fault never reached the rest: that fault is the news.
    if after.outcome() <= Outcome::Skipped {
        let gone = from.iter().filter(|(key, _)| !to.contains_key(*key));
        changes.extend(gone.map(|(key, check)| change(Turn::Gone, &key.0, (Some(check), None))));
    }
    changes
}

/// The checks by name, and by number where a name stands twice.
fn named(case: &CaseRecord) -> BTreeMap<(String, usize), &Check> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut named = BTreeMap::new();
    for check in &case.checks {
        let number = seen.entry(&check.name).or_default();
        named.insert((check.name.clone(), *number), check);
        *number += 1;
    }
    named
}
