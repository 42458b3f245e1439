//! The numbers of a suite, and of all of them.

use crate::verdict::check::{Check, Outcome};

/// What the attributes of `testsuite` and `testsuites` count.
#[derive(Debug, Default)]
pub(super) struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    pub(super) seconds: f64,
}

impl Counts {
    pub(super) fn add(&mut self, check: &Check) {
        self.tests += 1;
        match check.outcome {
            Outcome::Passed => {}
            Outcome::Skipped => self.skipped += 1,
            Outcome::Error => self.errors += 1,
            Outcome::Failed => self.failures += 1,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.seconds += other.seconds;
    }

    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(self.seconds)),
        ]
    }
}

/// Three decimals: more are refused by `junit-10.xsd`.
pub(super) fn seconds(value: f64) -> String {
    format!("{:.3}", value.max(0.0))
}
