//! What was not asked, by the reason why.

use maud::{Markup, html};

use super::Page;
use super::skips::ROWS;
use super::words::{many, number, probe, toolchain};

/// Checks of one reason that are named.
const NAMED: usize = 20;

pub(super) fn skipped(page: &Page<'_>) -> Markup {
    let reasons = &page.skips.reasons;
    html! {
        @if !reasons.is_empty() {
            section id="skipped" aria-labelledby="skipped-title" {
                h2 id="skipped-title" { "Skipped" }
                p.intro { "What was not asked, and why." }
                ul.rows {
                    @for (index, (reason, checks)) in reasons.iter().enumerate().take(ROWS) {
                        li data-reason=(index) {
                            b { (reason) } " " span.size { (many(checks.len(), "check")) }
                            div.links {
                                @for (place, check) in checks.iter().take(NAMED) {
                                    @let case = &page.account.told[*place].case;
                                    a href={ "#c" (place) } { (case.owed.suite) "/" (probe(case)) " " (check)
                                        " [" (toolchain(&case.owed.toolchain)) "]" }
                                }
                                @if checks.len() > NAMED { span { "and " (number(checks.len() - NAMED)) " more" } }
                            }
                        }
                    }
                }
                @if reasons.len() > ROWS { p.more { "and " (number(reasons.len() - ROWS)) " other reasons" } }
            }
        }
    }
}
