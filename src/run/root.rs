//! The folder below which everything of a run is staged, and what of its kind runs have left that were killed.
//!
//! A container that is killed and starts again finds its emptyDir as it was, with what the run before had staged there:
//! up to hundreds of megabytes each time, until the pod is evicted. So the folder holds a mark that its owner keeps
//! locked. A mark that nobody has locked since this kernel booted is that of an owner who is dead. One of another boot
//! may be another node's, on a file system that both share and whose locks do not reach that far; it is left alone, as
//! is everything without a mark: what was to be kept, and what is not ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::error::Error;
use crate::run::remove::remove;

const PREFIX: &str = "sp-";
const MARK: &str = ".owner";

/// The folder, which goes when the run is over.
#[derive(Debug)]
pub struct Root {
    folder: TempDir,
    /// Locked for as long as it is open.
    _mark: Option<File>,
}

impl Root {
    /// Makes the folder below `TMPDIR`, with a short name: Unix sockets of MPI session folders allow 107 bytes. Removes
    /// those there whose owner was killed.
    ///
    /// # Errors
    /// A temporary folder that is missing or cannot be written.
    pub fn new(keep: bool) -> Result<Self, Error> {
        let below = std::env::temp_dir();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        remove_abandoned(&below, &boot);
        let mut folder =
            tempfile::Builder::new().prefix(PREFIX).rand_bytes(6).tempdir().map_err(|error| {
                Error::place("make a folder in", &below, &error)
                    .hint("mount an emptyDir at /tmp, or set TMPDIR to a folder that can be written")
            })?;
        folder.disable_cleanup(keep);
        // Without locks, or where /proc is hidden, nothing is marked and nothing is ever taken for abandoned.
        let mark = if keep || boot.is_empty() { None } else { mark(folder.path(), &boot).ok() };
        Ok(Self { folder, _mark: mark })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Marks `folder` as that of this process. The mark is locked before it can be seen.
fn mark(folder: &Path, boot: &str) -> io::Result<File> {
    let mut mark = tempfile::NamedTempFile::new_in(folder)?;
    mark.write_all(boot.as_bytes())?;
    mark.as_file().try_lock()?;
    mark.persist_noclobber(folder.join(MARK)).map_err(|error| error.error)
}

/// Removes what owners have left that were killed since this kernel booted.
fn remove_abandoned(below: &Path, boot: &str) {
    let ours = geteuid().as_raw();
    for entry in fs::read_dir(below).into_iter().flatten().flatten() {
        let named = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        if named && entry.metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == ours) {
            let folder = entry.path();
            // Held until the folder is gone, so that of two who look one removes it.
            if let Ok(_mark) = abandoned(&folder.join(MARK), boot) {
                remove(&folder);
            }
        }
    }
}

/// The mark at `path`, locked by us now, if its owner is dead.
fn abandoned(path: &Path, boot: &str) -> io::Result<File> {
    // Not through a link, and for writing, which a lock over NFS needs.
    let mut mark = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let mut made = String::new();
    mark.read_to_string(&mut made)?;
    if made != boot {
        return Err(io::ErrorKind::Unsupported.into());
    }
    mark.try_lock()?;
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(below: &Path, name: &str, boot: Option<&str>) -> std::path::PathBuf {
        let folder = below.join(name);
        fs::create_dir_all(folder.join("mpi.hello/h")).unwrap();
        if let Some(boot) = boot {
            drop(mark(&folder, boot).unwrap());
        }
        folder
    }

    #[test]
    fn only_what_a_dead_owner_of_this_boot_has_marked_is_abandoned() {
        let below = tempfile::tempdir().unwrap();
        let below = below.path();
        let dead = folder(below, "sp-aaaaaa", Some("this"));
        let elsewhere = folder(below, "sp-bbbbbb", Some("another"));
        let kept = folder(below, "sp-cccccc", None);
        let foreign = folder(below, "other", Some("this"));
        let alive = folder(below, "sp-dddddd", None);
        let held = mark(&alive, "this").unwrap();
        remove_abandoned(below, "this");
        assert!(!dead.exists());
        assert!([&elsewhere, &kept, &foreign, &alive].iter().all(|folder| folder.join("mpi.hello").exists()));
        drop(held);
        remove_abandoned(below, "this");
        assert!(!alive.exists());
    }
}
