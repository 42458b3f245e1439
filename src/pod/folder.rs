//! Whether a folder can be written, and whether a program in it can be run.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use serde::{Deserialize, Serialize, Serializer};

use path_fault::{Obstacle, PathFault, is_folder};

/// A folder as it was found. What cannot be determined is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Folder {
    /// Where.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// It is there, and is a folder.
    pub exists: bool,
    /// What kept us from looking at it: then nobody knows whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barred: Option<String>,
    /// Its file system is mounted read-only.
    pub read_only: bool,
    /// A file could be made in it, and was taken away again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writable: Option<bool>,
    /// A program in it could be started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<bool>,
    /// Bytes that an unprivileged process may still write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// By how many seconds the clock of its file system differs from ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<u64>,
}

impl Folder {
    /// Looks, and tries.
    #[must_use]
    pub fn look(path: &Path) -> Self {
        let (exists, barred) = there(is_folder(path));
        let mut folder = Self {
            path: path.to_owned(),
            exists,
            barred,
            read_only: exists && read_only(path),
            writable: Some(false),
            executable: None,
            free: free(path),
            skew: None,
        };
        // A new name each time: what a killed predecessor left is not in the way.
        if let Ok(script) = tempfile::Builder::new().prefix(".stackprobe-").tempfile_in(path) {
            folder.writable = Some(true);
            folder.skew = skew(script.path());
            folder.executable = executable(script);
        }
        folder
    }

    /// Looks at a folder that nobody is to write to, without trying.
    #[must_use]
    pub fn glance(path: &Path) -> Self {
        let (exists, barred) = there(match std::fs::read_dir(path) {
            Ok(_) => Ok(true),
            Err(error) if Obstacle::of(&error) == Obstacle::Missing => Ok(false),
            Err(error) => Err(PathFault::new(path, &error)),
        });
        Self {
            path: path.to_owned(),
            exists,
            barred,
            read_only: read_only(path),
            writable: nix::unistd::access(path, nix::unistd::AccessFlags::W_OK)
                .map_or_else(|error| (error != Errno::ENOENT).then_some(false), |()| Some(true)),
            ..Self::default()
        }
    }
}

impl Folder {
    /// Why nothing can be written into it, in a sentence that begins with what it is called.
    #[must_use]
    pub fn not_writable(&self, called: &str) -> String {
        match &self.barred {
            Some(barred) => format!("{called}: {barred}"),
            None if !self.exists => format!("{called} does not exist"),
            None if self.read_only => format!("{called} is on a file system that is mounted read-only"),
            None => format!("{called} cannot be written"),
        }
    }
}

/// Whether it is there, or what keeps us from knowing.
fn there(found: Result<bool, PathFault>) -> (bool, Option<String>) {
    match found {
        Ok(there) => (there, None),
        Err(fault) => (false, Some(fault.to_string())),
    }
}

/// JSON holds Unicode only: what of a path is none of it is shown as U+FFFD.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Bytes that an unprivileged process may still write below `path`.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let found = statvfs(path).ok()?;
    found.blocks_available().checked_mul(found.fragment_size())
}

/// Bytes that the file system of `path` has in all.
#[must_use]
pub fn size(path: &Path) -> Option<u64> {
    let found = statvfs(path).ok()?;
    found.blocks().checked_mul(found.fragment_size())
}

fn read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY))
}

/// Starts a script whose interpreter does not exist: the system says so where it may be started, and refuses before it
/// looks where it may not. No shell and no program of this architecture is needed for it.
fn executable(script: tempfile::NamedTempFile) -> Option<bool> {
    let mut file = script;
    file.write_all(b"#!/stackprobe/no-such-interpreter\n").ok()?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o700)).ok()?;
    // Closed first: what is open for writing cannot be started.
    let path = file.into_temp_path();
    let started = Command::new(&path).env_clear().spawn();
    let Err(error) = started else { return Some(true) };
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => Some(true),
        Some(Errno::EACCES | Errno::EPERM) => Some(false),
        _ => None,
    }
}

fn skew(path: &Path) -> Option<u64> {
    let made = std::fs::metadata(path).ok()?.mtime();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    Some(now.abs_diff(u64::try_from(made).unwrap_or(0)))
}
