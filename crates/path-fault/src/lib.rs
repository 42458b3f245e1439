//! Why a path could not be looked at. That it is not there is one answer of many, and the only one that speaks against
//! the stack: a folder closed to the pod's user, a circle of links, a file server that is gone and a limit of the pod
//! all look like "does not exist" to a program that asks for no more than yes or no.
//!
//! ```
//! use path_fault::{Obstacle, find};
//!
//! assert!(find("/no/such/path".as_ref())?.is_none());
//!
//! let folder = tempfile::tempdir()?;
//! let link = folder.path().join("link");
//! std::os::unix::fs::symlink(&link, &link)?;
//! let fault = find(&link).unwrap_err();
//! assert_eq!(fault.obstacle, Obstacle::Loop);
//! assert!(fault.to_string().contains("its links lead in a circle"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use mount::Mount;

pub mod mount;
mod obstacle;
mod way;

pub use obstacle::{Obstacle, reason};
use way::{circle, owners};

/// Why one path could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFault {
    /// What stands between.
    pub obstacle: Obstacle,
    /// In one line, with what is known of the obstacle.
    what: String,
}

impl PathFault {
    /// Looks for the reason of `error`, which an operation on `path` gave.
    #[must_use]
    pub fn new(path: &Path, error: &io::Error) -> Self {
        let obstacle = Obstacle::of(error);
        let reason = reason(error);
        let shown = path.display();
        let what = match obstacle {
            Obstacle::Missing => format!("`{shown}`: {reason}"),
            Obstacle::Closed => format!("`{shown}` is closed to us ({reason}): {}", owners(path)),
            Obstacle::Loop => match circle(path) {
                Some(circle) => format!("`{shown}` cannot be reached, its links lead in a circle: {circle}"),
                None => format!("`{shown}` cannot be reached: {reason}"),
            },
            Obstacle::TooLong => {
                let bytes = path.as_os_str().len();
                format!("`{shown}` cannot be opened: {reason} (the path has {bytes} bytes)")
            }
            Obstacle::Limit => format!("`{shown}` cannot be opened in this pod: {reason}"),
            Obstacle::FileSystem | Obstacle::Other => match Mount::of(path) {
                Some(mount) => {
                    format!("`{shown}` cannot be looked at: {reason}, says its file system ({mount})")
                }
                None => format!("`{shown}` cannot be looked at: {reason}, says its file system"),
            },
        };
        Self { obstacle, what }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.obstacle {
            Obstacle::Missing | Obstacle::Other => return None,
            Obstacle::Closed => {
                "run the pod as a user who may read it (runAsUser, supplementalGroups), or let the site open it"
            }
            Obstacle::Loop => "correct the links, or the mount that they lead through",
            Obstacle::TooLong => "mount or install the stack at a shorter path",
            Obstacle::FileSystem => "look at the file server, the disk or the FUSE daemon behind this mount",
            Obstacle::Limit => "raise the pod's limit of open files or memory",
        })
    }
}

impl PathFault {
    /// What is known beyond the system's own reason; none where that says all.
    #[must_use]
    pub fn detail(path: &Path, error: &io::Error) -> Option<String> {
        match Obstacle::of(error) {
            Obstacle::Closed => Some(owners(path)),
            Obstacle::Loop => circle(path).map(|circle| format!("its links lead in a circle: {circle}")),
            Obstacle::FileSystem => Mount::of(path).map(|mount| format!("says its file system ({mount})")),
            _ => None,
        }
    }
}

impl std::error::Error for PathFault {}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What stands at `path`, links followed; none if nothing does.
///
/// # Errors
/// What stands between us and it.
pub fn find(path: &Path) -> Result<Option<Metadata>, PathFault> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if Obstacle::of(&error) == Obstacle::Missing => Ok(None),
        Err(error) => Err(PathFault::new(path, &error)),
    }
}

/// Whether a folder stands at `path`.
///
/// # Errors
/// What stands between us and it.
pub fn is_folder(path: &Path) -> Result<bool, PathFault> {
    Ok(find(path)?.is_some_and(|found| found.is_dir()))
}

/// Whether a file stands at `path`.
///
/// # Errors
/// What stands between us and it.
pub fn is_file(path: &Path) -> Result<bool, PathFault> {
    Ok(find(path)?.is_some_and(|found| found.is_file()))
}

/// What keeps us from the program at `path`, if it is anything else than that there is none.
#[must_use]
pub fn barred(path: &Path) -> Option<PathFault> {
    let found = match find(path) {
        Ok(found) => found?,
        Err(fault) => return Some(fault),
    };
    // Nobody may run what has no such bit in its mode: that is how it was installed.
    let for_somebody = found.is_file() && found.mode() & 0o111 != 0;
    let refused = for_somebody.then(|| nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).err())??;
    let noexec = nix::sys::statvfs::statvfs(path)
        .is_ok_and(|found| found.flags().contains(nix::sys::statvfs::FsFlags::ST_NOEXEC));
    if noexec {
        let mount = Mount::of(path).map(|mount| format!(" ({mount})")).unwrap_or_default();
        let what = format!("`{}` cannot be run: its file system is mounted noexec{mount}", path.display());
        return Some(PathFault { obstacle: Obstacle::Closed, what });
    }
    Some(PathFault::new(path, &io::Error::from(refused)))
}

/// The first of `candidates` at which a file stands; where there is none, what hides one that may be there.
///
/// # Errors
/// The first obstacle, if no file was found.
pub fn first_file(candidates: &[PathBuf]) -> Result<Option<&PathBuf>, PathFault> {
    let mut hidden = None;
    for candidate in candidates {
        match is_file(candidate) {
            Ok(true) => return Ok(Some(candidate)),
            Ok(false) => {}
            Err(fault) => hidden = hidden.or(Some(fault)),
        }
    }
    hidden.map_or(Ok(None), Err)
}

/// The entries of a folder, none if it is not there.
///
/// # Errors
/// What stands between us and it or its entries.
pub fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, PathFault> {
    match fs::read_dir(folder).and_then(Iterator::collect) {
        Ok(entries) => Ok(entries),
        Err(error) if Obstacle::of(&error) == Obstacle::Missing => Ok(Vec::new()),
        Err(error) => Err(PathFault::new(folder, &error)),
    }
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn each_error_of_the_system_is_what_it_is() {
        for (number, obstacle) in [
            (libc::ENOENT, Obstacle::Missing),
            (libc::ENOTDIR, Obstacle::Missing),
            (libc::EACCES, Obstacle::Closed),
            (libc::EPERM, Obstacle::Closed),
            (libc::ELOOP, Obstacle::Loop),
            (libc::ENAMETOOLONG, Obstacle::TooLong),
            (libc::EIO, Obstacle::FileSystem),
            (libc::ESTALE, Obstacle::FileSystem),
            (libc::ENOTCONN, Obstacle::FileSystem),
            (libc::ETIMEDOUT, Obstacle::FileSystem),
            (libc::EHOSTDOWN, Obstacle::FileSystem),
            (libc::EREMOTEIO, Obstacle::FileSystem),
            (libc::EMFILE, Obstacle::Limit),
            (libc::ENFILE, Obstacle::Limit),
            (libc::ENOMEM, Obstacle::Limit),
            (524, Obstacle::Other),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(Obstacle::of(&error), obstacle, "{error}");
            let told = PathFault::new(Path::new("/some/path"), &error).to_string();
            assert!(told.contains("/some/path") && told.contains(&reason(&error)), "{told}");
        }
    }

    #[test]
    fn a_circle_of_links_is_shown_wherever_it_lies_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path();
        symlink("b", below.join("a")).unwrap();
        symlink("./c/../a", below.join("b")).unwrap();
        symlink("a/x", below.join("c")).unwrap();
        for path in ["a", "a/bin/gcc", "b/x"] {
            let fault = find(&below.join(path)).unwrap_err();
            assert_eq!(fault.obstacle, Obstacle::Loop, "{path}");
            let told = fault.to_string();
            assert!(told.contains("in a circle: ") && told.contains(" -> "), "{told}");
        }
        symlink("self", below.join("self")).unwrap();
        let told = find(&below.join("self/x")).unwrap_err().to_string();
        let link = below.join("self").display().to_string();
        assert!(told.ends_with(&format!("in a circle: {link} -> {link}")), "{told}");
    }

    #[test]
    fn what_is_not_there_is_no_obstacle_and_what_is_too_long_is_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(find(&folder.path().join("no/such")).unwrap().is_none());
        assert!(find(&folder.path().join("file/below")).unwrap().is_none());
        assert!(
            !is_folder(&folder.path().join("file")).unwrap() && is_file(&folder.path().join("file")).unwrap()
        );
        assert!(entries(&folder.path().join("no")).unwrap().is_empty());
        let long = find(&folder.path().join("x".repeat(300))).unwrap_err();
        assert_eq!(long.obstacle, Obstacle::TooLong);
        assert!(entries(&folder.path().join("x".repeat(5000))).is_err());
    }
}
