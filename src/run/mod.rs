//! HOW it is run.

pub mod archive;
pub mod cran;
pub mod digest;
pub mod index;
