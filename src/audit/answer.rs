//! All that was looked at, and all that does not agree.

use serde::Serialize;

use super::cache::Cache;
use super::finding::Finding;
use super::impact::Impact;
use super::seen::Unknown;
use crate::exit::Exit;

/// An install tree that was looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tree {
    /// The folder that holds `.spack-db`.
    pub path: String,
    /// Records of its database that say installed.
    pub installs: usize,
    /// False for another Spack's, to which only externals lead: it owes this stack nothing and is not judged.
    pub own: bool,
}

/// A lock file that was looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Environment {
    /// The `spack.lock`.
    pub path: String,
    /// Specs in it.
    pub specs: usize,
}

/// Modulefiles that were looked at.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Modulefiles {
    /// All of the stack.
    pub files: usize,
    /// Those that belong to an install of Spack's.
    pub of_installs: usize,
}

/// What was looked at.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Read {
    /// In the order of their folders.
    pub trees: Vec<Tree>,
    /// Those of the stack, and those of `--lock`.
    pub environments: Vec<Environment>,
    /// None with `--tree`.
    pub modulefiles: Option<Modulefiles>,
}

impl Read {
    /// Whether anything was there that could disagree.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trees.iter().all(|tree| !tree.own || tree.installs == 0)
    }
}

/// `stackprobe stack check --format json`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Audit {
    /// Raised where an older reader would be misled.
    pub format: u32,
    /// What was looked at.
    pub read: Read,
    /// What does not agree, by kind.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unknown: Vec<Unknown>,
    /// What could be read in part, one line each.
    pub warnings: Vec<String>,
    /// The build cache of `--mirror`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What the changes of `--impact` touch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub impact: Vec<Impact>,
}

impl Audit {
    /// How `stack check` ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if !self.findings.is_empty() {
            Exit::Failed
        } else if self.unknown.is_empty() {
            Exit::Passed
        } else {
            Exit::untold(self.unknown.iter().map(|unknown| unknown.retry))
        }
    }
}
