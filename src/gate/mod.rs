//! WHETHER a stack may go live: one verdict from what was owed, what came of it, and a policy. Pure.
//!
//! Nothing that is missing, cut short or of another stack is ever taken for green: what is not known is a *no*.

mod doubt;
pub mod event;
mod evidence;
mod judge;
mod owed;
pub mod policy;
mod reason;
mod rule;
pub mod text;
pub mod verdict;

pub use evidence::Evidence;
pub use reason::{Blocks, Reason};
pub use verdict::{Ruling, Verdict};
