//! One install, as any of Spack's files tells of it.

use std::path::PathBuf;

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
    /// The hashes of what it is linked to or runs with.
    pub needs: Vec<Box<str>>,
    /// The hashes of what only builds it: it may be gone, and a change of it still changes this one's hash.
    pub builders: Vec<Box<str>>,
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
