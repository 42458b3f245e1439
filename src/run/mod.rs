//! HOW it is run.

pub mod archive;
pub mod digest;
pub mod index;
