//! WHAT it means: what was seen of a process, turned into a verdict and its reason. Nothing here does I/O.

pub mod condition;
pub mod diagnosis;
pub mod evidence;
pub mod normalise;
pub mod rules;
pub mod status;
