//! Whether everything that was owed has a result, once, and as the run wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Evidence;
use super::reason::Reason;
use crate::report::counts::UNCHANGED;
use crate::report::merge::{Part, weight};
use crate::report::record::{CaseRecord, INTERRUPTED, Owed};
use crate::report::seal::Broken;
use crate::report::text::many;
use crate::suite::select::Shard;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::KNOWN;

const AGAIN: &str =
    "run what is missing: `stackprobe run --resume` into the same results directory, or the lost pod again";

/// Whether there is nothing to judge at all.
pub(super) fn is_empty(evidence: &Evidence<'_>) -> bool {
    evidence.plan.cases.is_empty() || evidence.parts.iter().all(|part| part.done.is_empty())
}

/// Whether a check was tried: the ledger has proved what is unchanged, and what is known to fail was run.
pub(super) fn is_tested(check: &Check) -> bool {
    match check.outcome {
        Outcome::Passed | Outcome::Failed => true,
        Outcome::Skipped => [UNCHANGED, KNOWN].contains(&check.kind.as_str()),
        Outcome::Error => false,
    }
}

/// `mpi/hello n=4 [gcc/12.2.0 openmpi/5.0.11]`.
pub(super) fn name(owed: &Owed) -> String {
    let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    format!("{}/{}{ranks} [{}]", owed.suite, owed.probe, owed.toolchain)
}

/// Every reason of this kind.
pub(super) fn reasons(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if is_empty(evidence) {
        let what = if evidence.plan.cases.is_empty() {
            "the plan owes nothing"
        } else {
            "the inputs hold no result"
        };
        reasons.push(Reason::no("empty", what, Vec::new(), "an empty plan or result is never green"));
    }
    let unread = evidence.unread.iter().map(|unread| format!("{}: {}", unread.input.display(), unread.why));
    let mut unread: Vec<String> = unread.collect();
    for (part, _) in evidence.parts.iter().zip(evidence.seals).filter(|(_, seal)| seal.is_none()) {
        unread.extend(part.left_out.iter().map(|why| format!("{}: {why}", part.pod.folder.display())));
    }
    if !unread.is_empty() {
        let what = format!("{} cannot be read, or not to the end", many(unread.len(), "input"));
        reasons.push(Reason::no("unread", what, unread, "what it holds is not known, so it is not green"));
    }
    reasons.extend(sealed(evidence));
    reasons.extend(partial(evidence));
    reasons.extend(plans(evidence));
    reasons.extend(shards(evidence));
    reasons.extend(lost(evidence));
    reasons.extend(duplicates(evidence));
    reasons.extend(untested(evidence));
    reasons
}

/// Whether the plan leaves out, by its own words, what a stack owes.
fn partial(evidence: &Evidence<'_>) -> Option<Reason> {
    let plan = evidence.plan;
    let selected = &plan.selected;
    let tags = selected.tags.iter().map(|tag| format!("--tag {tag}"));
    let again = Some(&selected.again).filter(|again| !again.is_empty());
    let shard = Some(&plan.shard).filter(|shard| !shard.is_empty());
    let lines: Vec<String> = Some(&selected.filter)
        .filter(|filter| !filter.is_empty())
        .cloned()
        .into_iter()
        .chain(tags)
        .chain(again.map(|again| format!("--failed={again}")))
        .chain(shard.map(|shard| format!("--shard {shard}")))
        .collect();
    if evidence.policy.partial || lines.is_empty() {
        return None;
    }
    let hint = "make the plan without these; where that is meant, `partial = true` of the policy says so";
    Some(Reason::no("partial-plan", "the plan owes only a part of what these suites hold", lines, hint))
}

fn sealed(evidence: &Evidence<'_>) -> Vec<Reason> {
    let (mut short, mut edited) = (Vec::new(), Vec::new());
    for (part, seal) in evidence.parts.iter().zip(evidence.seals) {
        let folder = part.pod.folder.display();
        match seal {
            Some(Err(Broken::Absent)) => short.push(folder.to_string()),
            Some(Err(Broken::Changed(files))) => {
                edited.extend(files.iter().map(|file| format!("{folder}: {file}")));
            }
            Some(Ok(_)) | None => {}
        }
        let unreadable =
            part.done.values().filter(|case| case.checks.iter().any(|check| check.kind == "unreadable"));
        edited.extend(unreadable.map(|case| {
            let why = case.checks.first().map(|check| check.reason.clone()).unwrap_or_default();
            format!("{folder}: {}: {why}", name(&case.owed))
        }));
    }
    let mut reasons = Vec::new();
    if !short.is_empty() {
        let what = format!("{} did not end: nothing says that all of it is there", many(short.len(), "run"));
        let hint = "a run that ends writes seal.json; `stackprobe run --resume` ends one that was killed";
        reasons.push(Reason::no("cut-short", what, short, hint));
    }
    if !edited.is_empty() {
        let what = "results are not as the runs wrote them";
        reasons.push(Reason::no("edited", what, edited, "run again: results are never edited by hand"));
    }
    reasons
}

fn plans(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut owed: BTreeMap<&str, &Owed> = BTreeMap::new();
    let mut twice = Vec::new();
    for case in &evidence.plan.cases {
        if owed.insert(&case.id, case).is_some() {
            twice.push(format!("the plan owes {} twice: {}", case.id, name(case)));
        }
    }
    let mut foreign = Vec::new();
    for (part, _) in ours(evidence) {
        let folder = part.pod.folder.display();
        let mut seen = BTreeSet::new();
        for case in &part.owed {
            if !seen.insert(&case.id) {
                twice.push(format!("{folder}: its plan owes {} twice: {}", case.id, name(case)));
            }
            let same = owed.get(case.id.as_str()).is_some_and(|known| {
                (&known.suite, &known.probe, &known.toolchain, known.ranks)
                    == (&case.suite, &case.probe, &case.toolchain, case.ranks)
            });
            // What a run adds because nothing could be tested is red by itself.
            let passed = part.done.get(&case.id).is_some_and(|done| done.checks.iter().any(is_tested));
            if !same && passed {
                foreign.push(format!("{folder}: {}", name(case)));
            }
        }
        foreign.extend(part.left_out.iter().map(|why| format!("{folder}: {why}")));
    }
    let mut reasons = Vec::new();
    if !twice.is_empty() {
        let what = format!("{} owed twice", many(twice.len(), "case id"));
        let hint = "make the plan anew: `stackprobe list --all --format json --out plan.json`";
        reasons.push(Reason::no("duplicate", what, twice, hint));
    }
    if !foreign.is_empty() {
        let what =
            format!("{} of another plan than the one that is judged by", many(foreign.len(), "result"));
        let hint = "judge a run by the plan that it was made for; results of two plans are two verdicts";
        reasons.push(Reason::no("two-plans", what, foreign, hint));
    }
    reasons
}

fn shards(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (part, _) in ours(evidence) {
        if let Ok(shard) = part.pod.plan.shard.parse::<Shard>() {
            found.entry(shard.count()).or_default().insert(shard.index());
        }
    }
    let mut reasons = Vec::new();
    if found.len() > 1 {
        let lines = found.keys().map(|count| format!("shards of {count}")).collect();
        let hint = "give the results of one fan-out only";
        reasons.push(Reason::no("two-plans", "the results are shards of different numbers", lines, hint));
    }
    let missing: Vec<String> = found
        .into_iter()
        .flat_map(|(count, found)| {
            let missing = (1..=count).filter(move |index| !found.contains(index));
            missing.map(move |index| format!("shard {index}/{count}"))
        })
        .collect();
    if !missing.is_empty() {
        let what = format!("{} left no results", many(missing.len(), "shard"));
        reasons.push(Reason::no("lost-shard", what, missing, AGAIN));
    }
    reasons
}

fn lost(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut told: BTreeMap<&str, u8> = BTreeMap::new();
    let mut stopped = Vec::new();
    let mut over = BTreeSet::new();
    for case in evidence.parts.iter().flat_map(|part| part.done.values()) {
        let best = told.entry(&case.owed.id).or_default();
        *best = (*best).max(weight(case));
        if case.checks.iter().any(|check| check.kind == INTERRUPTED) {
            stopped.push(case);
        }
        if case.is_over_budget() {
            over.insert(case.owed.id.as_str());
        }
    }
    let answered = |owed: &Owed| told.get(owed.id.as_str()).is_some_and(|weight| *weight > 0);
    let stopped: BTreeMap<&str, &CaseRecord> = stopped
        .into_iter()
        .filter(|case| !answered(&case.owed))
        .map(|case| (case.owed.id.as_str(), case))
        .collect();
    let mut toolchains: BTreeMap<&str, (Vec<&Owed>, usize)> = BTreeMap::new();
    for owed in &evidence.plan.cases {
        let (lost, all) = toolchains.entry(&owed.toolchain).or_default();
        *all += 1;
        if !answered(owed) && !stopped.contains_key(owed.id.as_str()) && !over.contains(owed.id.as_str()) {
            lost.push(owed);
        }
    }
    let (whole, some): (Vec<_>, Vec<_>) = toolchains
        .into_iter()
        .filter(|(_, (lost, _))| !lost.is_empty())
        .partition(|(_, (lost, all))| lost.len() == *all);
    let mut reasons = Vec::new();
    if !whole.is_empty() {
        let what = format!("{} without any result", many(whole.len(), "toolchain"));
        let lines =
            whole.iter().map(|(label, (lost, _))| format!("{label}: {} owed", many(lost.len(), "case")));
        reasons.push(Reason::no("lost-toolchain", what, lines.collect(), AGAIN));
    }
    let some: Vec<&Owed> = some.into_iter().flat_map(|(_, (lost, _))| lost).collect();
    if !some.is_empty() {
        let what = format!("{} without a result", many(some.len(), "case"));
        reasons.push(Reason::no("lost", what, some.into_iter().map(name).collect(), AGAIN));
    }
    let over: Vec<&Owed> = evidence
        .plan
        .cases
        .iter()
        .filter(|owed| over.contains(owed.id.as_str()) && !answered(owed))
        .collect();
    if !over.is_empty() {
        let what = format!("{} left out for want of time (run --budget)", many(over.len(), "case"));
        let hint = "`stackprobe run --resume` without --budget runs them, into the same results directory";
        reasons.push(Reason::no("over-budget", what, over.into_iter().map(name).collect(), hint));
    }
    if !stopped.is_empty() {
        let what = format!("{} not run: the runs were asked to stop", many(stopped.len(), "case"));
        let lines = stopped.values().map(|case| name(&case.owed)).collect();
        reasons.push(Reason::unknown("interrupted", what, lines, AGAIN));
    }
    reasons
}

/// Two results of one case: one that could tell, and is the last, after others that could not, is a retry. All else
/// would let a result be chosen.
fn duplicates(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut results: BTreeMap<&str, Vec<(&Part, &CaseRecord)>> = BTreeMap::new();
    for (part, _) in ours(evidence) {
        for (id, case) in part.done.iter().filter(|(_, case)| weight(case) > 0) {
            results.entry(id).or_default().push((part, case));
        }
    }
    let folders = |all: &[(&Part, &CaseRecord)]| {
        let folders: Vec<String> =
            all.iter().map(|(part, _)| part.pod.folder.display().to_string()).collect();
        folders.join(" and ")
    };
    let (mut twice, mut outdated) = (Vec::new(), Vec::new());
    for all in results.values().filter(|all| all.len() > 1) {
        let able: Vec<_> = all.iter().filter(|(_, case)| weight(case) > 1).collect();
        let Some((_, first)) = all.first() else { continue };
        let last = all.iter().map(|(_, case)| case.started.as_str()).max();
        match able.as_slice() {
            [] => {}
            [(_, only)] if Some(only.started.as_str()) == last => {}
            [_] => outdated.push(format!("{}: {}", name(&first.owed), folders(all))),
            _ => twice.push(format!("{}: {}", name(&first.owed), folders(all))),
        }
    }
    let mut reasons = Vec::new();
    if !twice.is_empty() {
        let what = format!("{} with several results: one could be chosen", many(twice.len(), "case"));
        let hint =
            "give the results of one run; a pod that could not tell may be retried, one that told may not";
        reasons.push(Reason::no("duplicate", what, twice, hint));
    }
    if !outdated.is_empty() {
        let what = format!(
            "the last result of {} could not tell, an older one is not an answer",
            many(outdated.len(), "case")
        );
        reasons.push(Reason::no("duplicate", what, outdated, "run these cases again"));
    }
    reasons
}

/// Suites and toolchains of which nothing at all was tried.
fn untested(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut suites: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut toolchains = suites.clone();
    let owed: BTreeSet<&str> = evidence.plan.cases.iter().map(|owed| owed.id.as_str()).collect();
    for case in evidence.merged.cases().filter(|case| owed.contains(case.owed.id.as_str())) {
        let tested = case.checks.iter().filter(|check| is_tested(check)).count();
        let answered = usize::from(weight(case) > 0);
        for (map, key) in [(&mut suites, &case.owed.suite), (&mut toolchains, &case.owed.toolchain)] {
            let (all, answers) = map.entry(key).or_default();
            *all += tested;
            *answers += answered;
        }
    }
    // Without any answer it is lost, which is said elsewhere.
    let idle = |map: BTreeMap<&str, (usize, usize)>| -> Vec<String> {
        let idle = map.into_iter().filter(|(_, (tested, answers))| *tested == 0 && *answers > 0);
        idle.map(|(name, _)| name.to_owned()).collect()
    };
    let mut reasons = Vec::new();
    for (kind, noun, names) in
        [("untested-suite", "suite", idle(suites)), ("untested-toolchain", "toolchain", idle(toolchains))]
    {
        if !names.is_empty() {
            let what = format!("{} of which not one check was tried", many(names.len(), noun));
            let hint = "everything was skipped or could not be determined: look at the reasons in the report";
            reasons.push(Reason::no(kind, what, names, hint));
        }
    }
    reasons
}

/// The runs of stackprobe.
pub(super) fn ours<'e>(
    evidence: &Evidence<'e>,
) -> impl Iterator<Item = (&'e Part, &'e Result<crate::report::seal::Seal, Broken>)> {
    let parts: &'e [Part] = evidence.parts;
    parts.iter().zip(evidence.seals).filter_map(|(part, seal)| Some((part, seal.as_ref()?)))
}
