//! One case of a results directory, by the path that a person types, with the script that does it again.

use std::io;
use std::path::{Path, PathBuf};

use crate::document::nearest;
use crate::error::{Error, Kind, not_read, reason};
use crate::report::bounded::{CASE_LIMIT, is_file_name, read_bounded};
use crate::report::record::{CaseRecord, FORMAT};
use crate::report::repro::END;
use crate::report::results::has_repro;
use crate::verdict::check::Outcome;
use path_fault::{PathFault, entries, find};

/// Largest script that is read: the sources of a probe are in it.
const SCRIPT_LIMIT: u64 = 64 << 20;
/// How many cases a hint names.
const NAMED: usize = 8;

/// A case that did not pass, and what it takes to see it.
#[derive(Debug)]
pub struct Kept {
    /// What became of it.
    pub record: CaseRecord,
    /// Its `repro.sh`, whole and of this version.
    pub script: PathBuf,
}

/// Finds the case that `path` means: `RESULTS/cases/ID`, its record `ID.json`, its script, or `RESULTS` alone where
/// one case failed.
///
/// # Errors
/// No such case, one that left nothing to see, and files that are cut short, of another version or of another case.
pub fn open(path: &Path) -> Result<Kept, Error> {
    let (results, id) = place(path)?;
    let record = read(&results, &id)?;
    let script = results.join("cases").join(&id).join("repro.sh");
    if !has_repro(&results, &id) {
        return Err(without_script(&record));
    }
    let text = read_bounded(&script, SCRIPT_LIMIT)
        .map_err(|error| Error::io(Kind::Usage, "read", &script, &error))?;
    if !text.ends_with(END.as_bytes()) {
        let what = format!("`{}` is cut short, or of another version of stackprobe", script.display());
        return Err(Error::new(Kind::Data, what).hint(format!("`{}` writes it anew", again(&record))));
    }
    Ok(Kept { record, script })
}

/// The results directory and the id.
fn place(path: &Path) -> Result<(PathBuf, String), Error> {
    let shown = path.display();
    let mut case = path.to_path_buf();
    if path.file_name().is_some_and(|name| name == "repro.sh") {
        case.pop();
    } else if find(&path.join("plan.json")).map_err(|fault| hidden(&fault))?.is_some() {
        return only(path);
    }
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = case.parent().filter(|folder| folder.file_name().is_some_and(|name| name == "cases"));
    let id = name.strip_suffix(".json").unwrap_or(&name);
    match folder {
        Some(folder) if is_file_name(id) => {
            let results = folder.parent().filter(|results| !results.as_os_str().is_empty());
            Ok((results.unwrap_or(Path::new(".")).to_path_buf(), id.to_owned()))
        }
        _ => Err(Error::new(Kind::Usage, format!("`{shown}` is not a case of a results directory"))
            .hint("give RESULTS/cases/ID, or RESULTS for a list of what did not pass")),
    }
}

fn hidden(fault: &PathFault) -> Error {
    Error::hidden("the results cannot be looked at", fault)
}

/// The one case of a results directory that has a script.
fn only(results: &Path) -> Result<(PathBuf, String), Error> {
    let ids = scripted(results)?;
    match ids.as_slice() {
        [id] => Ok((results.to_path_buf(), id.clone())),
        [] => Err(Error::new(
            Kind::Usage,
            format!("no case of `{}` left anything to see", results.display()),
        )
        .hint("a case that fails leaves a script; `stackprobe shell --cc gcc/12` opens just a toolchain")),
        several => {
            let named: Vec<String> = several
                .iter()
                .take(NAMED)
                .map(|id| format!("\n    stackprobe shell {}", results.join("cases").join(id).display()))
                .collect();
            let more = several.len().saturating_sub(NAMED);
            let more = if more > 0 { format!("\n    and {more} more") } else { String::new() };
            Err(Error::new(
                Kind::Usage,
                format!("{} cases of `{}` did not pass", several.len(), results.display()),
            )
            .hint(format!("one of{}{more}", named.concat())))
        }
    }
}

/// Ids of the cases that left a script, sorted.
fn scripted(results: &Path) -> Result<Vec<String>, Error> {
    let entries = entries(&results.join("cases")).map_err(|fault| hidden(&fault))?;
    let names = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut ids: Vec<String> = names.filter(|id| has_repro(results, id)).collect();
    ids.sort();
    Ok(ids)
}

fn read(results: &Path, id: &str) -> Result<CaseRecord, Error> {
    let path = results.join("cases").join(format!("{id}.json"));
    let bad = |what: String| {
        Error::new(Kind::Data, format!("cannot read `{}`: {what}", path.display()))
            .hint("the run was cut short, or the file was: run the case again")
    };
    let text = match read_bounded(&path, CASE_LIMIT) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let ids = scripted(results)?;
            let near = nearest(id, ids.iter().map(String::as_str));
            let hint = match near.or(ids.first().map(String::as_str)) {
                Some(near) => format!("there is `{}`", results.join("cases").join(near).display()),
                None => "give RESULTS/cases/ID of a case that did not pass".to_owned(),
            };
            let what = format!("there is no case `{id}` in `{}`", results.display());
            return Err(Error::new(Kind::Usage, what).hint(hint));
        }
        Err(error) if error.raw_os_error().is_some() => {
            return Err(Error::io(Kind::Usage, "read", &path, &error));
        }
        Err(error) => return Err(bad(reason(&error))),
    };
    let record: CaseRecord = serde_json::from_slice(&text).map_err(|error| bad(not_read(&error)))?;
    if record.format != FORMAT {
        return Err(bad(format!("it is of format {}, wanted {FORMAT}", record.format)));
    }
    if record.owed.id != id {
        return Err(bad(format!("it is the record of another case, `{}`", record.owed.id.escape_debug())));
    }
    Ok(record)
}

fn without_script(record: &CaseRecord) -> Error {
    let case = format!("{}/{} [{}]", record.owed.suite, record.owed.probe, record.owed.toolchain);
    let what = match (record.outcome(), record.first_fault()) {
        (Outcome::Skipped, _) => format!("{case} was skipped: there is nothing to look at"),
        (Outcome::Passed, _) | (_, None) => {
            format!("{case} passed: only a case that did not pass keeps its files")
        }
        (_, Some(check)) => {
            format!("{case} ended before its first command: {}: {}", check.name, check.reason)
        }
    };
    let modules = record.owed.toolchain.split(' ').next().unwrap_or_default();
    Error::new(Kind::Usage, what).hint(format!(
        "`stackprobe shell --cc {modules}` and the like opens the toolchain, `{}` does the case again",
        again(record)
    ))
}

fn again(record: &CaseRecord) -> String {
    let owed = &record.owed;
    format!("stackprobe run {}", shell_words::quote(&format!("{}/{}", owed.suite, owed.probe)))
}
