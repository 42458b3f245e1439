//! Two runs side by side: what turned red, and which difference goes with it.
//!
//! A case is paired with the same case of the other run: suite, probe, ranks and toolchain. Where versions have changed
//! between two stacks, it is paired by the families of its modules, if that leaves one choice. What a case depends on
//! stands in its record part by part, so each difference between the two records of a case is a candidate for the
//! reason. The one that goes with most of what turned red and with least of what did not comes first. It is a
//! correlation and is worded as one.
//!
//! Where the two runs were in places that differ, what behaves differently there is told as well: see [`Fidelity`].

mod change;
mod comparison;
mod conduct;
mod difference;
mod fidelity;
mod pace;
mod page;
mod pairs;
mod place;
mod reason;
mod text;

pub use change::{Change, Turn};
pub use comparison::Comparison;
pub use conduct::Conduct;
pub use fidelity::{Fidelity, Group, Trait};
pub use pace::Pace;
pub use page::page;
pub use reason::Reason;
pub use text::render;
