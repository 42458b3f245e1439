//! What a process looked like at one moment: how a hang or a leak is explained.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A process of a case as `/proc` showed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its parent; the supervisor, if the parent has died.
    pub parent: i32,
    /// Its command line, or its name in brackets where it has none; arguments joined by spaces, long ones cut.
    pub command: String,
    /// The state letter of `/proc/PID/stat`: R running, S sleeping, D in the kernel, T stopped, Z dead and not reaped.
    pub state: char,
    /// The kernel function it waits in, where readable.
    pub wait: Option<String>,
    /// User and system time so far.
    pub cpu: Duration,
    /// What it used in the last moments, in percent of one CPU; none where it was looked at only once.
    #[serde(default)]
    pub busy: Option<u32>,
    /// How many threads it has.
    pub threads: u32,
    /// Its rank, if an MPI launcher started it.
    pub rank: Option<u32>,
    /// Files, pipes and sockets it has open beyond its standard streams, where readable.
    pub open: Vec<String>,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)?;
        if let Some(rank) = self.rank {
            write!(f, " rank {rank}")?;
        }
        write!(f, " (parent {}) {}", self.parent, state_name(self.state))?;
        if let Some(wait) = &self.wait {
            write!(f, " in {wait}")?;
        }
        write!(f, ", {:.2} s cpu, {} thread", self.cpu.as_secs_f64(), self.threads)?;
        if self.threads != 1 {
            write!(f, "s")?;
        }
        write!(f, ": {}", self.command)?;
        for open in &self.open {
            write!(f, "\n      {open}")?;
        }
        Ok(())
    }
}

fn state_name(state: char) -> &'static str {
    match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "waiting in the kernel",
        'T' => "stopped",
        't' => "traced",
        'Z' | 'X' => "dead",
        'I' => "idle",
        _ => "in an unknown state",
    }
}
