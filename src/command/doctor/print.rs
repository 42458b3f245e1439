//! What the doctor says, for people and for programs.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::Examination;
use super::line::{Finding, Level, Line};
use crate::error::Error;
use crate::report::print::{not_json, print, print_json};
use crate::report::text::{clean, line, many};
use crate::verdict::rule::Rule;
use crate::verdict::terms::Blame;

/// The longest of what was found that others are aligned with, in characters.
const WIDEST: usize = 48;
/// No line of text is longer.
const LONGEST: usize = 200;

/// A screen of text.
///
/// # Errors
/// Standard output that cannot be written.
pub(super) fn text(examination: &Examination) -> Result<(), Error> {
    print(&render(examination))
}

fn style(level: Level) -> Style {
    match level {
        Level::Fit => AnsiColor::Green.on_default(),
        Level::Note => AnsiColor::Yellow.on_default(),
        Level::Unfit => AnsiColor::Red.on_default().bold(),
    }
}

fn render(examination: &Examination) -> String {
    let Examination { facts, lines, .. } = examination;
    let count = |level| lines.iter().filter(|line| line.level() == level).count();
    let (unfit, notes) = (count(Level::Unfit), count(Level::Note));
    let worst = lines.iter().map(Line::level).max().unwrap_or(Level::Fit);
    let style_of_worst = style(worst);
    let node = facts.node.as_deref().map(|node| format!(" on {}", clean(node))).unwrap_or_default();
    let verdict = if unfit == 0 { "fit" } else { "not fit" };
    let mut text = format!("{}{node}: {style_of_worst}{verdict}{style_of_worst:#}", clean(&facts.host));
    // Writing to a text cannot fail.
    let _ = match (unfit, notes) {
        (0, 0) => writeln!(text),
        (0, notes) => writeln!(text, ", with {}", many(notes, "note")),
        (unfit, 0) => writeln!(text, ": {} wrong", many(unfit, "thing")),
        (unfit, notes) => writeln!(text, ": {} wrong, {}", many(unfit, "thing"), many(notes, "note")),
    };
    let shown: Vec<(&Line, String)> =
        lines.iter().map(|one| (one, line(&clean(&one.found), LONGEST))).collect();
    let topic = lines.iter().map(|line| line.topic.len()).max().unwrap_or(0);
    let found =
        shown.iter().filter(|(line, _)| line.needed.is_some()).map(|(_, found)| found.chars().count());
    let found_width = found.filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for (line, found) in shown {
        let level = line.level();
        let colour = style(level);
        let _ = write!(text, "{colour}{:5}{colour:#}  {:topic$}  ", level.word(), line.topic);
        // Writing to a text cannot fail.
        let _ = match &line.needed {
            Some(needed) => {
                writeln!(text, "{found:found_width$}  needs {needed} ({})", line.suites.join(", "))
            }
            None => writeln!(text, "{found}"),
        };
    }
    let mut findings: Vec<&Finding> = lines.iter().flat_map(|line| &line.findings).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    for finding in findings {
        advice(&mut text, finding, examination.rules.explain(finding.id));
    }
    let _ = write!(text, "\nlooked for {} ms", examination.took.as_millis());
    if let Some(lmod) = examination.lmod {
        let _ = write!(text, ", Lmod took {} ms", lmod.as_millis());
    }
    text.push('\n');
    text
}

/// What is wrong in full, and what to do: the pod spec only where something is wrong, notes in brief.
fn advice(text: &mut String, finding: &Finding, rule: Option<&Rule>) {
    let colour = style(finding.level);
    let what = line(&clean(&finding.what), LONGEST);
    let fault = rule.map_or("unknown", fault);
    let _ = writeln!(text, "\n{colour}{}{colour:#} ({fault}'s fault): {what}", finding.id);
    let Some(rule) = rule else { return };
    if finding.level == Level::Unfit {
        let _ = writeln!(text, "  {}", rule.cause);
        if rule.retry(rule.blame()) {
            text.push_str("  another try may find it well\n");
        }
    }
    let _ = writeln!(text, "  fix: {}", rule.fix);
    if finding.level == Level::Unfit {
        for line in rule.spec(&finding.amount).iter().flat_map(|spec| spec.lines()) {
            let _ = writeln!(text, "    {line}");
        }
    }
}

fn fault(rule: &Rule) -> &'static str {
    rule.blame().map_or("unknown", Blame::word)
}

/// Everything for programs.
///
/// # Errors
/// What JSON cannot hold; standard output that cannot be written.
pub(super) fn json(examination: &Examination) -> Result<(), Error> {
    let pod = serde_json::to_value(&examination.facts).map_err(|error| not_json(&error))?;
    print_json(&value(examination, &pod))
}

fn value(examination: &Examination, pod: &Value) -> Value {
    let fit = examination.lines.iter().all(|line| line.level() < Level::Unfit);
    let lines: Vec<Value> = examination
        .lines
        .iter()
        .map(|line| {
            let findings: Vec<Value> = line
                .findings
                .iter()
                .map(|finding| found(finding, examination.rules.explain(finding.id)))
                .collect();
            json!({
                "topic": line.topic,
                "level": line.level(),
                "found": line.found,
                "needed": line.needed,
                "suites": line.suites,
                "findings": findings,
            })
        })
        .collect();
    json!({
        "fit": fit,
        "pod": pod,
        "lines": lines,
        "milliseconds": examination.took.as_millis(),
        "lmod_milliseconds": examination.lmod.map(|took| took.as_millis()),
    })
}

fn found(finding: &Finding, rule: Option<&Rule>) -> Value {
    json!({
        "id": finding.id,
        "level": finding.level,
        "what": finding.what,
        "suites": finding.suites,
        "fault": rule.map(fault),
        "retry": rule.map(|rule| rule.retry(rule.blame())),
        "cause": rule.map(|rule| &rule.cause),
        "fix": rule.map(|rule| &rule.fix),
        "spec": rule.and_then(|rule| rule.spec(&finding.amount)),
    })
}
