//! The results directory: crash-safe at every instant.
//!
//! `plan.json` first; then each case by a temporary name, synced, renamed. `junit.xml` is rewritten whole and renamed.
//! Rewriting it after each of 30,000 checks would be quadratic. So only the suites that have changed are rendered again,
//! and the file is rewritten when at least fifty times as long has passed as the last rewriting took, and at the end: its
//! share of the time stays below a fiftieth, however long the run.
//! What a SIGKILL catches in between is not lost: `stackprobe report` makes everything anew from plan and cases.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::atomic::{PART, write_atomic, write_atomic_by};
use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, not_read, reason};
use crate::report::account::{self, Account};
pub use crate::report::bounded::read_bounded;
use crate::report::bounded::{CASE_LIMIT, PLAN_LIMIT, is_file_name};
use crate::report::junit::{Junit, Testsuites};
use crate::report::mask;
use crate::report::order::ReportOrder;
use crate::report::record::{CaseRecord, FORMAT, Owed, PlanRecord, UNREADABLE, now};
use crate::report::report_file::ReportFile as _;
use crate::report::seal::{self, Seal};
use crate::verdict::check::Outcome;

/// Finished cases by their ids.
pub type Done = BTreeMap<String, CaseRecord>;

/// A results directory that is being written.
#[derive(Debug)]
pub struct Results {
    folder: PathBuf,
    account: Account,
    /// Where each case stands in the account.
    places: HashMap<String, usize>,
    junit: Testsuites,
    order: ReportOrder,
    /// What was written: the digest of the plan, and of each case.
    plan_digest: String,
    digests: BTreeMap<String, String>,
    done: usize,
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
        plan: &PlanRecord,
        done: Vec<CaseRecord>,
        order: ReportOrder,
    ) -> Result<Self, Error> {
        order.check()?;
        let cannot = |error: io::Error, path: &Path| {
            Error::place("write", path, &error)
                .hint("--results names a folder that can be written, such as an emptyDir or a volume")
        };
        for folder in [folder, &folder.join("cases"), &folder.join("logs")] {
            fs::create_dir_all(folder).map_err(|error| cannot(error, folder))?;
        }
        let mut plan = plan.clone();
        mask::record::plan(&mut plan);
        let account = Account::owed(&plan);
        let mut results = Self {
            folder: folder.to_path_buf(),
            places: plan.cases.iter().map(|owed| owed.id.clone()).zip(0..).collect(),
            junit: Testsuites::new(&account, order.strict),
            order,
            account,
            plan_digest: String::new(),
            digests: BTreeMap::new(),
            done: 0,
            rewritten: Instant::now(),
            cost: Duration::ZERO,
            broken: None,
        };
        let (cases, sealed) = (folder.join("cases"), folder.join(seal::NAME));
        // From here on this is a run that has not ended.
        match fs::remove_file(&sealed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error, &sealed)),
            _ => {}
        }
        let kept: BTreeSet<&str> = done.iter().map(|record| record.owed.id.as_str()).collect();
        forget(&cases, &kept).map_err(|error| cannot(error, &cases))?;
        let logs = folder.join("logs");
        forget(&logs, &kept).map_err(|error| cannot(error, &logs))?;
        let path = folder.join("plan.json");
        results.plan_digest = write_json(&path, &plan).map_err(|error| cannot(error, &path))?;
        for mut record in done {
            let path = cases.join(format!("{}.json", record.owed.id));
            let text = read_bounded(&path, CASE_LIMIT).map_err(|error| cannot(error, &path))?;
            results.digests.insert(record.owed.id.clone(), hex(&sha256(&text)));
            account::tidy(&mut record);
            results.count(record);
        }
        results.rewrite().map_err(|error| cannot(error, &folder.join(Junit.file())))?;
        Ok(results)
    }

    /// Where the log of a case goes.
    #[must_use]
    pub fn log(folder: &Path, id: &str) -> PathBuf {
        folder.join("logs").join(format!("{id}.log"))
    }

    /// Writes a finished case, and rewrites `junit.xml` where that is due. The first write that fails is kept and told
    /// by [`Results::end`]; a case that could not be written says so itself. What may stand in no report is taken out.
    pub fn finish(&mut self, record: &mut CaseRecord) {
        account::tidy(record);
        let path = self.folder.join("cases").join(format!("{}.json", record.owed.id));
        let written = write_json(&path, record).map_err(|error| Error::io(Kind::Pod, "write", &path, &error));
        match &written {
            Ok(digest) => drop(self.digests.insert(record.owed.id.clone(), digest.clone())),
            Err(error) => record.unwritten(&error.what()),
        }
        self.count(record.clone());
        let rewritten = if self.rewritten.elapsed() > self.cost * 50 {
            let path = self.junit_path();
            self.rewrite().map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
        } else {
            Ok(())
        };
        if self.broken.is_none() {
            self.broken = written.err().or(rewritten.err());
        }
    }

    /// Puts a finished case in the place of the one that was owed.
    fn count(&mut self, record: CaseRecord) {
        if let Some(place) = self.places.get(&record.owed.id) {
            self.done += 1;
            self.account.told[*place].case = record;
            self.junit.changed(*place);
        }
    }

    /// The first write that failed.
    #[must_use]
    pub fn broken(&self) -> Option<&Error> {
        self.broken.as_ref()
    }

    /// How many cases are over.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Every case of the plan, in its order.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Writes everything once more, whole, and the other reports beside it.
    ///
    /// # Errors
    /// The first write that failed, at any time: what is on disk is not all.
    pub fn end(&mut self) -> Result<(), Error> {
        let last = self.rewrite();
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        last.map_err(|error| Error::io(Kind::Pod, "write", &self.junit_path(), &error))?;
        for told in self.account.told.iter_mut().filter(|told| told.case.outcome() > Outcome::Skipped) {
            told.repro = has_repro(&self.folder, &told.case.owed.id);
        }
        // JUnit is there already: it is rewritten while cases finish.
        let junit = self.junit_path();
        for (report, path) in self.order.files(&self.folder).filter(|(_, path)| *path != junit) {
            report
                .render(&self.account, self.order.strict)
                .and_then(|bytes| write_atomic(&path, &bytes))
                .map_err(|error| Error::io(Kind::Pod, "write", &path, &error))?;
        }
        let seal = Seal::new(self.plan_digest.clone(), std::mem::take(&mut self.digests), now());
        let path = self.folder.join(seal::NAME);
        write_json(&path, &seal).map(drop).map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
    }

    fn junit_path(&self) -> PathBuf {
        self.folder.join(Junit.file())
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let (junit, account) = (&mut self.junit, &self.account);
        let path = self.folder.join(Junit.file());
        let written = write_atomic_by(&path, |file| junit.write(account, file));
        // Also where it failed: it will again, and costs as much.
        self.rewritten = Instant::now();
        self.cost = begun.elapsed();
        written
    }
}

/// Takes away what an earlier run left of cases that this one owes anew: were this run cut short, those would count.
fn forget(folder: &Path, kept: &BTreeSet<&str>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.as_os_str().as_encoded_bytes().ends_with(PART.as_bytes()) {
            fs::remove_file(&path)?;
            continue;
        }
        let is_record = path.extension().is_some_and(|extension| extension == "json" || extension == "log");
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        if is_record && !kept.contains(id.as_ref()) {
            fs::remove_file(&path)?;
            // Most cases have none of these; what others put there stays.
            let _ = fs::remove_file(path.with_extension("").join("repro.sh"));
            // As above.
            let _ = fs::remove_dir(path.with_extension(""));
        }
    }
    Ok(())
}

/// What a run left: its plan, its cases by id, and what belongs to no case.
pub type Left = (PlanRecord, Done, Vec<String>);

/// Reads a results directory, whatever state it was left in.
///
/// A case whose record cannot be read is an error that says so.
///
/// # Errors
/// A directory without a readable plan of our format.
pub fn read(folder: &Path) -> Result<Left, Error> {
    let plan = read_plan(&folder.join("plan.json"))?;
    let mut done = BTreeMap::new();
    for owed in &plan.cases {
        let unread = |why: &str| CaseRecord::absent(owed, UNREADABLE, Outcome::Error, why);
        if !is_file_name(&owed.id) {
            done.insert(owed.id.clone(), unread("the plan gives it an id that no file can have"));
            continue;
        }
        let path = folder.join("cases").join(format!("{}.json", owed.id));
        let read = match read_bounded(&path, CASE_LIMIT) {
            Ok(text) => serde_json::from_slice::<CaseRecord>(&text).map_err(|error| not_read(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(reason(&error)),
        };
        let same = |found: &Owed| {
            (&found.id, &found.suite, &found.probe, &found.toolchain)
                == (&owed.id, &owed.suite, &owed.probe, &owed.toolchain)
        };
        let record = match read {
            Ok(record) if record.format != FORMAT => {
                unread(&format!("its record is of format {}, this stackprobe reads {FORMAT}", record.format))
            }
            Ok(record) if same(&record.owed) && !record.checks.is_empty() => record,
            Ok(_) => unread("its record is of another case"),
            Err(why) => unread(&format!("its record cannot be read: {why}")),
        };
        done.insert(owed.id.clone(), record);
    }
    let strays = strays(folder, &plan);
    Ok((plan, done, strays))
}

/// Reads a plan, as a results directory or `stackprobe list --format json` gives it.
///
/// # Errors
/// A file that cannot be read, that is no plan or that is of another format.
pub fn read_plan(path: &Path) -> Result<PlanRecord, Error> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
        #[serde(default)]
        stackprobe: String,
    }
    let hint = "a run writes plan.json into its results directory, and `stackprobe list --format json --out FILE` one that is to be run";
    let text = read_bounded(path, PLAN_LIMIT)
        .map_err(|error| Error::io(Kind::Usage, "read", path, &error).hint(hint))?;
    let cannot = |error: serde_json::Error| {
        Error::new(Kind::Data, format!("cannot read `{}`: {}", path.display(), not_read(&error))).hint(hint)
    };
    let found: Format = serde_json::from_slice(&text).map_err(cannot)?;
    if found.format != FORMAT {
        return Err(Error::new(
            Kind::Data,
            format!("cannot read `{}`: it is of format {}, wanted {FORMAT}", path.display(), found.format),
        )
        .hint(format!("stackprobe {} wrote it and can report it", found.stackprobe)));
    }
    serde_json::from_slice(&text).map_err(cannot)
}

/// Case files that no case of the plan answers for: two runs wrote into one directory.
fn strays(folder: &Path, plan: &PlanRecord) -> Vec<String> {
    let owed: BTreeSet<&str> = plan.cases.iter().map(|owed| owed.id.as_str()).collect();
    let Ok(entries) = fs::read_dir(folder.join("cases")) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut strays: Vec<String> =
        names.filter(|name| name.strip_suffix(".json").is_some_and(|id| !owed.contains(id))).collect();
    strays.sort();
    let Some(first) = strays.first() else { return Vec::new() };
    vec![format!(
        "{} case files of another plan are left out, such as `{first}`: two runs wrote into this directory",
        strays.len()
    )]
}

/// Whether the run left a script that does exactly this case again.
pub(super) fn has_repro(folder: &Path, id: &str) -> bool {
    is_file_name(id)
        && fs::symlink_metadata(folder.join("cases").join(id).join("repro.sh"))
            .is_ok_and(|file| file.is_file())
}

/// Writes a script beside the record of its case.
///
/// # Errors
/// A file that cannot be written.
pub fn write_repro(folder: &Path, id: &str, script: &str) -> Result<(), Error> {
    let folder = folder.join("cases").join(id);
    let path = folder.join("repro.sh");
    fs::create_dir_all(&folder)
        .and_then(|()| write_atomic(&path, script.as_bytes()))
        .map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
}

/// Writes a value and returns the digest of what was written.
fn write_json(path: &Path, value: &impl serde::Serialize) -> io::Result<String> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_atomic(path, &text).map(|()| hex(&sha256(&text)))
}
