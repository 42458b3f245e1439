//! Which packages are compilers and which are MPIs, by every name that Spack has had for them.

use std::collections::{BTreeMap, BTreeSet};

/// Names of compilers and of MPIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// By each name of a compiler: its package.
    compilers: BTreeMap<String, String>,
    mpis: BTreeSet<String>,
}

impl Packages {
    /// Adds a compiler: its package, and the names by which Spack before 1.0 called it. What is known stays.
    pub fn add_compiler<'n>(&mut self, package: &'n str, names: impl IntoIterator<Item = &'n str>) {
        for name in std::iter::once(package).chain(names) {
            self.compilers.entry(name.to_owned()).or_insert_with(|| package.to_owned());
        }
    }

    /// Adds an MPI's package.
    pub fn add_mpi(&mut self, package: &str) {
        self.mpis.insert(package.to_owned());
    }

    /// Whether a package of this name provides MPI.
    #[must_use]
    pub fn is_mpi(&self, name: &str) -> bool {
        self.mpis.contains(name)
    }

    /// Whether a compiler is called so.
    #[must_use]
    pub fn is_compiler(&self, name: &str) -> bool {
        self.compilers.contains_key(name)
    }

    /// Whether both are names of one package.
    #[must_use]
    pub fn are_one(&self, left: &str, right: &str) -> bool {
        self.package(left) == self.package(right)
    }

    fn package<'n>(&'n self, name: &'n str) -> &'n str {
        self.compilers.get(name).map_or(name, String::as_str)
    }
}
