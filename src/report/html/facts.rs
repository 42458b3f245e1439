//! Where it ran: the pods, their limits, and what they tested.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Page;
use super::words::{bytes, class, many, mark, moment, number};
use crate::report::counts::Counts;

/// Pods that are told one by one.
const ROWS: usize = 1000;
/// More than that begin closed.
const OPEN: usize = 12;

pub(super) fn pods(page: &Page<'_>) -> Markup {
    let mut counts: BTreeMap<usize, Counts> = BTreeMap::new();
    for told in &page.account.told {
        counts.entry(told.pod).or_default().add(&told.case);
    }
    let pods = &page.account.pods;
    html! {
        section id="pods" aria-labelledby="pods-title" {
            h2 id="pods-title" { "Where it ran" }
            details.inner open[pods.len() <= OPEN] {
                summary { (many(pods.len(), "pod")) }
                div.wide tabindex="0" role="region" aria-labelledby="pods-title" {
                    table.list {
                        thead { tr {
                            th scope="col" { "Pod" } th scope="col" { "Result" } th scope="col" { "Node" }
                            th scope="col" { "CPUs" } th scope="col" { "Memory" } th scope="col" { "/dev/shm free" }
                            th scope="col" { "User" } th scope="col" { "Begun" }
                        } }
                        tbody {
                            @for (place, pod) in pods.iter().enumerate().take(ROWS) {
                                @let counts = counts.get(&place).copied().unwrap_or_default();
                                @let facts = &pod.plan.pod;
                                tr.(class(counts.worst())) {
                                    th scope="row" { (pod.name) @if !pod.plan.shard.is_empty() { " shard " (pod.plan.shard) } }
                                    td { (mark(counts.worst())) (counts.words()) }
                                    td { (facts.node.as_deref().unwrap_or("–")) }
                                    // A harness that is not ours says nothing of its pod.
                                    @if facts.cpus == 0 {
                                        td { "–" } td { "–" } td { "–" } td { "–" }
                                    } @else {
                                        td { (facts.cpus) }
                                        td { (facts.memory.map_or_else(|| "–".to_owned(), bytes)) }
                                        td { (facts.shm.map_or_else(|| "–".to_owned(), bytes)) }
                                        td { (facts.uid) }
                                    }
                                    td { @if pod.plan.started.is_empty() { "–" } @else { (moment(&pod.plan.started)) } }
                                }
                            }
                        }
                    }
                }
                @if pods.len() > ROWS { p.more { "and " (number(pods.len() - ROWS)) " more" } }
            }
            dl.tested {
                @for (what, values) in tested(page) {
                    dt { (what) }
                    @for value in values.iter().take(20) { dd { code { (value) } } }
                }
            }
        }
    }
}

/// What the pods have in common, each different value once.
fn tested<'a>(page: &Page<'a>) -> Vec<(&'static str, Vec<&'a str>)> {
    let plans = || page.account.pods.iter().map(|pod| &pod.plan);
    let mut tested: Vec<(&'static str, Vec<&str>)> = vec![
        ("Image", plans().filter_map(|plan| plan.pod.image.as_deref()).collect()),
        ("Module tree", plans().map(|plan| plan.modulepath.as_str()).collect()),
        ("Lmod", plans().map(|plan| plan.lmod.as_str()).collect()),
        ("stackprobe", plans().map(|plan| plan.stackprobe.as_str()).collect()),
    ];
    for (_, values) in &mut tested {
        values.sort_unstable();
        values.dedup();
        values.retain(|value| !value.is_empty());
    }
    tested.retain(|(_, values)| !values.is_empty());
    tested
}
