//! stackprobe: does this software stack really work, here?
pub mod alias;
pub mod cli;
pub mod command;
pub mod digest;
pub mod document;
pub mod error;
pub mod exit;
pub mod native;
pub mod pod;
pub mod report;
pub mod run;
pub mod stack;
pub mod suite;
pub mod verdict;
