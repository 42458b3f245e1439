//! Which case of one run is which of the other.

use std::collections::BTreeMap;

use crate::report::account::{Account, INPUT, Told};
use crate::report::record::{CaseRecord, PlanRecord};

/// A case in one run, and the run.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) case: &'a CaseRecord,
    pub(super) plan: &'a PlanRecord,
}

/// A case in two runs; one side is missing where only the other has it.
pub(super) struct Pair<'a> {
    pub(super) before: Option<Side<'a>>,
    pub(super) after: Option<Side<'a>>,
}

impl<'a> Pair<'a> {
    /// Both sides, if there are two.
    pub(super) fn both(&self) -> Option<(Side<'a>, Side<'a>)> {
        Some((self.before?, self.after?))
    }
}

/// What must be equal: the suite, the probe, the ranks, the toolchain, and which of several such cases it is.
type Key<'a> = (&'a str, &'a str, Option<u32>, String, usize);

/// Pairs the cases of two runs, in the order of the second; what only the first has comes last.
pub(super) fn pair<'a>(before: &'a Account, after: &'a Account) -> Vec<Pair<'a>> {
    let mut left: Vec<(Key<'a>, Side<'a>)> = keyed(before);
    let mut place: BTreeMap<Key<'a>, usize> =
        left.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)).collect();
    let mut taken = vec![false; left.len()];
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    let mut alone: Vec<usize> = Vec::new();
    for (key, side) in keyed(after) {
        let found = place.remove(&key);
        if let Some(found) = found {
            taken[found] = true;
        } else {
            alone.push(pairs.len());
        }
        pairs.push(Pair { before: found.map(|found| left[found].1), after: Some(side) });
    }
    let mut taken = taken.into_iter();
    left.retain(|_| !taken.next().unwrap_or_default());
    // What is left over are other versions, or really other cases.
    let mut by_family: BTreeMap<_, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, (_, side)) in left.iter().enumerate() {
        by_family.entry(families(side.case)).or_default().0.push(index);
    }
    for &index in &alone {
        if let Some(side) = pairs[index].after {
            by_family.entry(families(side.case)).or_default().1.push(index);
        }
    }
    let mut matched = vec![false; left.len()];
    for (from, to) in by_family.into_values() {
        if let ([from], [to]) = (from.as_slice(), to.as_slice()) {
            pairs[*to].before = Some(left[*from].1);
            matched[*from] = true;
        }
    }
    let only = left.into_iter().zip(matched).filter(|(_, matched)| !matched);
    pairs.extend(only.map(|((_, side), _)| Pair { before: Some(side), after: None }));
    pairs
}

fn keyed(account: &Account) -> Vec<(Key<'_>, Side<'_>)> {
    let mut seen: BTreeMap<(&str, &str, Option<u32>, &str), usize> = BTreeMap::new();
    let mut keyed = Vec::new();
    for Told { case, pod, .. } in &account.told {
        let owed = &case.owed;
        // An input that could not be read is a note of its run, not a case of the stack.
        let Some(pod) = account.pods.get(*pod).filter(|_| owed.suite != INPUT) else { continue };
        let number = seen.entry((&owed.suite, &owed.probe, owed.ranks, &owed.toolchain)).or_default();
        let key = (owed.suite.as_str(), owed.probe.as_str(), owed.ranks, owed.toolchain.clone(), *number);
        *number += 1;
        keyed.push((key, Side { case, plan: &pod.plan }));
    }
    keyed
}

/// The case without the versions of its modules.
fn families(case: &CaseRecord) -> (&str, &str, Option<u32>, Vec<&str>) {
    let modules = case.owed.toolchain.split(' ');
    let names = modules.map(|module| module.rsplit_once('/').map_or(module, |(name, _)| name));
    (&case.owed.suite, &case.owed.probe, case.owed.ranks, names.collect())
}
