//! A verdict in plain words, and as a suite of JUnit.

use std::fmt::Write as _;

use super::reason::Blocks;
use super::verdict::{Ruling, Verdict};
use crate::report::account::{Account, Pod, Told};
use crate::report::record::{CaseRecord, Owed};
use crate::report::text::{line, many};
use crate::verdict::check::{Check, Outcome};

/// Lines of evidence that are shown of each reason.
const SHOWN: usize = 8;
/// Characters of a line.
const SHORT: usize = 240;
/// The suite of a verdict.
const SUITE: &str = "gate";

/// Every question that a verdict answers, so that its suite shows what was asked and not only what was wrong.
pub const QUESTIONS: [&str; 29] = [
    "empty",
    "unread",
    "cut-short",
    "edited",
    "two-plans",
    "partial-plan",
    "duplicate",
    "lost-shard",
    "lost-toolchain",
    "lost",
    "over-budget",
    "interrupted",
    "untested-suite",
    "untested-toolchain",
    "unknown-stack",
    "other-stack",
    "other-binary",
    "other-judgement",
    "older",
    "changed-since",
    "clock",
    "too-old",
    "known-over",
    "failed",
    "failed-before",
    "error",
    "flaky",
    "slower",
    "gone",
];

/// The verdict as lines, the word last.
#[must_use]
pub fn render(verdict: &Verdict) -> String {
    let mut text = String::new();
    for reason in &verdict.reasons {
        let word = match reason.blocks {
            Blocks::No => "no",
            Blocks::CannotTell => "cannot tell",
        };
        let _ = writeln!(text, "{word}: {} [{}]", line(&reason.what, SHORT), reason.kind);
        for evidence in reason.evidence.iter().take(SHOWN) {
            let _ = writeln!(text, "  {}", line(evidence, SHORT));
        }
        if reason.evidence.len() > SHOWN {
            let _ = writeln!(text, "  and more: --format json has them");
        }
        let _ = writeln!(text, "  hint: {}", reason.hint);
    }
    for allowed in &verdict.allowed {
        let _ = writeln!(
            text,
            "allowed: {} {} until {} by {} ({}): {}",
            allowed.evidence.len(),
            allowed.what,
            allowed.until,
            line(&allowed.owner, SHORT),
            allowed.rule,
            line(&allowed.reason, SHORT)
        );
    }
    for note in &verdict.notes {
        let _ = writeln!(text, "note: {}", line(note, SHORT));
    }
    let count = |of: &std::collections::BTreeMap<String, usize>| {
        let parts: Vec<String> = of.iter().map(|(name, count)| format!("{count} {name}")).collect();
        parts.join(", ")
    };
    let _ = writeln!(text, "cases: {}; checks: {}", count(&verdict.cases), count(&verdict.checks));
    let word = match verdict.verdict {
        Ruling::MayGo => "may go".to_owned(),
        Ruling::No => format!("no: {}", many(verdict.reasons.len(), "reason")),
        Ruling::CannotTell => format!("cannot tell: {}", many(verdict.reasons.len(), "reason")),
        Ruling::Nothing => "nothing was tested".to_owned(),
    };
    let _ = writeln!(text, "{word}");
    text
}

/// The verdict for those who only see the pod: the word, and what speaks most against it.
#[must_use]
pub fn message(verdict: &Verdict) -> String {
    let word = match verdict.verdict {
        Ruling::MayGo => return "MAY GO".to_owned(),
        Ruling::No => "NO",
        Ruling::CannotTell => "CANNOT TELL",
        Ruling::Nothing => "UNTESTED",
    };
    let first = verdict.reasons.iter().find(|reason| reason.blocks == Blocks::No);
    let Some(first) = first.or(verdict.reasons.first()) else { return word.to_owned() };
    let mut text = format!("{word}: {} [{}]", line(&first.what, SHORT), first.kind);
    if let Some(evidence) = first.evidence.first() {
        let _ = write!(text, ": {}", line(evidence, SHORT));
    }
    if verdict.reasons.len() > 1 {
        let _ = write!(text, " (and {})", many(verdict.reasons.len() - 1, "other reason"));
    }
    text
}

/// The verdict as a suite of its own: a case for every question.
#[must_use]
pub fn account(verdict: &Verdict) -> Account {
    let mut kinds: Vec<&str> = QUESTIONS.to_vec();
    for reason in &verdict.reasons {
        if !kinds.contains(&reason.kind.as_str()) {
            kinds.push(&reason.kind);
        }
    }
    let told = kinds.into_iter().enumerate().map(|(place, kind)| {
        let owed = Owed {
            id: format!("{SUITE}.{kind}"),
            suite: SUITE.to_owned(),
            probe: kind.to_owned(),
            toolchain: String::new(),
            ranks: None,
            file: String::new(),
            line: place,
        };
        let mut case = CaseRecord::absent(&owed, "", Outcome::Passed, "");
        case.started.clone_from(&verdict.decided);
        let checks = verdict.reasons.iter().filter(|reason| reason.kind == kind).map(|reason| {
            let outcome = if reason.blocks == Blocks::No { Outcome::Failed } else { Outcome::Error };
            let check = Check::not_passed(kind, outcome, &format!("gate.{kind}"), &reason.what);
            check.detail(format!("{}\nhint: {}", reason.evidence.join("\n"), reason.hint))
        });
        case.checks = checks.collect();
        if case.checks.is_empty() {
            case.checks.push(Check::passed(kind));
        }
        for (number, check) in case.checks.iter_mut().enumerate().skip(1) {
            check.name = format!("{kind} {}", number + 1);
        }
        Told { case, pod: 0, repro: false }
    });
    let told = told.collect();
    Account { pods: vec![Pod::nowhere(SUITE)], told, notes: Vec::new() }
}
