//! Results that a new run into the same directory would write over: they stay, as `RESULTS/earlier/N`.
//!
//! Each file gets a second name there before the first one is given up. So a SIGKILL at any instant leaves the results
//! where they were, or in both places, and `earlier/N` is there whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use crate::atomic::PART;
use crate::error::Error;
use crate::report::order::ALL;
use crate::report::record::{CaseRecord, INTERRUPTED, OVER_BUDGET};
use crate::report::results::{read, read_plan};
use crate::report::seal;
use crate::verdict::check::Outcome;

/// Where earlier results stand in a results directory.
pub const FOLDER: &str = "earlier";
/// The suite and the probe that stand for what must be there before the first case.
pub const NOTHING_TESTED: (&str, &str) = ("run", "preflight");
/// What results consist of, beside the reports.
const PARTS: [&str; 4] = ["plan.json", "cases", "logs", seal::NAME];
/// What the name of a folder ends in that is being removed.
const GONE: &str = ".gone";

/// Keeps the results in `folder` that a run is about to write over, and says where. Of all that are kept the `most`
/// latest stay; a run that tested nothing gives way first.
///
/// # Errors
/// A directory that cannot be read or written. The results are untouched then.
pub fn keep(folder: &Path, most: usize) -> Result<Option<PathBuf>, Error> {
    if most == 0 || !parts().any(|part| holds(&folder.join(part))) {
        return Ok(None);
    }
    let earlier = folder.join(FOLDER);
    let kept = store(folder, &earlier).map_err(|error| {
        Error::place("keep the earlier results in", &earlier, &error)
            .hint("--results names another folder; --earlier 0 gives the earlier results up")
    })?;
    prune(&earlier, most);
    Ok(Some(kept))
}

/// Whether a run that goes on with the results in `folder` would give up a verdict: `kept` are the cases that it takes
/// over.
#[must_use]
pub fn would_lose(folder: &Path, kept: &[CaseRecord]) -> bool {
    let Ok((_, done, _)) = read(folder) else { return false };
    let kept: BTreeSet<&str> = kept.iter().map(|case| case.owed.id.as_str()).collect();
    let verdict = |case: &CaseRecord| {
        let told = |check: &crate::verdict::check::Check| {
            check.outcome != Outcome::Error && ![INTERRUPTED, OVER_BUDGET].contains(&check.kind.as_str())
        };
        case.checks.iter().any(told)
    };
    done.iter().any(|(id, case)| !kept.contains(id.as_str()) && verdict(case))
}

/// The results of the run before, and of the ones before that: those of `folder` itself first. What tested nothing is
/// left out.
#[must_use]
pub fn latest(folder: &Path) -> Option<PathBuf> {
    let earlier = numbered(&folder.join(FOLDER)).into_iter().rev().map(|(_, path)| path);
    std::iter::once(folder.to_path_buf()).chain(earlier).find(|path| tested(path))
}

fn parts() -> impl Iterator<Item = &'static str> {
    PARTS.into_iter().chain(ALL.iter().map(|report| report.file()))
}

fn holds(part: &Path) -> bool {
    match fs::read_dir(part) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => fs::symlink_metadata(part).is_ok_and(|found| found.is_file()),
    }
}

fn tested(folder: &Path) -> bool {
    read_plan(&folder.join("plan.json")).is_ok_and(|plan| {
        plan.cases.iter().any(|owed| (owed.suite.as_str(), owed.probe.as_str()) != NOTHING_TESTED)
    })
}

/// Gives everything a second name below `earlier`.
fn store(folder: &Path, earlier: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(earlier)?;
    // What a run left that was killed while it did this.
    for entry in fs::read_dir(earlier)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b".") && (name.ends_with(PART.as_bytes()) || name.ends_with(GONE.as_bytes())) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let number = numbered(earlier).last().map_or(1, |(number, _)| number + 1);
    let part = earlier.join(format!(".{number}{PART}"));
    fs::create_dir(&part)?;
    for name in parts() {
        double(&folder.join(name), &part.join(name))?;
    }
    let kept = earlier.join(number.to_string());
    fs::rename(&part, &kept)?;
    Ok(kept)
}

/// A second name for a file, or for every file of a folder; a copy where the file system gives a file one name only.
fn double(from: &Path, to: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(from) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if found.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            if !name.as_encoded_bytes().ends_with(PART.as_bytes()) {
                double(&from.join(&name), &to.join(&name))?;
            }
        }
    } else if found.is_file() && fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
    }
    Ok(())
}

/// The results that are kept, the oldest first.
fn numbered(earlier: &Path) -> Vec<(u64, PathBuf)> {
    let number = |entry: &DirEntry| -> Option<u64> {
        let number = entry.file_name().to_str()?.parse().ok()?;
        entry.file_type().is_ok_and(|kind| kind.is_dir()).then_some(number)
    };
    let entries = fs::read_dir(earlier).into_iter().flatten().flatten();
    let mut all: Vec<(u64, PathBuf)> =
        entries.filter_map(|entry| Some((number(&entry)?, entry.path()))).collect();
    all.sort();
    all
}

/// Removes the oldest. That one cannot be removed costs space, and nothing else.
fn prune(earlier: &Path, most: usize) {
    let mut all = numbered(earlier);
    while all.len() > most {
        let place = all.iter().position(|(_, path)| !tested(path)).unwrap_or(0);
        let (number, path) = all.remove(place);
        let gone = earlier.join(format!(".{number}{GONE}"));
        // An old result that cannot go takes space, and does no other harm.
        let _ = fs::rename(&path, &gone).and_then(|()| fs::remove_dir_all(&gone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::write_atomic;

    fn write(path: impl AsRef<Path>, text: &str) {
        let path = path.as_ref();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_atomic(path, text.as_bytes()).unwrap();
    }

    fn plan(suite: &str, probe: &str) -> String {
        format!(
            r#"{{"format":1,"stackprobe":"","started":"","command":[],"pod":{{"host":"h","node":null,"image":null,
                "cpus":1,"memory":null,"shm":null,"uid":0}},"cases":[{{"id":"x","suite":"{suite}","probe":"{probe}",
                "toolchain":"gcc/12","file":"","line":0}}]}}"#
        )
    }

    #[test]
    fn what_was_there_is_kept_whole_and_a_folder_without_results_gives_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(at("run.lock"), "1");
        fs::create_dir_all(at("cases")).unwrap();
        assert_eq!(keep(folder.path(), 3).unwrap(), None);
        write(at("plan.json"), &plan("a", "b"));
        write(at("cases/x.json"), "{}");
        write(at("cases/x/repro.sh"), "true");
        write(at("cases/.x.json.part"), "{");
        write(at("logs/x.log"), "said");
        // A killed predecessor.
        write(at("earlier/.1.part/plan.json"), "{");
        assert_eq!(keep(folder.path(), 3).unwrap(), Some(at("earlier/1")));
        fs::remove_file(at("logs/x.log")).unwrap();
        assert_eq!(fs::read_to_string(at("earlier/1/logs/x.log")).unwrap(), "said");
        assert!(at("earlier/1/cases/x/repro.sh").exists() && at("earlier/1/cases/x.json").exists());
        assert!(!at("earlier/1/cases/.x.json.part").exists() && !at("earlier/.1.part").exists());
        assert_eq!(keep(folder.path(), 0).unwrap(), None);
    }

    #[test]
    fn the_oldest_goes_and_before_it_what_tested_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let kept =
            || -> Vec<u64> { numbered(&at("earlier")).into_iter().map(|(number, _)| number).collect() };
        for (suite, probe) in [("a", "b"), NOTHING_TESTED, ("a", "b")] {
            write(at("plan.json"), &plan(suite, probe));
            keep(folder.path(), 3).unwrap();
        }
        assert_eq!(kept(), [1, 2, 3]);
        keep(folder.path(), 3).unwrap();
        assert_eq!(kept(), [1, 3, 4]);
        keep(folder.path(), 3).unwrap();
        assert_eq!(kept(), [3, 4, 5]);
        // What a person put there is no result of ours.
        write(at("earlier/notes/1"), "mine");
        keep(folder.path(), 1).unwrap();
        assert_eq!(kept(), [6]);
        assert!(at("earlier/notes/1").exists());
    }

    #[test]
    fn the_latest_results_are_those_that_tested_something() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(latest(folder.path()), None);
        write(at("plan.json"), &plan("a", "b"));
        assert_eq!(latest(folder.path()), Some(folder.path().to_path_buf()));
        keep(folder.path(), 9).unwrap();
        write(at("plan.json"), &plan(NOTHING_TESTED.0, NOTHING_TESTED.1));
        assert_eq!(latest(folder.path()), Some(at("earlier/1")));
    }
}
