//! Where the files of a suite come from: the binary itself, or a folder on disk.

use std::borrow::Cow;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::suite::embedded::SUITES;

/// A folder that files are read from.
#[derive(Clone, Debug)]
pub enum Folder {
    /// This folder of the suites that are part of the binary.
    Embedded(&'static str),
    /// On disk.
    Disk(PathBuf),
}

impl Folder {
    /// The path of `file` as a person would look for it.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        match self {
            Self::Embedded(folder) => Path::new("test-suites").join(folder).join(file),
            Self::Disk(folder) => folder.join(file),
        }
    }

    /// Whether `file` is there. A path that leaves the folder is not.
    #[must_use]
    pub fn contains(&self, file: &str) -> bool {
        if leaves(file) {
            return false;
        }
        match self {
            Self::Embedded(folder) => embedded(folder, file).is_some(),
            Self::Disk(folder) => folder.join(file).is_file(),
        }
    }

    /// The bytes of `file`.
    ///
    /// # Errors
    /// Those of the file system; a path that leaves the folder is not found.
    pub fn read(&self, file: &str) -> io::Result<Cow<'static, [u8]>> {
        if leaves(file) {
            return Err(io::ErrorKind::NotFound.into());
        }
        match self {
            Self::Embedded(folder) => {
                embedded(folder, file).map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            Self::Disk(folder) => std::fs::read(folder.join(file)).map(Cow::Owned),
        }
    }
}

fn embedded(folder: &str, file: &str) -> Option<&'static [u8]> {
    // As a person may write it: `./a.c` is `a.c`.
    let file: PathBuf = Path::new(file).components().filter(|part| *part != Component::CurDir).collect();
    SUITES.below(folder).find(|(path, _)| Path::new(path) == file).map(|(_, bytes)| bytes)
}

fn leaves(file: &str) -> bool {
    !Path::new(file)
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.c"), "x").unwrap();
        let folder = Folder::Disk(folder.path().to_path_buf());
        assert!(folder.contains("a.c"));
        assert!(!folder.contains("../a.c"));
        assert!(folder.read("/etc/hostname").is_err());
    }
}
