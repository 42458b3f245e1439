//! Where the files of a suite come from: the binary itself, or a folder on disk.

use std::borrow::Cow;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::suite::embedded::SUITES;
use path_fault::{Obstacle, PathFault};

/// A folder that files are read from.
#[derive(Clone, Debug)]
pub enum Folder {
    /// This folder of the suites that are part of the binary.
    Embedded(&'static str),
    /// On disk.
    Disk(PathBuf),
}

/// Why a file of a folder is none that is read.
#[derive(Clone, Debug)]
pub enum Lack {
    /// Links lead out of the folder to it.
    Outside(PathBuf),
    /// It is not there, or is not a file.
    Missing,
    /// It cannot be looked at.
    Hidden(PathFault),
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

    /// Why `file` is not read; none if it is. A path that leaves the folder is not there.
    #[must_use]
    pub fn lacks(&self, file: &str) -> Option<Lack> {
        if leaves(file) {
            return Some(Lack::Missing);
        }
        match self {
            Self::Embedded(folder) => embedded(folder, file).is_none().then_some(Lack::Missing),
            Self::Disk(folder) => match inside(folder, file) {
                Ok(path) => match path_fault::is_file(&path) {
                    Ok(true) => None,
                    Ok(false) => Some(Lack::Missing),
                    Err(fault) => Some(Lack::Hidden(fault)),
                },
                Err(lack) => Some(lack),
            },
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
                let path = match inside(folder, file) {
                    Err(Lack::Outside(_)) => return Err(io::ErrorKind::NotFound.into()),
                    // Reading says why, or the links were mended meanwhile.
                    Err(_) => folder.join(file),
                    Ok(path) => path,
                };
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

/// The file without links.
///
/// Links within stay what they are: a folder that Kubernetes mounts from a `ConfigMap` holds nothing else.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, Lack> {
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| match Obstacle::of(&error) {
            Obstacle::Missing => Lack::Missing,
            _ => Lack::Hidden(PathFault::new(path, &error)),
        })
    };
    let (folder, path) = (real(folder)?, real(&folder.join(file))?);
    if path.starts_with(folder) { Ok(path) } else { Err(Lack::Outside(path)) }
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
        assert!(folder.lacks("a.c").is_none());
        assert!(matches!(folder.lacks("../a.c"), Some(Lack::Missing)));
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
                assert!(folder.lacks(file).is_none(), "{file}");
                assert_eq!(&*folder.read(file).unwrap(), b"int a;");
            }
            for file in ["b.c", "c.c", "up/secret", "d/b.c"] {
                assert!(folder.read(file).is_err(), "{file}");
                let lack = folder.lacks(file);
                assert!(matches!(&lack, Some(Lack::Outside(path)) if path.ends_with("secret")), "{lack:?}");
            }
        }
    }
}
