//! WHO is told: the results directory first, then JUnit, the console and whoever reads afterwards.

pub mod console;
pub mod junit;
pub mod record;
pub mod repro;
pub mod results;
pub mod summary;
pub mod termination;
pub mod text;
