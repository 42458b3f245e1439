//! `stackprobe compare`: what differs between two runs, and why.

use std::path::{Path, PathBuf};

use crate::cli::{Compare, Format};
use crate::compare::{Comparison, render};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::account::Account;
use crate::report::gather::gather;
use crate::report::print::{print, print_json};

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
    match flags.format {
        Format::Text => print(&render(&comparison))?,
        Format::Json => print_json(&comparison)?,
    }
    Ok(comparison.exit())
}

fn read(folder: &Path) -> Result<Account, Error> {
    // Nothing is written: no report in it is ours to leave out.
    gather(&[PathBuf::from(folder)], folder, None)
}
