//! What is wrong with a file, and who runs into it?

use std::fmt;
use std::path::PathBuf;

/// Which rule a file breaks. The name of a kind is the name of the check that turns red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// Not whole, or not what it claims to be.
    Damaged,
    /// Could not be looked at.
    Unreadable,
    /// The loader that it names is not there, or cannot load it.
    Interpreter,
    /// A library that it needs is not found.
    Missing,
    /// A library comes from the host and not from the stack.
    HostLeak,
    /// A library lacks symbol versions that its user was linked against.
    Version,
    /// Its search path leads into a folder in which something was built.
    BuildPath,
    /// Its search path depends on the current directory.
    RelativePath,
    /// Its search path leads nowhere.
    DeadPath,
    /// Two OpenMP runtimes in one process.
    TwoOpenMp,
    /// Two MPI libraries in one process.
    TwoMpi,
    /// It needs a better CPU than this node's.
    CpuLevel,
    /// Built by a compiler that is not the stack's.
    Compiler,
    /// Put together from what several compilers made.
    MixedCompilers,
    /// A BLAS with 64-bit integers behind a name of those with 32.
    WideIntegers,
    /// For another kind of machine.
    Machine,
    /// Asks for an executable stack.
    ExecStack,
    /// Its code is patched at load time.
    TextRelocations,
    /// Anybody may replace it.
    Writable,
    /// A link that leads nowhere.
    DanglingLink,
}

impl FindingKind {
    /// Every kind, in the order in which they are reported.
    pub const ALL: [Self; 20] = [
        Self::Damaged,
        Self::Unreadable,
        Self::Interpreter,
        Self::Missing,
        Self::HostLeak,
        Self::Version,
        Self::BuildPath,
        Self::RelativePath,
        Self::DeadPath,
        Self::TwoOpenMp,
        Self::TwoMpi,
        Self::CpuLevel,
        Self::Compiler,
        Self::MixedCompilers,
        Self::WideIntegers,
        Self::Machine,
        Self::ExecStack,
        Self::TextRelocations,
        Self::Writable,
        Self::DanglingLink,
    ];

    /// The name of the check.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::Interpreter => "interpreter",
            Self::Missing => "missing",
            Self::HostLeak => "host-leak",
            Self::Version => "version",
            Self::BuildPath => "build-path",
            Self::RelativePath => "relative-path",
            Self::DeadPath => "dead-path",
            Self::TwoOpenMp => "two-openmp",
            Self::TwoMpi => "two-mpi",
            Self::CpuLevel => "cpu-level",
            Self::Compiler => "compiler",
            Self::MixedCompilers => "mixed-compilers",
            Self::WideIntegers => "wide-integers",
            Self::Machine => "machine",
            Self::ExecStack => "exec-stack",
            Self::TextRelocations => "text-relocations",
            Self::Writable => "writable",
            Self::DanglingLink => "dangling-link",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Damaged => "install the package again; check the disk and the build cache's checksums",
            Self::Unreadable => "give the tester's user the right to read it",
            Self::Interpreter => {
                "rebuild it on an image with this loader, or correct it with `patchelf --set-interpreter`"
            }
            Self::Missing => "rebuild with an RPATH to the library, or load the module that brings it",
            Self::HostLeak => {
                "rebuild with an RPATH to the stack's own, or name it in the site file as the host's"
            }
            Self::Version => {
                "an older or another library of this name is found first: correct the RPATH or LD_LIBRARY_PATH"
            }
            Self::BuildPath => {
                "reinstall; the build system left its own folder in the RPATH (`patchelf --shrink-rpath`)"
            }
            Self::RelativePath => {
                "rebuild without the empty or relative part: it loads whatever lies in the current directory"
            }
            Self::DeadPath => "rebuild against the prefix that is installed now",
            Self::TwoOpenMp => {
                "build everything in the process with one compiler's OpenMP, or link BLAS's matching layer"
            }
            Self::TwoMpi => "rebuild the library that brings the other MPI with the one that is loaded",
            Self::CpuLevel => "run on a node of that level, or build for an older target",
            Self::Compiler => "rebuild with the compiler of the branch of the hierarchy that it lies in",
            Self::MixedCompilers => {
                "rebuild all of it with one compiler; a static library of another was linked in"
            }
            Self::WideIntegers => {
                "build BLAS without 64-bit integers (Spack: ~ilp64), or give it the name and the suffix of such libraries"
            }
            Self::Machine => "remove it from the prefix, or move it to where its own machine looks",
            Self::ExecStack => {
                "rebuild its assembler sources with `.section .note.GNU-stack`; glibc 2.41 refuses to open such libraries"
            }
            Self::TextRelocations => "rebuild with -fPIC; hardened hosts refuse to load it",
            Self::Writable => "remove the right to write for others",
            Self::DanglingLink => "install the target again, or remove the link",
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// Something does not run, or runs with the wrong library.
    Wrong,
    /// Worth knowing; nothing fails for certain.
    Odd,
}

/// One thing that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// Which rule is broken.
    pub kind: FindingKind,
    /// The file at fault.
    pub file: PathBuf,
    /// What was wanted and what was found: lower case, one line.
    pub detail: String,
    /// Who runs into it: from the file that is started or opened to the file at fault.
    pub chain: Vec<PathBuf>,
    /// How many more files run into the same.
    pub others: usize,
}

impl fmt::Display for Finding {
    /// `FILE: DETAIL (needed by A ← B, and 3 more)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.detail)?;
        let above: Vec<String> =
            self.chain.iter().rev().skip(1).map(|path| path.display().to_string()).collect();
        match (above.is_empty(), self.others) {
            (true, 0) => Ok(()),
            (true, others) => write!(f, " (and {others} more)"),
            (false, 0) => write!(f, " (needed by {})", above.join(" ← ")),
            (false, others) => write!(f, " (needed by {}, and {others} more)", above.join(" ← ")),
        }
    }
}
