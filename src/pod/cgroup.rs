//! What the control group of this pod says: its limits, which are not the node's, and what it counted.

use std::path::{Path, PathBuf};

use super::counter::Counter;

/// A file of our own control group: version 2 (`controller` empty) or version 1.
#[must_use]
pub fn read(controller: &str, file: &str) -> Option<String> {
    let [inside, root] = paths(controller, file)?;
    let text = std::fs::read_to_string(inside).or_else(|_| std::fs::read_to_string(root)).ok()?;
    Some(text.trim().to_owned())
}

/// Where a file may be. Inside a cgroup namespace the path is `/`; without one the mount may show only our own group.
fn paths(controller: &str, file: &str) -> Option<[PathBuf; 2]> {
    let folder = group(controller)?;
    let root = if controller.is_empty() {
        PathBuf::from("/sys/fs/cgroup")
    } else {
        Path::new("/sys/fs/cgroup").join(controller)
    };
    Some([root.join(folder.trim_start_matches('/')).join(file), root.join(file)])
}

/// A number that both versions know, version 2 by its file alone and version 1 below its controller. `max` is none.
#[must_use]
pub fn number(controller: &str, version2: &str, version1: &str) -> Option<u64> {
    read("", version2).or_else(|| read(controller, version1))?.parse().ok()
}

/// The counter `name` of a file such as `pids.events` (`max 3`).
#[must_use]
pub fn counter(controller: &str, file: &str, name: &'static str) -> Option<Counter> {
    let places = [paths("", file), paths(controller, file)];
    places.into_iter().flatten().flatten().find_map(|path| Counter::open(&path, name))
}

fn group(controller: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        controllers.split(',').any(|name| name == controller).then(|| path.to_owned())
    })
}
