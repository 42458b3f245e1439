//! What did Spack install, with what, and which module belongs to it? Read from its files, without Spack.
//!
//! - [`Database`]: every install of a tree, from `.spack-db/index.json` (versions 5 to 9);
//! - [`read_spec`]: one install, from `PREFIX/.spack/spec.json`;
//! - [`Lock`]: what an environment should hold, from `spack.lock` (versions 4 to 8);
//! - [`Owner`]: the record to which a modulefile belongs; [`Branch`]: where in the hierarchy it lies;
//! - [`Packages`]: which packages are compilers and MPIs, which the caller knows;
//! - [`behind`]: the installs behind a view;
//! - [`Trees`]: where all of these are; [`Inventory`]: each modulefile of a stack with its install.
//!
//! Keys that are not known are passed over and a newer version is a warning, because a stack is often newer than its
//! tester. A file that is cut short is an error of one line.

mod branch;
mod database;
mod inventory;
mod lock;
mod node;
mod owner;
mod packages;
mod read;
mod record;
mod spec;
mod trees;
mod view;

pub use branch::Branch;
pub use database::Database;
pub use inventory::{Claim, Inventory};
pub use lock::{Lock, Root};
pub use owner::{Evidence, Owner, named_paths};
pub use packages::Packages;
pub use record::{Record, Standing, Tool};
pub use spec::{built_with, read_spec};
pub use trees::{Tree, Trees};
pub use view::behind;
