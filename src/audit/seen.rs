//! What was found so far, and what cannot be.

use serde::Serialize;

use super::finding::Finding;
use path_fault::PathFault;

/// What nobody knows, because it cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unknown {
    /// What, and why, in one line.
    pub what: String,
    /// Whether another try may tell.
    pub retry: bool,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) findings: Vec<Finding>,
    pub(super) unknown: Vec<Unknown>,
}

impl Seen {
    pub(super) fn hide(&mut self, fault: &PathFault) {
        self.unknown.push(Unknown { what: fault.to_string(), retry: fault.obstacle.may_pass() });
    }

    /// What would be a finding, were there not a database that cannot be read: it may stand in that one.
    pub(super) fn doubt(&mut self, what: &str) {
        let what = format!("{what}: a database cannot be read, and it may stand there");
        self.unknown.push(Unknown { what, retry: false });
    }
}
