//! HOW it went before: every run of every case that was written down, and what that tells.
//!
//! A history is a file of JSON lines to which runs append, each line one case with its outcome and its time. It grows to a
//! limit, is put aside as `NAME.1` then, and begins anew. Lines that are not ours, or that a kill cut short, are left out
//! and counted.

pub mod entry;
pub mod file;
pub mod page;
pub mod text;
pub mod track;

pub use entry::Entry;
pub use track::{History, Times, Track};
