//! `stackprobe compare`: what differs between two runs, and why.

use std::path::{Path, PathBuf};

use crate::cli::{Answer, Compare};
use crate::compare::{Comparison, page, render};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::account::Account;
use crate::report::gather::gather;
use crate::report::mask::mask;
use crate::report::print::{answer, print, to_json};

/// Reads both runs and prints the comparison.
///
/// # Errors
/// A run that cannot be read, and standard output that cannot be written.
pub fn compare(flags: &Compare) -> Result<Exit, Error> {
    let (before, after) = (read(&flags.before), read(&flags.after));
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(mut error), Err(other)) => {
            error.faults.extend(other.faults);
            return Err(error);
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let comparison = Comparison::new(&before, &after);
    let out = flags.out.as_deref();
    match (flags.format, out) {
        (Answer::Text, None) => print(&render(&comparison))?,
        (Answer::Text, _) => answer(&mask(&render(&comparison)), out)?,
        (Answer::Json, _) => answer(&to_json(&comparison)?, out)?,
        (Answer::Html, _) => {
            let runs = [(flags.before.as_path(), &before), (flags.after.as_path(), &after)];
            answer(&page(&comparison, runs), out)?;
        }
    }
    Ok(comparison.exit())
}

fn read(folder: &Path) -> Result<Account, Error> {
    // Nothing is written: no report in it is ours to leave out.
    gather(&[PathBuf::from(folder)], folder, None)
}
