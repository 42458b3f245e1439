//! What is to be executed: pure data, decided before anything is started.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::memory::Membership;

/// One command of a case, complete: nothing is inherited from the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments. A program without a slash is searched on the `PATH` of `env`; one with a
    /// relative path is taken relative to `dir`.
    pub argv: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Its current directory.
    pub dir: PathBuf,
    /// The case's temporary folder, to name what is left there.
    pub tmp: PathBuf,
    /// What it may use.
    pub limits: Limits,
}

/// What one command may use before it is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall-clock time until the whole tree is told to end.
    pub wall: Duration,
    /// Time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// CPU time of each process (`RLIMIT_CPU`, whole seconds, rounded up).
    pub cpu: Option<Duration>,
    /// Memory in bytes: of the whole case where it has a `group`, else the address space of each process
    /// (`RLIMIT_AS`). Some MPI libraries map gigabytes that they never touch.
    pub memory: Option<u64>,
    /// The control group that limits the memory.
    pub group: Option<Membership>,
    /// Size in bytes of any file that is written (`RLIMIT_FSIZE`), shared-memory files too.
    pub file_size: Option<u64>,
    /// Whether a crash may leave a core file.
    pub core: bool,
    /// Whether the address space is laid out at random. Sanitizers of older compilers need it off.
    pub aslr: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(1),
            grace: Duration::from_secs(5),
            cpu: None,
            memory: None,
            group: None,
            file_size: None,
            core: false,
            aslr: true,
        }
    }
}
