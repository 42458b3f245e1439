//! How many processes of this pod the kernel has killed because memory ran out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::pod::counter::Counter;

/// How the line of the counter begins, in the files of either version.
pub(super) const NAME: &str = "oom_kill ";

/// The counter of our control group, which counts for every case of the pod; `None` where there is none.
///
/// Cases that run side by side share it: it says that a kill happened while a case ran, not whose process it was.
pub(super) fn kills() -> Option<u64> {
    static COUNTER: LazyLock<Option<Counter>> = LazyLock::new(|| {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        candidates(&groups).iter().find_map(|path| Counter::open(Path::new(path), NAME))
    });
    COUNTER.as_ref()?.read()
}

/// Where the counter may be. `/proc/self/cgroup` shows the path on the node, but the files of a container are mounted at
/// the root, unless it has a cgroup namespace, where both are the same.
fn candidates(groups: &str) -> Vec<String> {
    let path = |wanted: &dyn Fn(&str, &str) -> bool| {
        groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (hierarchy, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            wanted(hierarchy, controllers).then(|| path.trim_end_matches('/'))
        })
    };
    let mut candidates = Vec::new();
    // Version 1 first: where it has the memory controller, version 2 has not.
    if let Some(path) = path(&|_, controllers| controllers.split(',').any(|name| name == "memory")) {
        candidates.extend([path, ""].map(|path| format!("/sys/fs/cgroup/memory{path}/memory.oom_control")));
    }
    if let Some(path) = path(&|hierarchy, controllers| hierarchy == "0" && controllers.is_empty()) {
        candidates.extend([path, ""].map(|path| format!("/sys/fs/cgroup{path}/memory.events")));
    }
    candidates
}

/// The control group that accounts for the memory of this process.
pub(super) struct Own {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Whether its files are those of version 1.
    pub(super) version_1: bool,
}

/// Finds it; `None` where there is none that can be seen.
pub(super) fn group() -> Option<Own> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let found = candidates(&groups).into_iter().map(PathBuf::from).find(|file| file.exists())?;
    Some(Own { version_1: found.ends_with("memory.oom_control"), folder: found.parent()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_looked_for_where_it_may_be_mounted() {
        assert_eq!(
            candidates("4:cpu,memory:/a/b\n0::/\n"),
            [
                "/sys/fs/cgroup/memory/a/b/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control",
                "/sys/fs/cgroup/memory.events",
                "/sys/fs/cgroup/memory.events",
            ]
        );
        assert_eq!(
            candidates("0::/kubepods/x\n"),
            ["/sys/fs/cgroup/kubepods/x/memory.events", "/sys/fs/cgroup/memory.events"]
        );
    }
}
