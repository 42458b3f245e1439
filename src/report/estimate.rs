//! How long a run will still take, from what its cases took before. Pure.
//!
//! Work is counted in seconds of cases, and done at the rate at which this run does it: how many cases run side by side,
//! and how fast this machine is, need not be known.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::report::record::Owed;

/// What is known of the cases of a plan.
#[derive(Debug, Default)]
pub struct Estimate {
    /// Seconds of each case in an earlier run, by id.
    earlier: HashMap<String, f64>,
    /// Cases that are still owed, with their suite and probe.
    owed: HashMap<String, String>,
    /// Seconds and number of finished cases, by suite and probe.
    probes: HashMap<String, (f64, f64)>,
    /// Seconds of the cases that this run has finished.
    done: f64,
}

fn probe(owed: &Owed) -> String {
    format!("{}/{}", owed.suite, owed.probe)
}

impl Estimate {
    /// A run that still owes these cases; `earlier` says how many seconds some of them took before.
    #[must_use]
    pub fn new<'o>(owed: impl IntoIterator<Item = &'o Owed>, earlier: HashMap<String, f64>) -> Self {
        let owed: HashMap<String, String> =
            owed.into_iter().map(|owed| (owed.id.clone(), probe(owed))).collect();
        let mut estimate = Self { owed, ..Self::default() };
        for (id, seconds) in &earlier {
            if let Some(probe) = estimate.owed.get(id) {
                add(&mut estimate.probes, probe, *seconds);
            }
        }
        estimate.earlier = earlier;
        estimate
    }

    /// A case took this many seconds.
    pub fn finish(&mut self, owed: &Owed, seconds: f64) {
        if self.owed.remove(&owed.id).is_some() {
            self.done += seconds;
            add(&mut self.probes, &probe(owed), seconds);
        }
    }

    /// What is left after `elapsed`, with these cases running for so long; none before anything is known.
    #[must_use]
    pub fn left(&self, elapsed: Duration, running: &[(&str, Duration)]) -> Option<Duration> {
        let begun: f64 = running.iter().map(|(_, time)| time.as_secs_f64()).sum();
        let done = self.done + begun;
        let (all, count) = self.probes.values().fold((0.0, 0.0), |sum, (s, n)| (sum.0 + s, sum.1 + n));
        if done <= 0.0 || count <= 0.0 {
            return None;
        }
        let guess = |id: &str, probe: &str| {
            let known = self.earlier.get(id).copied();
            known
                .or_else(|| self.probes.get(probe).map(|(seconds, count)| seconds / count))
                .unwrap_or(all / count)
        };
        let mut seen = HashSet::new();
        let rest: f64 = running
            .iter()
            .filter(|(id, _)| seen.insert(*id))
            .filter_map(|(id, time)| Some(guess(id, self.owed.get(*id)?) - time.as_secs_f64()))
            .map(|left| left.max(0.0))
            .sum();
        let waiting = self.owed.iter().filter(|(id, _)| !seen.contains(id.as_str()));
        let rest = rest + waiting.map(|(id, probe)| guess(id, probe)).sum::<f64>();
        Duration::try_from_secs_f64(rest * elapsed.as_secs_f64() / done).ok()
    }
}

fn add(probes: &mut HashMap<String, (f64, f64)>, probe: &str, seconds: f64) {
    let entry = probes.entry(probe.to_owned()).or_default();
    entry.0 += seconds;
    entry.1 += 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(id: &str, probe: &str) -> Owed {
        Owed {
            id: id.into(),
            suite: "s".into(),
            probe: probe.into(),
            toolchain: String::new(),
            ranks: None,
            file: String::new(),
            line: 0,
        }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn nothing_is_said_before_anything_is_known() {
        let plan = [owed("a", "p"), owed("b", "p")];
        let estimate = Estimate::new(&plan, HashMap::new());
        assert_eq!(estimate.left(seconds(5), &[("a", seconds(5))]), None);
        assert_eq!(Estimate::default().left(seconds(5), &[]), None);
    }

    #[test]
    fn a_case_takes_what_it_took_or_what_its_probe_takes_at_the_pace_of_this_run() {
        let plan = [owed("a", "p"), owed("b", "p"), owed("c", "q"), owed("d", "r")];
        let mut estimate = Estimate::new(&plan, HashMap::from([("c".to_owned(), 30.0)]));
        estimate.finish(&plan[0], 10.0);
        // b as a: 10, c as before: 30, d as the mean of a and c: 20; two at a time.
        assert_eq!(estimate.left(seconds(5), &[]), Some(seconds(30)));
        // c is half done.
        assert_eq!(estimate.left(seconds(25), &[("c", seconds(15))]), Some(seconds(45)));
        // A case that takes longer than before owes nothing more.
        assert_eq!(estimate.left(seconds(50), &[("c", seconds(40))]), Some(seconds(30)));
    }

    #[test]
    fn at_the_end_nothing_is_left() {
        let plan = [owed("a", "p")];
        let mut estimate = Estimate::new(&plan, HashMap::new());
        estimate.finish(&plan[0], 1.0);
        assert_eq!(estimate.left(seconds(1), &[]), Some(Duration::ZERO));
    }
}
