//! What the summary tells beside failures, where it is asked to: what was flaky, slow, skipped, or passed.

use std::fmt::Write as _;

use crate::report::account::Account;
use crate::report::console::style;
use crate::report::level::FinalLevel;
use crate::report::record::CaseRecord;
use crate::report::text::{line, many};
use crate::verdict::check::{Check, Outcome};

/// How many slow cases are named.
const SLOWEST: usize = 10;

/// The lines that this level has beside those of failures.
pub(super) fn further(account: &Account, level: FinalLevel) -> String {
    let mut text = String::new();
    let cases: Vec<&CaseRecord> = account.cases().collect();
    if level >= FinalLevel::Flaky {
        for case in cases.iter().filter(|case| case.is_flaky()) {
            let first = case.earlier.first().map_or("", |check| &check.reason);
            entry(
                &mut text,
                Outcome::Error,
                "flaky",
                &name(case),
                &format!("{} before it: {first}", many(case.earlier.len(), "attempt")),
            );
        }
    }
    if level >= FinalLevel::Slow {
        let mut slowest = cases.clone();
        slowest.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        for case in slowest.iter().take(SLOWEST).filter(|case| case.seconds > 0.0) {
            entry(&mut text, Outcome::Error, "slow", &name(case), &format!("{:.2} s", case.seconds));
        }
    }
    if level >= FinalLevel::Skip {
        let mut reasons: Vec<(&str, Vec<(&CaseRecord, &Check)>)> = Vec::new();
        let checks = cases.iter().flat_map(|case| case.checks.iter().map(move |check| (*case, check)));
        for (case, check) in checks.filter(|(_, check)| check.outcome == Outcome::Skipped) {
            match reasons.iter_mut().find(|(reason, _)| *reason == check.reason) {
                Some((_, of)) => of.push((case, check)),
                None => reasons.push((&check.reason, vec![(case, check)])),
            }
        }
        for (reason, of) in reasons {
            let first = of.first().map(|(case, check)| format!("{} {}", name(case), check.name));
            let more = if of.len() > 1 { format!(" and {} more", of.len() - 1) } else { String::new() };
            let first = first.unwrap_or_default();
            entry(&mut text, Outcome::Skipped, "skipped", &format!("{first}{more}"), reason);
        }
    }
    if level >= FinalLevel::All {
        for case in cases.iter().filter(|case| case.outcome() == Outcome::Passed && !case.is_flaky()) {
            let passed = case.checks.iter().filter(|check| check.outcome == Outcome::Passed).count();
            entry(&mut text, Outcome::Passed, "passed", &name(case), &many(passed, "check"));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn name(case: &CaseRecord) -> String {
    let owed = &case.owed;
    let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    format!("{}/{}{ranks} [{}]", owed.suite, owed.probe, owed.toolchain)
}

fn entry(text: &mut String, colour: Outcome, word: &str, what: &str, why: &str) {
    let style = style(colour);
    let _ = write!(text, "\n{style}{word:>7}{style:#} {what}\n        {}", line(why, 300));
}
