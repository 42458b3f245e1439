//! Where the files of a suite come from: the binary itself, or a folder on disk.
//!
//! What several suites use stands once, in the folder `shared` beside theirs: `shared/proof.h`.

use std::borrow::Cow;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::suite::embedded::SUITES;
use path_fault::{Obstacle, PathFault};

/// The folder beside those of suites whose files each of them may name.
const SHARED: &str = "shared";

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
        match self.home(file) {
            (Self::Embedded(folder), file) => Path::new("test-suites").join(folder).join(file),
            (Self::Disk(folder), file) => folder.join(file),
        }
    }

    /// The folder that holds `file`, and its path from there. As a person may write it: `./a.c` is `a.c`.
    fn home(&self, file: &str) -> (Self, PathBuf) {
        let file: PathBuf = Path::new(file).components().filter(|part| *part != Component::CurDir).collect();
        match (file.strip_prefix(SHARED), self) {
            (Err(_), own) => (own.clone(), file),
            (Ok(rest), Self::Embedded(_)) => (Self::Embedded(SHARED), rest.to_path_buf()),
            (Ok(rest), Self::Disk(own)) => (Self::Disk(own.with_file_name(SHARED)), rest.to_path_buf()),
        }
    }

    /// Why `file` is not read; none if it is. A path that leaves the folder is not there.
    #[must_use]
    pub fn lacks(&self, file: &str) -> Option<Lack> {
        if leaves(file) {
            return Some(Lack::Missing);
        }
        match self.home(file) {
            (Self::Embedded(folder), file) => embedded(folder, &file).is_none().then_some(Lack::Missing),
            (Self::Disk(folder), file) => match inside(&folder, &file) {
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
        match self.home(file) {
            (Self::Embedded(folder), file) => {
                embedded(folder, &file).map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            (Self::Disk(folder), file) => {
                let path = match inside(&folder, &file) {
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

fn embedded(folder: &str, file: &Path) -> Option<&'static [u8]> {
    SUITES.below(folder).find(|(path, _)| Path::new(path) == file).map(|(_, bytes)| bytes)
}

/// The file without links.
///
/// Links within stay what they are: a folder that Kubernetes mounts from a `ConfigMap` holds nothing else.
fn inside(folder: &Path, file: &Path) -> Result<PathBuf, Lack> {
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
    fn what_suites_share_stands_beside_them() {
        let around = tempfile::tempdir().unwrap();
        for folder in ["mine", "shared/deep"] {
            std::fs::create_dir_all(around.path().join(folder)).unwrap();
        }
        std::fs::write(around.path().join("shared/deep/a.h"), "int a;").unwrap();
        std::os::unix::fs::symlink("../mine", around.path().join("shared/out")).unwrap();
        std::fs::write(around.path().join("mine/own.h"), "").unwrap();
        let suite = Folder::Disk(around.path().join("mine"));
        for file in ["shared/deep/a.h", "./shared/./deep/a.h"] {
            assert!(suite.lacks(file).is_none(), "{file}");
            assert_eq!(&*suite.read(file).unwrap(), b"int a;");
            assert_eq!(suite.path(file), around.path().join("shared/deep/a.h"));
        }
        assert!(matches!(suite.lacks("shared/b.h"), Some(Lack::Missing)));
        assert!(matches!(suite.lacks("shared/../mine/own.h"), Some(Lack::Missing)));
        assert!(matches!(suite.lacks("shared/out/own.h"), Some(Lack::Outside(_))));
        assert!(Folder::Embedded("hdf5").lacks("shared/proof.h").is_none());
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
