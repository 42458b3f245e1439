//! Every case, by suite and toolchain: what did not pass in full, what passed in one line each.

use std::collections::HashMap;

use maud::{Markup, html};

use super::case::{Shown, green, red};
use super::overview::bar;
use super::words::{class, many, mark, seconds, toolchain};
use super::{Group, Page};
use crate::report::account::Told;
use crate::verdict::check::Outcome;

/// Cases of one cause whose output is shown whole: the fourth tells nothing that the first three do not.
const WHOLE: usize = 3;
/// Bytes of output of all whole cases, and of one that is cut.
const BUDGET: usize = 3 << 20;
const CUT: usize = 1500;
/// Red cases that are shown with commands and output at all; the rest is told in one line.
const DETAILED: usize = 1200;
/// Red cases that a reader can still take in when all stand open.
const OPEN: usize = 4;

pub(super) fn cases(page: &Page<'_>) -> Markup {
    let shown = shown(page);
    let reds = page.account.told.iter().filter(|told| is_red(told)).count();
    html! {
        section id="cases" aria-labelledby="cases-title" {
            h2 id="cases-title" { "Every case" }
            @for (place, group) in page.groups.iter().enumerate() {
                (group_entry(page, place, group, &shown, reds <= OPEN))
            }
        }
    }
}

fn is_red(told: &Told) -> bool {
    told.case.outcome() > Outcome::Skipped
}

/// How much of each red case is shown.
fn shown(page: &Page<'_>) -> HashMap<usize, Shown> {
    let mut shown = HashMap::new();
    let mut left = BUDGET;
    for cause in &page.causes {
        let mut places: Vec<usize> = cause.reds.iter().map(|red| red.place).collect();
        places.dedup();
        for (rank, place) in places.into_iter().enumerate() {
            if shown.len() >= DETAILED && !shown.contains_key(&place) {
                shown.insert(place, Shown::Line);
                continue;
            }
            let size = page.account.told[place].case.output.len();
            if rank < WHOLE && size <= left {
                if shown.insert(place, Shown::Whole) != Some(Shown::Whole) {
                    left -= size;
                }
            } else {
                shown.entry(place).or_insert(Shown::Tail(CUT));
            }
        }
    }
    shown
}

fn group_entry(
    page: &Page<'_>,
    place: usize,
    group: &Group<'_>,
    shown: &HashMap<usize, Shown>,
    few: bool,
) -> Markup {
    let worst = group.counts.worst();
    let is_bad = worst > Outcome::Skipped;
    let (reds, greens): (Vec<_>, Vec<_>) = page.told(&group.places).partition(|(_, told)| is_red(told));
    html! {
        details.group.(class(worst)) id={ "g" (place) } open[is_bad && few] {
            summary {
                (mark(worst))
                span.title { b { (group.suite) } " " span { (toolchain(group.toolchain)) } }
                span.size { (group.counts.words()) }
                span.time { (seconds(group.seconds)) }
                @if worst != Outcome::Passed || group.counts.skipped > 0 { (bar(&group.counts)) }
            }
            div.body {
                @for (place, told) in &reds {
                    (red(page, *place, told, shown.get(place).copied().unwrap_or(Shown::Line), few))
                }
                @if !greens.is_empty() {
                    div.greens {
                        @if !reds.is_empty() { h3 { (many(greens.len(), "case")) " without a fault" } }
                        @for (place, told) in &greens { (green(*place, told)) }
                    }
                }
            }
        }
    }
}
