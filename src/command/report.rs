//! `stackprobe report`: everything anew from what a run, or a SIGKILL, left.

use anstream::eprintln;

use crate::cli::Report;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::report::results::{accounted, read, replace};
use crate::report::{junit, summary};

/// Rebuilds `junit.xml` and prints the summary.
///
/// # Errors
/// A directory without a plan, or one that cannot be written.
pub fn report(flags: &Report) -> Result<Exit, Error> {
    let (plan, done, skipped) = read(&flags.folder)?;
    for what in skipped {
        eprintln!("warning: {what}");
    }
    let cases = accounted(&plan, &done, "lost", "no result: the run ended before this case could be written");
    let xml =
        junit::render(&plan, &cases, flags.junit_strict).map_err(|what| Error::new(Kind::Internal, what))?;
    let path = flags.folder.join("junit.xml");
    replace(&path, &xml).map_err(|error| Error::io(Kind::Pod, "write", &path, &error))?;
    summary::print(&plan, &done, &flags.folder);
    Ok(summary::exit(&plan, &done))
}
