//! What a history tells of each case. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::entry::{Entry, FORMAT};
use crate::report::text::many;
use crate::verdict::check::Outcome;

/// So many of the last times are looked at.
const RECENT: usize = 20;
/// Fewer times say nothing of their spread.
pub const ENOUGH: usize = 5;
/// The half of a normal distribution's 95 %.
const Z: f64 = 1.96;

/// Every case of a history.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By suite, probe, ranks and toolchain.
    pub tracks: BTreeMap<(String, String, Option<u32>, String), Track>,
    /// Lines that are not ours or are cut short.
    pub left_out: usize,
}

/// All runs of one case, the first first.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// In the order in which they were written down.
    pub runs: Vec<Entry>,
}

/// A share of some runs, with the bounds within which 95 of 100 such counts lie (Wilson).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How many of them.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The lower bound.
    pub least: f64,
    /// The upper bound.
    pub most: f64,
}

/// What is known of the time that a case takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// The median of the last runs that passed.
    pub median: f64,
    /// The median distance from it.
    pub spread: f64,
    /// How many runs it is of.
    pub runs: usize,
}

impl History {
    /// Reads lines, the oldest first. A case that was written down twice counts once.
    #[must_use]
    pub fn parse<'t>(lines: impl Iterator<Item = &'t [u8]>) -> Self {
        let mut history = Self::default();
        let mut seen = BTreeSet::new();
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice::<Entry>(line) {
                Ok(entry) if entry.history == FORMAT && entry.seconds >= 0.0 => {
                    if seen.insert((entry.case.clone(), entry.at.clone())) {
                        let key =
                            (entry.suite.clone(), entry.probe.clone(), entry.ranks, entry.toolchain.clone());
                        history.tracks.entry(key).or_default().runs.push(entry);
                    }
                }
                _ => history.left_out += 1,
            }
        }
        history
    }

    /// The runs of a case.
    #[must_use]
    pub fn track(&self, suite: &str, probe: &str, ranks: Option<u32>, toolchain: &str) -> Option<&Track> {
        self.tracks.get(&(suite.to_owned(), probe.to_owned(), ranks, toolchain.to_owned()))
    }

    /// Of lines that are not ours, in words.
    #[must_use]
    pub fn words_on_left_out(&self) -> String {
        let lines = many(self.left_out, "line");
        format!("{lines} of the history left out: cut short, or of something else")
    }

    /// How many seconds each case takes, by its id.
    #[must_use]
    pub fn seconds(&self) -> BTreeMap<String, f64> {
        let known = self.tracks.values().filter_map(|track| {
            Some((track.runs.last()?.case.clone(), track.times().map(|times| times.median)?))
        });
        known.collect()
    }
}

impl Track {
    /// In which share of its runs it was flaky: it passed after it had not, or it ended otherwise than just before though
    /// nothing that it depends on had changed.
    #[must_use]
    pub fn flakes(&self) -> Rate {
        let turned = |pair: &[Entry]| {
            let [before, after] = pair else { return false };
            let told = |entry: &Entry| matches!(entry.outcome, Outcome::Passed | Outcome::Failed);
            !after.key.is_empty()
                && before.key == after.key
                && before.outcome != after.outcome
                && told(before)
                && told(after)
        };
        let tried = self.runs.iter().filter(|run| run.outcome != Outcome::Skipped).count();
        let again = self.runs.iter().filter(|run| !run.flaky.is_empty()).count();
        let turned = self.runs.windows(2).filter(|pair| turned(pair) && pair[1].flaky.is_empty()).count();
        Rate::new(again + turned, tried)
    }

    /// The last run that passed.
    #[must_use]
    pub fn last_green(&self) -> Option<&Entry> {
        self.runs.iter().rev().find(|run| run.outcome == Outcome::Passed)
    }

    /// How long it takes when it passes.
    #[must_use]
    pub fn times(&self) -> Option<Times> {
        let passed = self.runs.iter().rev().filter(|run| run.outcome == Outcome::Passed);
        Times::of(passed.take(RECENT).map(|run| run.seconds).collect())
    }

    /// How long it took in the runs that passed before `at`, an RFC 3339 time in UTC.
    #[must_use]
    pub fn times_before(&self, at: &str) -> Option<Times> {
        let before = |run: &&Entry| run.outcome == Outcome::Passed && run.at.as_str() < at;
        Times::of(self.runs.iter().rev().filter(before).take(RECENT).map(|run| run.seconds).collect())
    }

    /// By which factor the last run that passed was slower than those before it, where that is no chance.
    #[must_use]
    pub fn slower(&self) -> Option<f64> {
        let mut passed = self.runs.iter().rev().filter(|run| run.outcome == Outcome::Passed);
        let last = passed.next()?.seconds;
        let before = Times::of(passed.take(RECENT).map(|run| run.seconds).collect())?;
        before.excess(last)
    }
}

impl Times {
    fn of(mut seconds: Vec<f64>) -> Option<Self> {
        let runs = seconds.len();
        let median = median(&mut seconds)?;
        let mut distances: Vec<f64> = seconds.iter().map(|one| (one - median).abs()).collect();
        Some(Self { median, spread: self::median(&mut distances)?, runs })
    }

    /// By which factor `seconds` is more than chance would make it; none if it is not.
    #[must_use]
    pub fn excess(&self, seconds: f64) -> Option<f64> {
        (self.is_enough() && seconds > self.median + self.far()).then(|| seconds / self.median)
    }

    /// By which factor `seconds` is more or less than chance would make it; none if it is neither.
    #[must_use]
    pub fn deviation(&self, seconds: f64) -> Option<f64> {
        (self.is_enough() && (seconds - self.median).abs() > self.far()).then(|| seconds / self.median)
    }

    /// Whether it is of so many runs that their spread says something.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.runs >= ENOUGH && self.median > 0.0
    }

    /// A median distance is two thirds of a normal distribution's; four of those are not met by chance. Nor is a case of a
    /// moment worth a word.
    fn far(&self) -> f64 {
        (4.0 * 1.4826 * self.spread).max(0.25 * self.median).max(0.2)
    }
}

impl Rate {
    /// `count` of `of`.
    #[must_use]
    pub fn new(count: usize, of: usize) -> Self {
        if of == 0 {
            return Self { count: 0, of: 0, least: 0.0, most: 1.0 };
        }
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (n, p) = (number(of), number(count.min(of)) / number(of));
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        // At the ends rounding must not make a bound of nothing.
        let least = if count == 0 { 0.0 } else { ((middle - half) / whole).max(0.0) };
        let most = if count >= of { 1.0 } else { ((middle + half) / whole).min(1.0) };
        Self { count, of, least, most }
    }
}

fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, outcome: Outcome, seconds: f64, key: &str) -> Entry {
        Entry {
            history: FORMAT,
            at: format!("2026-01-01T00:00:{number:02}Z"),
            case: "a".into(),
            suite: "s".into(),
            probe: "p".into(),
            ranks: None,
            toolchain: "gcc/12".into(),
            outcome,
            seconds,
            key: key.into(),
            host: String::new(),
            red: Vec::new(),
            flaky: Vec::new(),
        }
    }

    #[test]
    fn a_rate_has_the_bounds_that_wilson_gives() {
        let near = |a: f64, b: f64| (a - b).abs() < 0.0005;
        let rate = Rate::new(1, 10);
        assert!(near(rate.least, 0.0179) && near(rate.most, 0.4042), "{rate:?}");
        let rate = Rate::new(0, 20);
        assert!(rate.least <= 0.0 && near(rate.most, 0.1611), "{rate:?}");
        assert_eq!((Rate::new(0, 0).least, Rate::new(0, 0).most), (0.0, 1.0));
        assert!(near(Rate::new(5, 5).least, 0.5655) && Rate::new(5, 5).most >= 1.0);
    }

    #[test]
    fn what_turns_with_nothing_changed_is_flaky_and_what_turns_with_a_change_is_not() {
        let run = |outcomes: &[(Outcome, &str)]| {
            let runs =
                outcomes.iter().enumerate().map(|(place, (outcome, key))| entry(place, *outcome, 1.0, key));
            Track { runs: runs.collect() }.flakes().count
        };
        let (passed, failed, error) = (Outcome::Passed, Outcome::Failed, Outcome::Error);
        assert_eq!(run(&[(passed, "a"), (failed, "a"), (passed, "a")]), 2);
        assert_eq!(run(&[(passed, "a"), (failed, "b"), (passed, "c")]), 0);
        assert_eq!(run(&[(passed, ""), (failed, "")]), 0);
        assert_eq!(
            run(&[(passed, "a"), (error, "a"), (passed, "a")]),
            0,
            "a pod in the way is not the case's fault"
        );
        let mut again = entry(0, passed, 1.0, "");
        again.flaky.push("x".into());
        assert_eq!(Track { runs: vec![again] }.flakes().count, 1);
    }

    #[test]
    fn only_what_chance_does_not_do_is_slower() {
        let track = |seconds: &[f64]| {
            let runs = seconds.iter().enumerate();
            Track { runs: runs.map(|(place, s)| entry(place, Outcome::Passed, *s, "")).collect() }
        };
        assert_eq!(track(&[2.0, 2.1, 1.9, 2.0, 2.2, 2.3]).slower(), None);
        assert_eq!(track(&[2.0, 2.1, 1.9, 2.0, 2.2, 4.0]).slower(), Some(2.0));
        assert_eq!(track(&[2.0, 4.0]).slower(), None, "two runs say nothing");
        assert_eq!(track(&[0.01, 0.01, 0.01, 0.01, 0.01, 0.05]).slower(), None, "a moment");
    }

    #[test]
    fn torn_and_foreign_lines_are_counted_and_nothing_counts_twice() {
        let line = serde_json::to_vec(&entry(1, Outcome::Passed, 1.0, "")).unwrap();
        let other = serde_json::to_vec(&Entry { history: 9, ..entry(2, Outcome::Passed, 1.0, "") }).unwrap();
        let torn = &line[..20];
        let lines: Vec<&[u8]> = vec![&line, torn, b"", b"hello", b"{}", &other, &line];
        let history = History::parse(lines.into_iter());
        assert_eq!(history.left_out, 4);
        assert_eq!(history.track("s", "p", None, "gcc/12").unwrap().runs.len(), 1);
    }
}
