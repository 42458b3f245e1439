//! Two places side by side: what behaves differently in a container than on the machine itself, case by case, and which
//! difference between the places explains it.
//!
//! An explanation is only given where one thing is known to act upon the other: a refused `process_vm_readv` ends single
//! copies, a small `/dev/shm` does not. Where nothing that is known to act upon it differs, that is said.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::conduct::{self, Conduct, LAUNCHER, OUTCOME, TIME};
use super::pace::Pace;
use super::pairs::{Pair, Side};
use super::place::{CPUS, FILE_SIZE, KIND, MEMORY, PTRACE, SHM, USER, call, traits};
use crate::pod::calls::READ_OTHERS;
use crate::report::account::Account;
use crate::report::text::many;
use crate::verdict::check::Diagnosed;

/// What differs between two places, and what comes of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fidelity {
    /// What kind of place the first run was in; empty where it is not recorded.
    pub before: String,
    /// What kind of place the second run was in.
    pub after: String,
    /// Cases that both runs hold.
    pub compared: usize,
    /// Those of them that behave alike.
    pub alike: usize,
    /// Those of them that say more of their run than outcome and time, in both runs.
    pub observed: usize,
    /// Those of them whose modules, installs or tree are not the same: what they do otherwise may come of that.
    pub other_stack: usize,
    /// What behaves differently, by what explains it; what nothing explains comes last.
    pub groups: Vec<Group>,
    /// What differs between the places and explains nothing of it.
    pub idle: Vec<Trait>,
}

/// What one difference explains.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Group {
    /// What explains it; none where nothing does that is recorded.
    pub why: Option<Trait>,
    /// What behaves differently.
    pub conducts: Vec<Conduct>,
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Trait {
    /// `/dev/shm`, `system call process_vm_readv`, `CPUs that may be used`, `diagnosis shm-small`.
    pub what: String,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
}

impl Group {
    /// What behaves differently, and the cases that do so in the same way.
    #[must_use]
    pub fn alike(&self) -> Vec<Vec<&Conduct>> {
        let mut ways: BTreeMap<(&str, &str, &str), Vec<&Conduct>> = BTreeMap::new();
        for conduct in &self.conducts {
            ways.entry((&conduct.what, &conduct.before, &conduct.after)).or_default().push(conduct);
        }
        ways.into_values().collect()
    }

    /// What explains it, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        self.why.as_ref().map_or_else(|| "nothing that is recorded explains this".to_owned(), Trait::words)
    }
}

impl Trait {
    /// `CPUs that may be used: 8 → 2`
    #[must_use]
    pub fn words(&self) -> String {
        if self.before.is_empty() && self.after.is_empty() {
            return self.what.clone();
        }
        format!("{}: {} → {}", self.what, self.before, self.after)
    }
}

impl Fidelity {
    /// The two places, in words.
    #[must_use]
    pub fn places(&self) -> String {
        let name =
            |kind: &str| if kind.is_empty() { "a place of a kind not recorded" } else { kind }.to_owned();
        if self.before == self.after {
            format!("both in {}", name(&self.after))
        } else {
            format!("{} → {}", name(&self.before), name(&self.after))
        }
    }

    /// What a reader must know before trusting it, a sentence each.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.observed == 0 {
            all.push(
                "no case of both runs says which way its bytes went or where its ranks ran: mpi/transport does"
                    .to_owned(),
            );
        }
        if self.other_stack > 0 {
            let cases = many(self.other_stack, "case");
            all.push(format!("{cases} ran on another stack: what these do otherwise may come of that"));
        }
        all
    }
}

/// The launch profile, among the inputs of a case.
const PROFILE: &str = "the launch profile";

/// What is known to act upon what, the most telling first.
fn acts_upon(what: &str) -> Vec<String> {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match what {
        "single copy" => [vec![call(READ_OTHERS)], own(&[PTRACE, USER, LAUNCHER, PROFILE])].concat(),
        "transport" => own(&[SHM, FILE_SIZE, LAUNCHER, PROFILE]),
        "shared segments" => {
            [own(&[SHM, FILE_SIZE]), vec![call("memfd_create"), call("shmget")], own(&[PROFILE])].concat()
        }
        "binding" => [own(&[LAUNCHER]), vec![call("sched_setaffinity")], own(&[CPUS, PROFILE])].concat(),
        LAUNCHER => own(&[KIND]),
        TIME => own(&[CPUS, MEMORY]),
        _ => Vec::new(),
    }
}

/// None where the places do not differ and no case behaves differently but by its outcome or its time.
pub(super) fn fidelity(
    (before, after): (&Account, &Account),
    pairs: &[Pair<'_>],
    paces: &[Pace],
) -> Option<Fidelity> {
    let mut groups: BTreeMap<Option<Trait>, Vec<Conduct>> = BTreeMap::new();
    let mut differing: BTreeSet<Trait> = BTreeSet::new();
    let (mut compared, mut alike, mut observed, mut other_stack) = (0, 0, 0, 0);
    for (from, to) in pairs.iter().filter_map(Pair::both) {
        let differ = differences(from, to);
        let pace = paces.iter().find(|pace| pace.id == to.case.owed.id);
        let conducts = conduct::conducts((from, to), pace);
        compared += 1;
        alike += usize::from(conducts.is_empty());
        observed += usize::from(!conduct::seen_by_both(from.case, to.case).is_empty());
        other_stack += usize::from(is_other_stack(from, to));
        for (conduct, diagnosis) in conducts {
            let why = explain(&conduct, diagnosis.as_ref(), &differ, (from, to));
            groups.entry(why).or_default().push(conduct);
        }
        differing.extend(differ.into_values());
    }
    let seen = groups.values().flatten().any(|conduct| conduct.what != OUTCOME && conduct.what != TIME);
    if differing.is_empty() && !seen {
        return None;
    }
    let idle = differing.into_iter().filter(|one| !groups.contains_key(&Some(one.clone()))).collect();
    let mut groups: Vec<Group> = groups.into_iter().map(|(why, conducts)| Group { why, conducts }).collect();
    groups.sort_by_key(|group| (group.why.is_none(), std::cmp::Reverse(group.conducts.len())));
    Some(Fidelity {
        before: kinds(before),
        after: kinds(after),
        compared,
        alike,
        observed,
        other_stack,
        groups,
        idle,
    })
}

/// What differs between the places of two cases, as far as both are known.
fn differences(from: Side<'_>, to: Side<'_>) -> BTreeMap<String, Trait> {
    let (old, new) = (traits(&from.plan.pod), traits(&to.plan.pod));
    let differ = |(what, before): (String, String)| {
        let after = new.get(&what).filter(|after| **after != before)?.clone();
        Some((what.clone(), Trait { what, before, after }))
    };
    old.into_iter().filter_map(differ).collect()
}

fn explain(
    conduct: &Conduct,
    diagnosis: Option<&Diagnosed>,
    differ: &BTreeMap<String, Trait>,
    (from, to): (Side<'_>, Side<'_>),
) -> Option<Trait> {
    if let Some(diagnosis) = diagnosis {
        // Which side it is of, the outcomes say.
        let what = format!("diagnosis {}: {}", diagnosis.id, diagnosis.cause);
        return Some(Trait { what, before: String::new(), after: String::new() });
    }
    acts_upon(&conduct.what).into_iter().find_map(|name| {
        if let Some(found) = differ.get(&name) {
            return Some(found.clone());
        }
        let value = |side: Side<'_>| {
            let known = if name == PROFILE {
                side.case.inputs.get("launcher")
            } else {
                side.case.observed.get(&name)
            };
            known.cloned()
        };
        let (before, after) = (value(from)?, value(to)?);
        (before != after).then_some(Trait { what: name, before, after })
    })
}

fn is_other_stack(from: Side<'_>, to: Side<'_>) -> bool {
    ["modules", "installs", "stack"].into_iter().any(|part| {
        let both = from.case.inputs.get(part).zip(to.case.inputs.get(part));
        both.is_some_and(|(old, new)| old != new)
    })
}

/// The kinds of place that the pods of a run were in.
fn kinds(account: &Account) -> String {
    let found = account.pods.iter().filter_map(|pod| pod.plan.pod.found.as_ref());
    let kinds: BTreeSet<&str> =
        found.map(|found| found.place.as_str()).filter(|kind| !kind.is_empty()).collect();
    Vec::from_iter(kinds).join("; ")
}
