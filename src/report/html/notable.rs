//! What passed or was excused and yet is worth a look: flaky, known and slow cases.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};

use super::Page;
use super::words::{class, many, mark, number, probe, seconds, toolchain};
use crate::report::account::Told;
use crate::report::text::line;

/// Rows of each table.
const ROWS: usize = 100;
/// The slowest cases that are told.
const SLOW: usize = 12;
/// A case that takes so many times as long as its like elsewhere is worth a word.
const FACTOR: f64 = 3.0;

/// Cases that passed, but not at once.
pub(super) fn flaky(page: &Page<'_>) -> Markup {
    let flaky: Vec<(usize, &Told)> =
        page.account.told.iter().enumerate().filter(|(_, told)| told.case.is_flaky()).collect();
    html! {
        @if !flaky.is_empty() {
            section id="flaky" aria-labelledby="flaky-title" {
                h2 id="flaky-title" { "Flaky" }
                p.intro { (many(flaky.len(), "case")) " passed, but not at once." }
                ul.rows {
                    @for (place, told) in flaky.iter().take(ROWS) {
                        li {
                            (name(*place, told))
                            @for check in told.case.earlier.iter().take(3) {
                                div.reason { (mark(check.outcome)) b { (check.name) } " " (line(&check.reason, 200)) }
                            }
                        }
                    }
                }
                (more(flaky.len()))
            }
        }
    }
}

/// Failures that the site knows of, by issue.
pub(super) fn known(page: &Page<'_>) -> Markup {
    let mut issues: BTreeMap<&str, Vec<(usize, &Told, &str)>> = BTreeMap::new();
    for (place, told) in page.account.told.iter().enumerate() {
        for check in told.case.checks.iter().filter(|check| check.kind == "known") {
            issues.entry(&check.reason).or_default().push((place, told, &check.name));
        }
    }
    html! {
        @if !issues.is_empty() {
            section id="known" aria-labelledby="known-title" {
                h2 id="known-title" { "Known issues" }
                p.intro { "Failures that the site file excuses. They count as skipped." }
                ul.rows {
                    @for (reason, checks) in issues.iter().take(ROWS) {
                        li {
                            b { (reason) } " " span.size { (many(checks.len(), "check")) }
                            div.links {
                                @for (place, told, check) in checks.iter().take(20) {
                                    a href={ "#c" (place) } { (told.case.owed.suite) "/" (probe(&told.case)) " " (check)
                                        " [" (toolchain(&told.case.owed.toolchain)) "]" }
                                }
                                @if checks.len() > 20 { span { "and " (number(checks.len() - 20)) " more" } }
                            }
                        }
                    }
                }
                (more(issues.len()))
            }
        }
    }
}

/// The slowest cases, and how they compare with the same probe under other toolchains.
pub(super) fn slow(page: &Page<'_>) -> Markup {
    let mut slow: Vec<(usize, &Told)> =
        page.account.told.iter().enumerate().filter(|(_, told)| told.case.seconds > 0.0).collect();
    slow.sort_by(|(_, a), (_, b)| b.case.seconds.total_cmp(&a.case.seconds));
    slow.truncate(SLOW);
    let most = slow.first().map_or(1.0, |(_, told)| told.case.seconds);
    let usual = medians(page);
    html! {
        @if !slow.is_empty() {
            section id="slow" aria-labelledby="slow-title" {
                h2 id="slow-title" { "Slowest cases" }
                ul.rows.slow {
                    @for (place, told) in &slow {
                        @let factor = usual.get(&key(told)).map_or(0.0, |usual| told.case.seconds / usual);
                        li.(class(told.case.outcome())) {
                            span.length style={ "--part:" (format!("{:.1}%", told.case.seconds / most * 100.0)) } {}
                            span.time { (seconds(told.case.seconds)) }
                            (name(*place, told))
                            @if factor >= FACTOR {
                                span.size { (format!("{factor:.0}")) " times the median of this probe" }
                            }
                        }
                    }
                }
            }
        }
    }
}

type Key<'a> = (&'a str, &'a str, Option<u32>);

fn key(told: &Told) -> Key<'_> {
    (&told.case.owed.suite, &told.case.owed.probe, told.case.owed.ranks)
}

/// The median time of each probe, where at least three toolchains ran it.
fn medians<'a>(page: &Page<'a>) -> HashMap<Key<'a>, f64> {
    let mut times: HashMap<Key<'a>, Vec<f64>> = HashMap::new();
    for told in page.account.told.iter().filter(|told| told.case.seconds > 0.0) {
        times.entry(key(told)).or_default().push(told.case.seconds);
    }
    times.retain(|_, times| times.len() >= 3);
    times
        .into_iter()
        .map(|(key, mut times)| {
            times.sort_by(f64::total_cmp);
            (key, times[times.len() / 2])
        })
        .collect()
}

fn name(place: usize, told: &Told) -> Markup {
    html! {
        a.title href={ "#c" (place) } { (told.case.owed.suite) "/" (probe(&told.case)) }
        " " span.under { (toolchain(&told.case.owed.toolchain)) } " "
    }
}

fn more(count: usize) -> Markup {
    html! { @if count > ROWS { p.more { "and " (number(count - ROWS)) " more" } } }
}
