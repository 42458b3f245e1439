//! A limit on the memory of a case as a whole: a control group of its own, where this pod lets us make one.
//!
//! Most do not: Kubernetes mounts the groups read-only unless it is told otherwise. Then the address space of each
//! process is all that can be limited ([`Limits::memory`](super::command::Limits::memory)).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::oom::{NAME, group};
use crate::pod::counter::Counter;

/// What the files of a control group are called: they have changed with the version.
struct Names {
    limit: &'static str,
    swap: &'static str,
    kills: &'static str,
}

const VERSION_1: Names = Names {
    limit: "memory.limit_in_bytes",
    // Memory and swap together, so the same number allows no swap.
    swap: "memory.memsw.limit_in_bytes",
    kills: "memory.oom_control",
};
const VERSION_2: Names = Names { limit: "memory.max", swap: "memory.swap.max", kills: "memory.events" };

/// Where groups for cases can be made.
pub struct Groups {
    parent: PathBuf,
    /// The group of the harness and its supervisors.
    home: PathBuf,
    names: &'static Names,
}

/// What a supervisor needs to start its command in the group of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group of the case.
    pub group: PathBuf,
}

/// The group of one command, which is gone when this is dropped.
pub struct Group {
    folder: PathBuf,
    names: &'static Names,
}

impl Groups {
    /// Looks whether groups can be made here. Under version 2 this process may move into one itself, because a group
    /// that has limited groups below it must not hold processes.
    #[must_use]
    pub fn open() -> Option<Self> {
        let own = group()?;
        let groups = if own.version_1 {
            Self { parent: own.folder.clone(), home: own.folder, names: &VERSION_1 }
        } else {
            Self { home: leave(&own.folder).ok()?, parent: own.folder, names: &VERSION_2 }
        };
        // Dropped at once: it was only to see that it can be done.
        groups.make(1 << 30).ok().map(|_| groups)
    }

    /// Makes a group with this limit in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn make(&self, bytes: u64) -> io::Result<Group> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("stackprobe-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = self.parent.join(name);
        fs::create_dir(&folder)?;
        let group = Group { folder, names: self.names };
        fs::write(group.folder.join(self.names.limit), bytes.to_string())?;
        // A kernel without swap accounting has no such file.
        let swap = if self.names.swap == VERSION_1.swap { bytes } else { 0 };
        let _ = fs::write(group.folder.join(self.names.swap), swap.to_string());
        fs::metadata(group.folder.join("cgroup.procs"))?;
        Ok(group)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        if self.home != self.parent {
            // As it was, as far as that can be: what stays behind limits nothing.
            let _ = fs::write(self.parent.join("cgroup.subtree_control"), "-memory");
            for pid in processes(&self.home) {
                // It may have ended just now.
                let _ = join(&self.parent, &pid);
            }
            // An empty group that stays takes next to nothing.
            let _ = fs::remove_dir(&self.home);
        }
    }
}

impl Group {
    /// For the supervisor.
    #[must_use]
    pub fn membership(&self) -> Membership {
        Membership { group: self.folder.clone() }
    }

    /// How many processes the kernel has killed because the limit was reached.
    #[must_use]
    pub fn kills(&self) -> u64 {
        let counter = Counter::open(&self.folder.join(self.names.kills), NAME);
        counter.and_then(|counter| counter.read()).unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Empty, because the supervisor has seen the end of everybody in it.
        let _ = fs::remove_dir(&self.folder);
    }
}

impl Membership {
    /// The file through which a process enters the group of the case.
    pub(super) fn door(&self) -> io::Result<File> {
        File::options().write(true).open(self.group.join("cgroup.procs"))
    }
}

/// 0 is whoever writes.
fn join(group: &Path, pid: &str) -> io::Result<()> {
    fs::write(group.join("cgroup.procs"), pid)
}

fn processes(group: &Path) -> Vec<String> {
    let list = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Empties `parent` of this process and of the first one of the container, so that limits can be set below it: the
/// group where they are then. With anybody else in it, the kernel refuses.
fn leave(parent: &Path) -> io::Result<PathBuf> {
    let home = parent.join(format!("stackprobe-{}", std::process::id()));
    fs::create_dir(&home)?;
    let own = std::process::id().to_string();
    let ours = |pid: &String| *pid == own || *pid == "1";
    let moved = processes(parent).iter().filter(|pid| ours(pid)).try_for_each(|pid| join(&home, pid));
    let limited = moved.and_then(|()| fs::write(parent.join("cgroup.subtree_control"), "+memory"));
    limited.map(|()| home.clone()).inspect_err(|_| {
        for pid in processes(&home) {
            // It may have ended just now.
            let _ = join(parent, &pid);
        }
        // The error that led here is what counts.
        let _ = fs::remove_dir(&home);
    })
}
