//! Which difference goes with what turned red.

use std::collections::BTreeMap;

use serde::Serialize;

use super::change::is_newly_red;
use super::difference::{Difference, Rank, differences};
use super::pairs::Pair;
use crate::report::text::many;

/// So many are worth reading.
const MOST: usize = 8;

/// A difference between the runs, and how well it goes with what turned red.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    /// What differs: `module openmpi`, `the launch profile`, `pod: kernel release`.
    pub what: String,
    /// What it was; empty where it was not there.
    pub before: String,
    /// What it is; empty where it is not there.
    pub after: String,
    /// Cases with this difference that turned red.
    pub red_with: usize,
    /// Cases with this difference that did not.
    pub green_with: usize,
    /// Cases without it that turned red.
    pub red_without: usize,
    /// Cases without it that did not.
    pub green_without: usize,
}

impl Reason {
    /// Whether it tells red from green at all: a difference of every case tells nothing of one.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.green_with == 0 || self.red_with * self.green_without > self.red_without * self.green_with
    }

    /// Twice the red with it, out of all red and all with it: 1.0 where exactly the red ones have it.
    fn score(&self) -> f64 {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let all = count(2 * self.red_with + self.green_with + self.red_without);
        if all == 0.0 { 0.0 } else { count(2 * self.red_with) / all }
    }
}

/// Every difference that a case which turned red has, the most telling first.
pub(super) fn reasons(pairs: &[Pair<'_>]) -> Vec<Reason> {
    let judged: Vec<(bool, Vec<Difference>)> = pairs
        .iter()
        .filter_map(|pair| {
            let (before, after) = pair.both()?;
            Some((is_newly_red(pair), differences(before, after)))
        })
        .collect();
    let red = judged.iter().filter(|(red, _)| *red).count();
    let green = judged.len() - red;
    let mut counts: BTreeMap<&Difference, (usize, usize)> = BTreeMap::new();
    for (is_red, differences) in &judged {
        for difference in differences {
            let (with_red, with_green) = counts.entry(difference).or_default();
            *(if *is_red { with_red } else { with_green }) += 1;
        }
    }
    let mut reasons: Vec<(Rank, Reason)> = counts
        .into_iter()
        .filter(|(_, (red_with, _))| *red_with > 0)
        .map(|(difference, (red_with, green_with))| {
            let reason = Reason {
                what: difference.what.clone(),
                before: difference.before.clone(),
                after: difference.after.clone(),
                red_with,
                green_with,
                red_without: red - red_with,
                green_without: green - green_with,
            };
            (difference.rank, reason)
        })
        .collect();
    reasons.sort_by(|(a_rank, a), (b_rank, b)| {
        b.tells().cmp(&a.tells()).then(b.score().total_cmp(&a.score())).then(a_rank.cmp(b_rank))
    });
    reasons.truncate(MOST);
    reasons.into_iter().map(|(_, reason)| reason).collect()
}

/// What all that turned red share and least of the rest: `under gcc/12.2.0`.
pub(super) fn shared(pairs: &[Pair<'_>]) -> Option<String> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut red = 0;
    for pair in pairs {
        let Some((_, after)) = pair.both() else { continue };
        let is_red = is_newly_red(pair);
        red += usize::from(is_red);
        let owed = &after.case.owed;
        let modules = owed.toolchain.split(' ').map(|module| format!("under {module}"));
        let own = [format!("of the suite {}", owed.suite), format!("of {}/{}", owed.suite, owed.probe)];
        for name in modules.chain(own) {
            let (with_red, with_green) = counts.entry(name).or_default();
            *(if is_red { with_red } else { with_green }) += 1;
        }
    }
    let of_all = counts.into_iter().filter(|(_, (with_red, _))| red > 0 && *with_red == red);
    let (name, (_, green)) = of_all.min_by_key(|(_, (_, green))| *green)?;
    Some(match green {
        0 => format!("{name}, and no other case is"),
        others => format!("{name}, as {} are that did not", many(others, "case")),
    })
}
