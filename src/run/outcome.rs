//! How a command ended, and all that it used and left: what both sides of a supervisor speak of.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::output::{Captured, Logged};
use super::process::Process;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// By itself, with this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Its wall-clock time was over.
    Timeout,
    /// It ran into a limit.
    Limit(Limit),
    /// The harness was asked to stop, or somebody asked the supervisor to.
    Interrupted,
    /// It never ran.
    NotStarted {
        /// What was tried and why it failed.
        what: String,
        /// The system's error number, 0 if there is none.
        errno: i32,
        /// Whether the pod is at fault and not the command: no `/dev/null`, no process or memory left.
        pod: bool,
    },
    /// The supervisor died, so nobody knows; what it left was killed.
    Lost(String),
}

/// A limit that the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// CPU time of one process.
    Cpu(Duration),
    /// The size of a file, in bytes.
    FileSize(u64),
    /// Memory of the whole case, in bytes.
    Memory(u64),
    /// Address space of one process, in bytes. No kernel tells of it: this is what the program's own words say.
    AddressSpace(u64),
}

/// A command that is over, with everything that it had started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// How it ended.
    pub ended: Ended,
    /// From its start to its end, or to the moment at which it was told to end.
    pub wall: Duration,
    /// User time of the whole tree, as far as its processes were waited for.
    pub user: Duration,
    /// System time of the whole tree.
    pub system: Duration,
    /// Largest resident size in bytes that any one process of the tree had.
    pub peak_memory: u64,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// The log file.
    pub log: Logged,
    /// Processes that outlived the command and were killed.
    pub leaked: Vec<Process>,
    /// What it left in `/dev/shm` (removed) and in its temporary folder.
    pub remains: Vec<PathBuf>,
    /// After a timeout: what every process was doing before it was killed.
    pub hang: Vec<Process>,
    /// Processes that the kernel killed meanwhile because the pod's memory was used up.
    pub oom_kills: u64,
}
