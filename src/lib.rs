//! stackprobe: does this software stack really work, here?
pub mod document;
pub mod error;
pub mod exit;
pub mod run;
pub mod suite;
