//! Checks by outcome.

use crate::report::record::CaseRecord;
use crate::verdict::check::Outcome;

/// The kind of a check that stands for a case which the ledger answered.
pub const UNCHANGED: &str = "unchanged";

/// How many checks there are of each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As they should be.
    pub passed: usize,
    /// Wrong.
    pub failed: usize,
    /// Could not be told.
    pub error: usize,
    /// Not asked.
    pub skipped: usize,
    /// Skipped because nothing has changed since they passed.
    pub unchanged: usize,
    /// Cases that passed, but not at once.
    pub flaky: usize,
}

impl Counts {
    /// Of all these cases.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c CaseRecord>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            counts.add(case);
        }
        counts
    }

    /// Counts a case in.
    pub fn add(&mut self, case: &CaseRecord) {
        for check in &case.checks {
            match check.outcome {
                Outcome::Passed => self.passed += 1,
                Outcome::Failed => self.failed += 1,
                Outcome::Error => self.error += 1,
                Outcome::Skipped => self.skipped += 1,
            }
            self.unchanged += usize::from(check.kind == UNCHANGED);
        }
        self.flaky += usize::from(case.is_flaky());
    }

    /// All checks.
    #[must_use]
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.error + self.skipped
    }

    /// How many have this outcome.
    #[must_use]
    pub fn with(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Passed => self.passed,
            Outcome::Failed => self.failed,
            Outcome::Error => self.error,
            Outcome::Skipped => self.skipped,
        }
    }

    /// What all of them together amount to; skipped where nothing was asked.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        match self {
            Self { failed: 1.., .. } => Outcome::Failed,
            Self { error: 1.., .. } => Outcome::Error,
            Self { passed: 1.., .. } => Outcome::Passed,
            _ => Outcome::Skipped,
        }
    }

    /// `2 failed, 410 passed`: only what there is.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [
            (self.failed, "failed"),
            (self.error, "error"),
            (self.passed, "passed"),
            (self.flaky, "flaky"),
            (self.skipped, "skipped"),
        ];
        let mut told: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if let (Some(skipped), 1..) = (told.last_mut(), self.unchanged) {
            *skipped = format!("{skipped} ({} unchanged)", self.unchanged);
        }
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    }
}
