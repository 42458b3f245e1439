//! What this pod really has: the answers of all the rooms of [`crate::pod`] together.

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use crate::pod::folder::{free, size};

use crate::pod::calls::Calls;
use crate::pod::cpus::Cpus;
use crate::pod::folder::Folder;
use crate::pod::kernel::Kernel;
use crate::pod::limits::Limits;
use crate::pod::network::Network;
use crate::pod::place;
use crate::pod::shm::{PATH, SharedMemory};
use crate::pod::user::User;
use crate::suite::requirement::Resource;

/// Everything about the pod. What cannot be determined is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// What each room found; none in the results of a stackprobe that did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// What each room found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Found {
    /// `/dev/shm`.
    pub shm: SharedMemory,
    /// CPUs.
    pub cpus: Cpus,
    /// Limits.
    pub limits: Limits,
    /// The user, and HOME.
    pub user: User,
    /// Where temporary files go.
    pub tmp: Folder,
    /// The root of the file system.
    pub root: Folder,
    /// System calls.
    pub calls: Calls,
    /// The network.
    pub network: Network,
    /// What programs take for granted.
    pub kernel: Kernel,
    /// What kind of place it is: a pod, another container, a job; empty in older results.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
}

impl Facts {
    /// Looks, and tries what only trying tells; a few milliseconds.
    #[must_use]
    pub fn gather() -> Self {
        let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
        let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
        let found = Found::look(&host);
        Self {
            host,
            node: variable(&["NODE_NAME", "STACKPROBE_NODE"]),
            image: variable(&["STACKPROBE_IMAGE", "IMAGE"]),
            cpus: found.cpus.usable(),
            memory: found.limits.usable_memory(),
            shm: free(Path::new(PATH)),
            uid: found.user.id,
            found: Some(found),
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

    /// Whether the CPUs have a feature, as `/proc/cpuinfo` names it.
    #[must_use]
    pub fn has_feature(&self, feature: &str) -> bool {
        self.found.as_ref().is_some_and(|found| found.cpus.features.iter().any(|known| known == feature))
    }
}

impl Found {
    fn look(host: &str) -> Self {
        Self {
            // First, while this process has no other thread.
            calls: Calls::try_all(),
            shm: SharedMemory::look(),
            cpus: Cpus::look(),
            limits: Limits::look(),
            user: User::look(),
            tmp: Folder::look(&std::env::temp_dir()),
            root: Folder::glance(Path::new("/")),
            network: Network::look(host),
            kernel: Kernel::look(),
            place: place::look(),
        }
    }
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
        let found = facts.found.unwrap();
        assert!(found.kernel.proc && found.kernel.null && found.shm.exists);
        assert_eq!((found.tmp.writable, found.tmp.executable), (Some(true), Some(true)));
    }

    #[test]
    fn what_was_found_survives_the_plan_on_disk() {
        let facts = Facts::gather();
        let text = serde_json::to_string(&facts).unwrap();
        let read: Facts = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let old: Facts = serde_json::from_str(
            r#"{"host":"a","node":null,"image":null,"cpus":2,"memory":1,"shm":1,"uid":0}"#,
        )
        .unwrap();
        assert!(old.found.is_none());
    }
}
