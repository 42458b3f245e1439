//! Which part of a plan a pod takes: every Nth group, or so that all parts take about as long. Pure.

use std::collections::BTreeMap;

use crate::suite::select::Shard;

/// A part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Which of how many.
    pub shard: Shard,
    /// Seconds of each case by its id; empty: every Nth group.
    seconds: BTreeMap<String, f64>,
}

/// Cases that stay together: a probe under a toolchain, with all its ranks.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// `SUITE/PROBE`.
    pub(super) probe: String,
    /// Ids of its cases.
    pub(super) cases: Vec<String>,
}

impl Share {
    /// Every Nth group.
    #[must_use]
    pub fn even(shard: Shard) -> Self {
        Self { shard, seconds: BTreeMap::new() }
    }

    /// As long as the others. All who share a plan must be given the same seconds: then each deals alike.
    #[must_use]
    pub fn balanced(shard: Shard, seconds: BTreeMap<String, f64>) -> Self {
        Self { shard, seconds }
    }

    /// Whether this part takes each of these groups.
    pub(super) fn takes(&self, groups: &[Group]) -> Vec<bool> {
        if self.seconds.is_empty() {
            return (0..groups.len()).map(|place| self.shard.takes(place)).collect();
        }
        let dealt = deal(&self.weights(groups), self.shard.count());
        dealt.into_iter().map(|part| part + 1 == self.shard.index()).collect()
    }

    /// The seconds of each group. What is not known takes what its probe takes elsewhere, or what a case takes.
    fn weights(&self, groups: &[Group]) -> Vec<f64> {
        let mut probes: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let (mut all, mut count) = (0.0, 0.0);
        for group in groups {
            for seconds in group.cases.iter().filter_map(|id| self.seconds.get(id)) {
                let entry = probes.entry(&group.probe).or_default();
                *entry = (entry.0 + seconds, entry.1 + 1.0);
                (all, count) = (all + seconds, count + 1.0);
            }
        }
        let mean = if count > 0.0 { all / count } else { 1.0 };
        let guess =
            |group: &Group| probes.get(group.probe.as_str()).map_or(mean, |(seconds, count)| seconds / count);
        groups
            .iter()
            .map(|group| {
                let known = |id| self.seconds.get(id).copied().unwrap_or_else(|| guess(group));
                group.cases.iter().map(known).sum()
            })
            .collect()
    }
}

/// Longest first, each to the part that has least so far: at most a third longer than the best that can be (Graham).
#[must_use]
pub fn deal(weights: &[f64], parts: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let mut loads = vec![0.0_f64; parts.max(1)];
    let mut dealt = vec![0; weights.len()];
    for place in order {
        let least = (0..loads.len()).min_by(|a, b| loads[*a].total_cmp(&loads[*b]).then(a.cmp(b)));
        let part = least.unwrap_or_default();
        // What takes no time is spread, too.
        loads[part] += weights[place].max(1e-3);
        dealt[place] = part;
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_group_is_in_one_part_and_no_part_is_much_longer_than_it_must_be(
            weights in prop::collection::vec(0.0_f64..100.0, 1..200), count in 1_usize..20
        ) {
            let groups: Vec<Group> = (0..weights.len())
                .map(|place| Group { probe: "s/p".into(), cases: vec![format!("c{place}")] })
                .collect();
            let seconds: BTreeMap<String, f64> =
                weights.iter().enumerate().map(|(place, seconds)| (format!("c{place}"), *seconds)).collect();
            let mut times = vec![0; weights.len()];
            let mut longest = 0.0_f64;
            for index in 1..=count {
                let share = Share::balanced(format!("{index}/{count}").parse().unwrap(), seconds.clone());
                let taken = share.takes(&groups);
                let mut load = 0.0;
                for (place, taken) in taken.into_iter().enumerate() {
                    times[place] += usize::from(taken);
                    load += if taken { weights[place] } else { 0.0 };
                }
                longest = longest.max(load);
            }
            prop_assert!(times.iter().all(|times| *times == 1));
            let parts = f64::from(u32::try_from(count).unwrap());
            let least = (weights.iter().sum::<f64>() / parts).max(weights.iter().copied().fold(0.0, f64::max));
            prop_assert!(longest <= 4.0 / 3.0 * least + weights.iter().copied().fold(0.0, f64::max) + 0.3);
        }
    }

    #[test]
    fn what_is_not_known_takes_what_its_probe_takes() {
        let group = |probe: &str, id: &str| Group { probe: probe.into(), cases: vec![id.into()] };
        let groups = [group("s/long", "a"), group("s/long", "b"), group("s/short", "c"), group("s/new", "d")];
        let seconds = BTreeMap::from([("a".to_owned(), 10.0), ("c".to_owned(), 2.0)]);
        let share = Share::balanced("1/2".parse().unwrap(), seconds);
        assert_eq!(share.weights(&groups), [10.0, 10.0, 2.0, 6.0]);
    }
}
