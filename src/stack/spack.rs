//! What did Spack install, with what, and which module belongs to it? Read from its files, without Spack.
//!
//! - [`Database`]: every install of a tree, from `.spack-db/index.json` (versions 5 to 9);
//! - [`read_spec`]: one install, from `PREFIX/.spack/spec.json`;
//! - [`Lock`]: what an environment should hold, from `spack.lock` (versions 4 to 8);
//! - [`Owner`]: the record to which a modulefile belongs; [`Branch`]: where in the hierarchy it lies;
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
mod read;
mod spec;
mod trees;
mod view;

use std::path::PathBuf;

pub use branch::Branch;
pub use database::Database;
pub use inventory::{Claim, Inventory};
pub use lock::{Lock, Root};
pub use owner::{Evidence, Owner, named_paths};
pub use spec::read_spec;
pub use trees::{Tree, Trees};
pub use view::behind;

/// Something that an install was built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its package (`gcc`), or in old files the name that Spack gave to compilers (`oneapi`, `clang`).
    pub name: Box<str>,
    /// Its version; empty where the file does not hold it.
    pub version: Box<str>,
    /// Its own install, where it is one.
    pub hash: Option<Box<str>>,
}

/// One install, or one that should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Package name.
    pub name: Box<str>,
    /// Package version.
    pub version: Box<str>,
    /// DAG hash: 32 characters.
    pub hash: Box<str>,
    /// Where it is; `None` where the file does not say.
    pub prefix: Option<PathBuf>,
    /// The compiler of its C code, else of its C++ or Fortran; `None` for what is not compiled.
    pub compiler: Option<Tool>,
    /// The MPI that it uses.
    pub mpi: Option<Tool>,
    /// Somebody asked for it; otherwise it is only a dependency.
    pub explicit: bool,
    /// It is there now (as far as the file knows).
    pub installed: bool,
    /// The hash of the install that replaces it.
    pub deprecated_for: Option<Box<str>>,
    /// Not built by Spack.
    pub external: bool,
    /// How many installs depend on it; `None` where the file does not count.
    pub dependents: Option<u64>,
}

/// How a record stands within its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Wanted, by somebody or by another install.
    Wanted,
    /// Another install replaces it.
    Deprecated,
    /// Installed, asked for by nobody, and nothing depends on it.
    Orphaned,
    /// Known, and not installed.
    Absent,
}

impl Record {
    /// How it stands within its tree.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.deprecated_for.is_some() {
            Standing::Deprecated
        } else if !self.installed {
            Standing::Absent
        } else if !self.explicit && self.dependents == Some(0) {
            Standing::Orphaned
        } else {
            Standing::Wanted
        }
    }
}
