//! What this pod limits: memory, processes, open files, address space, stack, CPU time, the size of files.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use serde::{Deserialize, Serialize};

use std::sync::LazyLock;

use crate::pod::cgroup;
use crate::pod::counter::Counter;

/// Limits; what is unlimited is [`u64::MAX`], what cannot be determined is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Limits {
    /// Bytes of memory that the control group allows; none where only the node's memory limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Bytes of memory of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_memory: Option<u64>,
    /// Processes and threads that the control group allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// How many of these there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes_now: Option<u64>,
    /// Processes of this user (`ulimit -u`); the kernel does not hold root to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_processes: Option<u64>,
    /// Files that a process may hold open (`ulimit -n`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// Bytes of address space of a process (`ulimit -v`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_space: Option<u64>,
    /// Bytes of data of a process (`ulimit -d`): all memory of its own that it may write, but the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<u64>,
    /// Bytes of stack of a process (`ulimit -s`), and of its threads where a program does not say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<u64>,
    /// Seconds of CPU time of a process (`ulimit -t`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time: Option<u64>,
    /// Bytes of a file that a process writes, in `/dev/shm` too (`ulimit -f`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
}

impl Limits {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let root = nix::unistd::geteuid().is_root();
        Self {
            // Version 1 says "no limit" by a number near the largest.
            memory: cgroup::number("memory", "memory.max", "memory.limit_in_bytes")
                .filter(|limit| *limit < 1 << 60),
            node_memory: node_memory(),
            processes: cgroup::number("pids", "pids.max", "pids.max"),
            processes_now: cgroup::number("pids", "pids.current", "pids.current"),
            user_processes: soft(Resource::RLIMIT_NPROC).map(|limit| if root { u64::MAX } else { limit }),
            open_files: soft(Resource::RLIMIT_NOFILE),
            address_space: address_space(),
            data: data(),
            stack: stack(),
            cpu_time: soft(Resource::RLIMIT_CPU),
            file_size: soft(Resource::RLIMIT_FSIZE),
        }
    }

    /// Bytes of memory that this pod may use.
    #[must_use]
    pub fn usable_memory(&self) -> Option<u64> {
        match (self.memory, self.node_memory) {
            (Some(limit), Some(node)) => Some(limit.min(node)),
            (limit, node) => limit.or(node),
        }
    }

    /// Processes and threads that can still be started. Those of the same user in other pods are not known, and count
    /// towards `ulimit -u`: there may be less room.
    #[must_use]
    pub fn room_for_processes(&self) -> Option<u64> {
        let group = self.processes.map(|limit| limit.saturating_sub(self.processes_now.unwrap_or(0)));
        match (group, self.user_processes) {
            (Some(group), Some(user)) => Some(group.min(user)),
            (group, user) => group.or(user),
        }
    }
}

/// How often the limit of processes was hit since the control group was made.
#[must_use]
pub fn process_limit_hits() -> Option<u64> {
    static COUNTER: LazyLock<Option<Counter>> =
        LazyLock::new(|| cgroup::counter("pids", "pids.events", "max "));
    COUNTER.as_ref()?.read()
}

/// The stack that every system gives where nobody has changed it; programs with large arrays of their own rely on it.
pub const USUAL_STACK: u64 = 8 << 20;

/// Bytes of stack that this process may have.
#[must_use]
pub fn stack() -> Option<u64> {
    soft(Resource::RLIMIT_STACK)
}

/// Bytes of address space that this process may have.
#[must_use]
pub fn address_space() -> Option<u64> {
    soft(Resource::RLIMIT_AS)
}

/// Bytes of data that this process may have.
#[must_use]
pub fn data() -> Option<u64> {
    soft(Resource::RLIMIT_DATA)
}

fn soft(resource: Resource) -> Option<u64> {
    let (soft, _) = getrlimit(resource).ok()?;
    Some(if soft == RLIM_INFINITY { u64::MAX } else { soft })
}

fn node_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
}
