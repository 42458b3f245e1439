//! The results that a release was judged by, kept in it: what the next gate compares with.
//!
//! Logs and pages are left behind; what is kept is what reports are made from, with its seals.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::{Parts, hex};
use crate::error::{Error, Kind};
use crate::report::gather::parts;
use crate::report::seal::{self, Seal};

/// Their folder in a release.
pub const RESULTS: &str = "results";

/// Results directories that are whole, and one digest of all of them.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    folders: Vec<PathBuf>,
    /// What a verdict says of them.
    pub digest: String,
}

/// One digest of all sealed results of a verdict.
#[must_use]
pub fn digest<'s>(seals: impl IntoIterator<Item = &'s Seal>) -> String {
    let mut results = Parts::new("all results");
    for seal in seals {
        results.add("results", seal.digest().as_bytes());
    }
    hex(&results.digest())
}

impl Judged {
    /// Looks at the results that a gate was given.
    ///
    /// # Errors
    /// Results that cannot be read.
    pub fn read(inputs: &[PathBuf]) -> Result<Self, Error> {
        let (parts, _) = parts(inputs, Path::new(""))?;
        let folders: Vec<PathBuf> =
            parts.into_iter().map(|part| part.pod.folder).filter(|folder| folder.is_dir()).collect();
        let seals: Vec<Seal> = folders.iter().filter_map(|folder| Seal::check(folder).ok()).collect();
        Ok(Self { digest: digest(&seals), folders })
    }

    /// Copies them below this folder, each into one of its own.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn keep(&self, into: &Path) -> io::Result<()> {
        for (place, from) in self.folders.iter().enumerate() {
            let to = into.join(RESULTS).join(place.to_string());
            fs::create_dir_all(to.join("cases"))?;
            for name in ["plan.json", seal::NAME] {
                fs::copy(from.join(name), to.join(name))?;
            }
            for entry in fs::read_dir(from.join("cases"))? {
                let path = entry?.path();
                if let (true, Some(name)) =
                    (path.extension().is_some_and(|end| end == "json"), path.file_name())
                {
                    fs::copy(&path, to.join("cases").join(name))?;
                }
            }
        }
        Ok(())
    }
}

/// What to compare with: the results of a release, where that is what is named; else what is named itself.
///
/// # Errors
/// A release that keeps none.
pub fn baseline(named: &Path) -> Result<PathBuf, Error> {
    if !named.join("manifest.json").is_file() {
        return Ok(named.to_path_buf());
    }
    let results = named.join(RESULTS);
    if results.is_dir() {
        return Ok(results);
    }
    let what = format!("the release `{}` keeps no results to compare with", named.display());
    Err(Error::new(Kind::Usage, what)
        .hint("`stackprobe promote --results DIR` keeps those that its gate judged"))
}
