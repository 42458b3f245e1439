//! The words of a diagnosis: whose fault it is, where it is broken, and what it is worth beside others.

use serde::Serialize;

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// The software under test.
    Stack,
    /// The pod that it was tested in: mounts, limits, user, system calls.
    Pod,
    /// What is around the pod: package indexes, licence servers, name resolution.
    Site,
    /// The test itself, or the way in which it was called.
    Harness,
}

impl Blame {
    /// The words of the files and reports.
    pub const WORDS: [(&'static str, Self); 4] =
        [("stack", Self::Stack), ("pod", Self::Pod), ("site", Self::Site), ("harness", Self::Harness)];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }
}

/// Where it is broken, from the ground up. A lower layer explains what is seen in a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The pod.
    Pod,
    /// The module system.
    Module,
    /// Compiling and linking.
    Compiler,
    /// Loading a program and its libraries.
    Library,
    /// Starting ranks.
    MpiLaunch,
    /// What ranks do.
    MpiRun,
    /// Python, R, MATLAB and their tools.
    Runtime,
}

impl Layer {
    /// The words of the files and reports.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("pod", Self::Pod),
        ("module", Self::Module),
        ("compiler", Self::Compiler),
        ("library", Self::Library),
        ("mpi-launch", Self::MpiLaunch),
        ("mpi-run", Self::MpiRun),
        ("runtime", Self::Runtime),
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }
}

/// What a rule is worth beside others that match as well; the first of these goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Says exactly what is wrong.
    Cause,
    /// Says what is wrong, but not to whom: `No space left on device`.
    General,
    /// What a cause leads to: a rank died, a call failed.
    Symptom,
    /// Something is wrong, but a program can go on: counted only where nothing else tells, and where the program
    /// did not reach its own end.
    Warning,
    /// What is printed around a cause: "it looks like `MPI_INIT` failed".
    Wrapper,
    /// Harmless. Never the reason.
    Noise,
}

impl Weight {
    /// The words of the files.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("cause", Self::Cause),
        ("general", Self::General),
        ("symptom", Self::Symptom),
        ("warning", Self::Warning),
        ("wrapper", Self::Wrapper),
        ("noise", Self::Noise),
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }
}

fn word<T: Copy + PartialEq>(value: T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}
