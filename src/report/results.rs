//! The results directory: crash-safe at every instant.
//!
//! `plan.json` first; then each case by a temporary name, synced, renamed. `junit.xml` is rewritten whole and renamed.
//! Rewriting it after each of 30,000 checks would be quadratic, so it is rewritten when at least ten times as long has
//! passed as the last rewriting took, and at the end: its share of the time stays below a tenth, however long the run.
//! What a SIGKILL catches in between is not lost: `stackprobe report` makes everything anew from plan and cases.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, reason};
use crate::report::junit;
use crate::report::record::{CaseRecord, PlanRecord};
use crate::verdict::check::Outcome;

/// Finished cases by their ids.
pub type Done = BTreeMap<String, CaseRecord>;

/// A results directory that is being written.
#[derive(Debug)]
pub struct Results {
    folder: PathBuf,
    plan: PlanRecord,
    done: BTreeMap<String, CaseRecord>,
    strict: bool,
    rewritten: Instant,
    cost: Duration,
    /// The first write that failed.
    broken: Option<Error>,
}

impl Results {
    /// Makes the directory and writes the plan and a first `junit.xml`, in which every case is still owed.
    ///
    /// `done` are cases of an earlier run of the same plan.
    ///
    /// # Errors
    /// A directory that cannot be made or written.
    pub fn begin(
        folder: &Path,
        plan: PlanRecord,
        done: Vec<CaseRecord>,
        strict: bool,
    ) -> Result<Self, Error> {
        let cannot = |error: io::Error, path: &Path| {
            Error::io(Kind::Pod, "write", path, &error)
                .hint("--results names a folder that can be written, such as an emptyDir or a volume")
        };
        for folder in [folder, &folder.join("cases"), &folder.join("logs")] {
            fs::create_dir_all(folder).map_err(|error| cannot(error, folder))?;
        }
        let mut results = Self {
            folder: folder.to_path_buf(),
            plan,
            done: done.into_iter().map(|record| (record.owed.id.clone(), record)).collect(),
            strict,
            rewritten: Instant::now(),
            cost: Duration::ZERO,
            broken: None,
        };
        let path = folder.join("plan.json");
        write_json(&path, &results.plan).map_err(|error| cannot(error, &path))?;
        results.rewrite().map_err(|error| cannot(error, &folder.join("junit.xml")))?;
        Ok(results)
    }

    /// Where the log of a case goes.
    #[must_use]
    pub fn log(folder: &Path, id: &str) -> PathBuf {
        folder.join("logs").join(format!("{id}.log"))
    }

    /// Counts a case in that [`write_case`] has written. A failure to rewrite `junit.xml` is kept and told by
    /// [`Results::end`]: the run goes on, because the console and the exit code can still tell.
    pub fn finish(&mut self, record: CaseRecord) {
        self.done.insert(record.owed.id.clone(), record);
        if self.rewritten.elapsed() > self.cost * 10
            && let Err(error) = self.rewrite()
            && self.broken.is_none()
        {
            self.broken = Some(Error::io(Kind::Pod, "write", &self.folder.join("junit.xml"), &error));
        }
    }

    /// All that is finished, by id.
    #[must_use]
    pub fn done(&self) -> &BTreeMap<String, CaseRecord> {
        &self.done
    }

    /// Every case of the plan, in its order.
    #[must_use]
    pub fn accounted(&self) -> Vec<CaseRecord> {
        accounted(
            &self.plan,
            &self.done,
            "lost",
            "no result: the run ended before this case could be written",
        )
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &PlanRecord {
        &self.plan
    }

    /// Writes everything once more, whole.
    ///
    /// # Errors
    /// The first write that failed, at any time: what is on disk is not all.
    pub fn end(&mut self) -> Result<(), Error> {
        let last = self.rewrite();
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        last.map_err(|error| Error::io(Kind::Pod, "write", &self.folder.join("junit.xml"), &error))
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let cases = accounted(&self.plan, &self.done, "owed", "not run yet");
        let xml = junit::render(&self.plan, &cases, self.strict).map_err(io::Error::other)?;
        replace(&self.folder.join("junit.xml"), &xml)?;
        self.rewritten = Instant::now();
        self.cost = begun.elapsed();
        Ok(())
    }
}

/// Every case of the plan in its order: finished, or an error of this kind.
#[must_use]
pub fn accounted(
    plan: &PlanRecord,
    done: &BTreeMap<String, CaseRecord>,
    kind: &str,
    reason: &str,
) -> Vec<CaseRecord> {
    let absent = |owed| CaseRecord::absent(owed, kind, Outcome::Error, reason);
    plan.cases.iter().map(|owed| done.get(&owed.id).cloned().unwrap_or_else(|| absent(owed))).collect()
}

/// Reads a results directory, whatever state it was left in. Files that cannot be read are named in the second part.
///
/// # Errors
/// A directory without a readable plan.
pub fn read(folder: &Path) -> Result<(PlanRecord, Done, Vec<String>), Error> {
    let path = folder.join("plan.json");
    let text = fs::read(&path).map_err(|error| {
        Error::io(Kind::Usage, "read", &path, &error).hint("a results directory holds a plan.json and cases/")
    })?;
    let plan: PlanRecord = serde_json::from_slice(&text)
        .map_err(|error| Error::new(Kind::Data, format!("cannot read `{}`: {error}", path.display())))?;
    let mut skipped = Vec::new();
    let mut done = BTreeMap::new();
    for owed in &plan.cases {
        let path = folder.join("cases").join(format!("{}.json", owed.id));
        let read = match fs::read(&path) {
            Ok(text) => serde_json::from_slice::<CaseRecord>(&text).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(reason(&error)),
        };
        match read {
            Ok(record) if record.owed.id == owed.id && !record.checks.is_empty() => {
                done.insert(owed.id.clone(), record);
            }
            Ok(_) => skipped.push(format!("`{}` is of another case", path.display())),
            Err(why) => skipped.push(format!("cannot read `{}`: {why}", path.display())),
        }
    }
    Ok((plan, done, skipped))
}

/// Writes a finished case, for whoever may read the directory from now on.
///
/// # Errors
/// A file that cannot be written.
pub fn write_case(folder: &Path, record: &CaseRecord) -> Result<(), Error> {
    let path = folder.join("cases").join(format!("{}.json", record.owed.id));
    write_json(&path, record).map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
}

/// Writes a script beside the record of its case.
///
/// # Errors
/// A file that cannot be written.
pub fn write_repro(folder: &Path, id: &str, script: &str) -> Result<(), Error> {
    let folder = folder.join("cases").join(id);
    let path = folder.join("repro.sh");
    fs::create_dir_all(&folder)
        .and_then(|()| replace(&path, script.as_bytes()))
        .map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    replace(path, &text)
}

/// Puts a file in place whole: another name, synced, renamed.
///
/// # Errors
/// Those of the file system; what stood there before is untouched then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&part, path)
}
