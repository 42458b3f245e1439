//! What is known of vendors' compilers and runtimes by what they leave in files. The caller knows it.

use super::finding::FindingKind;

/// Names of rival runtimes, and the marks of compilers.
#[derive(Clone, Debug, Default)]
pub struct Vendors {
    /// Names of libraries, up to `.so`, that do the same thing and must not be in one process.
    pub(super) rivals: Vec<(FindingKind, Vec<String>)>,
    /// What a compiler is called in messages, and what stands before its version in `.comment`.
    pub(super) compilers: Vec<(String, Vec<String>)>,
}

impl Vendors {
    /// Adds OpenMP runtimes: names of libraries, up to `.so`.
    pub fn add_openmp(&mut self, libraries: impl IntoIterator<Item = String>) {
        self.add_rivals(FindingKind::TwoOpenMp, libraries);
    }

    /// Adds MPI libraries: names, up to `.so`.
    pub fn add_mpi(&mut self, libraries: impl IntoIterator<Item = String>) {
        self.add_rivals(FindingKind::TwoMpi, libraries);
    }

    fn add_rivals(&mut self, kind: FindingKind, libraries: impl IntoIterator<Item = String>) {
        match self.rivals.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => names.extend(libraries),
            None => self.rivals.push((kind, libraries.into_iter().collect())),
        }
    }

    /// Adds a compiler: what it is called, and what stands before its version in `.comment`.
    pub fn add_compiler(&mut self, name: String, marks: Vec<String>) {
        self.compilers.push((name, marks));
    }
}
