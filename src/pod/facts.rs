//! What this pod really has: its CPUs by affinity and quota, its memory, its shared memory, who we are.
//!
//! `nproc` and the node's numbers mean nothing in a pod: limits are the control group's.

use std::path::{Path, PathBuf};

use nix::sched::{CpuSet, sched_getaffinity};
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::suite::requirement::Resource;

/// Numbers of the pod. What cannot be told is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Host name, which is the pod's name in Kubernetes.
    pub host: String,
    /// The node, where the pod spec hands it down (`NODE_NAME`).
    pub node: Option<String>,
    /// The image, where the pod spec hands it down (`IMAGE` or `STACKPROBE_IMAGE`).
    pub image: Option<String>,
    /// CPUs that this process may use: affinity and quota, at least 1.
    pub cpus: u32,
    /// Bytes of memory that this control group may use.
    pub memory: Option<u64>,
    /// Bytes free in `/dev/shm`.
    pub shm: Option<u64>,
    /// Effective user.
    pub uid: u32,
    /// CPU features, as `/proc/cpuinfo` names them.
    #[serde(skip)]
    pub cpu_features: Vec<String>,
}

impl Facts {
    /// Looks.
    #[must_use]
    pub fn gather() -> Self {
        let host = nix::unistd::gethostname().unwrap_or_default();
        let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
        Self {
            host: host.to_string_lossy().into_owned(),
            node: variable(&["NODE_NAME", "STACKPROBE_NODE"]),
            image: variable(&["STACKPROBE_IMAGE", "IMAGE"]),
            cpus: cpus(),
            memory: memory(),
            shm: free(Path::new("/dev/shm")),
            uid: nix::unistd::geteuid().as_raw(),
            cpu_features: cpu_features(),
        }
    }

    /// How much there is of `resource`; cases are staged below `stage`.
    #[must_use]
    pub fn amount(&self, resource: Resource, stage: &Path) -> Option<u64> {
        match resource {
            Resource::Shm => self.shm,
            Resource::Memory => self.memory,
            Resource::Cpus => Some(u64::from(self.cpus)),
            Resource::Disk => free(stage),
        }
    }
}

/// Bytes that an unprivileged process may still write below `path`.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let found = statvfs(path).ok()?;
    found.blocks_available().checked_mul(found.fragment_size())
}

fn cpus() -> u32 {
    let affinity = sched_getaffinity(Pid::from_raw(0))
        .map_or(1, |set| (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).count());
    let affinity = u32::try_from(affinity).unwrap_or(u32::MAX).max(1);
    quota().map_or(affinity, |quota| quota.clamp(1, affinity))
}

/// Whole CPUs of the control group's quota, rounded up: half a CPU still runs one process.
fn quota() -> Option<u32> {
    let (quota, period) = if let Some(text) = read_limit("", "cpu.max") {
        let (quota, period) = text.split_once(' ')?;
        (quota.parse::<u64>().ok()?, period.trim().parse::<u64>().ok()?)
    } else {
        let quota = read_limit("cpu", "cpu.cfs_quota_us")?.parse::<i64>().ok()?;
        (u64::try_from(quota).ok()?, read_limit("cpu", "cpu.cfs_period_us")?.parse().ok()?)
    };
    u32::try_from(quota.div_ceil(period.max(1))).ok()
}

fn memory() -> Option<u64> {
    let limit = read_limit("", "memory.max")
        .or_else(|| read_limit("memory", "memory.limit_in_bytes"))
        .and_then(|text| text.parse::<u64>().ok());
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
    });
    match (limit, total) {
        (Some(limit), Some(total)) => Some(limit.min(total)),
        (limit, total) => limit.or(total),
    }
}

/// A file of our own control group: version 2 (`controller` empty) or version 1.
#[must_use]
pub fn read_limit(controller: &str, file: &str) -> Option<String> {
    let folder = control_group(controller)?;
    let root = if controller.is_empty() {
        PathBuf::from("/sys/fs/cgroup")
    } else {
        Path::new("/sys/fs/cgroup").join(controller)
    };
    // Inside a cgroup namespace the path is `/`; without one the mount may show only our own group.
    let inside = root.join(folder.trim_start_matches('/')).join(file);
    let text = std::fs::read_to_string(inside).or_else(|_| std::fs::read_to_string(root.join(file))).ok()?;
    Some(text.trim().to_owned())
}

fn control_group(controller: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        controllers.split(',').any(|name| name == controller).then(|| path.to_owned())
    })
}

fn cpu_features() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"));
    let flags = line.and_then(|line| line.split_once(':')).map(|(_, flags)| flags).unwrap_or_default();
    flags.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_something() {
        let facts = Facts::gather();
        assert!(facts.cpus >= 1);
        assert!(facts.memory.unwrap() > 1 << 20);
        assert!(facts.amount(Resource::Disk, Path::new("/")).is_some());
    }
}
