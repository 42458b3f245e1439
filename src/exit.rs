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
    /// Nothing failed, but something could not be told: the pod or the site is at fault. What `doctor` says of a pod
    /// that is not fit.
    Unknown,
    /// Asked to stop by this signal; the partial report is on disk.
    Signal(i32),
    /// The status of a command that was started for somebody, handed on.
    Of(u8),
}

impl Exit {
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
    use super::Exit;

    #[test]
    fn a_signal_never_becomes_success() {
        for signal in 0..256 {
            assert_ne!(Exit::Signal(signal).code(), 0);
        }
        assert_eq!(Exit::Signal(15).code(), 143);
        assert_eq!(Exit::Signal(2).code(), 130);
    }
}
