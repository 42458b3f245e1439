//! Could a directory hold a file of this name?
//!
//! The loader asks the kernel for every directory of every search path. Spack's paths have dozens of directories, so
//! one listing of each is far cheaper than thousands of failed opens.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use path_fault::Obstacle;

/// A directory of a search path.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    listing: Listing,
    /// It has `glibc-hwcaps` folders, which come before itself.
    pub(super) has_hwcaps: bool,
}

#[derive(Debug)]
enum Listing {
    Absent,
    /// Hashes of the names: a hit is confirmed by opening the file, so a collision costs time and nothing else.
    Names(HashSet<u64>),
    /// May be entered but not listed, or is too large to be worth it.
    Unknown,
}

/// A folder with more files is asked file by file.
const MOST_NAMES: usize = 200_000;

impl Folder {
    pub(super) fn read(path: PathBuf) -> Self {
        let listing = match std::fs::read_dir(&path) {
            Ok(entries) => {
                let mut names = HashSet::new();
                for entry in entries.flatten().take(MOST_NAMES + 1) {
                    names.insert(hash(entry.file_name().as_bytes()));
                }
                if names.len() > MOST_NAMES { Listing::Unknown } else { Listing::Names(names) }
            }
            Err(error) if Obstacle::of(&error) == Obstacle::Missing => Listing::Absent,
            // Closed to listing, or a file system that fails: only the files themselves can tell.
            Err(_) => Listing::Unknown,
        };
        let mut folder = Self { path, listing, has_hwcaps: false };
        folder.has_hwcaps = folder.may_hold("glibc-hwcaps");
        folder
    }

    pub(super) fn exists(&self) -> bool {
        !matches!(self.listing, Listing::Absent)
    }

    pub(super) fn may_hold(&self, name: &str) -> bool {
        match &self.listing {
            Listing::Absent => false,
            Listing::Names(names) => names.contains(&hash(name.as_bytes())),
            Listing::Unknown => true,
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// The directory that a file lies in, as the loader takes it: the text before the last slash, links not followed.
pub(super) fn origin(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    }
}
