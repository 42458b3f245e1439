//! What stands in the results directory: `plan.json` and `cases/ID.json`. Everything else is made from these two.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::pod::facts::Facts;
use crate::report::basis::Basis;
use crate::suite::Layer;
use crate::verdict::check::{Check, Diagnosed, Outcome};

/// Raised when a reader of the older shape would be misled.
pub const FORMAT: u32 = 1;

/// The kind of a case that was never begun because somebody asked to stop.
pub const INTERRUPTED: &str = "interrupted";

/// The kind of a case that is owed and of which nobody has written down anything.
pub const LOST: &str = "lost";

/// The kind of a case whose record is there and cannot be read, and of an input that cannot.
pub const UNREADABLE: &str = "unreadable";

/// The kind of a case that was left out because others tell more in the time that there is.
pub const OVER_BUDGET: &str = "budget";

/// The kind of a case whose record could not be written, or that was not run because no record can be.
pub const UNWRITTEN: &str = "results.unwritten";

/// `plan.json`: what a run owes, written before its first case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlanRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the stackprobe that wrote it.
    pub stackprobe: String,
    /// When the run began (RFC 3339, UTC).
    pub started: String,
    /// The command line.
    pub command: Vec<String>,
    /// Where it ran.
    pub pod: Facts,
    /// `8.6.19`; empty if no Lmod was needed.
    #[serde(default)]
    pub lmod: String,
    /// `MODULEPATH` before any module was loaded.
    #[serde(default)]
    pub modulepath: String,
    /// `2/8` if it is one part of a larger plan; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shard: String,
    /// What it was made from; none in the plan of an older stackprobe, or of a run that did not come to its stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Box<Basis>>,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Selected::is_empty")]
    pub selected: Selected,
    /// Every case, in order.
    pub cases: Vec<Owed>,
}

/// What a plan was made from: by it, a part of the results can be asked for, and be asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Selected {
    /// `--filter` and `--exclude`, as they were written; empty where nothing was left out by them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// The tags, one of which each probe has; empty where none was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The results of which only what was not green was asked again; empty where that was not asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub again: String,
    /// `--budget`; empty where there was none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub budget: String,
    /// The modules that were loaded into every toolchain beside its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// The modules of each toolchain, by its label.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub toolchains: BTreeMap<String, BTreeMap<Layer, String>>,
}

impl Selected {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A case that is owed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Owed {
    /// Unique, fit to be a file name.
    pub id: String,
    /// The suite's name.
    pub suite: String,
    /// The probe's name.
    pub probe: String,
    /// `gcc/12.2.0 openmpi/5.0.11`.
    pub toolchain: String,
    /// How many MPI ranks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// Where the probe is written.
    pub file: String,
    /// Its line.
    pub line: usize,
}

/// `cases/ID.json`: a case that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CaseRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// The case.
    #[serde(flatten)]
    pub owed: Owed,
    /// When it began (RFC 3339, UTC).
    pub started: String,
    /// Wall-clock seconds, builds included.
    pub seconds: f64,
    /// A digest of everything that its result depends on; empty where that was not asked for or cannot be known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What its result depends on, part by part, as `--resume` compares it; empty where it cannot be known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Its verdicts; never empty.
    pub checks: Vec<Check>,
    /// What was executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandRecord>,
    /// Head and tail of its output, if it did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// The log, relative to the results directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log: String,
    /// Earlier attempts, which did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Check>,
    /// What was found out about it: resolved modules, prefixes, peak memory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// What the probe saw beside its checks: which way bytes went, where ranks may run. It is no verdict.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed: BTreeMap<String, String>,
    /// What the modules changed in the environment, if it did not pass: the new value, or none where they unset it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Option<String>>,
}

/// A command of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CommandRecord {
    /// As a person would type it.
    pub command: String,
    /// `exit status 0`, `SIGSEGV`, `timeout`.
    pub ended: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// CPU seconds of the whole tree.
    pub cpu: f64,
    /// Bytes: the largest resident size of one of its processes.
    pub peak_memory: u64,
}

impl CaseRecord {
    /// Whether it did not get to its end, or never began: the run was asked to stop, or had seen enough.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.checks.iter().any(|check| check.kind == INTERRUPTED)
    }

    /// Whether nothing is known of what came of it: it was lost, or did not get to its end.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        // A case whose supervisor was lost has a record of its own, and a time at which it began.
        let unknown = |check: &Check| [LOST, UNREADABLE].contains(&check.kind.as_str());
        self.is_unfinished() || (self.started.is_empty() && self.checks.iter().any(unknown))
    }

    /// Whether it was left out because others tell more in the time that there is.
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        self.checks.iter().any(|check| check.kind == OVER_BUDGET)
    }

    /// The worst outcome of its checks.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let ran = self.checks.iter().map(|check| check.outcome);
        // A case with one skipped check among passed ones has passed; skipped is a case of nothing else.
        match ran.clone().max() {
            Some(Outcome::Skipped) if ran.clone().any(|outcome| outcome == Outcome::Passed) => {
                Outcome::Passed
            }
            Some(worst) => worst,
            None => Outcome::Error,
        }
    }

    /// Whether it passed, but not at once.
    #[must_use]
    pub fn is_flaky(&self) -> bool {
        !self.earlier.is_empty() && self.outcome() == Outcome::Passed
    }

    /// The first check that did not pass, the worst kind first.
    #[must_use]
    pub fn first_fault(&self) -> Option<&Check> {
        [Outcome::Failed, Outcome::Error]
            .into_iter()
            .find_map(|outcome| self.checks.iter().find(|check| check.outcome == outcome))
    }

    /// Why its first fault came to be.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosed> {
        self.first_fault()?.diagnosis.as_deref()
    }

    /// Makes it a case whose record could not be written: who reads the results later cannot see what it said.
    pub fn unwritten(&mut self, why: &str) {
        if self.checks.iter().all(|check| check.kind != UNWRITTEN) {
            self.checks.push(Check::not_passed("record", Outcome::Error, UNWRITTEN, why));
        }
    }

    /// A case that is owed and has no result.
    #[must_use]
    pub fn absent(owed: &Owed, kind: &str, outcome: Outcome, reason: &str) -> Self {
        Self {
            format: FORMAT,
            owed: owed.clone(),
            started: String::new(),
            seconds: 0.0,
            key: String::new(),
            inputs: BTreeMap::new(),
            checks: vec![Check::not_passed("case", outcome, kind, reason)],
            commands: Vec::new(),
            output: String::new(),
            log: String::new(),
            earlier: Vec::new(),
            properties: BTreeMap::new(),
            observed: BTreeMap::new(),
            environment: BTreeMap::new(),
        }
    }
}

/// RFC 3339 in UTC, to the second: `2026-08-20T10:11:12Z`.
#[must_use]
pub fn now() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    now.format(&Rfc3339).unwrap_or_default()
}
