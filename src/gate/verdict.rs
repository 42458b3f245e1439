//! One verdict, and everything that it rests on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;

use super::evidence::Evidence;
use super::judge::{self, Allowed};
use super::reason::{Blocks, Reason};
use super::{doubt, owed};
use crate::exit::Exit;

/// Whether it may go live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// It may.
    MayGo,
    /// It must not.
    No,
    /// It cannot be determined.
    CannotTell,
    /// Nothing was tested.
    Nothing,
}

/// A verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// Raised when the reader of an older shape would be misled.
    pub format: u32,
    /// The one word.
    pub verdict: Ruling,
    /// Why not, the worst first; empty if it may go.
    pub reasons: Vec<Reason>,
    /// What the policy lets go, rule by rule.
    pub allowed: Vec<Allowed>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Cases by outcome, and how many were owed.
    pub cases: BTreeMap<String, usize>,
    /// Checks by outcome.
    pub checks: BTreeMap<String, usize>,
    /// Version of the stackprobe that judged.
    pub stackprobe: String,
    /// When (RFC 3339, UTC).
    pub decided: String,
    /// SHA-256 of the plan file, and one digest of all sealed results; of the policy file, if there is one.
    pub digests: BTreeMap<String, String>,
}

impl Verdict {
    /// Judges.
    #[must_use]
    pub fn new(evidence: &Evidence<'_>, digests: BTreeMap<String, String>) -> Self {
        let mut reasons = owed::reasons(evidence);
        reasons.extend(doubt::reasons(evidence));
        let judged = judge::judge(evidence);
        reasons.extend(judged.reasons);
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.blocks));
        let verdict = if owed::is_empty(evidence) {
            Ruling::Nothing
        } else {
            match reasons.first().map(|reason| reason.blocks) {
                Some(Blocks::No) => Ruling::No,
                Some(Blocks::CannotTell) => Ruling::CannotTell,
                None => Ruling::MayGo,
            }
        };
        let mut notes = judged.notes;
        notes.extend(evidence.merged.notes.iter().cloned());
        if evidence.changed.is_none() {
            notes.push(
                "the stack is not mounted here: that it is still as it was planned is not checked".to_owned(),
            );
        }
        if evidence.baseline.is_none() {
            notes.push("no baseline: what is gone or failed before is not known".to_owned());
        }
        if let Some(history) = evidence.history.filter(|history| history.left_out > 0) {
            notes.push(history.words_on_left_out());
        }
        let decided = evidence.now.replace_nanosecond(0).unwrap_or(evidence.now);
        Self {
            format: 1,
            verdict,
            reasons,
            allowed: judged.allowed,
            notes,
            cases: judged.cases,
            checks: judged.checks,
            stackprobe: env!("CARGO_PKG_VERSION").to_owned(),
            decided: decided.format(&Rfc3339).unwrap_or_default(),
            digests,
        }
    }

    /// 0 it may go, 1 it must not, 75 it cannot be determined, 3 nothing was tested.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.verdict {
            Ruling::MayGo => Exit::Passed,
            Ruling::No => Exit::Failed,
            Ruling::CannotTell => Exit::Unknown,
            Ruling::Nothing => Exit::Nothing,
        }
    }
}
