//! What is wrong, each cause once, with everything that it took along.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Page;
use super::words::{class, many, mark, number, probe, toolchain};
use crate::report::cause::{Cause, Red};
use crate::verdict::check::Outcome;

/// How many cases of one probe are named; the map shows the rest.
const NAMED: usize = 30;
/// How many causes are told. More than that is one cause that nobody has recognised yet.
const TOLD: usize = 300;

pub(super) fn causes(page: &Page<'_>) -> Markup {
    let few = page.causes.len() <= 3;
    html! {
        @if !page.causes.is_empty() {
            section id="causes" aria-labelledby="causes-title" {
                h2 id="causes-title" { (many(page.causes.len(), "cause")) }
                @for cause in page.causes.iter().take(TOLD) {
                    (entry(cause, few))
                }
                @if page.causes.len() > TOLD {
                    p.more { "and " (number(page.causes.len() - TOLD)) " more, each at its case" }
                }
            }
        }
    }
}

fn entry(cause: &Cause<'_>, open: bool) -> Markup {
    let cases = cause.cases();
    let size = if cases == cause.reds.len() {
        many(cases, "case")
    } else {
        format!("{} in {}", many(cause.reds.len(), "check"), many(cases, "case"))
    };
    let mut probes: BTreeMap<(&str, &str, &str), Vec<Red<'_>>> = BTreeMap::new();
    for red in &cause.reds {
        let owed = &red.told.case.owed;
        probes.entry((&owed.suite, &owed.probe, &red.check.name)).or_default().push(*red);
    }
    html! {
        details.cause.(class(cause.outcome)) open[open] {
            summary {
                (mark(cause.outcome))
                span.title { (cause.title) }
                span.size { (size) }
                span.place { (place_of(cause, &probes)) }
                @if !cause.scope.is_empty() { span.scope { (cause.scope.join("; ")) } }
            }
            div.body {
                @if !cause.command.is_empty() { p.command { code { (cause.command) } } }
                @if let Some(diagnosis) = cause.diagnosis {
                    dl {
                        @if let Some(first) = cause.reds.first().filter(|first| first.check.reason != cause.title) {
                            dt { "Said" } dd { (first.check.reason) }
                        }
                        dt { "Fault" } dd { (diagnosis.fault) }
                        dt { "Fix" } dd { (diagnosis.fix) }
                        dt { "Diagnosis" } dd { code { (diagnosis.id) } }
                        @if cause.outcome == Outcome::Error { dt { "Retry" } dd { (diagnosis.cure()) } }
                        @if !diagnosis.spec.is_empty() {
                            dt { "Spec" } dd { pre tabindex="0" { (diagnosis.spec) } }
                        }
                    }
                }
                ul.where {
                    @for ((suite, _, check), reds) in &probes {
                        li {
                            b { (suite) "/" (reds[0].told.case.owed.probe) } " " span.check { (check) }
                            div.links {
                                @for red in reds.iter().take(NAMED) {
                                    a href={ "#c" (red.place) } { (place(red)) }
                                }
                                @if reds.len() > NAMED { span { "and " (number(reds.len() - NAMED)) " more" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `mpi/rma: put into parts, and 2 more checks`: a bare reason does not say what was asked.
fn place_of(cause: &Cause<'_>, probes: &BTreeMap<(&str, &str, &str), Vec<Red<'_>>>) -> String {
    let Some(first) = cause.reds.first() else { return String::new() };
    let owed = &first.told.case.owed;
    let more = match probes.len() - 1 {
        0 => String::new(),
        more => format!(", and {}", many(more, "other check")),
    };
    format!("{}/{}: {}{more}", owed.suite, owed.probe, first.check.name)
}

fn place(red: &Red<'_>) -> String {
    let case = &red.told.case;
    let ranks = probe(case).strip_prefix(&case.owed.probe).unwrap_or_default().trim_start().to_owned();
    format!("{} {ranks}", toolchain(&case.owed.toolchain)).trim_end().to_owned()
}
