//! One verdict of a probe.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Passed,
    /// Not asked, with a reason.
    Skipped,
    /// Could not tell: the pod, the site or stackprobe itself is in the way.
    Error,
    /// The stack is wrong.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Error => "error",
            Self::Failed => "failed",
        })
    }
}

/// The check that says whether the probe could be built.
pub const BUILD: &str = "build";
/// The check that says whether the run itself was sound: its end, its expectations, its TAP stream, what it left.
pub const RUN: &str = "run";
/// The one check of a control.
pub const CONTROL: &str = "must fail";
/// The kind of a check that stands for what was asked for by name and has nothing to be tested under.
pub const UNTESTED: &str = "untested";

/// One verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// Unique within its case.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// In one line, why it did not pass; empty if it did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Further lines.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Which command it was that ended badly, and how: `exit status 1: gcc -c a.c`; empty where no command did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Which kind of reason, in dotted words: `expect.exit`, `tap.missing`, `timeout`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// How long it took, where that is known, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// Why it did not pass, and whose fault it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Box<Diagnosed>>,
}

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Diagnosed {
    /// Its id in the catalogue.
    pub id: String,
    /// `stack`, `pod`, `site`, `harness` or `unknown`.
    pub fault: String,
    /// One line.
    pub cause: String,
    /// One line.
    pub fix: String,
    /// Whether another try of the same pod may end otherwise. Older records do not say, and are given the benefit.
    #[serde(default = "may")]
    pub retry: bool,
    /// What of a pod spec mends it, in YAML; empty where none does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub spec: String,
}

impl Diagnosed {
    /// Whether another try helps, in words.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        if self.retry { "may help" } else { "does not help" }
    }
}

fn may() -> bool {
    true
}

impl Check {
    /// Whether it stands for something that was asked for by name and has nothing to be tested under.
    #[must_use]
    pub fn is_untested(&self) -> bool {
        self.kind == UNTESTED
    }

    /// Whether another try of the same pod may end otherwise: where nothing speaks against it.
    #[must_use]
    pub fn retry(&self) -> bool {
        self.diagnosis.as_ref().is_none_or(|diagnosis| diagnosis.retry)
    }

    /// A check that passed.
    #[must_use]
    pub fn passed(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            outcome: Outcome::Passed,
            reason: String::new(),
            detail: String::new(),
            command: String::new(),
            kind: String::new(),
            millis: None,
            diagnosis: None,
        }
    }

    /// A check that did not.
    #[must_use]
    pub fn not_passed(
        name: impl Into<String>,
        outcome: Outcome,
        kind: &str,
        reason: impl Into<String>,
    ) -> Self {
        let mut reason = reason.into();
        // Words that somebody else owed and did not give leave no colon behind.
        reason.truncate(reason.trim_end().trim_end_matches(':').len());
        Self { outcome, kind: kind.to_owned(), reason, ..Self::passed(name) }
    }

    /// The same check, judged by how `command` ended.
    #[must_use]
    pub fn of(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// Why it did not pass, in one line, with the command beside it: `a.c:1: error: x (exit status 1: gcc -c a.c)`.
    #[must_use]
    pub fn told(&self) -> String {
        if self.command.is_empty() {
            self.reason.clone()
        } else if self.command.starts_with(&format!("{}: ", self.reason)) {
            self.command.clone()
        } else {
            format!("{} ({})", self.reason, self.command)
        }
    }

    /// The same check with further lines.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reason_ends_in_a_colon_and_nothing() {
        for (said, told) in [("it says: ", "it says"), ("it says:\n", "it says"), ("a: b", "a: b"), ("", "")]
        {
            assert_eq!(Check::not_passed("c", Outcome::Failed, "k", said).reason, told);
        }
    }
}
