//! `stackprobe report`: one JUnit, one page and one summary of what one or many runs left.

use std::path::{Path, PathBuf};

use crate::atomic::write_atomic;
use crate::cli::Report;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::history::{Entry, file};
use crate::report::console::note;
use crate::report::gather::gather;
use crate::report::summary;

/// Reads all inputs and writes every report that is wanted.
///
/// # Errors
/// Inputs none of which can be read, and an output folder that cannot be written.
pub fn report(flags: &Report) -> Result<Exit, Error> {
    let order = flags.reports.order();
    order.check()?;
    let out = out(flags)?;
    std::fs::create_dir_all(&out).map_err(|error| Error::place("make", &out, &error))?;
    let account = gather(&flags.inputs, &out, flags.plan.as_deref())?;
    for (report, path) in order.files(&out) {
        let bytes = report
            .render(&account, order.strict)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(&path, &bytes)?;
    }
    if let Some(path) = &flags.history {
        let entries = account.told.iter().filter_map(|told| {
            let pod = account.pods.get(told.pod).filter(|pod| !pod.plan.stackprobe.is_empty())?;
            let facts = &pod.plan.pod;
            Entry::of(&told.case, facts.node.as_deref().unwrap_or(&facts.host))
        });
        let told = file::append(path, &entries.collect::<Vec<Entry>>())?;
        if let Some(told) = told {
            note(&told);
        }
    }
    summary::print(&account, &out)?;
    Ok(summary::exit(&account))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomic(path, bytes).map_err(|error| Error::place("write", path, &error))
}

/// `--out`, or the one folder that was given.
fn out(flags: &Report) -> Result<PathBuf, Error> {
    match (&flags.out, flags.inputs.as_slice()) {
        (Some(out), _) => Ok(out.clone()),
        (None, [input]) => match std::fs::metadata(input) {
            Ok(found) if found.is_dir() => Ok(input.clone()),
            Ok(_) => Err(missing_out()),
            Err(error) => Err(Error::io(Kind::Usage, "read", input, &error)
                .hint("a results directory holds a plan.json and cases/")),
        },
        (None, _) => Err(missing_out()),
    }
}

fn missing_out() -> Error {
    Error::new(Kind::Usage, "--out is missing: where do the reports of several inputs go?")
        .hint("give --out DIR; junit.xml and report.html are written there")
}
