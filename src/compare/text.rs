//! A comparison in plain words.

use std::fmt::Write as _;

use super::change::{Change, Turn};
use super::comparison::Comparison;
use super::fidelity::Fidelity;
use super::reason::Reason;
use crate::report::text::{line, many};

/// So many checks of one turn are named.
const NAMED: usize = 10;
/// Characters of a reason or value in one line.
const SHORT: usize = 160;
/// So many differences are named.
const REASONS: usize = 3;

/// The comparison as lines.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let mut text = String::new();
    for turn in Turn::ALL {
        let changes: Vec<&Change> = comparison.changes.iter().filter(|change| change.turn == turn).collect();
        if changes.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{turn}: {}", many(changes.len(), "check"));
        for change in changes.iter().take(NAMED) {
            let ranks = change.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
            let check = if change.check.is_empty() { "the whole case" } else { &change.check };
            let _ = write!(text, "  {}/{}{ranks} {check}", change.suite, change.probe);
            let _ = writeln!(text, " [{}]", change.toolchain);
            if !change.reason.is_empty() && turn != Turn::New {
                let was = if turn == Turn::NewlyPassed { "before: " } else { "" };
                let diagnosis = change.diagnosis.as_ref().map(|id| format!(" [{id}]")).unwrap_or_default();
                let _ = writeln!(text, "        {was}{}{diagnosis}", line(&change.reason, SHORT));
            }
        }
        if changes.len() > NAMED {
            let _ = writeln!(text, "  and {} more: --format json has them all", changes.len() - NAMED);
        }
    }
    if comparison.changes.iter().any(|change| change.turn.is_red()) {
        why(comparison, &mut text);
    }
    if !comparison.paces.is_empty() {
        text += "slower or faster than the other cases\n";
    }
    for pace in &comparison.paces {
        let _ = writeln!(
            text,
            "  {:.1} × as long: {} ({:.1} s, was {:.1} s; {})",
            pace.factor,
            pace.id,
            pace.after,
            pace.before,
            pace.held_against()
        );
    }
    if let Some(fidelity) = &comparison.fidelity {
        places(fidelity, &mut text);
    }
    for input in &comparison.unread {
        let _ = writeln!(text, "not read, so not compared: {input}");
    }
    for note in &comparison.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let counts: Vec<String> = Turn::ALL
        .into_iter()
        .map(|turn| (turn, comparison.count(turn)))
        .filter(|(_, count)| *count > 0)
        .map(|(turn, count)| format!("{count} {turn}"))
        .collect();
    let counts =
        if counts.is_empty() { "no check turned out otherwise".to_owned() } else { counts.join(", ") };
    let pace = comparison.median_pace.map(|pace| format!("; the median case took {pace:.2} × as long"));
    let _ = writeln!(
        text,
        "{counts}; {} in both runs{}",
        many(comparison.paired, "case"),
        pace.unwrap_or_default()
    );
    text
}

fn places(fidelity: &Fidelity, text: &mut String) {
    let _ = writeln!(text, "how cases behave in the two places ({})", fidelity.places());
    for group in &fidelity.groups {
        let _ = writeln!(text, "  {}", line(&group.reason(), SHORT));
        for way in group.alike() {
            let Some(first) = way.first() else { continue };
            let _ = writeln!(text, "    {}", line(&first.words(), SHORT));
            for conduct in way.iter().take(NAMED) {
                let _ = writeln!(text, "      {}", conduct.subject());
            }
            if way.len() > NAMED {
                let _ = writeln!(text, "      and {} more: --format json has them all", way.len() - NAMED);
            }
        }
    }
    if !fidelity.idle.is_empty() {
        text.push_str("  these differ as well, and nothing is seen to come of it\n");
        for differs in fidelity.idle.iter().take(NAMED) {
            let _ = writeln!(text, "    {}", line(&differs.words(), SHORT));
        }
        if fidelity.idle.len() > NAMED {
            let _ =
                writeln!(text, "    and {} more: --format json has them all", fidelity.idle.len() - NAMED);
        }
    }
    let alike = many(fidelity.compared, "case");
    let _ = writeln!(text, "  {} of {alike} behave alike in both", fidelity.alike);
    for caution in fidelity.cautions() {
        let _ = writeln!(text, "  note: {caution}");
    }
}

fn why(comparison: &Comparison, text: &mut String) {
    let telling: Vec<&Reason> = comparison.reasons.iter().filter(|reason| reason.tells()).collect();
    if let Some(shared) = &comparison.shared {
        let _ = writeln!(text, "all that turned red are {shared}");
    }
    if telling.is_empty() {
        text.push_str(
            "nothing that is recorded differs for these cases alone: either they are flaky, or what changed is not \
             recorded\n",
        );
    } else {
        text.push_str("what differs where checks turned red, the most telling first\n");
    }
    for reason in telling.iter().take(REASONS) {
        let value = |text: &str| if text.is_empty() { "absent".to_owned() } else { line(text, SHORT) };
        let _ = writeln!(text, "  {}: {} → {}", reason.what, value(&reason.before), value(&reason.after));
        let _ = writeln!(
            text,
            "        {} with it turned red, {} did not; without it {} turned red, {} did not",
            many(reason.red_with, "case"),
            reason.green_with,
            reason.red_without,
            reason.green_without
        );
    }
}
