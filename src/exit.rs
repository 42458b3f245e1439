//! Every exit code of stackprobe. Workflow templates decide from these whether a pod is worth a retry.
//!
//! 64 and 65 belong to Argo's executor and 126–128 to shells, so none of them is used here.

use std::process::ExitCode;

/// How a command of stackprobe ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was owed passed, or was skipped with a reason.
    Passed,
    /// At least one check failed: the stack is wrong, and a retry will not mend it.
    Failed,
    /// The command line, a suite or a site file is wrong.
    Usage,
    /// Nothing was selected. An empty run is never green.
    Nothing,
    /// A fault of stackprobe itself; what was done so far is on disk.
    Internal,
    /// Nothing failed, but something could not be determined, and another try may tell: a network, a licence server, a full
    /// disk, a volume that is not mounted yet.
    Unknown,
    /// Nothing failed, but something cannot be determined in this pod and site as they are configured: a retry ends the same
    /// way until a spec changes.
    Unfit,
    /// Asked to stop by this signal; the partial report is on disk.
    Signal(i32),
    /// The status of a command that was started for somebody, handed on.
    Of(u8),
}

/// Every code that a run can end with: the number, what it means, whether another try of the same pod can end otherwise.
/// `--help` and README are written from this.
pub const TABLE: [(Exit, &str, &str); 9] = [
    (Exit::Passed, "all that was owed passed, or was skipped with a reason", "–"),
    (Exit::Failed, "at least one check failed: the stack is wrong", "no"),
    (Exit::Usage, "the command line, a suite or the site file is wrong", "no"),
    (Exit::Nothing, "nothing was tested: an empty selection is never green", "no"),
    (Exit::Internal, "a fault in stackprobe itself; `stackprobe report` shows what was done", "no"),
    (Exit::Unknown, "nothing failed, but something could not be determined; another try may succeed", "yes"),
    (
        Exit::Unfit,
        "nothing failed, but something cannot be determined until the pod spec or the site changes",
        "no",
    ),
    (Exit::Signal(2), "interrupted; the partial report is written", "yes"),
    (Exit::Signal(15), "asked to stop; the partial report is written", "yes"),
];

impl Exit {
    /// How a run ends in which nothing failed and these things could not be determined: `cures` says of each whether another
    /// try may tell it. One that no try cures decides, because no retry can make the run green.
    #[must_use]
    pub fn untold(cures: impl IntoIterator<Item = bool>) -> Self {
        if cures.into_iter().all(|retry| retry) { Self::Unknown } else { Self::Unfit }
    }

    /// The number that the process ends with: 128 + N for a signal N, as a shell would say it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Nothing => 3,
            Self::Internal => 70,
            Self::Unknown => 75,
            Self::Unfit => 78,
            Self::Of(status) => status,
            Self::Signal(signal) => 128 + u8::try_from(signal & 0x7f).unwrap_or(0x7f),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, TABLE};

    #[test]
    fn one_thing_that_no_retry_cures_decides() {
        assert_eq!(Exit::untold([true, true]), Exit::Unknown);
        assert_eq!(Exit::untold([true, false, true]), Exit::Unfit);
        assert_eq!(Exit::untold([]), Exit::Unknown);
    }

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../README.md");
        for (exit, meaning, retry) in TABLE {
            let row = format!("| {} | {meaning} | {retry} |", exit.code());
            assert!(readme.contains(&row), "{row}");
        }
    }

    #[test]
    fn a_signal_never_becomes_success() {
        for signal in 0..256 {
            assert_ne!(Exit::Signal(signal).code(), 0);
        }
        assert_eq!(Exit::Signal(15).code(), 143);
        assert_eq!(Exit::Signal(2).code(), 130);
    }
}
