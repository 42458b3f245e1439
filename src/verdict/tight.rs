//! Limits of a process that are lower than what is needed, with the diagnosis. Pure.

use crate::suite::requirement::{Resource, amount};
use crate::verdict::unfit::Unfit;

/// The diagnosis of a limit on bytes, and what the limit allows a process.
pub(crate) type Limit = [&'static str; 2];

pub(crate) const ADDRESSES: Limit = ["address-space-too-small", "have {} of address space (ulimit -v)"];
pub(crate) const DATA: Limit = ["data-too-small", "have {} of data (ulimit -d)"];
pub(crate) const STACKS: Limit = ["stack-limit-too-small", "have {} of stack (ulimit -s)"];
pub(crate) const FILES: Limit = ["file-size-too-small", "write files of {} (ulimit -f)"];

/// What is said of a limit on bytes that is too low.
pub(crate) fn tight([id, may]: Limit, have: Option<u64>, wanted: u64) -> Option<Unfit> {
    let [have, wanted] = [less(have, wanted)?, wanted].map(|bytes| amount(Resource::Memory, bytes));
    Some(Unfit { id, what: format!("a process may {}, {wanted} are needed", may.replace("{}", &have)) })
}

/// What there is, where it is less than what is wanted.
pub(crate) fn less(have: Option<u64>, wanted: u64) -> Option<u64> {
    have.filter(|have| *have < wanted)
}
