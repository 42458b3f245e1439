//! What the checks came to, and what the policy says of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::evidence::Evidence;
use super::owed::{is_tested, name};
use super::reason::Reason;
use super::rule::{Rule, RuledCheck, Then};
use crate::history::track::{ENOUGH, Rate};
use crate::history::{History, Track};
use crate::report::account::{Account, INPUT};
use crate::report::merge::weight;
use crate::report::record::{CaseRecord, INTERRUPTED, OVER_BUDGET};
use crate::report::text::{line, many};
use crate::suite::site;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::KNOWN;

/// Shorter cases vary by chance.
const LEAST_SECONDS: f64 = 1.0;
/// Characters of a reason in one line.
const SHORT: usize = 160;

/// What a rule of the policy lets go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Allowed {
    /// Where the rule stands.
    pub rule: String,
    /// What it is about.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day.
    pub until: String,
    /// What it lets go, one line each.
    pub evidence: Vec<String>,
}

/// What came of it.
pub(super) struct Judged {
    pub(super) reasons: Vec<Reason>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) notes: Vec<String>,
    pub(super) cases: BTreeMap<String, usize>,
    pub(super) checks: BTreeMap<String, usize>,
}

/// Something that a rule may speak of.
struct Happening<'e> {
    event: Event,
    case: &'e CaseRecord,
    check: &'e str,
    /// How large it is, for events with a limit.
    size: f64,
    told: String,
}

/// Judges every check.
pub(super) fn judge(evidence: &Evidence<'_>) -> Judged {
    let policy = evidence.policy;
    let today = evidence.now.date();
    let happenings = happenings(evidence);
    let none = Vec::new();
    let tags = |case: &CaseRecord| {
        let probe = format!("{}/{}", case.owed.suite, case.owed.probe);
        let basis = evidence.plan.basis.as_ref();
        basis.and_then(|basis| basis.tags.get(&probe)).unwrap_or(&none)
    };
    let speaks = |rule: &Rule, case: &CaseRecord, check: &str| {
        let owed = &case.owed;
        let (suite, probe, toolchain) = (&owed.suite, &owed.probe, &owed.toolchain);
        rule.matches(RuledCheck { suite, probe, check, toolchain, tags: tags(case) })
    };
    let mut blocked: BTreeMap<(Event, usize), Vec<String>> = BTreeMap::new();
    let mut allowed: BTreeMap<(usize, Event), Vec<String>> = BTreeMap::new();
    let mut used = vec![false; policy.rules.len()];
    let nobody = policy.rules.len();
    for happening in &happenings {
        let mut over = Vec::new();
        let mut decided = None;
        for (place, rule) in policy.rules.iter().enumerate() {
            if !covers(rule, happening) || !speaks(rule, happening.case, happening.check) {
                continue;
            }
            used[place] = true;
            if rule.is_over(today) {
                over.push(format!(
                    "{} ran out on {}",
                    rule.place,
                    rule.until.map(|day| day.to_string()).unwrap_or_default()
                ));
            } else if decided.is_none() {
                decided = Some(place);
            }
        }
        let over = if over.is_empty() { String::new() } else { format!(" ({})", over.join(", ")) };
        let told = format!("{}{over}", happening.told);
        match decided.map(|place| (place, policy.rules[place].then)) {
            Some((place, Then::Allow)) => allowed.entry((place, happening.event)).or_default().push(told),
            Some((place, Then::Block)) => blocked.entry((happening.event, place)).or_default().push(told),
            None if blocks_by_itself(happening.event) => {
                blocked.entry((happening.event, nobody)).or_default().push(told);
            }
            None => {}
        }
    }
    let mut reasons: Vec<Reason> = blocked
        .into_iter()
        .map(|((event, place), lines)| blocking(event, policy.rules.get(place), lines))
        .collect();
    let allowed = allowed
        .into_iter()
        .map(|((place, event), evidence)| {
            let rule = &policy.rules[place];
            Allowed {
                rule: rule.place.clone(),
                what: event.name().to_owned(),
                reason: rule.reason.clone(),
                owner: rule.owner.clone(),
                until: rule.until.map(|day| day.to_string()).unwrap_or_default(),
                evidence,
            }
        })
        .collect();
    for (place, rule) in
        policy.rules.iter().enumerate().filter(|(_, rule)| rule.events.contains(&Event::Coverage))
    {
        let mine: Vec<&CaseRecord> = own(evidence.merged).filter(|case| speaks(rule, case, "")).collect();
        used[place] = !mine.is_empty();
        if !rule.is_over(today) {
            reasons.extend(coverage(rule, &mine));
        }
    }
    reasons.extend(known_over(evidence));
    let idle = policy.rules.iter().zip(used).filter(|(_, used)| !used);
    let notes =
        idle.map(|(rule, _)| format!("the rule at {} speaks of nothing in these results", rule.place));
    let notes = notes.collect();
    let (mut cases, mut checks) = (BTreeMap::new(), BTreeMap::new());
    cases.insert("owed".to_owned(), evidence.plan.cases.len());
    for case in own(evidence.merged) {
        *cases.entry(case.outcome().to_string()).or_default() += 1;
        for check in &case.checks {
            *checks.entry(check.outcome.to_string()).or_default() += 1;
        }
    }
    Judged { reasons, allowed, notes, cases, checks }
}

/// What blocks where no rule says otherwise.
fn blocks_by_itself(event: Event) -> bool {
    matches!(event, Event::Failed | Event::FailedBefore | Event::Error)
}

/// Whether a rule is about such a thing. What failed before fails now.
fn covers(rule: &Rule, happening: &Happening<'_>) -> bool {
    let event = happening.event;
    let named = rule.events.contains(&event)
        || (event == Event::FailedBefore && rule.events.contains(&Event::Failed))
        || (event == Event::Known && rule.events.contains(&Event::Skipped));
    named
        && match event {
            Event::Slower => happening.size >= rule.factor,
            Event::Flaky => happening.size > rule.rate,
            _ => true,
        }
}

fn blocking(event: Event, rule: Option<&Rule>, lines: Vec<String>) -> Reason {
    let by = rule.map(|rule| {
        let owner = if rule.owner.is_empty() { String::new() } else { format!(", {}", rule.owner) };
        format!(" (by the rule at {}{owner})", rule.place)
    });
    let by = by.unwrap_or_default();
    let count = lines.len();
    let (what, hint) = match event {
        Event::Failed => (
            format!("{} failed{by}", many(count, "check")),
            "mend the stack; the report has a script for each",
        ),
        Event::FailedBefore => (
            format!("{} failed, as in the baseline{by}", many(count, "check")),
            "mend the stack, or let a rule allow `failed-before`",
        ),
        Event::Error => (
            format!("{} could not be determined{by}", many(count, "check")),
            "run these cases again; the report has the cause of each",
        ),
        Event::Skipped => {
            (format!("{} skipped{by}", many(count, "check")), "the report has the reason of each")
        }
        Event::Known => {
            (format!("{} known to fail{by}", many(count, "check")), "mend the stack, or change the policy")
        }
        Event::Flaky => (
            format!("{} passed, but not at once{by}", many(count, "case")),
            "find out why: the report has each attempt",
        ),
        Event::Slower => (
            format!("{} slower than in the baseline{by}", many(count, "case")),
            "run again to see whether it is chance",
        ),
        Event::Gone => (
            format!("{} of the baseline not there any more{by}", many(count, "check")),
            "plan it again, or change the policy",
        ),
        Event::Coverage => (format!("too little was tested{by}"), "the report has the reason of each skip"),
    };
    match (event, rule) {
        (Event::Error, None) => Reason::unknown(event.name(), what, lines, hint),
        _ => Reason::no(event.name(), what, lines, hint),
    }
}

fn coverage(rule: &Rule, cases: &[&CaseRecord]) -> Option<Reason> {
    let tested = cases.iter().filter(|case| case.checks.iter().any(is_tested)).count();
    let share = ratio(tested, cases.len());
    (cases.is_empty() || share < rule.least).then(|| {
        let line = format!(
            "{tested} of {} were tested, {:.0} % wanted",
            many(cases.len(), "case"),
            rule.least * 100.0
        );
        blocking(Event::Coverage, Some(rule), vec![line])
    })
}

fn ratio(part: usize, whole: usize) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}

/// Every case, without what stands for inputs.
fn own(account: &Account) -> impl Iterator<Item = &CaseRecord> {
    account.cases().filter(|case| case.owed.suite != INPUT)
}

type Key<'k> = (&'k str, &'k str, Option<u32>, &'k str, &'k str);

fn key<'k>(case: &'k CaseRecord, check: &'k str) -> Key<'k> {
    (&case.owed.suite, &case.owed.probe, case.owed.ranks, &case.owed.toolchain, check)
}

fn happenings<'e>(evidence: &Evidence<'e>) -> Vec<Happening<'e>> {
    let merged: &'e Account = evidence.merged;
    let mut before: BTreeMap<Key<'_>, Outcome> = BTreeMap::new();
    for case in evidence.baseline.into_iter().flat_map(own) {
        before.extend(case.checks.iter().map(|check| (key(case, &check.name), check.outcome)));
    }
    let mut happenings = Vec::new();
    for case in own(merged).filter(|case| weight(case) > 0) {
        for check in &case.checks {
            let was = before.remove(&key(case, &check.name));
            let Some(event) = event(check, was) else { continue };
            let told = format!("{}: {}: {}", name(&case.owed), check.name, line(&check.told(), SHORT));
            happenings.push(Happening { event, case, check: &check.name, size: 0.0, told });
        }
        let before = evidence.history.and_then(|history| earlier(history, case));
        happenings.extend(flaky(case, before.as_ref()));
        happenings.extend(before.as_ref().and_then(|before| slower_than_ever(case, before)));
    }
    if let Some(baseline) = evidence.baseline {
        for case in own(baseline) {
            for check in &case.checks {
                if check.outcome == Outcome::Passed && before.contains_key(&key(case, &check.name)) {
                    let told = format!("{}: {}", name(&case.owed), check.name);
                    happenings.push(Happening {
                        event: Event::Gone,
                        case,
                        check: &check.name,
                        size: 0.0,
                        told,
                    });
                }
            }
        }
        // Many runs say more of what is chance than one.
        let known = |case: &CaseRecord| {
            let before = evidence.history.and_then(|history| earlier(history, case));
            before.and_then(|before| before.times()).is_some_and(|times| times.runs >= ENOUGH)
        };
        happenings.extend(slower(baseline, merged).into_iter().filter(|happening| !known(happening.case)));
    }
    happenings
}

/// The runs of this case without this one.
fn earlier(history: &History, case: &CaseRecord) -> Option<Track> {
    let owed = &case.owed;
    let track = history.track(&owed.suite, &owed.probe, owed.ranks, &owed.toolchain)?;
    Some(Track { runs: track.runs.iter().filter(|run| run.at != case.started).cloned().collect() })
}

/// A case that was flaky now or before. Its size is the share of runs in which it surely is; with no history it is always.
fn flaky<'e>(case: &'e CaseRecord, before: Option<&Track>) -> Option<Happening<'e>> {
    let now = case.is_flaky();
    let (size, ever) = match before.map(Track::flakes).filter(|rate| rate.of > 0) {
        Some(rate) => {
            let rate = Rate::new(rate.count + usize::from(now), rate.of + 1);
            (rate.least, format!("flaky in {} of {} runs", rate.count, rate.of))
        }
        None => (1.0, format!("passed after {}", many(case.earlier.len(), "fault"))),
    };
    (now || (before.is_some() && size > 0.0 && size < 1.0)).then(|| {
        let told = format!("{}: {ever}", name(&case.owed));
        Happening { event: Event::Flaky, case, check: "", size, told }
    })
}

/// A case that took longer than all that is known of it makes likely.
fn slower_than_ever<'e>(case: &'e CaseRecord, before: &Track) -> Option<Happening<'e>> {
    let times = before.times().filter(|_| case.outcome() == Outcome::Passed)?;
    let size = times.excess(case.seconds)?;
    let told = format!(
        "{}: {:.1} s, {:.1} s ± {:.1} in {} before",
        name(&case.owed),
        case.seconds,
        times.median,
        times.spread,
        many(times.runs, "run")
    );
    Some(Happening { event: Event::Slower, case, check: "", size, told })
}

fn event(check: &Check, was: Option<Outcome>) -> Option<Event> {
    match check.outcome {
        Outcome::Failed if was == Some(Outcome::Failed) => Some(Event::FailedBefore),
        Outcome::Failed => Some(Event::Failed),
        Outcome::Error => Some(Event::Error),
        Outcome::Skipped if check.kind == KNOWN => Some(Event::Known),
        Outcome::Skipped if ![INTERRUPTED, OVER_BUDGET].contains(&check.kind.as_str()) => {
            Some(Event::Skipped)
        }
        Outcome::Skipped | Outcome::Passed => None,
    }
}

/// Cases that passed in both and took longer, beyond what the median case did.
fn slower<'e>(baseline: &'e Account, merged: &'e Account) -> Vec<Happening<'e>> {
    let timed = |case: &&CaseRecord| case.outcome() == Outcome::Passed && case.seconds > 0.0;
    let before: BTreeMap<Key<'_>, f64> =
        own(baseline).filter(timed).map(|case| (key(case, ""), case.seconds)).collect();
    let both: Vec<(&CaseRecord, f64, f64)> = own(merged)
        .filter(timed)
        .filter_map(|case| Some((case, *before.get(&key(case, ""))?, case.seconds)))
        .collect();
    let mut factors: Vec<f64> = both.iter().map(|(_, before, after)| after / before).collect();
    factors.sort_by(f64::total_cmp);
    // A machine that is slower as a whole says nothing of the stack; one that is faster hides nothing.
    let pace = factors.get(factors.len().saturating_sub(1) / 2).copied().unwrap_or(1.0).max(1.0);
    both.into_iter()
        .filter(|(_, _, after)| *after >= LEAST_SECONDS)
        .map(|(case, before, after)| {
            let size = after / before / pace;
            let told = format!("{}: {after:.1} s, was {before:.1} s", name(&case.owed));
            Happening { event: Event::Slower, case, check: "", size, told }
        })
        .collect()
}

/// Excuses whose last day was over when the verdict was made.
fn known_over(evidence: &Evidence<'_>) -> Option<Reason> {
    let site = evidence.site?;
    let today = evidence.now.date();
    let mut lines = Vec::new();
    for case in own(evidence.merged) {
        for check in case.checks.iter().filter(|check| check.kind == KNOWN) {
            let owed = &case.owed;
            let subject = site::ExcusedCheck {
                suite: &owed.suite,
                probe: &owed.probe,
                check: &check.name,
                toolchain: &owed.toolchain,
            };
            if !site.known.iter().any(|known| known.matches(subject) && !known.is_over(today)) {
                lines.push(format!("{}: {}: {}", name(owed), check.name, line(&check.reason, SHORT)));
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let what = format!("{} excused by known issues that are over", many(lines.len(), "check"));
    Some(Reason::no(
        "known-over",
        what,
        lines,
        "mend the stack, or give the issue another day in the site file",
    ))
}
