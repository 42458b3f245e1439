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

    /// Whether `file` is there. A path that leaves the folder is not, be it by a link.
    #[must_use]
    pub fn contains(&self, file: &str) -> bool {
        if leaves(file) {
            return false;
        }
        match self {
            Self::Embedded(folder) => embedded(folder, file).is_some(),
            Self::Disk(folder) => inside(folder, file).is_ok_and(|path| path.is_file()),
        }
    }

    /// Where `file` really is, if links lead out of the folder to it.
    #[must_use]
    pub fn outside(&self, file: &str) -> Option<PathBuf> {
        match self {
            Self::Disk(folder) if !leaves(file) => inside(folder, file).err().flatten(),
            _ => None,
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
            Self::Disk(folder) => {
                let path = inside(folder, file).map_err(|_| io::ErrorKind::NotFound)?;
                std::fs::read(path).map(Cow::Owned)
            }
        }
    }
}

fn embedded(folder: &str, file: &str) -> Option<&'static [u8]> {
    // As a person may write it: `./a.c` is `a.c`.
    let file: PathBuf = Path::new(file).components().filter(|part| *part != Component::CurDir).collect();
    SUITES.below(folder).find(|(path, _)| Path::new(path) == file).map(|(_, bytes)| bytes)
}

/// The file without links; where it is if that is not below the folder, nothing if it is nowhere.
///
/// Links within stay what they are: a folder that Kubernetes mounts from a `ConfigMap` holds nothing else.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, Option<PathBuf>> {
    let real = |path: &Path| path.canonicalize().map_err(|_| None);
    let (folder, path) = (real(folder)?, real(&folder.join(file))?);
    if path.starts_with(folder) { Ok(path) } else { Err(Some(path)) }
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

    #[test]
    fn a_link_that_leads_out_is_followed_by_nobody_and_one_within_is() {
        use std::os::unix::fs::symlink;
        let around = tempfile::tempdir().unwrap();
        let suite = around.path().join("suite");
        std::fs::create_dir_all(suite.join("..data")).unwrap();
        std::fs::write(around.path().join("secret"), "x").unwrap();
        std::fs::write(suite.join("..data/a.c"), "int a;").unwrap();
        for (target, name) in
            [("..data/a.c", "a.c"), ("../secret", "b.c"), ("b.c", "c.c"), ("..", "up"), (".", "d")]
        {
            symlink(target, suite.join(name)).unwrap();
        }
        symlink("suite", around.path().join("alias")).unwrap();
        for root in [suite, around.path().join("alias")] {
            let folder = Folder::Disk(root);
            for file in ["a.c", "d/a.c", "./a.c"] {
                assert!(folder.contains(file) && folder.outside(file).is_none(), "{file}");
                assert_eq!(&*folder.read(file).unwrap(), b"int a;");
            }
            for file in ["b.c", "c.c", "up/secret", "d/b.c"] {
                assert!(!folder.contains(file) && folder.read(file).is_err(), "{file}");
                assert!(folder.outside(file).unwrap().ends_with("secret"), "{file}");
            }
        }
    }
}
