//! Whether Spack's lock files, databases, prefixes, modulefiles and build caches agree, and what a change of a package
//! touches.

mod answer;
mod books;
mod cache;
mod finding;
mod graph;
mod impact;
mod modulefiles;
mod seen;
mod text;
mod tree;

pub use answer::{Audit, Environment, Modulefiles, Read, Tree};
pub use books::Books;
pub use cache::{Cache, Miss};
pub use finding::{Finding, Kind};
pub use impact::{Impact, Tests};
pub use seen::Unknown;
pub use text::render;
