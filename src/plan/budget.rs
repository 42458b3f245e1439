//! Which part of a plan tells most in a given time. Pure.
//!
//! Cases that are built together are chosen together. Under each toolchain one group that is tagged `smoke` is always
//! chosen, or else the shortest: a toolchain of which nothing ran would not be known to load.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a case is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// It has never run.
    New,
    /// Something that it depends on is not as it was when it ran last.
    Changed,
    /// One of its last runs was red.
    Red,
    /// It is flaky.
    Flaky,
    /// It has passed each time.
    Steady,
}

/// Cases that are built together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `SUITE/PROBE`.
    pub probe: String,
    /// Its toolchain.
    pub toolchain: usize,
    /// Whether it is tagged `smoke`.
    pub smoke: bool,
    /// The most telling of its cases.
    pub worth: Worth,
    /// When it ran last (RFC 3339, UTC); empty if never.
    pub last: String,
    /// Seconds times CPU slots of all its cases; none where that is not known.
    pub cost: Option<f64>,
}

/// Whether each group is chosen; `slots` of them run side by side.
#[must_use]
pub fn choose(groups: &[Group], budget: Duration, slots: u32) -> Vec<bool> {
    let costs = costs(groups);
    let mut chosen = vec![false; groups.len()];
    let mut left = budget.as_secs_f64() * f64::from(slots.max(1));
    let mut firsts: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let better = |other: usize| {
            let key = |at: usize| (!groups[at].smoke, costs[at]);
            key(place) < key(other)
        };
        if firsts.get(&group.toolchain).is_none_or(|other| better(*other)) {
            firsts.insert(group.toolchain, place);
        }
    }
    for place in firsts.into_values() {
        chosen[place] = true;
        left -= costs[place];
    }
    let mut order: Vec<usize> = (0..groups.len()).filter(|place| !chosen[*place]).collect();
    // What has waited longest comes first among equals.
    order.sort_by(|a, b| {
        let key = |at: usize| (groups[at].worth, groups[at].last.as_str());
        key(*a).cmp(&key(*b)).then(costs[*a].total_cmp(&costs[*b])).then(a.cmp(b))
    });
    for place in order {
        if costs[place] <= left {
            chosen[place] = true;
            left -= costs[place];
        }
    }
    chosen
}

/// What is not known costs what its probe costs elsewhere, or what a group costs.
fn costs(groups: &[Group]) -> Vec<f64> {
    let mean = |costs: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = costs.fold((0.0, 0.0), |(sum, count), cost| (sum + cost, count + 1.0));
        if count > 0.0 { Some(sum / count) } else { None }
    };
    let all = mean(&mut groups.iter().filter_map(|group| group.cost)).unwrap_or(1.0);
    let mut probes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for group in groups {
        probes.entry(&group.probe).or_default().extend(group.cost);
    }
    let guess = |group: &Group| {
        probes.get(group.probe.as_str()).and_then(|costs| mean(&mut costs.iter().copied())).unwrap_or(all)
    };
    groups.iter().map(|group| group.cost.unwrap_or_else(|| guess(group))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(probe: &str, toolchain: usize, worth: Worth, cost: f64) -> Group {
        Group {
            probe: probe.into(),
            toolchain,
            smoke: false,
            worth,
            last: "2026-01-01T00:00:00Z".into(),
            cost: Some(cost),
        }
    }

    fn chosen(groups: &[Group], seconds: u64, slots: u32) -> Vec<usize> {
        let chosen = choose(groups, Duration::from_secs(seconds), slots);
        (0..groups.len()).filter(|place| chosen[*place]).collect()
    }

    #[test]
    fn what_tells_most_comes_first_as_far_as_the_time_goes() {
        let groups = [
            group("a", 0, Worth::Steady, 4.0),
            group("b", 0, Worth::Flaky, 4.0),
            group("c", 0, Worth::Red, 4.0),
            group("d", 0, Worth::Changed, 4.0),
            group("e", 0, Worth::New, 4.0),
            group("f", 0, Worth::Steady, 1.0),
        ];
        // The shortest stands for the toolchain.
        assert_eq!(chosen(&groups, 1, 1), [5]);
        assert_eq!(chosen(&groups, 5, 1), [4, 5]);
        assert_eq!(chosen(&groups, 13, 1), [2, 3, 4, 5]);
        assert_eq!(chosen(&groups, 7, 2), [2, 3, 4, 5], "two at a time");
        assert_eq!(chosen(&groups, 60, 1), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn every_toolchain_has_a_smoke_case_however_little_time_there_is() {
        let mut groups: Vec<Group> = (0..3)
            .flat_map(|t| [group("a", t, Worth::New, 1.0), group("b", t, Worth::Steady, 9.0)])
            .collect();
        groups[3].smoke = true;
        assert_eq!(chosen(&groups, 1, 1), [0, 3, 4]);
    }

    #[test]
    fn what_has_waited_longest_goes_before_its_equals() {
        let mut groups = [0, 1, 2].map(|_| group("a", 0, Worth::Steady, 1.0));
        groups[2].last = "2025-01-01T00:00:00Z".into();
        groups[0].smoke = true;
        assert_eq!(chosen(&groups, 2, 1), [0, 2]);
    }

    #[test]
    fn an_unknown_time_is_that_of_its_probe_elsewhere() {
        let mut groups = vec![
            group("long", 0, Worth::Steady, 100.0),
            group("short", 0, Worth::Steady, 1.0),
            group("long", 1, Worth::New, 0.0),
            group("short", 1, Worth::New, 0.0),
        ];
        groups[2].cost = None;
        groups[3].cost = None;
        assert_eq!(chosen(&groups, 10, 1), [1, 3]);
    }
}
