//! A number that the kernel counts up in a file of a control group, read again and again.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// No such file is larger.
const MAX_BYTES: usize = 1024;

/// The file, kept open: finding it costs twenty system calls, and every case asks before and after.
///
/// The group that this process was in when it was first asked goes on counting for all groups below it.
#[derive(Debug)]
pub struct Counter {
    file: File,
    name: &'static str,
}

impl Counter {
    /// The counter that follows `name` on a line of the file. None if it is not there.
    #[must_use]
    pub fn open(path: &Path, name: &'static str) -> Option<Self> {
        let counter = Self { file: File::open(path).ok()?, name };
        counter.read().is_some().then_some(counter)
    }

    /// Its value now.
    #[must_use]
    pub fn read(&self) -> Option<u64> {
        let mut buffer = [0; MAX_BYTES];
        let count = self.file.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..count]).ok()?;
        text.lines().find_map(|line| line.strip_prefix(self.name)?.trim().parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_anew_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.events");
        std::fs::write(&path, "oom 9\noom_kill 2\noom_group_kill 7\n").unwrap();
        let counter = Counter::open(&path, "oom_kill ").unwrap();
        assert_eq!(counter.read(), Some(2));
        std::fs::write(&path, "oom 9\noom_kill 3\noom_group_kill 7\n").unwrap();
        assert_eq!(counter.read(), Some(3));
    }

    #[test]
    fn a_file_without_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.oom_control");
        assert!(Counter::open(&path, "oom_kill ").is_none());
        std::fs::write(&path, "oom_kill_disable 0\n").unwrap();
        assert!(Counter::open(&path, "oom_kill ").is_none());
    }
}
