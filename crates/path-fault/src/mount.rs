//! On which file system a path lies, as the kernel's own table says. The path itself is not touched: on a file server
//! that is dead nothing else can be asked.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// A file system that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: PathBuf,
    /// `nfs4`, `overlay`, `fuse.sshfs`.
    pub kind: String,
    /// A device, a server and its export, or a name that says nothing.
    pub source: String,
}

impl Mount {
    /// What `path` lies on, taken as it is written. `None` where `/proc` is hidden.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        // Hidden or unreadable: then the file system goes unnamed, and nothing else is lost.
        let table = std::fs::read("/proc/self/mountinfo").ok()?;
        let path =
            if path.is_absolute() { path.to_path_buf() } else { std::env::current_dir().ok()?.join(path) };
        find(&String::from_utf8_lossy(&table), &path)
    }
}

impl std::fmt::Display for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at `{}`", self.kind, self.point.display())?;
        if self.source.contains(['/', ':']) {
            write!(f, ", from `{}`", self.source)?;
        }
        Ok(())
    }
}

/// The last of those with the longest mount point: what was mounted later lies on top.
fn find(table: &str, path: &Path) -> Option<Mount> {
    let mounts = table.lines().filter_map(read).filter(|mount| path.starts_with(&mount.point));
    mounts.fold(None, |best: Option<Mount>, mount| match best {
        Some(best) if best.point.as_os_str().len() > mount.point.as_os_str().len() => Some(best),
        _ => Some(mount),
    })
}

/// A line as `proc_pid_mountinfo(5)` has it: `36 35 98:0 /root /point options… - kind source options`.
fn read(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let point = left.split(' ').nth(4)?;
    let mut right = right.split(' ');
    let (kind, source) = (right.next()?.to_owned(), right.next()?);
    let path = |text| PathBuf::from(std::ffi::OsString::from_vec(plain(text)));
    Some(Mount { point: path(point), kind, source: path(source).to_string_lossy().into_owned() })
}

/// Blanks, tabs, newlines and backslashes stand as `\040` and the like.
fn plain(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let octal = text.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        if let Some(byte) = octal.and_then(|octal| u8::from_str_radix(octal, 8).ok()) {
            plain.push(byte);
            at += 4;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "22 1 0:20 / / rw - overlay overlay rw\n\
        30 22 0:40 / /opt rw,relatime shared:1 - nfs4 server:/export/stack rw\n\
        31 22 0:41 / /opt/with\\040blank rw - fuse.sshfs me@host:/x rw\n\
        32 22 0:42 / /optional rw - ext4 /dev/sda1 rw\n\
        33 22 0:43 / /opt rw - tmpfs tmpfs rw\n";

    #[test]
    fn a_path_lies_on_the_nearest_mount_and_on_the_last_of_two() {
        let kind = |path: &str| find(TABLE, Path::new(path)).unwrap().kind;
        assert_eq!(kind("/etc/passwd"), "overlay");
        assert_eq!(kind("/opt/spack/x"), "tmpfs");
        assert_eq!(kind("/opt/with blank/x"), "fuse.sshfs");
        assert_eq!(kind("/optional"), "ext4");
        assert_eq!(find("", Path::new("/")), None);
        assert_eq!(find("rubbish\n1 2 3 - x\n", Path::new("/")), None);
    }

    #[test]
    fn a_server_is_named_and_a_name_that_says_nothing_is_not() {
        let told = |path: &str| find(TABLE, Path::new(path)).unwrap().to_string();
        assert_eq!(told("/opt/with blank"), "fuse.sshfs at `/opt/with blank`, from `me@host:/x`");
        assert_eq!(told("/opt"), "tmpfs at `/opt`");
    }
}
