//! Finds results and reads them: directories of our own, JUnit files of others. What cannot be read is named, and the
//! rest is done.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Fault, Kind, reason};
use crate::report::account::{Account, Pod};
use crate::report::claim::Claim;
use crate::report::foreign;
use crate::report::merge::{Part, Unread, merge};
use crate::report::record::PlanRecord;
use crate::report::results::{has_repro, read, read_plan};
use crate::verdict::check::Outcome;
use path_fault::{Obstacle, PathFault};

/// How deep a folder of results directories is searched: `WORKFLOW/STEP/POD/results` and one more.
const DEPTH: usize = 5;
/// More inputs than any matrix has: a search that finds them was given the wrong folder.
const MOST: usize = 20_000;

/// What an argument turned out to be.
enum Input {
    Results(PathBuf),
    Foreign(PathBuf),
}

/// Reads everything that `inputs` name. `out` is where the reports will stand, `plan` a plan to count against.
///
/// # Errors
/// Inputs none of which can be read, and a plan that cannot be read.
pub fn gather(inputs: &[PathBuf], out: &Path, plan: Option<&Path>) -> Result<Account, Error> {
    let (parts, unread) = parts(inputs, out)?;
    let plan = plan.map(|path| read_plan(path).map(|plan| wanted(path, plan))).transpose()?;
    Ok(merge(parts, &unread, plan))
}

/// Reads everything that `inputs` name, each for itself, and names what cannot be read.
///
/// # Errors
/// Inputs none of which can be read.
pub fn parts(inputs: &[PathBuf], out: &Path) -> Result<(Vec<Part>, Vec<Unread>), Error> {
    let mut found = Vec::new();
    let mut unread = Vec::new();
    let own = out.canonicalize().map(|out| out.join("junit.xml")).unwrap_or_default();
    for input in inputs {
        find(input, &own, (&mut found, &mut unread));
    }
    let read: Vec<Result<Part, Unread>> = found
        .par_iter()
        .map(|input| match input {
            Input::Results(folder) => results(folder, out),
            Input::Foreign(file) => foreign::read(file).map_err(|why| Unread { input: file.clone(), why }),
        })
        .collect();
    let mut parts = Vec::new();
    for part in read {
        match part {
            Ok(part) => parts.push(part),
            Err(why) => unread.push(why),
        }
    }
    if parts.is_empty() {
        let faults = unread.iter().map(|unread| {
            // What names a file of it says all.
            let what = if unread.why.starts_with("cannot read ") {
                unread.why.clone()
            } else {
                format!("cannot read `{}`: {}", unread.input.display(), unread.why)
            };
            Fault::new(what).hint("a results directory holds a plan.json and cases/")
        });
        return Err(Error::of(Kind::Usage, faults.collect()));
    }
    name_apart(&mut parts);
    Ok((parts, unread))
}

fn wanted(path: &Path, mut plan: PlanRecord) -> (Pod, Vec<crate::report::record::Owed>) {
    let owed = std::mem::take(&mut plan.cases);
    let mut pod = Pod::nowhere(&format!("plan {}", path.display()));
    pod.plan = plan;
    (pod, owed)
}

fn find(input: &Path, own: &Path, found: (&mut Vec<Input>, &mut Vec<Unread>)) {
    let (found, unread) = found;
    let not = |why: &str| Unread { input: input.to_path_buf(), why: why.to_owned() };
    match fs::metadata(input) {
        Err(error) => unread.push(not(&why(input, &error))),
        Ok(metadata) if metadata.is_file() => found.push(Input::Foreign(input.to_path_buf())),
        Ok(metadata) if metadata.is_dir() => {
            let before = found.len() + unread.len();
            search(input, own, DEPTH, found, unread);
            if found.len() + unread.len() == before {
                unread.push(not("it holds no results: neither a plan.json nor JUnit files"));
            }
        }
        Ok(_) => unread.push(not("neither a folder nor a regular file")),
    }
}

/// The system's reason, and what is known beyond it.
fn why(path: &Path, error: &std::io::Error) -> String {
    let detail = PathFault::detail(path, error).map(|detail| format!(", {detail}"));
    format!("{}{}", reason(error), detail.unwrap_or_default())
}

/// Links are not followed: `latest -> run-7` would count run 7 twice.
fn search(folder: &Path, own: &Path, depth: usize, found: &mut Vec<Input>, unread: &mut Vec<Unread>) {
    let cannot = |why: String| Unread { input: folder.to_path_buf(), why };
    // One that cannot be read is told where it is read.
    match fs::symlink_metadata(folder.join("plan.json")) {
        Err(error) if Obstacle::of(&error) == Obstacle::Missing => {}
        _ => return found.push(Input::Results(folder.to_path_buf())),
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return unread.push(cannot(why(folder, &error))),
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    if entries.iter().any(|entry| entry.file_name() == "cases") {
        return unread.push(cannot("it holds cases but no plan.json: what was owed is not known".to_owned()));
    }
    for entry in entries {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if found.len() + unread.len() >= MOST {
            return unread.push(cannot(format!("more than {MOST} inputs: the rest is not looked at")));
        }
        if kind.is_dir() && depth > 0 {
            search(&path, own, depth - 1, found, unread);
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extension == "xml")
            && path.canonicalize().is_ok_and(|path| path != own)
        {
            found.push(Input::Foreign(path));
        }
    }
}

fn results(folder: &Path, out: &Path) -> Result<Part, Unread> {
    let (mut plan, done, left_out) = read(folder).map_err(|error| {
        let fault = error.faults.first();
        let what = fault.map(|fault| fault.what.clone()).unwrap_or_default();
        let hint = fault.and_then(|fault| fault.hint.clone()).unwrap_or_default();
        let hint = if hint.is_empty() { hint } else { format!(" ({hint})") };
        Unread { input: folder.to_path_buf(), why: format!("{what}{hint}") }
    })?;
    let owed = std::mem::take(&mut plan.cases);
    let red = done.values().filter(|case| case.outcome() > Outcome::Skipped);
    let repro: BTreeSet<String> =
        red.map(|case| &case.owed.id).filter(|id| has_repro(folder, id)).cloned().collect();
    let pod =
        Pod { name: plan.pod.host.clone(), folder: folder.to_path_buf(), link: link(folder, out), plan };
    Ok(Part { pod, owed, done, repro, left_out, writer: Claim::holder(folder) })
}

/// From the page in `out` to a folder in or below it.
fn link(folder: &Path, out: &Path) -> Option<String> {
    let (folder, out) = (folder.canonicalize().ok()?, out.canonicalize().ok()?);
    let below = folder.strip_prefix(out).ok()?;
    let mut link = String::new();
    for part in below {
        link.push_str(part.to_str()?);
        link.push('/');
    }
    Some(link)
}

/// Pods of one name (the same host twice, no host) are told apart by where they were read from.
fn name_apart(parts: &mut [Part]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for part in parts.iter() {
        *count.entry(part.pod.name.clone()).or_default() += 1;
    }
    let counted: BTreeMap<String, usize> = count.into_iter().collect();
    for part in parts {
        if part.pod.name.is_empty() || counted.get(&part.pod.name).is_some_and(|count| *count > 1) {
            let folder = part.pod.folder.display();
            part.pod.name =
                [&part.pod.name, &folder.to_string()].map(String::as_str).join(" ").trim_start().into();
        }
    }
}
