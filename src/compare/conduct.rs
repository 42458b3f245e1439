//! What a case does otherwise in the other place.

use std::collections::BTreeMap;

use serde::Serialize;

use super::change;
use super::pace::Pace;
use super::pairs::Side;
use crate::report::record::CaseRecord;
use crate::verdict::check::{Check, Diagnosed, Outcome};

/// Which outcome a check has.
pub(super) const OUTCOME: &str = "outcome";
/// How long the case takes.
pub(super) const TIME: &str = "time";
/// What starts the ranks.
pub(super) const LAUNCHER: &str = "launcher";

/// One thing that a case does otherwise.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Conduct {
    /// `outcome`, `time`, `launcher`, or what the probe calls it: `transport`, `single copy`, `binding`.
    pub what: String,
    /// Its suite.
    pub suite: String,
    /// Its probe.
    pub probe: String,
    /// MPI ranks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// The toolchain, of the second run.
    pub toolchain: String,
    /// The check, where it is an outcome.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub check: String,
    /// What it did there.
    pub before: String,
    /// What it does here.
    pub after: String,
}

impl Conduct {
    /// `mpi/transport n=2 [gcc/12 openmpi/5]`, and the check where there is one.
    #[must_use]
    pub fn subject(&self) -> String {
        let ranks = self.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
        let check = if self.check.is_empty() { String::new() } else { format!(" {}", self.check) };
        format!("{}/{}{ranks}{check} [{}]", self.suite, self.probe, self.toolchain)
    }

    /// `single copy: by process_vm_readv → none seen`
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: {} → {}", self.what, self.before, self.after)
    }
}

/// What the case does otherwise, each with the diagnosis of the side that is worse, where there is one.
pub(super) fn conducts(
    (before, after): (Side<'_>, Side<'_>),
    pace: Option<&Pace>,
) -> Vec<(Conduct, Option<Diagnosed>)> {
    let (from, to) = (before.case, after.case);
    let conduct = |what: &str, check: &str, before: String, after: String| Conduct {
        what: what.to_owned(),
        suite: to.owed.suite.clone(),
        probe: to.owed.probe.clone(),
        ranks: to.owed.ranks,
        toolchain: to.owed.toolchain.clone(),
        check: check.to_owned(),
        before,
        after,
    };
    let mut all = Vec::new();
    for change in change::of_both(before, after) {
        let word =
            |outcome: Option<Outcome>| outcome.map_or_else(|| "absent".to_owned(), |one| one.to_string());
        let worse = if change.after > change.before { to } else { from };
        let why = diagnosed(worse, &change.check);
        all.push((conduct(OUTCOME, &change.check, word(change.before), word(change.after)), why));
    }
    for (what, (was, is)) in seen_by_both(from, to) {
        if was != is {
            all.push((conduct(what, "", was.to_owned(), is.to_owned()), None));
        }
    }
    if let Some(pace) = pace {
        let seconds = |seconds: f64| format!("{seconds:.1} s");
        all.push((conduct(TIME, "", seconds(pace.before), seconds(pace.after)), None));
    }
    all
}

/// What was observed on both sides. What one side did not see, it may have done all the same.
pub(super) fn seen_by_both<'c>(
    from: &'c CaseRecord,
    to: &'c CaseRecord,
) -> BTreeMap<&'c str, (&'c str, &'c str)> {
    let both = |(what, was): (&'c String, &'c String)| {
        Some((what.as_str(), (was.as_str(), to.observed.get(what)?.as_str())))
    };
    from.observed.iter().filter_map(both).collect()
}

fn diagnosed(case: &CaseRecord, check: &str) -> Option<Diagnosed> {
    let bad = |found: &&Check| found.outcome > Outcome::Skipped;
    let named = case.checks.iter().find(|found| found.name == check).filter(bad);
    named.or_else(|| case.first_fault()).and_then(|found| found.diagnosis.as_deref().cloned())
}
