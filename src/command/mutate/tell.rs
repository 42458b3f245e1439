//! What `stackprobe mutate` prints.

use std::path::Path;
use std::time::Duration;

use anstream::{eprintln, println};

use crate::mutate::{Mutant, Score, Trial, Verdict};
use crate::report::text::{line, many};

/// What mutants are tried with.
pub(super) fn bench(
    unfit: &[(String, String)],
    launches: usize,
    time: Duration,
    toolchain: &str,
    mutants: usize,
) {
    for (probe, why) in unfit {
        eprintln!("{probe} takes no part: {}", line(why, 200));
    }
    eprintln!(
        "{toolchain}: {} to try, {} take {:.1} s with the healthy library",
        many(mutants, "fault"),
        many(launches, "launch"),
        time.as_secs_f64()
    );
}

/// One that was tried.
pub(super) fn trial(number: usize, trial: &Trial) {
    eprintln!("{number:5}  {:8}  {}  {}", trial.verdict, trial.mutant, line(&trial.by, 160));
}

/// Sums by operator, what survived, and the sentence.
pub(super) fn score(score: &Score, tried: &[(&Mutant, Trial)], asked: usize, results: &Path) {
    println!("{:28} {:>6} {:>6} {:>8} {:>6}", "fault", "tried", "caught", "by name", "%");
    for (operator, sum) in &score.operators {
        println!(
            "{operator:28} {:6} {:6} {:8} {:6.1}",
            sum.all,
            sum.red,
            sum.named,
            percent(sum.red, sum.all)
        );
    }
    let lost: Vec<&Trial> =
        tried.iter().map(|(_, trial)| trial).filter(|trial| !trial.verdict.is_red()).collect();
    if !lost.is_empty() {
        println!("\nnot caught:");
    }
    for trial in lost {
        let why = if trial.verdict == Verdict::Uncalled { "  (no probe calls it)" } else { "" };
        println!("  {}{why}", trial.mutant);
    }
    let whole = score.whole;
    println!(
        "\nyour green catches {} of {} ({:.1} %), {} by a check that names what is wrong; {asked} were asked for; {}",
        whole.red,
        whole.all,
        percent(whole.red, whole.all),
        whole.named,
        results.join("mutants.html").display()
    );
}

/// Of a hundred.
pub(super) fn percent(part: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { 100.0 * number(part) / number(all) }
}
