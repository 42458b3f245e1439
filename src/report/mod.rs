//! WHO is told: the results directory first, then JUnit, the console and whoever reads afterwards.

pub mod account;
mod alike;
pub mod cause;
pub mod ci;
pub mod claim;
pub mod console;
pub mod counts;
pub mod estimate;
pub mod foreign;
pub mod gather;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod junit;
pub mod kept;
pub mod live;
pub mod lock;
pub mod mask;
pub mod merge;
pub mod print;
pub mod record;
pub mod repro;
pub mod reserve;
pub mod results;
pub mod summary;
pub mod termination;
pub mod text;
