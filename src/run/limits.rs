//! What a command may use, set on the supervisor just before it starts the command, which inherits it.

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::personality::{self, Persona};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::command::Limits;
use super::execute::{Ended, Executed, Limit};
use super::memory::Membership;
use super::output::Captured;

/// How much likelier than the harness the kernel takes a case when memory runs out (`proc_pid_oom_score_adj(5)`).
/// Raising it needs no privilege.
const OOM_SCORE: &str = "500";
const OOM_FILE: &str = "/proc/self/oom_score_adj";

/// What the supervisor itself had before.
#[derive(Debug)]
pub(super) struct Own {
    memory: Option<(u64, u64)>,
    group: Option<Membership>,
    oom_score: Option<String>,
}

impl Own {
    /// Frees the supervisor, once the command runs, of what would hinder it.
    pub(super) fn restore(self) {
        if let Some((soft, hard)) = self.memory {
            // The hard limit was left alone, so this cannot fail.
            let _ = setrlimit(Resource::RLIMIT_AS, soft, hard);
        }
        if let Some(group) = &self.group {
            // At worst the supervisor's own half megabyte counts as the case's.
            let _ = group.leave();
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
    if let Some(group) = &limits.group {
        group.enter()?;
    }
    let memory = match limits.memory.filter(|_| limits.group.is_none()) {
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
    Ok(Own { memory, group: limits.group.clone(), oom_score })
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
    let cpu_used = limits.cpu.filter(|&limit| cpu >= limit / 2);
    match (cpu_used, limits.file_size) {
        (Some(limit), _) if ended_by(libc::SIGXCPU) || code == libc::SIGXCPU => {
            Ended::Limit(Limit::Cpu(limit))
        }
        (_, Some(limit)) if ended_by(libc::SIGXFSZ) => Ended::Limit(Limit::FileSize(limit)),
        _ => status.signal().map_or(Ended::Exit(code), Ended::Signal),
    }
}

/// What programs and libraries say when they are refused address space.
const REFUSALS: [&str; 7] = [
    "cannot allocate memory",
    "out of memory",
    "bad_alloc",
    "memoryerror",
    "failed to allocate",
    "insufficient virtual memory",
    "memory exhausted",
];

/// Blames the limit on memory where it was that which ended the command: `kills` counts the processes that the kernel
/// has killed in the case's own group, and without a group the case's own words have to do.
pub fn blame(executed: &mut Executed, limits: &Limits, kills: u64) {
    let (Some(bytes), Ended::Exit(1..) | Ended::Signal(_)) = (limits.memory, &executed.ended) else { return };
    let says = |captured: &Captured| {
        [&captured.head, &captured.tail].into_iter().any(|part| {
            let text = String::from_utf8_lossy(part).to_lowercase();
            REFUSALS.iter().any(|refusal| text.contains(refusal))
        })
    };
    if kills > 0 {
        executed.ended = Ended::Limit(Limit::Memory(bytes));
    } else if limits.group.is_none() && (says(&executed.stderr) || says(&executed.stdout)) {
        executed.ended = Ended::Limit(Limit::AddressSpace(bytes));
    }
}
