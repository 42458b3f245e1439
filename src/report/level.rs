//! How much is told of cases: line by line while a run works, and again when it has ended.

use clap::ValueEnum;

use crate::report::record::CaseRecord;
use crate::verdict::check::Outcome;

/// Which cases have a line of their own while a run works. Each level has those of the levels before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum StatusLevel {
    /// None
    None,
    /// Those that failed or could not be determined
    Fail,
    /// And those that passed, but not at once
    Flaky,
    /// And those that take longer than --slow-after, while they run and when they end
    Slow,
    /// And those that passed
    Pass,
    /// And those that were skipped
    #[default]
    All,
}

/// What the summary tells of cases, above its count. Each level has what the levels before it have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FinalLevel {
    /// The count alone
    None,
    /// The table of toolchains, and why cases failed or could not be determined
    #[default]
    Fail,
    /// And each case that passed, but not at once
    Flaky,
    /// And the ten that took longest
    Slow,
    /// And what was skipped, by reason
    Skip,
    /// And each case that passed
    All,
}

impl StatusLevel {
    /// The first level that has a line for this case; `slow` says whether it took longer than it should.
    #[must_use]
    pub fn of(record: &CaseRecord, slow: bool) -> Self {
        match record.outcome() {
            Outcome::Failed | Outcome::Error => Self::Fail,
            Outcome::Passed if record.is_flaky() => Self::Flaky,
            _ if slow => Self::Slow,
            Outcome::Passed => Self::Pass,
            Outcome::Skipped => Self::All,
        }
    }
}
