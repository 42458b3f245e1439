//! Why a stack may not go live.

use serde::{Deserialize, Serialize};

/// So much evidence is named one by one.
const NAMED: usize = 20;

/// What a reason means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Blocks {
    /// It could not be found out: the pod or the site is in the way.
    CannotTell,
    /// It must not go.
    No,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    /// Which question was answered so: `lost`, `other-stack`, `failed`.
    pub kind: String,
    /// What it means.
    pub blocks: Blocks,
    /// In one line.
    pub what: String,
    /// What shows it, one line each.
    pub evidence: Vec<String>,
    /// What to do.
    pub hint: String,
}

impl Reason {
    /// A *no*.
    #[must_use]
    pub fn no(kind: &str, what: impl Into<String>, evidence: Vec<String>, hint: &str) -> Self {
        Self::new(Blocks::No, kind, what, evidence, hint)
    }

    /// What could not be found out.
    #[must_use]
    pub fn unknown(kind: &str, what: impl Into<String>, evidence: Vec<String>, hint: &str) -> Self {
        Self::new(Blocks::CannotTell, kind, what, evidence, hint)
    }

    fn new(
        blocks: Blocks,
        kind: &str,
        what: impl Into<String>,
        mut evidence: Vec<String>,
        hint: &str,
    ) -> Self {
        if evidence.len() > NAMED {
            let more = evidence.len() - NAMED;
            evidence.truncate(NAMED);
            evidence.push(format!("and {more} more"));
        }
        Self { kind: kind.to_owned(), blocks, what: what.into(), evidence, hint: hint.to_owned() }
    }
}
