//! `mutants.html`: functions down, operators across; the darker, the less was caught.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use maud::{DOCTYPE, Markup, html};

use super::tell::percent;
use crate::error::{Error, Kind};
use crate::mutate::{Mutant, Score, Trial, Verdict};

const STYLE: &str = "body{font:14px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}\
th,td{padding:.15em .5em;border:1px solid #ddd;text-align:right}th{text-align:left;font-weight:normal}\
thead th{writing-mode:vertical-rl;transform:rotate(180deg);vertical-align:bottom}\
.all{background:#c8e6c9}.most{background:#fff3c4}.some{background:#ffcc80}.none{background:#ef9a9a}";

/// Writes the page.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(
    folder: &Path,
    toolchain: &str,
    score: &Score,
    tried: &[(&Mutant, Trial)],
) -> Result<(), Error> {
    let path = folder.join("mutants.html");
    fs::write(&path, page(toolchain, score, tried).into_string())
        .map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
}

fn page(toolchain: &str, score: &Score, tried: &[(&Mutant, Trial)]) -> Markup {
    let operators: Vec<&String> = score.operators.keys().collect();
    let functions: BTreeSet<&String> = score.cells.keys().map(|(function, _)| function).collect();
    let lost = tried.iter().map(|(_, trial)| trial).filter(|trial| !trial.verdict.is_red());
    let by: BTreeMap<&str, usize> = tried.iter().fold(BTreeMap::new(), |mut by, (_, trial)| {
        if let Some((probe, _)) = trial.by.split_once(':') {
            *by.entry(probe).or_default() += 1;
        }
        by
    });
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Seeded faults: " (toolchain) }
                style { (STYLE) }
            }
            body {
                h1 { "Seeded faults: " (toolchain) }
                p {
                    (score.whole.red) " of " (score.whole.all) " were caught ("
                    (format!("{:.1}", percent(score.whole.red, score.whole.all))) " %), "
                    (score.whole.named) " by a check that names what is wrong. Each field: caught / tried."
                }
                table {
                    thead { tr { th {} @for operator in &operators { th scope="col" { (operator) } } } }
                    tbody {
                        tr {
                            th scope="row" { b { "all" } }
                            @for sum in score.operators.values() { (field(sum.red, sum.all)) }
                        }
                        @for function in functions {
                            tr {
                                th scope="row" { (function) }
                                @for operator in &operators {
                                    @match score.cells.get(&(function.clone(), (*operator).clone())) {
                                        Some(sum) => (field(sum.red, sum.all)),
                                        None => td {},
                                    }
                                }
                            }
                        }
                    }
                }
                h2 { "Not caught" }
                ul { @for trial in lost {
                    li { code { (trial.mutant) }
                        @if trial.verdict == Verdict::Uncalled { " (no probe calls it)" } }
                } }
                h2 { "Who caught how many first" }
                ul { @for (probe, count) in by { li { (probe) ": " (count) } } }
            }
        }
    }
}

fn field(red: usize, all: usize) -> Markup {
    let class = match (red, all) {
        (red, all) if red == all => "all",
        (0, _) => "none",
        (red, all) if red * 10 >= all * 9 => "most",
        _ => "some",
    };
    html! { td class=(class) { (red) "/" (all) } }
}
