//! A history as a page that needs nothing else: a plot for each case, and the runs behind it.

use maud::{Markup, html};

use super::entry::Entry;
use super::text::Told;
use super::track::{History, Track};
use crate::report::html::frame::frame;
use crate::report::html::words::{class, many, mark, moment, number, seconds, sign};
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// So many of the last runs are drawn and listed.
const DRAWN: usize = 60;
/// So many cases are drawn.
const CASES: usize = 500;
/// Between two runs.
const STEP: f64 = 12.0;
/// The narrowest plot has room for so many runs: all dots are alike in size.
const LEAST: f64 = 24.0;
/// From the axis to the longest run.
const HEIGHT: f64 = 48.0;
/// Around the dots.
const EDGE: f64 = 8.0;
/// Half of a dot.
const DOT: f64 = 3.5;

/// The whole page of these cases of a history.
#[must_use]
pub fn page(tracks: &[&Track], history: &History) -> String {
    let told: Vec<(&&Track, Told<'_>)> =
        tracks.iter().filter_map(|track| Some((track, Told::new(track)?))).collect();
    let last = |wanted: Outcome| told.iter().filter(|(_, told)| told.last == Some(wanted)).count();
    let (failed, unknown) = (last(Outcome::Failed), last(Outcome::Error));
    let worst = match (failed, unknown) {
        (0, 0) => Outcome::Passed,
        (0, _) => Outcome::Error,
        _ => Outcome::Failed,
    };
    let title = match (failed, unknown) {
        (0, 0) => "No case is red now".to_owned(),
        (0, unknown) => format!("{} could not be determined last", many(unknown, "case")),
        (failed, _) => format!("{} failed last", many(failed, "case")),
    };
    let runs: usize = tracks.iter().map(|track| track.runs.len()).sum();
    let content = html! {
        header.top {
            p.eyebrow { "stackprobe history" }
            h1 { (title) }
            p.lead { (many(told.len(), "case")) " · " (many(runs, "run"))
                @if history.left_out > 0 { " · " (history.words_on_left_out()) } }
        }
        main {
            section id="cases" aria-labelledby="cases-title" {
                h2 id="cases-title" { "How each case went" }
                p.key { "A dot is a run, the latest last, and its height the time that it took. ✓ a ring passed, a filled ring passed but not at once, "
                    "✗ a square failed, ! a triangle ended in an error, – a bar was skipped. The line is the median." }
                div.plots { @for (track, told) in told.iter().take(CASES) { (case(track, told)) } }
                @if told.len() > CASES { p.more { "and " (number(told.len() - CASES)) " more: --format json has them all" } }
            }
        }
    };
    frame(worst, &title, &content, &html! { " from a history" })
}

fn case(track: &Track, told: &Told<'_>) -> Markup {
    let drawn = &track.runs[track.runs.len().saturating_sub(DRAWN)..];
    let ranks = told.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    let name = format!("{}/{}{ranks} [{}]", told.suite, told.probe, told.toolchain);
    let words = words(told);
    html! {
        figure.run-track.case.(told.last.map_or("", class)) data-is=[(told.flaky.count > 0).then_some("flaky")] {
            figcaption { @if let Some(last) = told.last { (mark(last)) } " " b { (name) } " " span { (words) } }
            (plot(drawn, told, &format!("{name}: {words}")))
            details.inner {
                summary { (many(drawn.len(), "run")) @if drawn.len() < track.runs.len() { " of " (number(track.runs.len())) } }
                div.wide tabindex="0" role="region" aria-label={ "runs of " (name) } {
                    table.list {
                        thead { tr {
                            th scope="col" { "Begun" } th scope="col" { "Result" } th scope="col" { "Took" }
                            th scope="col" { "Host" } th scope="col" { "Not passed" }
                        } }
                        tbody { @for run in drawn.iter().rev() { (row(run)) } }
                    }
                }
            }
        }
    }
}

fn row(run: &Entry) -> Markup {
    let flaky = run.outcome == Outcome::Passed && !run.flaky.is_empty();
    let bad = if flaky { &run.flaky } else { &run.red };
    html! {
        tr {
            th scope="row" { (moment(&run.at)) }
            td { (mark(run.outcome)) (run.outcome) @if flaky { ", not at once" } }
            td { (seconds(run.seconds)) }
            td { @if run.host.is_empty() { "–" } @else { (run.host) } }
            td { @if bad.is_empty() { "–" } @else { (line(&bad.join(", "), 200)) } }
        }
    }
}

/// What the plot shows, for who cannot see it.
fn words(told: &Told<'_>) -> String {
    let mut said = vec![many(told.runs, "run")];
    said.extend(told.last.map(|last| format!("last {last}")));
    if told.last != Some(Outcome::Passed) {
        said.push(
            told.last_green.map_or_else(|| "never green".to_owned(), |at| format!("green {}", moment(at))),
        );
    }
    said.extend(told.times.map(|times| format!("{} ± {}", seconds(times.median), seconds(times.spread))));
    if told.flaky.count > 0 {
        let (least, most) = (told.flaky.least * 100.0, told.flaky.most * 100.0);
        said.push(format!("flaky in {} of {} ({least:.0}–{most:.0} %)", told.flaky.count, told.flaky.of));
    }
    said.extend(told.slower.map(|factor| format!("now {factor:.1} × as long")));
    said.join(", ")
}

fn plot(runs: &[Entry], told: &Told<'_>, words: &str) -> Markup {
    let count = u32::try_from(runs.len()).map_or(LEAST, f64::from);
    let width = 2.0 * EDGE + STEP * count.max(LEAST);
    let longest = runs.iter().map(|run| run.seconds).fold(0.0, f64::max);
    let height = |seconds: f64| {
        let part = if longest > 0.0 { seconds / longest } else { 0.0 };
        EDGE + HEIGHT * (1.0 - part)
    };
    let places = (0_u32..).map(|place| EDGE + STEP * (f64::from(place) + 0.5));
    html! {
        svg.runs viewBox={ "0 0 " (round(width)) " " (round(HEIGHT + 2.0 * EDGE)) } role="img" aria-label=(words) {
            line.axis x1="0" x2=(round(width)) y1=(round(EDGE + HEIGHT)) y2=(round(EDGE + HEIGHT)) {}
            @if let Some(times) = told.times.filter(|times| times.median <= longest) {
                line.tick x1="0" x2=(round(width)) y1=(round(height(times.median))) y2=(round(height(times.median))) {}
            }
            @for (run, x) in runs.iter().zip(places) { (dot(run, x, height(run.seconds))) }
        }
    }
}

/// A shape and a colour, never a colour alone; its words are shown where a pointer rests.
fn dot(run: &Entry, x: f64, y: f64) -> Markup {
    let again = run.outcome == Outcome::Passed && !run.flaky.is_empty();
    let words =
        format!("{} {}: {}, {}", sign(run.outcome), moment(&run.at), run.outcome, seconds(run.seconds));
    html! {
        g.dot.(class(run.outcome)).again[again] {
            title { (words) }
            @match run.outcome {
                Outcome::Passed => circle cx=(round(x)) cy=(round(y)) r=(round(DOT)) {},
                Outcome::Failed => rect x=(round(x - DOT)) y=(round(y - DOT)) width=(round(2.0 * DOT)) height=(round(2.0 * DOT)) {},
                Outcome::Error => path d={ "M" (round(x)) " " (round(y - DOT - 1.0)) "L" (round(x + DOT + 1.0)) " " (round(y + DOT))
                    "L" (round(x - DOT - 1.0)) " " (round(y + DOT)) "Z" } {},
                Outcome::Skipped => rect x=(round(x - DOT)) y=(round(y - 1.0)) width=(round(2.0 * DOT)) height="2" {},
            }
        }
    }
}

fn round(value: f64) -> String {
    format!("{value:.1}")
}
