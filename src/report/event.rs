//! What a program reads that follows a run: one event a line, each a JSON object that always has all of its fields.
//!
//! `docs/messages.md` has every event and field; `tests/it/messages.rs` holds it against what is printed.

use serde::Serialize;

use crate::report::account::Account;
use crate::report::counts::Counts;
use crate::report::record::{CaseRecord, Owed, now};
use crate::verdict::check::Outcome;

/// Raised when a reader of the older shape would be misled. New events and fields may come without that.
pub const FORMAT: u32 = 1;

/// What is done for a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Doing {
    /// Its probe is built, for this case and all others that run the same program.
    Build,
    /// It runs.
    Run,
}

/// Something that has happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'e> {
    /// The plan is written, and its first case not begun.
    RunBegun {
        /// [`FORMAT`].
        format: u32,
        /// RFC 3339, UTC.
        time: String,
        /// The version that runs.
        stackprobe: &'static str,
        /// The results directory.
        results: String,
        /// How many cases are owed.
        cases: usize,
        /// How many of them an earlier run did.
        done: usize,
    },
    /// Work on a case begins.
    CaseBegun {
        /// RFC 3339, UTC.
        time: String,
        /// Which.
        #[serde(flatten)]
        case: Which<'e>,
        /// What is done.
        doing: Doing,
    },
    /// It takes longer than cases should; again whenever that time has doubled.
    CaseSlow {
        /// RFC 3339, UTC.
        time: String,
        /// Which.
        #[serde(flatten)]
        case: Which<'e>,
        /// What is done.
        doing: Doing,
        /// For how long now.
        seconds: f64,
    },
    /// A case is over and its record written.
    CaseEnded {
        /// RFC 3339, UTC.
        time: String,
        /// Which.
        #[serde(flatten)]
        case: Which<'e>,
        /// The worst of its checks.
        outcome: Outcome,
        /// Whether it passed, but not at once.
        flaky: bool,
        /// Wall-clock seconds, builds included.
        seconds: f64,
        /// Checks that passed.
        passed: usize,
        /// Checks that failed.
        failed: usize,
        /// Checks that could not be determined.
        error: usize,
        /// Checks that were skipped.
        skipped: usize,
        /// The first check that did not pass, or was skipped where none failed.
        check: Option<&'e str>,
        /// Why.
        reason: Option<&'e str>,
        /// The id of its diagnosis.
        diagnosis: Option<&'e str>,
        /// Whose fault it is.
        fault: Option<&'e str>,
        /// Its log, relative to the results directory.
        log: Option<&'e str>,
    },
    /// Nothing follows.
    RunEnded {
        /// RFC 3339, UTC.
        time: String,
        /// The exit code that follows.
        exit: u8,
        /// What kept the run from its end.
        why: Option<String>,
        /// Cases that were owed.
        cases: usize,
        /// Checks that passed.
        passed: usize,
        /// Checks that failed.
        failed: usize,
        /// Checks that could not be determined.
        error: usize,
        /// Checks that were skipped.
        skipped: usize,
        /// Cases that passed, but not at once.
        flaky: usize,
    },
}

/// Which case an event is of.
#[derive(Debug, Serialize)]
pub struct Which<'e> {
    id: &'e str,
    suite: &'e str,
    probe: &'e str,
    toolchain: &'e str,
    ranks: Option<u32>,
}

impl<'e> Which<'e> {
    /// This one.
    #[must_use]
    pub fn of(owed: &'e Owed) -> Self {
        let Owed { id, suite, probe, toolchain, ranks, .. } = owed;
        Self { id, suite, probe, toolchain, ranks: *ranks }
    }
}

impl<'e> Event<'e> {
    /// A run begins.
    #[must_use]
    pub fn begun(results: &std::path::Path, cases: usize, done: usize) -> Self {
        let results = results.display().to_string();
        Self::RunBegun {
            format: FORMAT,
            time: now(),
            stackprobe: env!("CARGO_PKG_VERSION"),
            results,
            cases,
            done,
        }
    }

    /// A case is over.
    #[must_use]
    pub fn ended(record: &'e CaseRecord) -> Self {
        let counts = Counts::of([record]);
        let outcome = record.outcome();
        let skipped = || record.checks.iter().find(|check| check.outcome == Outcome::Skipped);
        let check = record.first_fault().or_else(|| skipped().filter(|_| outcome == Outcome::Skipped));
        let diagnosis = check.and_then(|check| check.diagnosis.as_deref());
        Self::CaseEnded {
            time: now(),
            case: Which::of(&record.owed),
            outcome,
            flaky: record.is_flaky(),
            seconds: record.seconds,
            passed: counts.passed,
            failed: counts.failed,
            error: counts.error,
            skipped: counts.skipped,
            check: check.map(|check| check.name.as_str()),
            reason: check.map(|check| check.reason.as_str()),
            diagnosis: diagnosis.map(|diagnosis| diagnosis.id.as_str()),
            fault: diagnosis.map(|diagnosis| diagnosis.fault.as_str()),
            log: Some(record.log.as_str()).filter(|log| !log.is_empty()),
        }
    }

    /// The run is over; `account` is none where it did not come to a plan.
    #[must_use]
    pub fn over(exit: u8, why: Option<String>, account: Option<&Account>) -> Self {
        let counts = account.map(|account| Counts::of(account.cases())).unwrap_or_default();
        Self::RunEnded {
            time: now(),
            exit,
            why,
            cases: account.map_or(0, |account| account.told.len()),
            passed: counts.passed,
            failed: counts.failed,
            error: counts.error,
            skipped: counts.skipped,
            flaky: counts.flaky,
        }
    }
}
