//! WHAT it means: from what a command did to the outcome of every check, and the reason for it. Pure.

pub mod check;
pub mod condition;
mod control;
pub mod diagnosis;
pub mod evidence;
mod explanation;
pub mod fitness;
pub mod judge;
pub mod known;
pub mod normalise;
mod proof;
pub mod rule;
pub mod rules;
mod sieve;
pub mod stall;
pub mod status;
pub mod tap;
pub mod telling;
pub mod terms;
pub(crate) mod tight;
pub mod unfit;
