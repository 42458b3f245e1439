//! How long cases took: a plot for each suite, drawn on one scale of powers of ten.

use std::collections::BTreeMap;

use maud::{Markup, html};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Page;
use super::words::{class, many, moment, number, seconds, sign};
use crate::report::counts::Counts;
use crate::verdict::check::Outcome;

/// The plot begins at a millisecond: nothing that starts a process is faster.
const FLOOR: f64 = 0.001;
/// Columns for each power of ten.
const FINE: f64 = 8.0;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 44.0;
/// Pods of which the span is drawn.
const PODS: usize = 500;
/// More pods than that are drawn as thin lines.
const NAMED: usize = 40;

pub(super) fn times(page: &Page<'_>) -> Markup {
    let mut suites: BTreeMap<&str, Vec<(f64, bool)>> = BTreeMap::new();
    for case in page.account.cases().filter(|case| case.seconds > 0.0) {
        suites.entry(&case.owed.suite).or_default().push((case.seconds, case.outcome() > Outcome::Skipped));
    }
    let longest = suites.values().flatten().map(|(time, _)| *time).fold(1.0, f64::max);
    let powers = (longest / FLOOR).log10().ceil().max(1.0);
    html! {
        @if !suites.is_empty() {
            section id="times" aria-labelledby="times-title" {
                h2 id="times-title" { "Times" }
                p.intro { "Cases by how long they took, from a millisecond to " (seconds(FLOOR * 10_f64.powf(powers)))
                    ", on a scale of powers of ten. Dark parts did not pass." }
                div.plots {
                    @for (suite, times) in &mut suites { (plot(suite, times, powers)) }
                }
                (spans(page))
            }
        }
    }
}

fn plot(suite: &str, times: &mut [(f64, bool)], powers: f64) -> Markup {
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let columns = powers * FINE;
    let column = |time: f64| ((time.max(FLOOR) / FLOOR).log10() * FINE).floor().clamp(0.0, columns - 1.0);
    let mut bars: Vec<(f64, f64, f64)> = Vec::new();
    for (time, red) in times.iter() {
        let at = column(*time);
        let red = if *red { 1.0 } else { 0.0 };
        match bars.last_mut() {
            Some(bar) if (bar.0 - at).abs() < 0.5 => {
                bar.1 += 1.0;
                bar.2 += red;
            }
            _ => bars.push((at, 1.0, red)),
        }
    }
    let tallest = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
    let step = WIDTH / columns;
    let median = times[times.len() / 2].0;
    let longest = times.last().map_or(0.0, |last| last.0);
    let total: f64 = times.iter().map(|(time, _)| time).sum();
    let told = format!(
        "{suite}: {}, median {}, longest {}, {} in all",
        many(times.len(), "case"),
        seconds(median),
        seconds(longest),
        seconds(total)
    );
    html! {
        figure {
            figcaption { b { (suite) } " " span { (told.strip_prefix(&format!("{suite}: ")).unwrap_or(&told)) } }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 14.0) } role="img" aria-label=(told) preserveAspectRatio="none" {
                @for power in ticks(powers) {
                    @let x = power * FINE * step;
                    line.tick x1=(x) x2=(x) y1="0" y2=(HEIGHT) {}
                }
                @for (at, count, red) in &bars {
                    // The square root keeps a single case beside a thousand in sight.
                    @let height = ((count / tallest).sqrt() * HEIGHT).max(2.0);
                    @let dark = height * red / count;
                    rect.n x=(round(at * step + 0.5)) width=(round(step - 1.0)) y=(round(HEIGHT - height)) height=(round(height)) {}
                    @if *red > 0.0 {
                        rect.n.red x=(round(at * step + 0.5)) width=(round(step - 1.0)) y=(round(HEIGHT - dark.max(2.0)))
                            height=(round(dark.max(2.0))) {}
                    }
                }
                line.axis x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            }
            div.scale aria-hidden="true" {
                @for power in ticks(powers) {
                    span style={ "left:" (format!("{:.2}%", power / powers * 100.0)) } { (seconds(FLOOR * 10_f64.powf(power))) }
                }
            }
        }
    }
}

fn ticks(powers: f64) -> impl Iterator<Item = f64> {
    (0_u8..=12).map(f64::from).take_while(move |power| *power <= powers)
}

fn round(value: f64) -> String {
    format!("{value:.1}")
}

/// When each pod worked: stragglers and pods that began late stand out.
fn spans(page: &Page<'_>) -> Markup {
    let seconds_of = |text: &str| {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i32::try_from(time.unix_timestamp() - EPOCH).ok().map(f64::from)
    };
    let mut spans: BTreeMap<usize, (f64, f64, Counts)> = BTreeMap::new();
    for told in &page.account.told {
        if let Some(start) = seconds_of(&told.case.started) {
            let span = spans.entry(told.pod).or_insert((start, start, Counts::default()));
            span.0 = span.0.min(start);
            span.1 = span.1.max(start + told.case.seconds);
            span.2.add(&told.case);
        }
    }
    if spans.len() < 2 {
        return html! {};
    }
    let first = spans.values().map(|span| span.0).fold(f64::INFINITY, f64::min);
    let last = spans.values().map(|span| span.1).fold(first + 1.0, f64::max);
    let mut rows: Vec<(usize, (f64, f64, Counts))> = spans.into_iter().collect();
    rows.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let begun =
        page.account.pods.iter().map(|pod| pod.plan.started.as_str()).filter(|text| !text.is_empty()).min();
    let count = rows.len();
    let part = |time: f64| format!("{:.2}%", time / (last - first) * 100.0);
    html! {
        h3 { (many(count, "pod")) " within " (seconds(last - first)) @if let Some(begun) = begun { ", from " (moment(begun)) } }
        ul.spans.dense[count > NAMED] {
            @for (pod, (start, end, counts)) in rows.iter().take(PODS) {
                @let name = &page.account.pods[*pod].name;
                li title={ (name) ": " (counts.words()) } {
                    span.name { (name) }
                    span.track { span.(class(counts.worst())) style={ "left:" (part(start - first)) ";width:" (part(end - start)) } {} }
                    span.time { (sign(counts.worst())) " " (seconds(end - start)) }
                }
            }
        }
        @if count > PODS { p.more { "and " (number(count - PODS)) " more" } }
    }
}

/// 2020-01-01: keeps the numbers small enough to be exact.
const EPOCH: i64 = 1_577_836_800;
