//! Waits for the tasks of a job, says what becomes of each, and merges what they left: nothing that is owed is silent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::job::{Job, write};
use super::state::{FORMAT, State, states};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::pod::signals::Stop;
use crate::report::console::note;
use crate::report::gather::gather;
use crate::report::level::FinalLevel;
use crate::report::order::ReportOrder;
use crate::report::record::{CaseRecord, INTERRUPTED};
use crate::report::results::read;
use crate::report::summary;
use crate::run::scheduler::ask;
use crate::verdict::check::{Check, Outcome};

/// How often SLURM is asked at first, and at most how seldom later: its controller serves many.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

/// How long cancelled tasks may take to write down what they have.
const ENDING: Duration = Duration::from_mins(2);

/// What task `index` owes, as it was when the job was submitted.
pub(super) fn plan_of(folder: &Path, index: u32) -> PathBuf {
    folder.join(format!("plan-{index}.json"))
}

/// Waits until all tasks have ended, or `limit` is over, and reports.
///
/// # Errors
/// Reports that cannot be written.
pub(super) fn follow(
    job: &Job,
    results: &Path,
    tmp: &Path,
    limit: Duration,
    stop: &Stop,
) -> Result<Exit, Error> {
    let mut seen: BTreeMap<u32, State> = BTreeMap::new();
    let begun = Instant::now();
    let mut cancelled: Option<Instant> = None;
    let mut pause = PAUSES[0];
    let mut deaf = false;
    loop {
        match look(job, &seen, tmp) {
            Ok(now) => {
                deaf = false;
                for (index, state) in now {
                    let state = state.after(seen.get(&index));
                    if seen.get(&index) != Some(&state) {
                        note(&format!("task {index} of {}: {state}", job.tasks));
                        pause = PAUSES[0];
                    }
                    seen.insert(index, state);
                }
            }
            Err(words) if !deaf => {
                deaf = true;
                note(&format!("SLURM does not answer, and is asked again: {words}"));
            }
            Err(_) => {}
        }
        if (1..=job.tasks).all(|index| seen.get(&index).is_some_and(State::is_over)) {
            break;
        }
        let why = match stop.requested() {
            Some(_) => Some("asked to stop".to_owned()),
            None => (begun.elapsed() >= limit).then(|| format!("not over after {} s", limit.as_secs())),
        };
        if let (Some(why), None) = (why, cancelled) {
            note(&format!("{why}: job {} is cancelled", job.id()));
            if let Err(words) = ask(&["scancel", job.id()], tmp) {
                note(&format!("scancel: {words}"));
            }
            cancelled = Some(Instant::now());
            pause = PAUSES[0];
        }
        if cancelled.is_some_and(|since| since.elapsed() > ENDING) {
            note(&format!("job {} has not ended {} s after scancel", job.id(), ENDING.as_secs()));
            break;
        }
        rest(pause, stop, cancelled.is_some());
        pause = (pause * 3 / 2).min(PAUSES[1]);
    }
    for index in 1..=job.tasks {
        own_up(job, index, seen.get(&index), results)?;
    }
    let account = gather(&[results.join("tasks")], results, None)?;
    for (report, path) in (ReportOrder { strict: false, further: Vec::new() }).files(results) {
        let bytes =
            report.render(&account, false).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(&path, &bytes)?;
    }
    summary::print(&account, Some(results), FinalLevel::default())?;
    Ok(stop.requested().map_or_else(|| summary::exit(&account), Exit::Signal))
}

/// Sleeps, and wakes for a signal that was not heeded yet.
fn rest(pause: Duration, stop: &Stop, heeded: bool) {
    let begun = Instant::now();
    while begun.elapsed() < pause && (heeded || stop.requested().is_none()) {
        std::thread::sleep(Duration::from_millis(100).min(pause));
    }
}

/// How each task is now. One that SLURM has forgotten is over.
fn look(job: &Job, seen: &BTreeMap<u32, State>, tmp: &Path) -> Result<BTreeMap<u32, State>, String> {
    let words = ["squeue", "--noheader", "--array", "--states=all", "--jobs", job.id(), "--format", FORMAT];
    let mut now = match ask(&words, tmp) {
        Ok(said) => states(&said),
        Err(words) if words.contains("Invalid job id") => BTreeMap::new(),
        Err(words) => return Err(words),
    };
    let gone = (1..=job.tasks).filter(|index| !now.contains_key(index));
    let gone: Vec<u32> = gone.filter(|index| !seen.get(index).is_some_and(State::is_over)).collect();
    if !gone.is_empty() {
        // Only a site with accounting remembers for longer than MinJobAge.
        let said = ask(
            &[
                "sacct",
                "--noheader",
                "--parsable2",
                "--allocations",
                "--jobs",
                job.id(),
                "--format",
                "JobID,State,NodeList",
            ],
            tmp,
        );
        let kept = accounted(job.id(), &said.unwrap_or_default());
        for index in gone {
            let forgotten = || State {
                word: "GONE".to_owned(),
                reason: "SLURM no longer knows it".to_owned(),
                ..State::default()
            };
            now.insert(index, kept.get(&index).cloned().unwrap_or_else(forgotten));
        }
    }
    Ok(now)
}

/// What `sacct` says: `17_2|TIMEOUT|n1`, `17_3|CANCELLED by 0|n2`.
fn accounted(id: &str, said: &str) -> BTreeMap<u32, State> {
    let state = |line: &str| {
        let mut fields = line.trim().split('|');
        let index = fields.next()?.strip_prefix(id)?.strip_prefix('_')?.parse().ok()?;
        let word = fields.next()?.split(' ').next()?.to_owned();
        let node = fields.next().unwrap_or_default().to_owned();
        Some((index, State { word, reason: String::new(), node }))
    };
    said.lines().filter_map(state).collect()
}

/// Writes an error for each case that a task owes and has left no result of, and says of each that was interrupted why: in
/// SLURM's own words.
fn own_up(job: &Job, index: u32, state: Option<&State>, results: &Path) -> Result<(), Error> {
    let folder = results.join("tasks").join(index.to_string());
    let cases = folder.join("cases");
    std::fs::create_dir_all(&cases).map_err(|error| Error::place("make", &cases, &error))?;
    let plan = folder.join("plan.json");
    if !plan.exists() {
        let kept = plan_of(&results.join("slurm"), index);
        let bytes = std::fs::read(&kept).map_err(|error| Error::io(Kind::Pod, "read", &kept, &error))?;
        write(&plan, &bytes)?;
    }
    let (plan, mut done, _) = read(&folder)?;
    let how = state.map_or_else(
        || "was never seen by SLURM".to_owned(),
        |state| {
            let never = if state.node.is_empty() { "never started: " } else { "ended " };
            format!("{never}{state}")
        },
    );
    let cut_short = state.is_none_or(|state| !state.ran_to_its_end());
    let save = |record: &CaseRecord| {
        let bytes = serde_json::to_vec_pretty(record)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(&cases.join(format!("{}.json", record.owed.id)), &bytes)
    };
    let reason = format!("task {}_{index} of SLURM {how}", job.id());
    for owed in &plan.cases {
        match done.remove(&owed.id) {
            None => {
                let reason = format!("{reason}: this case has no result");
                save(&CaseRecord::absent(owed, "slurm", Outcome::Error, &reason))?;
            }
            // The task only saw a signal; SLURM knows who sent it.
            Some(mut record) if cut_short && record.checks.iter().any(cut) => {
                for check in record.checks.iter_mut().filter(|check| cut(check)) {
                    check.reason = format!("{}: {reason}", check.reason);
                    check.outcome = Outcome::Error;
                    INTERRUPTED.clone_into(&mut check.kind);
                    check.diagnosis = None;
                }
                save(&record)?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether it says no more than that somebody ended the command: this program itself, or with it all of the task.
fn cut(check: &Check) -> bool {
    let signals = ["killed by SIGTERM", "killed by SIGKILL", "exit status 143", "exit status 137"];
    check.kind == INTERRUPTED
        || (check.outcome == Outcome::Failed && signals.iter().any(|how| check.command.starts_with(how)))
}
