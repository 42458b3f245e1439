//! One case: its verdicts, what it said, what it ran, how to run it again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::Page;
use super::reproduce::reproduce;
use super::words::{bytes, class, many, mark, moment, number, probe, seconds, sign, toolchain};
use crate::report::account::Told;
use crate::report::record::CaseRecord;
use crate::report::text::head_and_tail;
use crate::verdict::check::{Check, Diagnosed, Outcome};
use crate::verdict::known::KNOWN;

/// How much of a case that did not pass is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Everything that was kept.
    Whole,
    /// This many bytes of the end of its output.
    Tail(usize),
    /// Reason and log only.
    Line,
}

/// Checks without a fault that a red case names.
const NAMED: usize = 200;

/// A case that did not pass.
///
/// `same` is a case before it whose environment was the same.
pub(super) fn red(
    page: &Page<'_>,
    place: usize,
    told: &Told,
    shown: Shown,
    same: Option<(usize, &Told)>,
    open: bool,
) -> Markup {
    let case = &told.case;
    let outcome = case.outcome();
    let first = case.first_fault();
    let reds = case.checks.iter().filter(|check| check.outcome > Outcome::Skipped).count();
    html! {
        details.case.(class(outcome)) id={ "c" (place) } open[open] data-is=[marks(case)] data-skip=[page.skips.marks(place)] {
            summary {
                (mark(outcome))
                span.title { (probe(case)) }
                @if let Some(check) = first {
                    span.reason { b { (check.name) } " " (check.reason)
                        @if reds > 1 { " " i { "and " (number(reds - 1)) " more" } } }
                }
                span.time { (seconds(case.seconds)) }
            }
            div.body {
                @match first {
                    // The only one is told by the line above.
                    Some(check) if reds == 1 => {
                        @if !check.command.is_empty() { p.command { code { (check.command) } } }
                        @if !check.detail.trim().is_empty() { pre tabindex="0" { (check.detail.trim_end()) } }
                    }
                    _ => ul.checks {
                        @for check in case.checks.iter().filter(|check| check.outcome > Outcome::Skipped) { (verdict(check)) }
                    },
                }
                (why(case))
                @if shown != Shown::Line {
                    (commands(case))
                    (output(case, shown))
                    (environment(case, same))
                    (reproduce(page, told))
                }
                @if !case.earlier.is_empty() { (earlier(case)) }
                (rest(case))
                (about(page, told))
            }
        }
    }
}

/// Every diagnosis of the case once, with the check that it explains where others have another.
fn why(case: &CaseRecord) -> Markup {
    let mut told: Vec<(&Check, &Diagnosed)> = Vec::new();
    for check in case.checks.iter().filter(|check| check.outcome > Outcome::Skipped) {
        if let Some(diagnosis) = check.diagnosis.as_deref()
            && told.iter().all(|(_, known)| *known != diagnosis)
        {
            told.push((check, diagnosis));
        }
    }
    let several = told.len() > 1;
    html! {
        @for (check, diagnosis) in told {
            dl.why {
                @if several { dt { "Check" } dd { (check.name) } }
                dt { "Cause" } dd { (diagnosis.cause) }
                dt { "Fix" } dd { (diagnosis.fix) }
                dt { "Fault" } dd { (diagnosis.fault) " (" code { (diagnosis.id) } ")" }
                @if check.outcome == Outcome::Error { dt { "Retry" } dd { (diagnosis.cure()) } }
                @if !diagnosis.spec.is_empty() { dt { "Spec" } dd { pre tabindex="0" { (diagnosis.spec) } } }
            }
        }
    }
}

fn verdict(check: &Check) -> Markup {
    html! {
        li.(class(check.outcome)) {
            (mark(check.outcome)) b { (check.name) } " " span { (check.reason) }
            @if !check.command.is_empty() { " " code.command { (check.command) } }
            @if !check.kind.is_empty() { " " code.kind { (check.kind) } }
            @if !check.detail.trim().is_empty() { pre tabindex="0" { (check.detail.trim_end()) } }
        }
    }
}

fn commands(case: &CaseRecord) -> Markup {
    html! {
        @if !case.commands.is_empty() {
            h4 { "Commands" }
            ol.commands {
                @for command in &case.commands {
                    li {
                        code { (command.command) }
                        div.fate { (command.ended) " · " (seconds(command.seconds)) " · " (seconds(command.cpu)) " of CPU · "
                            (bytes(command.peak_memory)) }
                    }
                }
            }
        }
    }
}

fn output(case: &CaseRecord, shown: Shown) -> Markup {
    let text = match shown {
        Shown::Whole => case.output.clone(),
        Shown::Tail(most) => head_and_tail(&case.output, 0, most),
        Shown::Line => String::new(),
    };
    html! {
        @if !text.trim().is_empty() {
            h4 { "Output" }
            pre.output tabindex="0" { (text.trim_end()) }
        }
    }
}

fn environment(case: &CaseRecord, same: Option<(usize, &Told)>) -> Markup {
    html! {
        @if let Some((place, other)) = same {
            p.names { "The modules changed the environment as at " a href={ "#c" (place) } { (probe(&other.case)) } "." }
        } @else if !case.environment.is_empty() {
            details.inner {
                summary { "Environment: what the modules changed, " (many(case.environment.len(), "variable")) }
                table.pairs {
                    @for (name, value) in &case.environment {
                        tr { th scope="row" { code { (name) } }
                            td { @match value { Some(value) => code { (value) }, None => i { "unset" } } } }
                    }
                }
            }
        }
    }
}

fn earlier(case: &CaseRecord) -> Markup {
    html! {
        h4 { "Earlier attempts" }
        ul.checks { @for check in &case.earlier { (verdict(check)) } }
    }
}

/// The checks of a red case that have no fault.
fn rest(case: &CaseRecord) -> Markup {
    let passed: Vec<&str> = names(case, Outcome::Passed);
    html! {
        @if !passed.is_empty() {
            p.names { b { (number(passed.len())) " passed: " } (passed[..passed.len().min(NAMED)].join(" · ")) }
        }
        (skipped(case))
    }
}

fn names(case: &CaseRecord, outcome: Outcome) -> Vec<&str> {
    case.checks.iter().filter(|check| check.outcome == outcome).map(|check| check.name.as_str()).collect()
}

/// Skipped checks by their reason.
fn skipped(case: &CaseRecord) -> Markup {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for check in case.checks.iter().filter(|check| check.outcome == Outcome::Skipped) {
        reasons.entry(&check.reason).or_default().push(&check.name);
    }
    html! {
        @for (reason, names) in &reasons {
            p.names { b { (number(names.len())) " skipped, " (reason) ": " } (names.join(" · ")) }
        }
    }
}

fn about(page: &Page<'_>, told: &Told) -> Markup {
    let case = &told.case;
    let pod = page.account.pods.get(told.pod);
    html! {
        p.about {
            span { (case.owed.suite) "/" (probe(case)) " [" (toolchain(&case.owed.toolchain)) "]" }
            @if !case.owed.file.is_empty() { span { (case.owed.file) ":" (case.owed.line) } }
            @if !case.started.is_empty() { span { (moment(&case.started)) } }
            @if let Some(pod) = pod.filter(|pod| !pod.name.is_empty()) { span { "on " (pod.name) } }
            @if !case.log.is_empty() {
                @match pod.and_then(|pod| pod.link.as_deref()).filter(|_| is_below(&case.log)) {
                    Some(link) => a href={ "./" (percent(link)) (percent(&case.log)) } { "whole log" },
                    None => span { "log: " (case.log) },
                }
            }
            @if let Some(link) = pod.and_then(|pod| pod.link.as_deref()).filter(|_| told.repro) {
                a href={ "./" (percent(link)) (percent(&format!("cases/{}/repro.sh", case.owed.id))) } { "script" }
            }
            @for (name, value) in case.properties.iter().chain(&case.observed) { span { (name) ": " (value) } }
        }
    }
}

/// What the filter of the page knows of a case beside its outcome.
fn marks(case: &CaseRecord) -> Option<&'static str> {
    match (case.is_flaky(), case.checks.iter().any(|check| check.kind == KNOWN)) {
        (true, true) => Some("flaky known"),
        (true, false) => Some("flaky"),
        (false, true) => Some("known"),
        (false, false) => None,
    }
}

/// Whether a path of a record leads to a file below its results directory.
fn is_below(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// A path as a URL writes it: no byte in it is a scheme, a query or a fragment.
fn percent(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

/// A case without a fault in a word, where there are very many.
pub(super) fn brief(page: &Page<'_>, place: usize, told: &Told) -> Markup {
    let case = &told.case;
    html! {
        li.(class(case.outcome())) id={ "c" (place) } data-is=[marks(case)] data-skip=[page.skips.marks(place)] {
            (sign(case.outcome())) " " (probe(case)) " " i { (many(case.checks.len(), "check")) ", " (seconds(case.seconds)) }
        }
    }
}

/// A case without a fault.
pub(super) fn green(page: &Page<'_>, place: usize, told: &Told) -> Markup {
    let case = &told.case;
    let outcome = case.outcome();
    let passed = names(case, Outcome::Passed);
    html! {
        details.case.(class(outcome)) id={ "c" (place) } data-is=[marks(case)] data-skip=[page.skips.marks(place)] {
            summary {
                (mark(outcome))
                span.title { (probe(case)) }
                span.reason {
                    @if outcome == Outcome::Skipped { (case.checks.first().map_or("", |check| check.reason.as_str())) }
                    @else { (many(passed.len(), "check")) @if case.is_flaky() { ", not at once" } }
                }
                span.time { (seconds(case.seconds)) }
            }
            div.body {
                @if !passed.is_empty() { p.names { (passed.join(" · ")) } }
                (skipped(case))
                @if !case.earlier.is_empty() { (earlier(case)) }
                @if !case.commands.is_empty() {
                    pre.commands { @for command in &case.commands { (command.command) "\n" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_pointed_to_only_below_its_directory() {
        assert!(is_below("logs/a.log"));
        for path in ["/etc/passwd", "../x", "logs/../../x", "", "logs//x", "./x"] {
            assert!(!is_below(path), "{path}");
        }
        assert_eq!(percent("logs/javascript:a b?#\"<.log"), "logs/javascript%3Aa%20b%3F%23%22%3C.log");
    }
}
