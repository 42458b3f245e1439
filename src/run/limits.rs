//! What a command may use: the child sets it on itself before it becomes the command.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::LazyLock;
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::sys::personality::{self, Persona};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::Mode;
use nix::unistd::write;

use super::command::Limits;
use super::memory::Membership;
use super::outcome::{Ended, Limit};

/// How much likelier than the harness the kernel takes a case when memory runs out (`proc_pid_oom_score_adj(5)`).
/// Raising it needs no privilege.
const OOM_SCORE: &str = "500";
const OOM_FILE: &str = "/proc/self/oom_score_adj";

/// Marks the number of an error that setting the limits gave, among those of starting the command: the standard
/// library hands on one number from the child, and none of the system's is as large.
const REFUSED: i32 = 1 << 16;

/// What the child sets on itself between `fork` and `exec`. The supervisor stays as it is, ready for the next command.
#[derive(Debug)]
pub(super) struct Settings {
    caps: Vec<(Resource, u64, u64)>,
    persona: Option<Persona>,
    group: Option<File>,
    likelier_victim: bool,
}

impl Settings {
    /// Looks up and opens all that takes memory, which the child may not ask for.
    ///
    /// # Errors
    /// Those of the system: a control group that cannot be opened.
    pub(super) fn prepare(limits: &Limits) -> io::Result<Self> {
        let mut caps = Vec::new();
        let mut cap = |resource, soft: u64, hard: u64| {
            let (_, allowed) = getrlimit(resource)?;
            caps.push((resource, soft.min(allowed), hard.min(allowed)));
            Ok::<_, io::Error>(())
        };
        if let Some(cpu) = limits.cpu {
            let seconds = (cpu.as_secs() + u64::from(cpu.subsec_nanos() > 0)).max(1);
            // SIGXCPU at the soft limit; SIGKILL a little later for those who ignore it.
            cap(Resource::RLIMIT_CPU, seconds, seconds + 2)?;
        }
        if let Some(bytes) = limits.file_size {
            cap(Resource::RLIMIT_FSIZE, bytes, bytes)?;
        }
        if !limits.core {
            cap(Resource::RLIMIT_CORE, 0, 0)?;
        }
        if let Some(bytes) = limits.memory.filter(|_| limits.group.is_none()) {
            cap(Resource::RLIMIT_AS, bytes, u64::MAX)?;
        }
        let persona = (!limits.aslr).then(personality::get).transpose()?;
        let group = limits.group.as_ref().map(Membership::door).transpose()?;
        let persona = persona.map(|persona| persona | Persona::ADDR_NO_RANDOMIZE);
        Ok(Self { caps, persona, group, likelier_victim: *BELOW_OOM_SCORE })
    }

    /// Sets them on this process. Only system calls: between `fork` and `exec` nothing else is safe.
    pub(super) fn apply(&mut self) -> io::Result<()> {
        self.set().map_err(|error| io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(0) | REFUSED))
    }

    fn set(&mut self) -> io::Result<()> {
        if let Some(persona) = self.persona {
            personality::set(persona)?;
        }
        if let Some(group) = &mut self.group {
            // 0 is the process that writes.
            group.write_all(b"0")?;
        }
        if self.likelier_victim {
            // Best effort: a read-only /proc must not keep a case from running.
            let _ = open(OOM_FILE, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())
                .map(|file| write(file, OOM_SCORE.as_bytes()));
        }
        for &(resource, soft, hard) in &self.caps {
            setrlimit(resource, soft, hard)?;
        }
        Ok(())
    }
}

/// The error of setting the limits, if that is what kept the command from starting.
pub(super) fn refused(error: &io::Error) -> Option<io::Error> {
    let number = error.raw_os_error().filter(|number| number & REFUSED != 0)?;
    Some(io::Error::from_raw_os_error(number & !REFUSED))
}

/// Whether a case is to be made a likelier victim than we are. We never change our own score, so this is looked up once.
static BELOW_OOM_SCORE: LazyLock<bool> = LazyLock::new(|| {
    let score = fs::read_to_string(OOM_FILE).ok();
    score.is_some_and(|score| score.trim().parse().is_ok_and(|score: i32| score < 500))
});

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
