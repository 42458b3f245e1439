//! What came of a system call that was tried.

use serde::{Deserialize, Serialize};

/// What came of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It worked, or failed as it does where it is allowed.
    Allowed,
    /// It was refused with this error number.
    Refused(i32),
    /// Whoever makes it is killed.
    Killed,
}
