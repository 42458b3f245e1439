//! stackprobe: does this software stack really work, here?
pub mod error;
pub mod exit;
pub mod stack;
