//! The job that was submitted: what is kept of it beside the results, and how it is found again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::state::job_id;
use crate::atomic::write_atomic;
use crate::error::{Error, Kind, not_read};
use crate::run::scheduler::ask;
use crate::verdict::evidence::{Evidence, Facts};
use crate::verdict::rules::{Rules, shipped};

/// `slurm/job.json` in the results directory, written before the job is submitted and again when its id is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// No other job is called so.
    pub(super) name: String,
    /// What SLURM calls it, once that is known.
    pub(super) id: Option<String>,
    /// How many tasks share the plan.
    pub(super) tasks: u32,
}

fn path(folder: &Path) -> PathBuf {
    folder.join("job.json")
}

impl Job {
    /// Whether something was submitted for these results.
    pub(super) fn is_kept(folder: &Path) -> bool {
        path(folder).exists()
    }

    /// What was submitted for these results.
    ///
    /// # Errors
    /// Nothing was, or SLURM does not know of it.
    pub(super) fn read(folder: &Path, tmp: &Path) -> Result<Self, Error> {
        let path = path(folder);
        let text = std::fs::read(&path).map_err(|error| {
            Error::io(Kind::Usage, "read", &path, &error)
                .hint("--resume goes on with what was submitted into the same --results")
        })?;
        let mut job: Self = serde_json::from_slice(&text).map_err(|error| {
            let what = format!("cannot read `{}`: {}", path.display(), not_read(&error));
            Error::new(Kind::Data, what).hint("remove it, and submit again")
        })?;
        if job.id.is_none() {
            // It was being submitted when its submitter ended.
            let said =
                ask(&["squeue", "--noheader", "--states=all", "--name", &job.name, "--format", "%A"], tmp);
            let said = said.map_err(|words| refused(&format!("squeue: {words}")))?;
            let Some(id) = job_id(&said) else {
                let what = format!("SLURM knows of no job `{}`", job.name);
                return Err(Error::new(Kind::Nothing, what)
                    .hint(format!("remove `{}` and submit again", folder.display())));
            };
            job.id = Some(id.to_owned());
            job.keep(folder)?;
        }
        Ok(job)
    }

    pub(super) fn keep(&self, folder: &Path) -> Result<(), Error> {
        let bytes =
            serde_json::to_vec_pretty(self).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(&path(folder), &bytes)
    }

    /// Hands the script to SLURM.
    ///
    /// # Errors
    /// SLURM does not take it.
    pub(super) fn submit(&mut self, folder: &Path, script: &str, tmp: &Path) -> Result<(), Error> {
        let path = folder.join("script.sh");
        write(&path, script.as_bytes())?;
        self.keep(folder)?;
        let path = path.to_string_lossy();
        let said = ask(&["sbatch", "--parsable", &path], tmp).map_err(|words| {
            // Nothing was submitted, so nothing is to be resumed.
            let _ = std::fs::remove_file(self::path(folder));
            refused(&words)
        })?;
        let id = job_id(&said);
        let id = id.ok_or_else(|| refused(&format!("sbatch says no job id: {}", said.trim())))?;
        self.id = Some(id.to_owned());
        self.keep(folder)
    }

    /// What SLURM calls it.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomic(path, bytes).map_err(|error| Error::place("write", path, &error))
}

/// SLURM's own words, and what to do: 75 where another try may be taken, else the flags are wrong.
fn refused(words: &str) -> Error {
    let facts = Facts::default();
    let found = Rules::parse(&shipped()).ok().and_then(|rules| {
        let found = rules.diagnose(&Evidence::new(words.as_bytes(), &facts));
        found.into_iter().find(|diagnosis| !diagnosis.noise)
    });
    let what = format!("SLURM does not take the job: {words}");
    match found {
        Some(found) => {
            let kind = if found.retry { Kind::Pod } else { Kind::Usage };
            Error::new(kind, what).hint(found.fix)
        }
        None => Error::new(Kind::Usage, what)
            .hint("sinfo and sacctmgr show what there is; --dry-run shows the script"),
    }
}
