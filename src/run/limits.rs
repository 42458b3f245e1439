//! What a command may use, set on the supervisor just before it starts the command, which inherits it.

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::personality::{self, Persona};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::command::Limits;
use super::execute::{Ended, Limit};

/// How much likelier than the harness the kernel takes a case when memory runs out (`proc_pid_oom_score_adj(5)`).
/// Raising it needs no privilege.
const OOM_SCORE: &str = "500";
const OOM_FILE: &str = "/proc/self/oom_score_adj";

/// What the supervisor itself had before.
#[derive(Debug)]
pub(super) struct Own {
    memory: Option<(u64, u64)>,
    oom_score: Option<String>,
}

impl Own {
    /// Frees the supervisor, once the command runs, of what would hinder it.
    pub(super) fn restore(self) {
        if let Some((soft, hard)) = self.memory {
            // The hard limit was left alone, so this cannot fail.
            let _ = setrlimit(Resource::RLIMIT_AS, soft, hard);
        }
        if let Some(score) = self.oom_score {
            // At worst the supervisor stays as likely a victim as its case; the harness notices if it is.
            let _ = fs::write(OOM_FILE, score);
        }
    }
}

/// Sets the limits on this process.
pub(super) fn apply(limits: &Limits) -> io::Result<Own> {
    if let Some(cpu) = limits.cpu {
        let seconds = cpu.as_secs() + u64::from(cpu.subsec_nanos() > 0);
        // SIGXCPU at the soft limit; SIGKILL a little later for those who ignore it.
        cap(Resource::RLIMIT_CPU, seconds.max(1), seconds.max(1) + 2)?;
    }
    if let Some(bytes) = limits.file_size {
        cap(Resource::RLIMIT_FSIZE, bytes, bytes)?;
    }
    if !limits.core {
        cap(Resource::RLIMIT_CORE, 0, 0)?;
    }
    if !limits.aslr {
        personality::set(personality::get()? | Persona::ADDR_NO_RANDOMIZE)?;
    }
    let memory = match limits.memory {
        Some(bytes) => {
            let own = getrlimit(Resource::RLIMIT_AS)?;
            setrlimit(Resource::RLIMIT_AS, bytes.min(own.1), own.1)?;
            Some(own)
        }
        None => None,
    };
    // Best effort: a read-only /proc must not keep a case from running.
    let oom_score = fs::read_to_string(OOM_FILE)
        .ok()
        .filter(|score| score.trim().parse().is_ok_and(|score: i32| score < 500))
        .filter(|_| fs::write(OOM_FILE, OOM_SCORE).is_ok());
    Ok(Own { memory, oom_score })
}

fn cap(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, allowed) = getrlimit(resource)?;
    Ok(setrlimit(resource, soft.min(allowed), hard.min(allowed))?)
}

/// What the end of the command means. A launcher hides a rank's signal in its own exit status, as 128 + N or as N.
pub(super) fn judge(status: ExitStatus, limits: &Limits, cpu: Duration) -> Ended {
    let code = status.code().unwrap_or(-1);
    let ended_by = |signal| status.signal() == Some(signal) || code == 128 + signal;
    // The kernel counts ticks towards the limit and reports finer times: on a busy node the two may differ by much.
    let cpu_used = limits.cpu.is_some_and(|limit| cpu >= limit / 2);
    if cpu_used && (ended_by(libc::SIGXCPU) || code == libc::SIGXCPU) {
        Ended::Limit(Limit::Cpu)
    } else if limits.file_size.is_some() && ended_by(libc::SIGXFSZ) {
        Ended::Limit(Limit::FileSize)
    } else {
        status.signal().map_or(Ended::Exit(code), Ended::Signal)
    }
}
