//! The library of captured failures and healthy runs: what was typed, how it ended, what it wrote, and what is right to
//! say of it. The data stand beside this file, one kind a file, each with its source.

#![allow(clippy::unwrap_used, reason = "part of one test program")]

use serde::Deserialize;
use stackprobe::verdict::evidence::{Evidence, Facts};
use stackprobe::verdict::terms::Blame;

/// Failures that a rule tells.
pub(super) fn failures() -> Vec<Capture> {
    read(include_str!("captures/failures.toml"))
}

/// Failures that only a check of a probe can show.
pub(super) fn untold() -> Vec<Capture> {
    read(include_str!("captures/untold.toml"))
}

/// Runs that went well.
pub(super) fn healthy() -> Vec<Capture> {
    read(include_str!("captures/healthy.toml"))
}

/// One capture.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Capture {
    pub(super) name: String,
    /// What was typed: for people.
    #[serde(rename = "command")]
    _command: String,
    /// The diagnoses that are right.
    #[serde(default)]
    pub(super) expected: Vec<String>,
    #[serde(default)]
    may_blame: Vec<String>,
    exit: Option<i32>,
    signal: Option<i32>,
    #[serde(default)]
    timed_out: bool,
    #[serde(default)]
    launched: bool,
    ranks: Option<u32>,
    /// Family and version of the MPI.
    mpi: Option<(String, String)>,
    #[serde(default)]
    facts: Known,
    output: String,
}

/// The facts that are known of a capture's pod.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Known {
    shm_exists: Option<bool>,
    shm_writable: Option<bool>,
    shm_total: Option<u64>,
    shm_free: Option<u64>,
    shm_needed: Option<u64>,
    oom_kills: Option<u64>,
    cpus: Option<u64>,
    tmp_writable: Option<bool>,
    open_files: Option<u64>,
    address_space: Option<u64>,
    denied: Vec<String>,
    leaked: Option<Vec<String>>,
}

impl Capture {
    pub(super) fn evidence<T>(&self, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        let facts = Facts {
            shm_exists: self.facts.shm_exists,
            shm_writable: self.facts.shm_writable,
            shm_total: self.facts.shm_total,
            shm_free: self.facts.shm_free,
            shm_needed: self.facts.shm_needed,
            oom_kills: self.facts.oom_kills,
            cpus: self.facts.cpus,
            tmp_writable: self.facts.tmp_writable,
            open_files: self.facts.open_files,
            address_space: self.facts.address_space,
            denied: self.facts.denied.clone(),
            leaked: self.facts.leaked.clone(),
            ..Facts::default()
        };
        look(&Evidence {
            exit: self.exit,
            signal: self.signal,
            timed_out: self.timed_out,
            launched: self.launched,
            ranks: self.ranks,
            mpi: self.mpi.as_ref().map(|(family, version)| (family.as_str(), version.as_str())),
            ..Evidence::new(self.output.as_bytes(), &facts)
        })
    }

    /// Whether this fault may be named. Nobody's is always right.
    pub(super) fn may_blame(&self, fault: Blame) -> bool {
        self.may_blame.iter().any(|name| name == fault.word())
    }
}

fn read(text: &str) -> Vec<Capture> {
    #[derive(Deserialize)]
    struct Library {
        capture: Vec<Capture>,
    }
    toml::from_str::<Library>(text).unwrap_or_else(|error| panic!("{error}")).capture
}
