//! WHERE we are: what the pod has, and what it means to be its first process.

pub mod devices;
pub mod facts;
pub mod init;
pub mod reach;
pub(crate) mod reap;
pub mod signals;
pub(crate) mod wake;
