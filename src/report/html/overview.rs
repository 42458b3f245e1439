//! The head of the page: the verdict in a sentence, and how the checks are divided.

use maud::{Markup, html};

use super::Page;
use super::words::{class, many, mark, moment, number, seconds};
use crate::report::counts::Counts;
use crate::verdict::check::Outcome;

const ORDER: [Outcome; 4] = [Outcome::Failed, Outcome::Error, Outcome::Skipped, Outcome::Passed];

/// What a reader who reads one line must know.
pub(super) fn verdict(counts: &Counts) -> String {
    match counts {
        Counts { failed: 1.., error: 1.., .. } => {
            format!(
                "{} failed, {} could not be determined",
                many(counts.failed, "check"),
                number(counts.error)
            )
        }
        Counts { failed: 1.., .. } => format!("{} failed", many(counts.failed, "check")),
        Counts { error: 1.., .. } => format!("{} could not be determined", many(counts.error, "check")),
        Counts { passed: 0, unchanged: 1.., .. } => "Nothing has changed".to_owned(),
        Counts { passed: 0, .. } => "Nothing was checked".to_owned(),
        Counts { passed, .. } => format!("{} passed", many(*passed, "check")),
    }
}

pub(super) fn overview(page: &Page<'_>) -> Markup {
    let counts = &page.counts;
    html! {
        header.top {
            p.eyebrow { "stackprobe report" }
            h1 { (verdict(counts)) }
            p.lead { (lead(page)) }
            @if counts.total() > 0 {
                (bar(counts))
                ul.legend {
                    @for outcome in ORDER {
                        @let count = counts.with(outcome);
                        @if count > 0 {
                            li { (mark(outcome)) b { (number(count)) } " " (label(outcome)) }
                        }
                    }
                    @if counts.flaky > 0 {
                        li { a href="#flaky" { b { (number(counts.flaky)) } " flaky" } }
                    }
                }
            }
            @if !page.account.notes.is_empty() {
                aside.notes aria-label="notes on the inputs" {
                    ul { @for note in &page.account.notes { li { (note) } } }
                }
            }
            nav aria-label="parts of this page" {
                a href="#map" { "Map" }
                @if !page.causes.is_empty() { a href="#causes" { "Causes" } }
                a href="#cases" { "Cases" }
                @if !page.skips.is_empty() { a href="#skipped" { "Skipped" } }
                a href="#slow" { "Slow" }
                a href="#times" { "Times" }
                a href="#pods" { "Pods" }
            }
        }
    }
}

fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "failed",
        Outcome::Error => "could not be determined",
        Outcome::Skipped => "skipped",
        Outcome::Passed => "passed",
    }
}

fn lead(page: &Page<'_>) -> String {
    let mut suites: Vec<&str> = page.groups.iter().map(|group| group.suite).collect();
    suites.sort_unstable();
    suites.dedup();
    let mut toolchains: Vec<&str> = page.groups.iter().map(|group| group.toolchain).collect();
    toolchains.sort_unstable();
    toolchains.dedup();
    toolchains.retain(|toolchain| !toolchain.is_empty());
    let cases = page.account.told.len();
    let busy: f64 = page.account.cases().map(|case| case.seconds).sum();
    let started = page
        .account
        .pods
        .iter()
        .map(|pod| pod.plan.started.as_str())
        .filter(|started| !started.is_empty())
        .min();
    let mut parts = vec![
        format!("{} in {}", many(page.counts.total(), "check"), many(cases, "case")),
        format!("{} under {}", many(suites.len(), "suite"), many(toolchains.len(), "toolchain")),
    ];
    if page.account.pods.len() > 1 {
        parts.push(many(page.account.pods.len(), "pod"));
    } else if let Some(pod) = page.account.pods.first().filter(|pod| !pod.name.is_empty()) {
        parts.push(format!("on {}", pod.name));
    }
    parts.extend(started.map(moment));
    parts.push(format!("{} of work", seconds(busy)));
    parts.join(" · ")
}

/// A bar in which even one failure among thousands is wide enough to be seen.
pub(super) fn bar(counts: &Counts) -> Markup {
    html! {
        div.bar role="img" aria-label=(counts.words()) {
            @for outcome in ORDER {
                @let count = counts.with(outcome);
                @if count > 0 { span.(class(outcome)) style={ "flex-grow:" (count) } {} }
            }
        }
    }
}
