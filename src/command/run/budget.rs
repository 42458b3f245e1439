//! `--budget`: the part of the plan that tells most in that time; the rest is left out, and said to be.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::cli::Run;
use crate::history::{Entry, History, Track, file};
use crate::ledger::Keys;
use crate::plan::asked::Asked;
use crate::plan::budget::{Group, Worth, choose};
use crate::plan::cases::{Case, Plan};
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::report::console::note;
use crate::report::text::many;
use crate::suite::module_name::Wanted;
use crate::verdict::check::Outcome;

/// So many of the last runs say whether a case was red lately.
const LATELY: usize = 5;

/// What the plan is chosen from.
pub(super) struct Known<'k> {
    pub(super) catalogue: &'k Catalogue,
    pub(super) stack: &'k Stack<'k>,
    pub(super) keys: &'k Keys<'k>,
    pub(super) asked: &'k [Asked],
    pub(super) extra: &'k [Wanted],
}

/// The plan within the budget, and the cases that are left out of it.
pub(super) fn within(flags: &Run, known: &Known<'_>, plan: Plan, slots: NonZeroU32) -> (Plan, Vec<Case>) {
    let Some(budget) = flags.budget else { return (plan, Vec::new()) };
    // What cannot be read is told when the run has ended and is to be appended.
    let history = flags.history.as_deref().and_then(|path| file::read(path).ok()).unwrap_or_default();
    if history.tracks.is_empty() {
        note("--budget without a history (--history FILE): every case is taken for one that has never run");
    }
    let same = |a: &Case, b: &Case| (a.toolchain, a.suite, a.probe) == (b.toolchain, b.suite, b.probe);
    let groups: Vec<&[Case]> = plan.cases.chunk_by(same).collect();
    let described: Vec<Group> = groups.iter().map(|cases| describe(known, &history, cases)).collect();
    let chosen = choose(&described, budget, slots.get());
    let kept: BTreeSet<&str> = groups
        .iter()
        .zip(&chosen)
        .filter(|(_, chosen)| **chosen)
        .flat_map(|(cases, _)| cases.iter().map(|case| case.id.as_str()))
        .collect();
    let (kept, left): (Vec<Case>, Vec<Case>) =
        plan.cases.iter().cloned().partition(|case| kept.contains(case.id.as_str()));
    note(&format!(
        "budget of {}: {} of {} chosen",
        humantime::format_duration(budget),
        kept.len(),
        many(plan.cases.len(), "case")
    ));
    (Plan { cases: kept }, left)
}

/// The budget as a plan has it; empty where there is none.
pub(super) fn word(flags: &Run) -> String {
    flags.budget.map(|budget| humantime::format_duration(budget).to_string()).unwrap_or_default()
}

/// Why a case is left out.
pub(super) fn reason(budget: Duration) -> String {
    format!("over budget: others tell more in {}", humantime::format_duration(budget))
}

fn describe(known: &Known<'_>, history: &History, cases: &[Case]) -> Group {
    let first = &cases[0];
    let suite = &known.catalogue.suites[first.suite];
    let probe = &suite.probes[first.probe];
    let label = known.asked[first.toolchain].planned(known.catalogue).label;
    let track = |case: &Case| {
        let ranks = case.ranks.filter(|_| probe.ranks.len() > 1);
        history.track(&suite.name, &probe.name, ranks, &label)
    };
    let cost = |case: &Case| {
        let seconds = track(case)?.runs.iter().rev().find(|run| run.seconds > 0.0).map(|run| run.seconds);
        let median = track(case).and_then(Track::times).map(|times| times.median);
        Some(median.or(seconds)? * f64::from(case.slots.max(1)))
    };
    let worth = |case: &Case| match track(case) {
        Some(track) => worth(track, now(known, case).as_deref()),
        None => Worth::New,
    };
    let last =
        |case: &Case| track(case).and_then(|track| Some(track.runs.last()?.at.clone())).unwrap_or_default();
    Group {
        probe: format!("{}/{}", suite.name, probe.name),
        toolchain: first.toolchain,
        smoke: probe.tags.iter().any(|tag| tag == "smoke"),
        worth: cases.iter().map(worth).min().unwrap_or(Worth::New),
        last: cases.iter().map(last).min().unwrap_or_default(),
        cost: cases.iter().map(cost).sum(),
    }
}

/// What the case depends on now, as a history writes it; none where it cannot be known.
fn now(known: &Known<'_>, case: &Case) -> Option<String> {
    let suite = &known.catalogue.suites[case.suite];
    let toolchain = known.stack.load_for(suite, &known.asked[case.toolchain], known.extra).as_ref().ok()?;
    Some(Entry::key_of(&known.keys.of(case, toolchain).ok()?.inputs))
}

fn worth(track: &Track, now: Option<&str>) -> Worth {
    let Some(last) = track.runs.last() else { return Worth::New };
    if now.is_some_and(|now| last.key != now) {
        return Worth::Changed;
    }
    if track.runs.iter().rev().take(LATELY).any(|run| run.outcome > Outcome::Skipped) {
        return Worth::Red;
    }
    if track.flakes().count > 0 { Worth::Flaky } else { Worth::Steady }
}
