//! What a results directory may say after whatever happened to the run that wrote it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stackprobe::report::record::{CaseRecord, Owed, PlanRecord};
use stackprobe::verdict::check::Outcome;

use super::owed::{CASES, SUITES, truth};
use crate::fixture::{Junit, Testcase};

/// The records that are there, by the ids of their cases, each as it was written.
pub(super) type Records = BTreeMap<String, (CaseRecord, Vec<u8>)>;

/// The plan, if the run came so far.
pub(super) fn plan(folder: &Path) -> Option<PlanRecord> {
    let text = fs::read(folder.join("plan.json")).ok()?;
    let plan: PlanRecord = serde_json::from_slice(&text).expect("a plan that is there is whole");
    if plan.cases.len() != CASES {
        // Shot while the stack was looked at: what kept the run from its first case is all that it owes.
        assert!(plan.cases.iter().all(|owed| !SUITES.contains(&owed.suite.as_str())), "{:?}", plan.cases);
        return None;
    }
    Some(plan)
}

/// Every record in the directory: each is whole, and says the truth or that it could not be determined.
pub(super) fn records(folder: &Path) -> Records {
    let mut records = Records::new();
    for entry in fs::read_dir(folder.join("cases")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let record: CaseRecord = serde_json::from_slice(&bytes).expect("a record that is there is whole");
        if !SUITES.contains(&record.owed.suite.as_str()) {
            assert_eq!(record.outcome(), Outcome::Error, "{:?}", record.checks);
            continue;
        }
        let outcome = record.outcome();
        let not_run = record.checks.iter().all(|check| check.kind == "interrupted");
        assert!(
            outcome == truth(&record.owed.probe) || outcome == Outcome::Error || not_run,
            "{}: {:?}",
            record.owed.id,
            record.checks
        );
        records.insert(record.owed.id.clone(), (record, bytes));
    }
    records
}

/// Whether the record is a verdict: what is not must be done again.
pub(super) fn is_verdict(record: &CaseRecord) -> bool {
    record.outcome() == truth(&record.owed.probe)
        && record.checks.iter().all(|check| check.kind != "interrupted")
}

/// A report of this plan: whole, with every case, none green that has not passed, those of `records` as they are there.
/// How many of the cases it gives a verdict.
pub(super) fn believable(junit: &Path, plan: &PlanRecord, records: &Records) {
    let text = fs::read_to_string(junit).unwrap();
    assert!(text.starts_with("<?xml") && text.ends_with("</testsuites>\n"), "{}", junit.display());
    let junit = Junit::parse(&text);
    assert_eq!(junit.root["tests"], junit.cases.len().to_string());
    let mut told: BTreeMap<(String, String), Vec<&Testcase>> = BTreeMap::new();
    for case in &junit.cases {
        told.entry((case.suite.clone(), case.classname.clone())).or_default().push(case);
    }
    assert_eq!(told.len(), plan.cases.len(), "as many as are owed");
    for owed in &plan.cases {
        let key = (format!("{} {}", owed.suite, owed.toolchain), format!("{}.{}", owed.suite, owed.probe));
        believable_case(&told[&key], owed, records.get(&owed.id).map(|(record, _)| record));
    }
}

fn believable_case(told: &[&Testcase], owed: &Owed, record: Option<&CaseRecord>) {
    let said: Vec<&str> = told.iter().map(|case| case.outcome.as_str()).collect();
    let Some(record) = record else {
        assert_eq!(said, ["error"], "{} has no result", owed.id);
        return;
    };
    let done: Vec<&str> = record
        .checks
        .iter()
        .map(|check| match check.outcome {
            Outcome::Passed => "passed",
            Outcome::Skipped => "skipped",
            Outcome::Error => "error",
            Outcome::Failed => "failure",
        })
        .collect();
    // A report that was written before the record still owes the case.
    assert!(said == done || said == ["error"], "{}: {said:?}, but its record says {done:?}", owed.id);
}

/// The report tells all that is on record, and nothing else has a verdict.
pub(super) fn complete(junit: &Path, plan: &PlanRecord, records: &Records) {
    believable(junit, plan, records);
    let junit = Junit::read(junit);
    let checks: usize = records.values().map(|(record, _)| record.checks.len()).sum();
    let lost = plan.cases.len() - records.len();
    assert_eq!(
        junit.cases.len(),
        checks + lost,
        "every check on record, and an error for every case without one"
    );
}
