//! The state of what an environment leads to: an install, told by its hash and its files.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::digest::{Parts, sha256_of};
use path_fault::{Obstacle, PathFault, is_folder};
use spack_db::{Packages, read_spec};

/// Reading more than this for every run costs more than it saves.
const MOST_BYTES: u64 = 2 << 30;
/// The largest installs that were met have some hundred thousand files.
const MOST_FILES: usize = 400_000;
/// Parts of a path that are below an install and not its name.
const INSIDE: [&str; 14] = [
    "bin",
    "sbin",
    "lib",
    "lib64",
    "lib32",
    "libexec",
    "include",
    "share",
    "man",
    "info",
    "pkgconfig",
    "cmake",
    "etc",
    "aclocal",
];
/// The operating system's own: the list of its packages stands for them.
const HOST: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc", "/proc"];

/// The install that `path` leads into; none for what is no path, is not there, or is the operating system's.
///
/// # Errors
/// Why it cannot be known: what cannot be looked at now may be there, and be another when the case runs.
pub(super) fn root(path: &Path) -> Result<Option<PathBuf>, String> {
    if !path.is_absolute() || is_host(path) {
        return Ok(None);
    }
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if Obstacle::of(&error) == Obstacle::Missing => return Ok(None),
        Err(error) => return Err(PathFault::new(path, &error).to_string()),
    }
    let clean: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if let Some(prefix) = root_above(&clean)? {
        return Ok(Some(prefix));
    }
    let mut root = clean.as_path();
    while let (Some(name), Some(above)) = (root.file_name(), root.parent()) {
        if !INSIDE.iter().any(|inside| name == *inside) {
            break;
        }
        root = above;
    }
    Ok(Some(root.to_path_buf()))
}

/// The nearest folder above that Spack installed.
fn root_above(path: &Path) -> Result<Option<PathBuf>, String> {
    for folder in path.ancestors() {
        if is_folder(&folder.join(".spack")).map_err(|fault| fault.to_string())? {
            return Ok(Some(folder.to_path_buf()));
        }
    }
    Ok(None)
}

fn is_host(path: &Path) -> bool {
    !path.starts_with("/usr/local") && HOST.iter().any(|host| path.starts_with(host))
}

/// An install as it was found.
struct Found {
    real: PathBuf,
    files: Vec<(PathBuf, Metadata)>,
    hash: Option<Box<str>>,
}

fn find(root: &Path) -> Result<Found, String> {
    if root.components().count() < 3 {
        return Err(format!("{} is too much to be known", root.display()));
    }
    let real = root.canonicalize().map_err(|error| told(root, &error))?;
    let mut files = Vec::new();
    walk(&real, &mut files)?;
    files.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    let hash = read_spec(&real, &Packages::default())
        .ok()
        .map(|(record, _)| record.hash)
        .filter(|hash| !hash.is_empty());
    Ok(Found { real, files, hash })
}

impl Found {
    /// Its hash, and names, sizes and times of its files.
    fn state(&self) -> [u8; 32] {
        let mut parts = Parts::new("install");
        parts.add("hash", self.hash.as_deref().unwrap_or_default().as_bytes());
        for (path, meta) in &self.files {
            parts.add("path", relative(path, &self.real).as_encoded_bytes());
            let state = format!("{:o} {} {} {}", meta.mode(), meta.size(), meta.mtime(), meta.mtime_nsec());
            parts.add("state", state.as_bytes());
        }
        parts.digest()
    }
}

/// The state of an install in the place where it is: nothing of it is read but names, sizes and times.
///
/// # Errors
/// Why it cannot be known.
pub(super) fn state(root: &Path) -> Result<[u8; 32], String> {
    Ok(find(root)?.state())
}

/// What tells an install from another, in whatever place: its state where Spack left a hash, else its content.
///
/// # Errors
/// Why it cannot be known.
pub(super) fn digest(root: &Path) -> Result<[u8; 32], String> {
    let found = find(root)?;
    if found.hash.is_some() {
        return Ok(found.state());
    }
    let Found { real, files, .. } = found;
    let mut parts = Parts::new("install");
    let bytes: u64 = files.iter().filter(|(_, meta)| meta.is_file()).map(|(_, meta)| meta.size()).sum();
    if bytes > MOST_BYTES {
        return Err(format!("{} has no hash and holds {} MiB", root.display(), bytes >> 20));
    }
    let contents: Vec<[u8; 32]> =
        files.par_iter().map(|(path, meta)| content(path, meta, &real)).collect::<Result<_, _>>()?;
    for ((path, meta), content) in files.iter().zip(contents) {
        parts.add("path", relative(path, &real).as_encoded_bytes());
        parts.add("mode", format!("{:o}", meta.mode()).as_bytes());
        parts.add("content", &content);
    }
    Ok(parts.digest())
}

fn content(path: &Path, meta: &Metadata, root: &Path) -> Result<[u8; 32], String> {
    if meta.is_file() {
        return fs::File::open(path).and_then(sha256_of).map_err(|error| told(path, &error));
    }
    let mut parts = Parts::new("other");
    if meta.is_symlink() {
        let target = fs::read_link(path).map_err(|error| told(path, &error))?;
        parts.add("target", target.as_os_str().as_encoded_bytes());
        // What lies outside is not walked, so it must be known otherwise.
        let real = match path.canonicalize() {
            Ok(real) => Some(real),
            Err(error) if matches!(Obstacle::of(&error), Obstacle::Missing | Obstacle::Loop) => None,
            Err(error) => return Err(PathFault::new(path, &error).to_string()),
        };
        if let Some(real) = real.filter(|real| !real.starts_with(root) && !is_host(real)) {
            let install = root_above(&real)?;
            let known = install.and_then(|prefix| read_spec(&prefix, &Packages::default()).ok());
            let (record, _) = known.ok_or_else(|| {
                format!("{} leads to {}, of which nothing is known", path.display(), real.display())
            })?;
            parts.add("hash", record.hash.as_bytes());
        }
    }
    Ok(parts.digest())
}

fn walk(folder: &Path, files: &mut Vec<(PathBuf, Metadata)>) -> Result<(), String> {
    let meta = fs::symlink_metadata(folder).map_err(|error| told(folder, &error))?;
    if !meta.is_dir() {
        files.push((folder.to_path_buf(), meta));
        return Ok(());
    }
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| told(&folder, &error))? {
            let entry = entry.map_err(|error| told(&folder, &error))?;
            let meta = entry.metadata().map_err(|error| told(&entry.path(), &error))?;
            if meta.is_dir() {
                // Python writes its byte code where it may, at any time.
                if entry.file_name() != "__pycache__" {
                    folders.push(entry.path());
                }
            } else {
                files.push((entry.path(), meta));
            }
        }
        if files.len() > MOST_FILES {
            return Err(format!("{} holds more than {MOST_FILES} files", folder.display()));
        }
    }
    Ok(())
}

fn relative(path: &Path, root: &Path) -> OsString {
    path.strip_prefix(root).unwrap_or(path).as_os_str().to_owned()
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {}", path.display(), crate::error::reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_install_is_the_folder_above_bin_and_lib_and_the_hosts_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("python/lib/pkgconfig")).unwrap();
        fs::create_dir_all(at("spack/zlib/.spack")).unwrap();
        fs::create_dir_all(at("spack/zlib/libexec/deep/er")).unwrap();
        assert_eq!(root(&at("python/lib/pkgconfig")), Ok(Some(at("python"))));
        assert_eq!(root(&at("python/.")), Ok(Some(at("python"))));
        assert_eq!(root(&at("spack/zlib/libexec/deep/er")), Ok(Some(at("spack/zlib"))));
        assert_eq!(root(&at("absent")), Ok(None));
        assert_eq!(root(Path::new("/usr/bin")), Ok(None));
        assert_eq!(root(Path::new("-O2")), Ok(None));
        assert!(digest(Path::new("/")).is_err());
    }

    #[test]
    fn what_cannot_be_looked_at_is_unknown_and_not_the_same_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("turn", folder.path().join("turn")).unwrap();
        assert!(root(&folder.path().join("turn/bin")).unwrap_err().contains("in a circle"));
        assert!(root(&folder.path().join("x".repeat(300))).is_err());
    }

    #[test]
    fn every_byte_counts_and_a_link_into_the_unknown_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("python/bin/__pycache__")).unwrap();
        fs::create_dir_all(at("elsewhere")).unwrap();
        fs::write(at("python/bin/python"), "one").unwrap();
        let first = digest(&at("python")).unwrap();
        assert_eq!(digest(&at("python")).unwrap(), first);
        fs::write(at("python/bin/__pycache__/x.pyc"), "byte code").unwrap();
        assert_eq!(digest(&at("python")).unwrap(), first);
        fs::write(at("python/bin/python"), "onf").unwrap();
        assert_ne!(digest(&at("python")).unwrap(), first);
        std::os::unix::fs::symlink("../../elsewhere", at("python/bin/link")).unwrap();
        assert!(digest(&at("python")).unwrap_err().contains("nothing is known"));
    }
}
