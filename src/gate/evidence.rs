//! What a verdict is made from, as it was read.

use time::OffsetDateTime;

use super::policy::Policy;
use crate::history::History;
use crate::report::account::Account;
use crate::report::merge::{Part, Unread};
use crate::report::record::PlanRecord;
use crate::report::seal::{Broken, Seal};
use crate::suite::site::Site;

/// What a verdict is made from.
pub struct Evidence<'e> {
    /// What was owed.
    pub plan: &'e PlanRecord,
    /// What was left, run by run.
    pub parts: &'e [Part],
    /// The seal of each run; none for files of other harnesses.
    pub seals: &'e [Option<Result<Seal, Broken>>],
    /// Inputs that could not be read.
    pub unread: &'e [Unread],
    /// All runs as one.
    pub merged: &'e Account,
    /// An earlier run to compare with.
    pub baseline: Option<&'e Account>,
    /// Every run that was written down.
    pub history: Option<&'e History>,
    /// What blocks.
    pub policy: &'e Policy,
    /// The site file of today, to see which known issues are over.
    pub site: Option<&'e Site>,
    /// Files of the stack that are not as the plan knew them; none if the stack cannot be looked at here.
    pub changed: Option<&'e [String]>,
    /// The time of the verdict.
    pub now: OffsetDateTime,
}
