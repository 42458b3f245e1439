//! The map: toolchains down, suites across. The one look that tells a broken MPI from a broken compiler.

use maud::{Markup, html};

use super::words::{class, many, number, sign, toolchain};
use super::{Group, Page, compiler};
use crate::verdict::check::Outcome;

pub(super) fn map(page: &Page<'_>) -> Markup {
    let mut suites: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, Vec<(usize, &Group<'_>)>)> = Vec::new();
    for (place, group) in page.groups.iter().enumerate() {
        if !suites.contains(&group.suite) {
            suites.push(group.suite);
        }
        match rows.last_mut() {
            Some((name, cells)) if *name == group.toolchain => cells.push((place, group)),
            _ => rows.push((group.toolchain, vec![(place, group)])),
        }
    }
    html! {
        section id="map" aria-labelledby="map-title" {
            h2 id="map-title" { "Suites and toolchains" }
            p.key {
                "The number of checks in each field: "
                span { b.passed { "✓" } " all passed" } ", "
                span { b.failed { "✗" } " failed of all" } ", "
                span { b.error { "!" } " not all could be determined" } ", "
                span { b.skipped { "–" } " skipped" } ". An empty field was not owed."
            }
            div.wide tabindex="0" role="region" aria-labelledby="map-title" {
                table.map {
                    thead { tr { td {} @for suite in &suites { th scope="col" { (suite) } } } }
                    tbody {
                        @for (place, (name, cells)) in rows.iter().enumerate() {
                            @let first = place == 0 || compiler(rows[place - 1].0) != compiler(name);
                            tr.first[first] {
                                th scope="row" { (row_name(name, first)) }
                                @for suite in &suites {
                                    (cell(cells.iter().find(|(_, group)| group.suite == *suite)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `gcc/12.2.0 openmpi/5.0.11`; the compiler fades where the row above has named it.
fn row_name(name: &str, first: bool) -> Markup {
    let (head, rest) = name.split_once(' ').unwrap_or((toolchain(name), ""));
    html! {
        span.again[!first && !rest.is_empty()] { (head) }
        @if !rest.is_empty() { " " wbr; span { (rest) } }
    }
}

fn cell(found: Option<&(usize, &Group<'_>)>) -> Markup {
    let Some((place, group)) = found else { return html! { td.none {} } };
    let counts = &group.counts;
    let worst = counts.worst();
    let total = counts.total();
    let bad = counts.with(worst);
    let share = (bad * 100).checked_div(total).unwrap_or(0);
    let depth = match (worst, share) {
        (Outcome::Failed | Outcome::Error, 50..) => "most",
        (Outcome::Failed | Outcome::Error, 10..) => "many",
        (Outcome::Failed | Outcome::Error, _) => "few",
        _ => "",
    };
    let told = format!(
        "{} {}: {} of {}",
        group.suite,
        toolchain(group.toolchain),
        counts.words(),
        many(total, "check")
    );
    html! {
        td.(class(worst)).(depth) {
            a href={ "#g" (place) } title=(told) aria-label=(told) {
                span.sign { (sign(worst)) }
                @match worst {
                    Outcome::Passed | Outcome::Skipped => span { (number(bad)) },
                    Outcome::Failed | Outcome::Error => span { (number(bad)) small { "/" (number(total)) } },
                }
                @if counts.flaky > 0 && worst == Outcome::Passed { span.again { " ~" } }
            }
        }
    }
}
