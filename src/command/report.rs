//! `stackprobe report`: one JUnit, one page and one summary of what one or many runs left.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::atomic::write_atomic;
use crate::cli::Report;
use crate::error::{Error, Fault, Kind};
use crate::exit::Exit;
use crate::history::{Entry, file};
use crate::notify::Message;
use crate::report::account::Account;
use crate::report::console::note;
use crate::report::gather::gather;
use crate::report::narrow::narrow;
use crate::report::results::read_plan;
use crate::report::text::many;
use crate::report::{summary, termination};
use crate::suite::filter::Filter;

/// How often results are looked at while they are waited for: they may lie on a file server with many readers.
const PAUSE: Duration = Duration::from_secs(5);

/// Reads all inputs and writes every report that is wanted.
///
/// # Errors
/// Inputs none of which can be read, and an output folder that cannot be written.
pub fn report(flags: &Report) -> Result<Exit, Error> {
    let order = flags.reports.order();
    order.check()?;
    let filters = filters(flags)?;
    let out = out(flags, &filters)?;
    let notify = flags.notices.read(out.as_deref())?;
    if let Some(out) = &out {
        std::fs::create_dir_all(out).map_err(|error| Error::place("make", out, &error))?;
    }
    let nowhere = PathBuf::new();
    let mut account = settled(flags, out.as_ref().unwrap_or(&nowhere))?;
    let notes = account.notes.len();
    narrow(&mut account, &filters);
    for told in account.notes.iter().skip(notes) {
        note(told);
    }
    if account.told.is_empty() && !filters.is_empty() {
        return Err(Error::new(Kind::Nothing, "nothing is taken: no check of these results is meant")
            .hint("leave a part of the expression out to see what there is"));
    }
    let files = match &out {
        Some(out) => order.files(out).collect(),
        None => order.elsewhere(),
    };
    for (report, path) in files {
        let bytes = report
            .render(&account, order.strict)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(&path, &bytes)?;
    }
    if flags.history.is_some() && !filters.is_empty() {
        note("a part of the results is not entered into the history");
    } else if let Some(path) = &flags.history {
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
    summary::print(&account, out.as_deref(), flags.reports.final_status_level)?;
    termination::write(&account);
    let exit = summary::exit(&account);
    if let Some(notify) = notify {
        notify.tell(&Message::of_account("report", exit.code(), &account, out.as_deref()));
    }
    Ok(exit)
}

/// What of the results is asked for.
fn filters(flags: &Report) -> Result<Vec<Filter>, Error> {
    let texts = flags.filters.iter().filter(|text| !text.trim().is_empty());
    let read: Vec<Result<Filter, Error>> = texts.map(|text| Filter::parse(text)).collect();
    let faults: Vec<Fault> =
        read.iter().filter_map(|read| read.as_ref().err()).flat_map(|error| error.faults.clone()).collect();
    if faults.is_empty() {
        Ok(read.into_iter().flatten().collect())
    } else {
        Err(Error::of(Kind::Usage, faults))
    }
}

/// What the inputs hold once it is final, or when the time to wait is over.
fn settled(flags: &Report, out: &Path) -> Result<Account, Error> {
    if let Some(plan) = &flags.plan {
        // What is wrong with it is known now, and does not mend itself.
        read_plan(plan)?;
    }
    let begun = Instant::now();
    let mut seen = None;
    loop {
        let account = gather(&flags.inputs, out, flags.plan.as_deref());
        let left = flags.wait.saturating_sub(begun.elapsed());
        let open = account.as_ref().ok().map(Account::open);
        if left.is_zero() || open == Some(0) {
            return account;
        }
        if seen != Some(open) {
            match open {
                Some(cases) => {
                    note(&format!("waiting for {} that other pods may still tell", many(cases, "case")));
                }
                None => note("waiting for the first results"),
            }
            seen = Some(open);
        }
        std::thread::sleep(left.min(PAUSE));
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomic(path, bytes).map_err(|error| Error::place("write", path, &error))
}

/// `--out`, or the one folder that was given; none where only a part of it is asked for: the whole report stays.
fn out(flags: &Report, filters: &[Filter]) -> Result<Option<PathBuf>, Error> {
    match (&flags.out, flags.inputs.as_slice()) {
        (Some(out), _) => Ok(Some(out.clone())),
        (None, _) if !filters.is_empty() => Ok(None),
        (None, [input]) => match std::fs::metadata(input) {
            Ok(found) if found.is_dir() => Ok(Some(input.clone())),
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
