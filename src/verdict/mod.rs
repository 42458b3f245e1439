//! WHAT it means: from what a command did to the outcome of every check. Pure.

pub mod check;
pub mod judge;
pub mod known;
pub mod tap;
