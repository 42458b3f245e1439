//! `stackprobe compare`: what differs between two runs, and why.

use std::path::{Path, PathBuf};

use crate::cli::{Answer, Compare};
use crate::compare::{Comparison, page, render};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::history;
use crate::report::account::Account;
use crate::report::gather::gather;
use crate::report::mask::mask;
use crate::report::print::{answer, print, to_json};

/// Reads both runs and prints the comparison.
///
/// # Errors
/// A run that cannot be read, and standard output that cannot be written.
pub fn compare(flags: &Compare) -> Result<Exit, Error> {
    let history = flags.history.as_deref().map(history::file::known).transpose();
    let (before, after) = (read(&flags.before), read(&flags.after));
    let (before, after, history) = match (before, after, history) {
        (Ok(before), Ok(after), Ok(history)) => (before, after, history),
        (before, after, history) => {
            // All that cannot be read is told at once.
            let errors: Vec<Error> =
                [before.err(), after.err(), history.err()].into_iter().flatten().collect();
            let kind = errors.first().map_or(Kind::Usage, |error| error.kind);
            return Err(Error::of(kind, errors.into_iter().flat_map(|error| error.faults).collect()));
        }
    };
    let mut comparison = Comparison::new(&before, &after, history.as_ref());
    let foreign = history.filter(|history| history.left_out > 0);
    comparison.notes.extend(foreign.map(|history| history.words_on_left_out()));
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
