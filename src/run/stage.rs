//! The folders of a case: where its sources lie, what it may write, and that nothing of it stays.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};
use crate::run::remove::remove;
use crate::run::root::Root;
use crate::suite::{Probe, Suite};

/// Sources, program and temporary folders of one build and the cases that run it.
#[derive(Debug)]
pub struct Stage {
    folder: PathBuf,
    keep: bool,
}

impl Stage {
    /// Copies the files of `probe` into a folder of their own, flat and read-only.
    ///
    /// # Errors
    /// Folders that cannot be made, files that cannot be copied.
    pub fn new(root: &Root, name: &str, suite: &Suite, probe: &Probe, keep: bool) -> Result<Self, Error> {
        let stage = Self { folder: root.path().join(name), keep };
        let cannot = |verb, path: &Path, error: &io::Error| Error::io(Kind::Pod, verb, path, error);
        fs::create_dir(&stage.folder).map_err(|error| cannot("make", &stage.folder, &error))?;
        let files: BTreeSet<&String> = probe.sources.iter().chain(&probe.files).collect();
        for file in files {
            let to = stage.folder.join(base(file));
            let bytes =
                suite.folder.read(file).map_err(|error| cannot("read", &suite.folder.path(file), &error))?;
            fs::write(&to, bytes).map_err(|error| cannot("write", &to, &error))?;
            // A script may be run by its name; nothing may change what was staged.
            fs::set_permissions(&to, Permissions::from_mode(0o555))
                .map_err(|error| cannot("protect", &to, &error))?;
        }
        Ok(stage)
    }

    /// The staged folder: the current directory of every command.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The program that is built.
    #[must_use]
    pub fn exe(&self) -> PathBuf {
        self.folder.join("probe.exe")
    }

    /// Makes a temporary folder and a home for one attempt.
    ///
    /// # Errors
    /// Folders that cannot be made.
    pub fn attempt(&self, name: &str) -> Result<Attempt, Error> {
        // Behind the whole name: `…gcc-12.2.0` and `…gcc-12.2.1` differ in what looks like an extension.
        let mut folder = self.folder.clone().into_os_string();
        folder.push(format!(".{name}"));
        let folder = PathBuf::from(folder);
        let attempt = Attempt { tmp: folder.join("t"), home: folder.join("h"), folder, keep: self.keep };
        for folder in [&attempt.folder, &attempt.tmp, &attempt.home] {
            fs::create_dir(folder).map_err(|error| Error::io(Kind::Pod, "make", folder, &error))?;
        }
        Ok(attempt)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.keep && fs::remove_dir(&self.folder).is_err() {
            remove(&self.folder);
        }
    }
}

/// The folders that one attempt may write.
#[derive(Debug)]
pub struct Attempt {
    /// `TMPDIR`.
    pub tmp: PathBuf,
    /// `HOME`.
    pub home: PathBuf,
    folder: PathBuf,
    keep: bool,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // Most are empty, and then three calls do what takes a walk otherwise.
        let empty =
            || [&self.tmp, &self.home, &self.folder].into_iter().all(|folder| fs::remove_dir(folder).is_ok());
        if !self.keep && !empty() {
            remove(&self.folder);
        }
    }
}

/// The last part of a path as it is written in a suite.
#[must_use]
pub fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_whose_names_differ_behind_the_last_dot_share_no_folder() {
        let root = Root::new(false).unwrap();
        let attempt = |name: &str| {
            let stage = Stage { folder: root.path().join(name), keep: false };
            stage.attempt("build").unwrap()
        };
        let (one, other) = (attempt("mpi.hello.gcc-12.2.0"), attempt("mpi.hello.gcc-12.2.1"));
        assert_ne!(one.tmp, other.tmp);
    }
}
