//! One line of a history: a case that ran once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{Parts, hex};
use crate::report::counts::UNCHANGED;
use crate::report::merge::weight;
use crate::report::record::CaseRecord;
use crate::verdict::check::Outcome;

/// Raised when an older reader would be misled.
pub const FORMAT: u32 = 1;

/// A case that ran once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Entry {
    /// [`FORMAT`].
    pub history: u32,
    /// When it began (RFC 3339, UTC).
    pub at: String,
    /// Its id.
    pub case: String,
    /// Its suite.
    pub suite: String,
    /// Its probe.
    pub probe: String,
    /// MPI ranks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// Its toolchain.
    pub toolchain: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// A digest of all that its result depends on; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The node or host.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Checks that did not pass at last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub red: Vec<String>,
    /// Checks that did not pass at first, and then did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<String>,
}

impl Entry {
    /// The line of a case that ran on this host; none for a case that did not run.
    #[must_use]
    pub fn of(case: &CaseRecord, host: &str) -> Option<Self> {
        let unchanged = case.checks.iter().any(|check| check.kind == UNCHANGED);
        if weight(case) == 0 || unchanged || case.started.is_empty() {
            return None;
        }
        let red = case.checks.iter().filter(|check| check.outcome > Outcome::Skipped);
        let flaky = case.is_flaky().then_some(&case.earlier);
        Some(Self {
            history: FORMAT,
            at: case.started.clone(),
            case: case.owed.id.clone(),
            suite: case.owed.suite.clone(),
            probe: case.owed.probe.clone(),
            ranks: case.owed.ranks,
            toolchain: case.owed.toolchain.clone(),
            outcome: case.outcome(),
            // Milliseconds are what a machine repeats.
            seconds: (case.seconds * 1000.0).round() / 1000.0,
            key: Self::key_of(&case.inputs),
            host: host.to_owned(),
            red: red.map(|check| check.name.clone()).collect(),
            flaky: flaky.into_iter().flatten().map(|check| check.name.clone()).collect(),
        })
    }

    /// A digest of what a result depends on; empty where that is not known.
    #[must_use]
    pub fn key_of(inputs: &BTreeMap<String, String>) -> String {
        if inputs.is_empty() {
            return String::new();
        }
        let mut parts = Parts::new("inputs");
        for (name, value) in inputs {
            parts.add(name, value.as_bytes());
        }
        let mut key = hex(&parts.digest());
        key.truncate(16);
        key
    }
}
