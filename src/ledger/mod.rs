//! `--since LEDGER` and `--resume`: which cases were run before with everything that they depend on as it is now.
//!
//! A ledger answers for other pods and other places, so its keys hold the contents of this binary, of what belongs to the
//! host, and of installs without a hash. `--resume` goes on in one place: there the sizes and times of files answer for
//! them, and each part is compared by itself, so that a person is told what has changed.
//!
//! | part of a case's key | because |
//! |---|---|
//! | this binary, all of it | it holds the suites, the tables and the judgement |
//! | the probe as it was read, the bytes of its files, the site file, capability tables | what is asked, and how it is judged |
//! | each loaded modulefile without its comments, what loading them did to the environment, Lmod's version | what is loaded |
//! | each install that the environment leads to: its DAG hash, and names, sizes and times of its files; without a hash, their content | what is tested |
//! | tools and launch profile | how it is started |
//! | for probes that look at the whole stack: every modulefile, which of the paths in them exist, Spack's books | their subject |
//! | the host's C library and list of packages, the image's name, the kernel's version (two numbers), the CPU's features | what a binary meets |
//! | root or not; inherited variables that steer compilers, MPIs and runtimes; real package indexes | they change results |
//!
//! Not in it: the node, host name, time, user's number, CPUs, memory, `/dev/shm`, limits and timeouts: too little of them
//! is an error or a failure, never a pass. (A probe that leaves checks out may do so for their sake, so what it passed
//! answers only for pods of the same size.) Nor Lmod's cache, and the files of installs that are only linked against: their
//! hashes are part of their users' hashes.

pub mod changed;
mod install;
mod key;
mod pod;
pub mod store;
mod whole;

use std::path::{Path, PathBuf};

pub use key::{Keys, SIZE};

use crate::plan::cases::Case;
use crate::report::record::CaseRecord;
use store::{Entry, Ledger};

/// A ledger that a run goes by.
pub struct Since<'s> {
    /// Where it is.
    pub path: PathBuf,
    ledger: Ledger,
    keys: &'s Keys<'s>,
}

impl<'s> Since<'s> {
    /// Reads the ledger; the second part is a line for people where there is none that can be used.
    #[must_use]
    pub fn new(path: &Path, keys: &'s Keys<'s>) -> (Self, Option<String>) {
        let (ledger, told) = Ledger::read(path);
        (Self { path: path.to_path_buf(), ledger, keys }, told)
    }

    /// The entry of a case that passed with everything as it is now.
    #[must_use]
    pub fn unchanged(&self, case: &Case, toolchain: &crate::stack::toolchain::Toolchain) -> Option<&Entry> {
        let key = self.keys.of(case, toolchain).ok()?;
        let entry = self.ledger.get(&key.digest).or_else(|| self.ledger.get(&self.keys.here(&key.digest)));
        entry.filter(|entry| entry.case == case.id)
    }

    /// Enters those of `cases` that passed.
    ///
    /// # Errors
    /// In one line, why nothing could be entered.
    pub fn enter<'c>(&self, cases: impl IntoIterator<Item = &'c CaseRecord>) -> Result<(), String> {
        Ledger::of(cases, |key| self.keys.here(key)).add_to(&self.path)
    }
}
