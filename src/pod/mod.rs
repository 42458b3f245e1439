//! WHERE we are: what a container does to its first process, and what its signals mean.

pub mod signals;
