//! The end of a run on one screen: a line for every toolchain, then what did not pass, then the count.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::error::Error;
use crate::exit::Exit;
use crate::report::account::{Account, Told};
use crate::report::cause::causes;
use crate::report::ci;
use crate::report::console::style;
use crate::report::counts::{Counts, UNCHANGED};
use crate::report::further::further;
use crate::report::level::FinalLevel;
use crate::report::print;
use crate::report::record::CaseRecord;
use crate::report::text::{many, no_command};
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::KNOWN;

/// How many failures are told one by one.
const TOLD: usize = 12;
/// Of how many of them it is told where to look.
const SHOWN: usize = 3;

/// The exit code that an account asks for.
#[must_use]
pub fn exit(account: &Account) -> Exit {
    match account.cases().map(CaseRecord::outcome).max() {
        None => Exit::Nothing,
        Some(Outcome::Failed) => Exit::Failed,
        Some(Outcome::Error) => {
            let checks = account.cases().flat_map(|case| &case.checks);
            let errors = checks.filter(|check| check.outcome == Outcome::Error);
            // That nothing was there to be tested is no fault of pod or site, and no other try changes it.
            let (untested, untold): (Vec<&Check>, Vec<&Check>) =
                errors.partition(|check| check.is_untested());
            match Exit::untold(untold.into_iter().map(Check::retry)) {
                Exit::Unknown if !untested.is_empty() => Exit::Nothing,
                exit => exit,
            }
        }
        // What was not begun because enough was seen may pass in another run; this one says nothing of it.
        Some(Outcome::Passed | Outcome::Skipped) if account.cases().any(CaseRecord::is_unfinished) => {
            Exit::Unknown
        }
        Some(Outcome::Passed) => Exit::Passed,
        // The ledger has proved what is unchanged, and what is known to fail was tried.
        Some(Outcome::Skipped) => {
            let counts = |check: &Check| {
                check.outcome == Outcome::Passed || [UNCHANGED, KNOWN].contains(&check.kind.as_str())
            };
            let tested = account.cases().flat_map(|case| &case.checks).any(counts);
            if tested { Exit::Passed } else { Exit::Nothing }
        }
    }
}

/// Prints the summary of an account, and tells the CI that we run in.
///
/// # Errors
/// Standard output that cannot be written.
pub fn print(account: &Account, folder: Option<&Path>, level: FinalLevel) -> Result<(), Error> {
    print::print(&(no_command(&render(account, folder, level)) + "\n"))?;
    ci::tell(account)
}

/// The summary as text with colours; `folder` is where the reports stand, if some do.
#[must_use]
pub fn render(account: &Account, folder: Option<&Path>, level: FinalLevel) -> String {
    let mut rows: Vec<(&str, BTreeMap<&str, Counts>)> = Vec::new();
    let mut suites: Vec<&str> = Vec::new();
    let mut total = Counts::default();
    for case in account.cases() {
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
    let lines = rows.len();
    if level == FinalLevel::None {
        rows.clear();
    }
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
    if level > FinalLevel::None {
        text.push('\n');
        text.push_str(&faults(account, folder));
        text.push_str(&further(account, level));
    }
    let style = style(total.worst());
    let seconds: f64 = account.cases().map(|case| case.seconds).sum();
    let report = folder.map(|folder| {
        format!("; report: {}, {}", folder.join("report.html").display(), folder.join("junit.xml").display())
    });
    let _ = write!(
        text,
        "\n{style}{}{style:#} in {} under {}, {seconds:.1} s of cases{}",
        total.words(),
        many(account.told.len(), "case"),
        many(lines, "toolchain"),
        report.unwrap_or_default()
    );
    if total.passed + total.failed + total.error == 0 && exit(account) == Exit::Nothing {
        text.push_str("\nnothing was tested: every check was skipped, which is never green");
    }
    text
}

/// Where to look at a case: a shell in it, where it left a script, and its log.
fn look(account: &Account, told: &Told, folder: Option<&Path>) -> String {
    let own = account.pods.get(told.pod).map(|pod| pod.folder.as_path());
    let own = own.filter(|own| !own.as_os_str().is_empty()).or(folder);
    let (Some(own), case) = (own, &told.case) else { return String::new() };
    let mut text = String::new();
    if told.repro {
        let path = own.join("cases").join(&case.owed.id).display().to_string();
        let _ = write!(text, "\n        look: stackprobe shell {}", shell_words::quote(&path));
    }
    if !case.log.is_empty() {
        let _ = write!(text, "\n        log: {}", own.join(&case.log).display());
    }
    text
}

/// What did not pass, each cause once.
fn faults(account: &Account, folder: Option<&Path>) -> String {
    let causes = causes(account);
    let mut text = String::new();
    for (place, cause) in causes.iter().take(TOLD).enumerate() {
        let style = style(cause.outcome);
        let more = match cause.reds.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = cause.reds.first().map_or_else(String::new, |red| {
            let owed = &red.told.case.owed;
            format!("{}/{} {} [{}]", owed.suite, owed.probe, red.check.name, owed.toolchain)
        });
        let whose = cause
            .diagnosis
            .map_or_else(String::new, |diagnosis| format!(" [{}, fault: {}]", diagnosis.id, diagnosis.fault));
        let outcome = cause.outcome;
        let _ = write!(text, "\n{style}{outcome:>7}{style:#} {first}{more}\n        {}{whose}", cause.title);
        if !cause.command.is_empty() {
            let _ = write!(text, "\n        {}", cause.command);
        }
        if !cause.scope.is_empty() {
            let _ = write!(text, "\n        {}", cause.scope.join("; "));
        }
        if let Some(red) = cause.reds.first().filter(|_| place < SHOWN) {
            text.push_str(&look(account, red.told, folder));
        }
        if let Some(diagnosis) = cause.diagnosis.filter(|_| outcome == Outcome::Error) {
            let _ = write!(text, "\n        fix: {} (a retry {})", diagnosis.fix, diagnosis.cure());
            for line in diagnosis.spec.lines() {
                let _ = write!(text, "\n          {line}");
            }
        }
    }
    if causes.len() > TOLD {
        let _ = write!(text, "\n        and {} other causes: see the report", causes.len() - TOLD);
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
    use crate::report::record::{Owed, PlanRecord, Selected};
    use crate::report::termination;

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
            shard: String::new(),
            basis: None,
            selected: Selected::default(),
            cases: ids.iter().map(owed).collect(),
        }
    }

    #[test]
    fn what_is_owed_and_absent_is_never_green() {
        let mut account = Account::owed(&plan(&["a", "b"]));
        account.told[0].case.checks = vec![Check::passed("x")];
        assert_eq!(exit(&account), Exit::Unknown);
        account.told[1].case.checks = vec![Check::passed("x")];
        assert_eq!(exit(&account), Exit::Passed);
        assert_eq!(exit(&Account::owed(&plan(&[]))), Exit::Nothing);
        let skipped = |kind: &str| vec![Check::not_passed("x", Outcome::Skipped, kind, "why")];
        account.told[0].case.checks = skipped("requires");
        assert_eq!(exit(&account), Exit::Passed, "one case passed");
        account.told[1].case.checks = skipped("requires");
        assert_eq!(exit(&account), Exit::Nothing);
        // The other case passed, perhaps in another pod: this one is still owed.
        account.told[0].case.checks = vec![Check::passed("x")];
        account.told[1].case.checks = skipped("interrupted");
        assert_eq!((exit(&account), account.open()), (Exit::Unknown, 1));
        assert_eq!(termination::message(&account), "UNKNOWN 1/2: so many were not begun");
        account.told[0].case.checks = skipped("requires");
        account.told[1].case.checks = skipped("requires");
        for kind in [UNCHANGED, KNOWN] {
            account.told[1].case.checks = skipped(kind);
            assert_eq!(exit(&account), Exit::Passed, "{kind}");
        }
    }

    #[test]
    fn equal_reasons_are_told_once() {
        let text = faults(&Account::owed(&plan(&["a", "b"])), None);
        assert_eq!(text.matches("not run yet").count(), 1, "{text}");
        assert!(text.contains("and 1 more"));
    }
}
