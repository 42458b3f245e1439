//! How many CPUs this pod may use, and what they can do.
//!
//! `nproc` and the node's numbers mean nothing in a pod: affinity and the control group's quota do.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::pod::cgroup;

/// The CPUs of this pod.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cpus {
    /// How many of the node's this process may run on.
    pub affinity: u32,
    /// Thousandths of a CPU that the quota allows, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Features, as `/proc/cpuinfo` names them.
    #[serde(skip)]
    pub features: Vec<String>,
}

impl Cpus {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let affinity = sched_getaffinity(Pid::from_raw(0))
            .map_or(1, |set| (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).count());
        Self {
            affinity: u32::try_from(affinity).unwrap_or(u32::MAX).max(1),
            quota: quota(),
            features: features(),
        }
    }

    /// Whole CPUs: the quota is rounded up, as half a CPU still runs one process. At least 1.
    #[must_use]
    pub fn usable(&self) -> u32 {
        let quota = self.quota.map_or(u64::MAX, |quota| quota.div_ceil(1000));
        u32::try_from(quota).unwrap_or(u32::MAX).min(self.affinity).max(1)
    }
}

fn quota() -> Option<u64> {
    let (quota, period) = if let Some(text) = cgroup::read("", "cpu.max") {
        let (quota, period) = text.split_once(' ')?;
        (quota.parse::<u64>().ok()?, period.trim().parse::<u64>().ok()?)
    } else {
        let quota = cgroup::read("cpu", "cpu.cfs_quota_us")?.parse::<i64>().ok()?;
        (u64::try_from(quota).ok()?, cgroup::read("cpu", "cpu.cfs_period_us")?.parse().ok()?)
    };
    quota.checked_mul(1000).map(|quota| quota.div_ceil(period.max(1)))
}

fn features() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"));
    let flags = line.and_then(|line| line.split_once(':')).map(|(_, flags)| flags).unwrap_or_default();
    flags.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::Cpus;

    #[test]
    fn half_a_cpu_still_runs_one_process_and_a_quota_gives_no_cpu_that_affinity_takes() {
        let usable = |affinity, quota| Cpus { affinity, quota, features: Vec::new() }.usable();
        assert_eq!(usable(8, None), 8);
        assert_eq!(usable(8, Some(500)), 1);
        assert_eq!(usable(8, Some(2500)), 3);
        assert_eq!(usable(2, Some(64_000)), 2);
    }
}
