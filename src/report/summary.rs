//! The end of a run on one screen: a line for every toolchain, then what did not pass, then the count.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anstream::println;

use crate::exit::Exit;
use crate::report::console::style;
use crate::report::record::{CaseRecord, PlanRecord};
use crate::report::results::accounted;
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// How many failures are told one by one.
const TOLD: usize = 12;

/// Checks by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As they should be.
    pub passed: usize,
    /// Wrong.
    pub failed: usize,
    /// Could not be told.
    pub error: usize,
    /// Not asked.
    pub skipped: usize,
    /// Passed, but not at once.
    pub flaky: usize,
}

impl Counts {
    fn add(&mut self, case: &CaseRecord) {
        for check in &case.checks {
            match check.outcome {
                Outcome::Passed => self.passed += 1,
                Outcome::Failed => self.failed += 1,
                Outcome::Error => self.error += 1,
                Outcome::Skipped => self.skipped += 1,
            }
        }
        if !case.earlier.is_empty() && case.outcome() == Outcome::Passed {
            self.flaky += 1;
        }
    }

    fn worst(&self) -> Outcome {
        match self {
            Self { failed: 1.., .. } => Outcome::Failed,
            Self { error: 1.., .. } => Outcome::Error,
            Self { passed: 1.., .. } => Outcome::Passed,
            _ => Outcome::Skipped,
        }
    }

    /// `410 passed, 2 failed`: only what there is.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [
            (self.failed, "failed"),
            (self.error, "error"),
            (self.passed, "passed"),
            (self.flaky, "flaky"),
            (self.skipped, "skipped"),
        ];
        let told: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    }
}

/// The exit code that finished and unfinished cases of a plan ask for.
#[must_use]
pub fn exit(plan: &PlanRecord, done: &BTreeMap<String, CaseRecord>) -> Exit {
    let mut worst = Outcome::Passed;
    for owed in &plan.cases {
        let outcome = done.get(&owed.id).map_or(Outcome::Error, CaseRecord::outcome);
        worst = worst.max(outcome);
    }
    match worst {
        Outcome::Failed => Exit::Failed,
        Outcome::Error => Exit::Unknown,
        Outcome::Passed | Outcome::Skipped if plan.cases.is_empty() => Exit::Nothing,
        Outcome::Passed | Outcome::Skipped => Exit::Passed,
    }
}

/// Prints the summary.
pub fn print(plan: &PlanRecord, done: &BTreeMap<String, CaseRecord>, folder: &Path) {
    let cases = accounted(plan, done, "lost", "no result: the run ended before this case could be written");
    println!("{}", render(&cases, folder));
}

/// The summary as text with colours.
#[must_use]
pub fn render(cases: &[CaseRecord], folder: &Path) -> String {
    let mut rows: Vec<(&str, BTreeMap<&str, Counts>)> = Vec::new();
    let mut suites: Vec<&str> = Vec::new();
    let mut total = Counts::default();
    for case in cases {
        total.add(case);
        let (toolchain, suite) = (case.owed.toolchain.as_str(), case.owed.suite.as_str());
        if !suites.contains(&suite) {
            suites.push(suite);
        }
        if rows.last().is_none_or(|(last, _)| *last != toolchain)
            && !rows.iter().any(|(name, _)| *name == toolchain)
        {
            rows.push((toolchain, BTreeMap::new()));
        }
        if let Some((_, row)) = rows.iter_mut().find(|(name, _)| *name == toolchain) {
            row.entry(suite).or_default().add(case);
        }
    }
    let mut text = String::new();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("toolchain".len());
    for (toolchain, row) in &rows {
        let _ = write!(text, "\n{toolchain:width$}");
        for suite in &suites {
            if let Some(counts) = row.get(suite) {
                let style = style(counts.worst());
                let _ = write!(text, "  {suite}: {style}{}{style:#}", counts.words());
            }
        }
    }
    text.push('\n');
    text.push_str(&faults(cases));
    let style = style(total.worst());
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    let _ = write!(
        text,
        "\n{style}{}{style:#} in {} cases under {} toolchains, {seconds:.1} s of cases; report: {}",
        total.words(),
        cases.len(),
        rows.len(),
        folder.join("junit.xml").display()
    );
    text
}

/// What did not pass, equal reasons once.
fn faults(cases: &[CaseRecord]) -> String {
    let mut told: Vec<(String, Outcome, Vec<String>)> = Vec::new();
    for case in cases {
        for check in
            case.checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed | Outcome::Error))
        {
            let what = match &case.diagnosis {
                Some(diagnosis) => {
                    format!("{} [{}, fault: {}]", diagnosis.cause, diagnosis.id, diagnosis.fault)
                }
                None => line(&check.reason, 160),
            };
            let owed = &case.owed;
            let place = format!("{}/{} {} [{}]", owed.suite, owed.probe, check.name, owed.toolchain);
            match told.iter_mut().find(|(reason, outcome, _)| *reason == what && *outcome == check.outcome) {
                Some((_, _, places)) => places.push(place),
                None => told.push((what, check.outcome, vec![place])),
            }
        }
    }
    told.sort_by_key(|(_, outcome, places)| (std::cmp::Reverse(*outcome), std::cmp::Reverse(places.len())));
    let mut text = String::new();
    for (what, outcome, places) in told.iter().take(TOLD) {
        let style = style(*outcome);
        let more = if places.len() > 1 { format!(" and {} more", places.len() - 1) } else { String::new() };
        let first = places.first().map_or("", String::as_str);
        let _ = write!(text, "\n{style}{outcome:>7}{style:#} {first}{more}\n        {what}");
    }
    if told.len() > TOLD {
        let _ = write!(text, "\n        and {} other reasons: see the report", told.len() - TOLD);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::facts::Facts;
    use crate::report::record::Owed;
    use crate::verdict::check::Check;

    fn plan(ids: &[&str]) -> PlanRecord {
        let owed = |id: &&str| Owed {
            id: (*id).to_owned(),
            suite: "s".into(),
            probe: "p".into(),
            toolchain: "gcc/12".into(),
            ranks: None,
            file: "f".into(),
            line: 1,
        };
        PlanRecord {
            format: 1,
            stackprobe: String::new(),
            started: String::new(),
            command: Vec::new(),
            pod: Facts::default(),
            lmod: String::new(),
            modulepath: String::new(),
            cases: ids.iter().map(owed).collect(),
        }
    }

    #[test]
    fn what_is_owed_and_absent_is_never_green() {
        let plan = plan(&["a", "b"]);
        let mut a = CaseRecord::absent(&plan.cases[0], "", Outcome::Passed, "");
        a.checks = vec![Check::passed("x")];
        let mut done = BTreeMap::from([("a".to_owned(), a.clone())]);
        assert_eq!(exit(&plan, &done), Exit::Unknown);
        done.insert("b".to_owned(), a);
        assert_eq!(exit(&plan, &done), Exit::Passed);
        assert_eq!(exit(&self::plan(&[]), &BTreeMap::new()), Exit::Nothing);
    }

    #[test]
    fn equal_reasons_are_told_once() {
        let plan = plan(&["a", "b"]);
        let absent = |owed| CaseRecord::absent(owed, "lost", Outcome::Error, "no result");
        let cases: Vec<CaseRecord> = plan.cases.iter().map(absent).collect();
        let text = faults(&cases);
        assert_eq!(text.matches("no result").count(), 1, "{text}");
        assert!(text.contains("and 1 more"));
    }
}
