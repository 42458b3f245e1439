//! `mutants.tsv`: one line for every mutant that was tried, written as it comes, so that nothing is tried twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::tell;
use crate::error::{Error, Kind};
use crate::mutate::{Mutant, Trial};

/// What is known of the mutants of this command.
pub(super) struct Trials<'t> {
    asked: &'t [Mutant],
    inner: Mutex<(BTreeMap<String, Trial>, File)>,
    earlier: BTreeMap<String, Trial>,
}

impl<'t> Trials<'t> {
    /// Opens the file of a folder, which is made if it must be.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub(super) fn open(folder: &Path, asked: &'t [Mutant]) -> Result<Self, Error> {
        let path = folder.join("mutants.tsv");
        fs::create_dir_all(folder).map_err(|error| Error::io(Kind::Pod, "make", folder, &error))?;
        let cannot = |error: &std::io::Error| Error::io(Kind::Pod, "write", &path, error);
        let mut file =
            OpenOptions::new().create(true).append(true).open(&path).map_err(|error| cannot(&error))?;
        let text = fs::read_to_string(&path).map_err(|error| Error::io(Kind::Pod, "read", &path, &error))?;
        let known: BTreeMap<String, Trial> = text
            .split_inclusive('\n')
            .filter_map(Trial::read)
            .map(|trial| (trial.mutant.clone(), trial))
            .collect();
        // Half a line of a run that was killed must not swallow the next one.
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(|error| cannot(&error))?;
        }
        Ok(Self { asked, earlier: known.clone(), inner: Mutex::new((known, file)) })
    }

    /// Those of `mutants` that were not tried before.
    pub(super) fn open_ones<'m>(&self, mutants: &'m [Mutant]) -> impl Iterator<Item = &'m Mutant> {
        mutants.iter().filter(|mutant| !self.earlier.contains_key(&mutant.to_string()))
    }

    /// Writes one down.
    pub(super) fn add(&self, mutant: &Mutant, trial: Trial) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk costs the resumption, not the score, which is printed.
        let _ = inner.1.write_all(trial.line().as_bytes());
        tell::trial(inner.0.len() + 1, &trial);
        inner.0.insert(mutant.to_string(), trial);
    }

    /// All that is known of what was asked for.
    pub(super) fn tried(&self) -> Vec<(&'t Mutant, Trial)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |mutant: &'t Mutant| Some((mutant, inner.0.get(&mutant.to_string())?.clone()));
        self.asked.iter().filter_map(known).collect()
    }
}
