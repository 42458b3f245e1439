//! A stack that a test may break: the real one below a layer of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::namespace::Namespace;
use crate::fixture::stack;
use crate::images::container::must;

pub(super) struct Layered {
    folder: PathBuf,
}

impl Layered {
    pub(super) fn new(namespace: &str) -> Self {
        let layered = Self { folder: Namespace::volume_of(namespace, "stack") };
        drop(Self { folder: layered.folder.clone() });
        for part in ["upper", "work", "merged"] {
            std::fs::create_dir_all(layered.folder.join(part)).unwrap();
        }
        let place = |part: &str| layered.folder.join(part).display().to_string();
        let lower = stack().canonicalize().unwrap();
        let options =
            format!("lowerdir={},upperdir={},workdir={}", lower.display(), place("upper"), place("work"));
        let mounted = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &options])
            .arg(layered.path())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        if !mounted.success() {
            // Over an overlay there is no other: then a copy.
            must(Command::new("cp").arg("-a").arg(lower.join(".")).arg(layered.path()));
        }
        layered
    }

    /// What the pods are given in place of the stack.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("merged")
    }

    /// Takes away the files of this name below the prefixes that begin with `prefix`.
    pub(super) fn lose(&self, prefix: &str, file: &str) {
        let prefixes = self.path().join("opt/linux-x86_64");
        let mut lost = 0;
        for entry in std::fs::read_dir(prefixes).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(prefix) {
                lost += lose(&path, file);
            }
        }
        assert!(lost > 0, "{prefix} has no {file}");
    }
}

fn lose(folder: &Path, file: &str) -> usize {
    let mut lost = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            lost += lose(&entry.path(), file);
        } else if entry.file_name().to_string_lossy().starts_with(file) {
            std::fs::remove_file(entry.path()).unwrap();
            lost += 1;
        }
    }
    lost
}

impl Drop for Layered {
    fn drop(&mut self) {
        // Pods may hold it for a moment longer.
        let _ =
            Command::new("umount").arg("-l").arg(self.path()).stderr(std::process::Stdio::null()).status();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        if !mounts.contains(&*self.path().to_string_lossy()) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
