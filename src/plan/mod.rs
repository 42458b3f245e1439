//! WHAT is owed: from a command line and a stack to the cases of a run, before the first one starts.

pub mod again;
pub mod asked;
mod bare;
pub mod basis;
mod beside;
pub mod budget;
pub mod cases;
pub mod catalogue;
mod family;
pub mod hierarchy;
pub mod missing;
pub mod offer;
pub mod owed;
pub mod request;
pub mod share;
mod spied;
pub mod toolchains;
