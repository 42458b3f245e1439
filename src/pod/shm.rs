//! `/dev/shm`: whether it is there, is what it should be, and has room.

use std::path::Path;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};
use serde::{Deserialize, Serialize};

use path_fault::is_folder;

/// Where shared memory is.
pub const PATH: &str = "/dev/shm";

/// Shared memory as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct SharedMemory {
    /// It is there, and is a folder.
    pub exists: bool,
    /// What kept us from looking at it: then nobody knows whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barred: Option<String>,
    /// A tmpfs: anything else is a disk that is called so.
    pub tmpfs: bool,
    /// Mounted read-only.
    pub read_only: bool,
    /// A file could be made in it.
    pub writable: bool,
    /// Its size in bytes; a tmpfs without one has as much as memory allows and says 0.
    pub total: u64,
    /// Bytes that are free.
    pub free: u64,
    /// Files in it, which somebody left or uses.
    pub entries: usize,
}

impl SharedMemory {
    /// Looks, and tries to make a file.
    #[must_use]
    pub fn look() -> Self {
        Self::look_at(Path::new(PATH))
    }

    fn look_at(path: &Path) -> Self {
        match is_folder(path) {
            Ok(true) => {}
            Ok(false) => return Self::default(),
            Err(fault) => return Self { barred: Some(fault.to_string()), ..Self::default() },
        }
        let tmpfs = statfs(path).is_ok_and(|found| found.filesystem_type() == TMPFS_MAGIC);
        let found = statvfs(path).ok();
        let bytes = |blocks: u64| found.map_or(0, |found| blocks.saturating_mul(found.fragment_size()));
        let (total, free) =
            found.map_or((0, 0), |found| (bytes(found.blocks()), bytes(found.blocks_available())));
        let unlimited = tmpfs && found.is_some() && total == 0;
        Self {
            exists: true,
            barred: None,
            tmpfs,
            read_only: found.is_some_and(|found| found.flags().contains(FsFlags::ST_RDONLY)),
            // Without a name from the start where the file system can: nothing is left, whatever happens.
            writable: tempfile::tempfile_in(path).is_ok(),
            total: if unlimited { u64::MAX } else { total },
            free: if unlimited { u64::MAX } else { free },
            entries: std::fs::read_dir(path).map_or(0, Iterator::count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_no_shared_memory() {
        assert_eq!(SharedMemory::look_at(Path::new("/nowhere/shm")), SharedMemory::default());
    }

    #[test]
    fn what_is_looked_at_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine"), "x").unwrap();
        let found = SharedMemory::look_at(folder.path());
        assert!(found.exists && found.writable && found.total > 0);
        assert_eq!((found.entries, std::fs::read_dir(folder.path()).unwrap().count()), (1, 1));
    }
}
