//! Every case, by suite and toolchain: what did not pass in full, what passed in one line each.

use std::collections::HashMap;

use maud::{Markup, html};

use super::case::{Shown, brief, green, red};
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
const DETAILED: usize = 600;
/// Cases without a fault that can be opened. The page must open at once, and nobody opens thousands.
const GREEN: usize = 4000;
/// Red cases that a reader can still take in when all stand open.
const OPEN: usize = 4;

pub(super) fn cases(page: &Page<'_>) -> Markup {
    let shown = shown(page);
    let reds = page.account.told.iter().filter(|told| is_red(told)).count();
    let all = Shape { few: reds <= OPEN, brief: page.account.told.len() - reds > GREEN };
    html! {
        section id="cases" aria-labelledby="cases-title" {
            h2 id="cases-title" { "Every case" }
            @for (place, group) in page.groups.iter().enumerate() {
                (group_entry(page, place, group, &shown, all))
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

/// What the number of cases decides for each of them.
#[derive(Clone, Copy)]
struct Shape {
    /// So few reds that all of them stand open.
    few: bool,
    /// So many greens that each is told in a word.
    brief: bool,
}

fn group_entry(
    page: &Page<'_>,
    place: usize,
    group: &Group<'_>,
    shown: &HashMap<usize, Shown>,
    all: Shape,
) -> Markup {
    let worst = group.counts.worst();
    let is_bad = worst > Outcome::Skipped;
    let (reds, greens): (Vec<_>, Vec<_>) = page.told(&group.places).partition(|(_, told)| is_red(told));
    // A toolchain changes the environment in one way: it is shown at the first case and pointed to from the others.
    let first = reds.iter().find(|(_, told)| !told.case.environment.is_empty());
    html! {
        details.group.(class(worst)) id={ "g" (place) } open[is_bad && all.few] {
            summary {
                (mark(worst))
                span.title { b { (group.suite) } " " span { (toolchain(group.toolchain)) } }
                span.size { (group.counts.words()) }
                span.time { (seconds(group.seconds)) }
                @if worst != Outcome::Passed || group.counts.skipped > 0 { (bar(&group.counts)) }
            }
            div.body {
                @for (place, told) in &reds {
                    @let same = first.filter(|(first, other)| first != place && other.case.environment == told.case.environment);
                    (red(page, *place, told, shown.get(place).copied().unwrap_or(Shown::Line), same.copied(), all.few))
                }
                @if !greens.is_empty() {
                    @if !reds.is_empty() { h3 { (many(greens.len(), "case")) " without a fault" } }
                    @if all.brief {
                        ul.brief { @for (place, told) in &greens { (brief(page, *place, told)) } }
                    } @else {
                        div.greens { @for (place, told) in &greens { (green(page, *place, told)) } }
                    }
                }
            }
        }
    }
}
