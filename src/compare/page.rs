//! A comparison as a page that needs nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use maud::{Markup, html};

use super::change::{Change, Turn};
use super::comparison::Comparison;
use super::fidelity::Fidelity;
use super::reason::Reason;
use crate::report::account::Account;
use crate::report::counts::Counts;
use crate::report::html::frame::frame;
use crate::report::html::words::{bytes, class, many, mark, moment, number, seconds};
use crate::report::record::PlanRecord;
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// Checks of one turn that are told one by one.
const ROWS: usize = 2000;

/// The whole page; the runs stand in their order, each with the folder that it was read from.
#[must_use]
pub fn page(comparison: &Comparison, runs: [(&Path, &Account); 2]) -> String {
    let worst = match comparison.changes.first().map(|change| change.turn) {
        Some(turn) if turn.is_red() => outcome(turn).unwrap_or(Outcome::Failed),
        _ if comparison.paired == 0 || !comparison.unread.is_empty() => Outcome::Error,
        _ => Outcome::Passed,
    };
    let title = title(comparison);
    let content = html! {
        header.top {
            p.eyebrow { "stackprobe compare" }
            h1 { (title) }
            p.lead { (lead(comparison)) }
            @if !comparison.notes.is_empty() || !comparison.unread.is_empty() {
                aside.notes aria-label="notes on the inputs" {
                    ul {
                        @for input in &comparison.unread { li { "not read, so not compared: " (input) } }
                        @for note in &comparison.notes { li { (note) } }
                    }
                }
            }
        }
        main {
            (why(comparison))
            (changes(comparison))
            (paces(comparison))
            @if let Some(fidelity) = &comparison.fidelity { (places(fidelity)) }
            (both(runs))
        }
    };
    frame(worst, &title, &content, &html! { " from two runs" })
}

/// What a reader who reads one line must know.
fn title(comparison: &Comparison) -> String {
    let told: Vec<String> = Turn::ALL
        .into_iter()
        .map(|turn| (turn, comparison.count(turn)))
        .filter(|(_, count)| *count > 0)
        .map(|(turn, count)| format!("{} {turn}", number(count)))
        .take(2)
        .collect();
    match (told.is_empty(), comparison.paired) {
        (true, 0) => "The runs have no case in common".to_owned(),
        (true, _) => "No check turned out otherwise".to_owned(),
        _ => told.join(", "),
    }
}

fn lead(comparison: &Comparison) -> String {
    let pace = comparison.median_pace.map(|pace| format!(" · the median case took {pace:.2} × as long"));
    format!("{} in both runs{}", many(comparison.paired, "case"), pace.unwrap_or_default())
}

/// What a turn looks like.
fn outcome(turn: Turn) -> Option<Outcome> {
    match turn {
        Turn::NewlyFailed => Some(Outcome::Failed),
        Turn::NewlyUnknown => Some(Outcome::Error),
        Turn::NewlySkipped => Some(Outcome::Skipped),
        Turn::NewlyPassed => Some(Outcome::Passed),
        Turn::Gone | Turn::New => None,
    }
}

/// Which difference goes with what turned red.
fn why(comparison: &Comparison) -> Markup {
    let telling: Vec<&Reason> = comparison.reasons.iter().filter(|reason| reason.tells()).collect();
    html! {
        @if comparison.changes.iter().any(|change| change.turn.is_red()) {
            section id="why" aria-labelledby="why-title" {
                h2 id="why-title" { "What goes with it" }
                @if let Some(shared) = &comparison.shared { p.intro { "All that turned red are " (shared) "." } }
                @if telling.is_empty() {
                    p { "Nothing that is recorded differs for these cases alone: either they are flaky, or what changed is not recorded." }
                } @else {
                    p.intro { "What differs where checks turned red, the most telling first. It is a correlation." }
                    div.wide tabindex="0" role="region" aria-labelledby="why-title" {
                        table.list {
                            thead { tr {
                                th scope="col" { "What differs" } th scope="col" { "Before" } th scope="col" { "After" }
                                th scope="col" { "With it turned red" } th scope="col" { "Without it turned red" }
                            } }
                            tbody {
                                @for reason in telling {
                                    tr {
                                        th scope="row" { (reason.what) }
                                        td { (value(&reason.before)) } td { (value(&reason.after)) }
                                        td { (of(reason.red_with, reason.green_with)) }
                                        td { (of(reason.red_without, reason.green_without)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn value(text: &str) -> Markup {
    html! { @if text.is_empty() { i { "absent" } } @else { code { (line(text, 200)) } } }
}

/// `3 of 12 cases`
fn of(red: usize, green: usize) -> String {
    format!("{} of {}", number(red), many(red + green, "case"))
}

fn changes(comparison: &Comparison) -> Markup {
    html! {
        section id="cases" aria-labelledby="cases-title" {
            h2 id="cases-title" { "Every check that turned out otherwise" }
            @if comparison.changes.is_empty() { p { "None did." } }
            @for turn in Turn::ALL {
                @let of: Vec<&Change> = comparison.changes.iter().filter(|change| change.turn == turn).collect();
                @if !of.is_empty() {
                    details.group.(outcome(turn).map_or("", class)) open[of.len() <= 200] {
                        summary {
                            @match outcome(turn) { Some(outcome) => (mark(outcome)), None => span {} }
                            span.title { b { (turn) } }
                            span.size { (many(of.len(), "check")) }
                        }
                        div.body {
                            @for change in of.iter().take(ROWS) { (entry(change)) }
                            @if of.len() > ROWS { p.more { "and " (number(of.len() - ROWS)) " more: --format json has them all" } }
                        }
                    }
                }
            }
        }
    }
}

fn entry(change: &Change) -> Markup {
    let ranks = change.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    let check = if change.check.is_empty() { "the whole case" } else { &change.check };
    let was = if change.turn == Turn::NewlyPassed { "before: " } else { "" };
    html! {
        div.case.(outcome(change.turn).map_or("", class)) {
            p.change {
                @if let Some(before) = change.before { (mark(before)) } @else { span.none-of { "absent" } }
                " → "
                @if let Some(after) = change.after { (mark(after)) } @else { span.none-of { "absent" } }
                " " b { (change.suite) "/" (change.probe) (ranks) } " " (check) " " span.under { "[" (change.toolchain) "]" }
            }
            @if !change.reason.is_empty() && change.turn != Turn::New {
                p.reason { (was) (line(&change.reason, 300))
                    @if let Some(id) = &change.diagnosis { " (" code { (id) } ")" } }
            }
        }
    }
}

fn paces(comparison: &Comparison) -> Markup {
    html! {
        @if !comparison.paces.is_empty() {
            section id="paces" aria-labelledby="paces-title" {
                h2 id="paces-title" { "Slower or faster than the other cases" }
                ul.rows {
                    @for pace in &comparison.paces {
                        li { b { (format!("{:.1} × as long", pace.factor)) } " " (pace.id) " "
                            span.size { (seconds(pace.after)) ", was " (seconds(pace.before)) "; " (pace.held_against()) } }
                    }
                }
            }
        }
    }
}

/// What behaves differently in the two places, by what explains it.
fn places(fidelity: &Fidelity) -> Markup {
    html! {
        section id="places" aria-labelledby="places-title" {
            h2 id="places-title" { "How cases behave in the two places" }
            p.intro { (fidelity.places()) " · " (number(fidelity.alike)) " of " (many(fidelity.compared, "case"))
                " behave alike in both." @for caution in fidelity.cautions() { " Note: " (caution) "." } }
            @if !fidelity.groups.is_empty() {
                div.wide tabindex="0" role="region" aria-labelledby="places-title" {
                    table.list {
                        thead { tr {
                            th scope="col" { "What behaves differently" } th scope="col" { "Before" } th scope="col" { "After" }
                            th scope="col" { "Cases" } th scope="col" { "What explains it" }
                        } }
                        tbody {
                            @for group in &fidelity.groups {
                                @for way in group.alike() {
                                    @if let Some(first) = way.first() {
                                        tr {
                                            th scope="row" { (first.what) } td { (first.before) } td { (first.after) }
                                            td {
                                                details.inner open[way.len() <= 3] {
                                                    summary { (number(way.len())) }
                                                    ul.rows { @for conduct in way.iter().take(ROWS) { li { (conduct.subject()) } } }
                                                }
                                            }
                                            td { (line(&group.reason(), 300)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if !fidelity.idle.is_empty() {
                p { "These differ as well, and nothing is seen to come of it:" }
                ul.rows { @for differs in fidelity.idle.iter().take(ROWS) { li { (line(&differs.words(), 300)) } } }
            }
        }
    }
}

/// The two runs, side by side.
fn both(runs: [(&Path, &Account); 2]) -> Markup {
    let counts = runs.map(|(_, account)| Counts::of(account.cases()));
    let rows = rows(runs);
    html! {
        section id="runs" aria-labelledby="runs-title" {
            h2 id="runs-title" { "The two runs" }
            div.wide tabindex="0" role="region" aria-labelledby="runs-title" {
                table.list {
                    thead { tr { td {} th scope="col" { "Before" } th scope="col" { "After" } } }
                    tbody {
                        tr { th scope="row" { "Results" } @for (folder, _) in runs { td { code { (folder.display()) } } } }
                        tr { th scope="row" { "Checks" } @for counts in &counts { td { (mark(counts.worst())) (counts.words()) } } }
                        @for (name, values) in &rows {
                            tr { th scope="row" { (name) } @for value in values { td { (value) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Facts of both runs; where all pods of a run agree, one value stands for them.
fn rows(runs: [(&Path, &Account); 2]) -> Vec<(&'static str, [String; 2])> {
    type Fact = fn(&PlanRecord) -> Option<String>;
    let facts: [(&str, Fact); 9] = [
        ("Begun", |plan| Some(moment(&plan.started)).filter(|text| !text.is_empty())),
        ("Node", |plan| plan.pod.node.clone().or_else(|| Some(plan.pod.host.clone()))),
        ("Image", |plan| plan.pod.image.clone()),
        ("Module tree", |plan| Some(plan.modulepath.clone())),
        ("Lmod", |plan| Some(plan.lmod.clone())),
        ("stackprobe", |plan| Some(plan.stackprobe.clone())),
        ("CPUs", |plan| Some(plan.pod.cpus.to_string()).filter(|cpus| cpus != "0")),
        ("Memory", |plan| plan.pod.memory.map(bytes)),
        ("/dev/shm free", |plan| plan.pod.shm.map(bytes)),
    ];
    let told = |account: &Account, fact: Fact| {
        let values = account.pods.iter().filter_map(|pod| fact(&pod.plan));
        let values: BTreeSet<String> = values.filter(|value| !value.is_empty()).collect();
        match values.len() {
            0 => "–".to_owned(),
            1..=3 => values.into_iter().collect::<Vec<_>>().join(", "),
            many => format!("{many} different ones"),
        }
    };
    facts.into_iter().map(|(name, fact)| (name, runs.map(|(_, account)| told(account, fact)))).collect()
}
