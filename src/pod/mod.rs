//! WHERE we are: what the pod has, and what it means to be its first process.

pub mod facts;
pub mod reach;
pub mod signals;
