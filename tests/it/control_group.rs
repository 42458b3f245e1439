//! A control group of our own, of either version.

use std::path::{Path, PathBuf};

use crate::fixture::skip;

/// Removed with this value, as far as nobody is left in it.
pub(crate) struct Group {
    path: PathBuf,
}

impl Group {
    /// With these files of it set, as far as it has them; none where it is not ours to make.
    pub(crate) fn new(controller: &str, files: &[(&str, &str)]) -> Option<Self> {
        let made = parents(controller).iter().find_map(|parent| Self::below(parent, controller, files));
        if made.is_none() {
            skip("control-group", &format!("no control group of `{controller}` can be made here"));
        }
        made
    }

    fn below(parent: &Path, controller: &str, files: &[(&str, &str)]) -> Option<Self> {
        // Version 2 has to be asked for; version 1 has no such file, and a parent with processes of its own refuses.
        let _ = std::fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"));
        let path = parent.join(format!("stackprobe-test-{controller}-{}", std::process::id()));
        std::fs::create_dir(&path).ok()?;
        let group = Self { path };
        let set = |(file, value): &(&str, &str)| {
            let file = group.path.join(file);
            file.exists() && std::fs::write(file, value).is_ok()
        };
        files.iter().any(set).then_some(group)
    }

    /// The file that a process is moved into it by.
    pub(crate) fn processes(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    /// The folder of the group above it.
    pub(crate) fn parent(&self) -> &Path {
        self.path.parent().unwrap()
    }

    /// A setup that enters it.
    pub(crate) fn enter(&self) -> String {
        format!("echo $$ > {}", self.processes().display())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.path);
    }
}

/// Where it may be made: below our own group, else below the first one that is seen.
fn parents(controller: &str) -> Vec<PathBuf> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = |mark: &str| {
        groups.lines().find_map(|line| line.split_once(mark)).map(|(_, path)| path.trim_matches('/'))
    };
    let (root, own) = match path(&format!(":{controller}:/")) {
        Some(own) => (Path::new("/sys/fs/cgroup").join(controller), own),
        None => (PathBuf::from("/sys/fs/cgroup"), path("0::/").unwrap_or_default()),
    };
    if own.is_empty() { vec![root] } else { vec![root.join(own), root] }
}
