//! WHICH stack is live: releases that never change, and links that lead to one of them.
//!
//! ```text
//! RELEASES/releases/ID/manifest.json   what it is, written first and never again
//!                     /plan.json       what its gate judged by, with a digest of every modulefile
//!                     /results         what its gate judged, where promote was given it
//!                     /stack           a link to the stack, or the stack itself where it was built here
//! RELEASES/current                     a link to releases/ID, replaced by rename; other rings are links beside it
//! RELEASES/switch.json                 while a switch is under way
//! ```
//!
//! Whoever is killed leaves each link leading to one whole release. What a switch left that was not proved is undone by the
//! next call.

pub mod candidate;
pub mod evidence;
pub mod folder;
pub mod in_use;
pub mod manifest;

pub use candidate::Candidate;
pub use evidence::Judged;
pub use folder::{CURRENT, Releases};
pub use manifest::Manifest;
