//! What the scheduler around this process says, and what of it is asked to end: SLURM's own commands.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, Instant};

use super::call::call;
use crate::error::Error;
use crate::pod::signals::Stop;
use crate::stack::allocation::{Allocation, plugins};
use crate::stack::environment::Environment;
use crate::stack::launcher::Launchers;
use crate::stack::lmod::Call;

/// How long a command of SLURM may take to answer.
const LIMIT: Duration = Duration::from_mins(1);

/// How long a step that is to end may take: SLURM sends SIGTERM, and SIGKILL after its `KillWait` (30 s by default).
const ENDING: Duration = Duration::from_mins(1);

/// Whether this process is in an allocation of SLURM.
#[derive(Clone, Debug)]
pub enum Around {
    /// Nothing says so.
    Nothing,
    /// Variables say so, and SLURM does not: why. They have leaked into a pod, or SLURM is not well.
    Leaked(String),
    /// It is.
    Allocation(Allocation),
}

impl Around {
    /// Whether a variable around this process is for its launchers: then it has not leaked.
    #[must_use]
    pub fn keeps(&self, launchers: &Launchers, name: &str) -> bool {
        matches!(self, Self::Allocation(_)) && launchers.methods().any(|method| method.keeps(name))
    }
}

/// Asks SLURM about the job that the variables of this process name.
#[must_use]
pub fn around(tmp: &Path) -> Around {
    let environment = Environment::inherited();
    let Some(allocation) = Allocation::of(&environment) else { return Around::Nothing };
    let named = format!("SLURM_JOB_ID is {}", allocation.job);
    let said = ask(
        &["squeue", "--noheader", "--jobs", &allocation.job, "--states", "RUNNING", "--format", "%i"],
        tmp,
    )
    .and_then(|jobs| if jobs.trim().is_empty() { Err("no such job is running".to_owned()) } else { Ok(jobs) })
    .and_then(|_| ask(&["srun", "--mpi=list"], tmp));
    match said {
        Ok(said) => Around::Allocation(Allocation { plugins: plugins(&said), ..allocation }),
        Err(why) => Around::Leaked(format!("{named}, and there is no such allocation here: {why}")),
    }
}

/// Ends the step of this name of the job, if it is still there, and waits until it is gone.
///
/// # Errors
/// Why it may still be there.
pub fn end_step(job: &str, name: &str, tmp: &Path) -> Result<(), String> {
    let begun = Instant::now();
    let mut asked = false;
    loop {
        let steps = ask(&["squeue", "--noheader", "--steps", "--jobs", job, "--format", "%i %j"], tmp)?;
        let step = steps.lines().find_map(|line| {
            let (id, called) = line.trim().split_once(' ')?;
            (called.trim() == name).then(|| id.to_owned())
        });
        let Some(step) = step else { return Ok(()) };
        if !asked {
            ask(&["scancel", &step], tmp)?;
            asked = true;
        }
        if begun.elapsed() > ENDING {
            return Err(format!("step {step} is still there {} s after scancel", ENDING.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What a command of SLURM says, or why it says nothing, in one line.
///
/// # Errors
/// Its own words where it failed.
pub fn ask(words: &[&str], tmp: &Path) -> Result<String, String> {
    let program = words.first().copied().unwrap_or_default();
    let found = which::which(program).map_err(|_| format!("there is no `{program}` on PATH"))?;
    let argv: Vec<OsString> =
        std::iter::once(found.into_os_string()).chain(words.iter().skip(1).map(OsString::from)).collect();
    let mut environment = Environment::inherited();
    environment.set("LC_ALL", OsStr::new("C.UTF-8"));
    // It is asked where a run is being stopped, too.
    let answer = Stop::unheard()
        .and_then(|stop| call(&Call { argv, environment }, LIMIT, tmp, &stop))
        .map_err(|error: Error| error.what())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&answer.stdout), text(&answer.stderr));
    if answer.success {
        return Ok(if stdout.trim().is_empty() { stderr } else { stdout });
    }
    let line = stderr
        .lines()
        .chain(stdout.lines())
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with("Try "));
    Err(line.map_or_else(|| format!("`{program}` failed without a word"), str::to_owned))
}
