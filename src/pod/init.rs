//! The first process of a container: it reaps strangers, hands signals on, and ends as the harness ends.
//!
//! The first process of a PID namespace is given every orphan, those of `kubectl exec` too, and must reap them. The
//! harness cannot: it waits for its own children by their ids, and whoever reaps just any child steals those (56 of
//! 300 waits failed so when it was tried). So the first process does nothing else, and the harness is its child.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

use super::reap::reap;
use super::wake::Wake;
use crate::error::{Error, Kind, reason};
use crate::exit::Exit;

/// What is handed on to the harness. Without a handler the kernel drops a signal to the first process.
const HANDED_ON: [i32; 6] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];

/// How long supervisors have, after a harness that was killed, to end their cases and to clear `/dev/shm`, which
/// outlives the container. When the first process ends, the kernel kills everybody else.
const LINGER: Duration = Duration::from_secs(10);

/// Whether this is the first process of its PID namespace.
#[must_use]
pub fn is_first() -> bool {
    std::process::id() == 1
}

/// Makes orphans below this process its own children, so that none is lost when a supervisor is killed. For the
/// harness, which with a shared PID namespace is not the first process.
///
/// # Errors
/// If the kernel refuses.
pub fn adopt_orphans() -> Result<(), Error> {
    prctl::set_child_subreaper(true)
        .map_err(|errno| Error::new(Kind::Pod, format!("cannot become a subreaper: {}", errno.desc())))
}

/// Starts this program again, with the same arguments, as its own child, and serves it until it ends.
///
/// # Errors
/// If it cannot be started.
pub fn serve() -> Result<ExitCode, Error> {
    let fault = |error: io::Error| {
        Error::new(Kind::Pod, format!("cannot start `/proc/self/exe`: {}", reason(&error)))
            .hint("is /proc mounted, and is the limit on processes high enough?")
    };
    let mut ears = Ears::new().map_err(fault)?;
    let mut arguments = std::env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let harness = command.args(arguments).spawn().map_err(fault)?.id();
    let harness = i32::try_from(harness).unwrap_or(0);
    ears.serve(harness).map_err(fault)
}

/// What the first process listens to.
struct Ears {
    children: Wake,
    signals: Vec<(i32, Wake)>,
}

impl Ears {
    fn new() -> io::Result<Self> {
        let signals = HANDED_ON.into_iter().map(|signal| Ok((signal, Wake::on(&[signal])?)));
        Ok(Self { children: Wake::on(&[SIGCHLD])?, signals: signals.collect::<io::Result<_>>()? })
    }

    fn serve(&mut self, harness: i32) -> io::Result<ExitCode> {
        let status = loop {
            if let (Some(status), _) = Self::reap(harness) {
                break status;
            }
            for signal in self.hear(PollTimeout::NONE)? {
                if let Ok(signal) = Signal::try_from(signal) {
                    // It may have ended just now.
                    let _ = kill(Pid::from_raw(harness), signal);
                }
            }
        };
        if status.signal().is_some() {
            let until = Instant::now() + LINGER;
            while Self::reap(harness).1 && Instant::now() < until {
                let left = until.saturating_duration_since(Instant::now());
                self.hear(PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO))?;
            }
        }
        Ok(exit(status))
    }

    /// Sleeps until a child has ended or a signal has come; the signals.
    fn hear(&mut self, timeout: PollTimeout) -> io::Result<Vec<i32>> {
        let all = self.signals.iter().map(|(_, ear)| ear).chain([&self.children]);
        let mut fds: Vec<_> = all.map(|ear| PollFd::new(ear.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.children.heard()?;
        let mut heard = Vec::new();
        for (signal, ear) in &mut self.signals {
            if ear.heard()? {
                heard.push(*signal);
            }
        }
        Ok(heard)
    }

    /// Reaps whoever has ended: how the harness did, if it was among them, and whether any child is left.
    fn reap(harness: i32) -> (Option<ExitStatus>, bool) {
        let mut ended = None;
        loop {
            match reap() {
                Ok(Some((pid, status, _))) if pid == harness => ended = Some(status),
                Ok(Some(_)) | Err(Errno::EINTR) => {}
                Ok(None) => return (ended, true),
                Err(_) => return (ended, false),
            }
        }
    }
}

/// A harness that a signal has ended has no exit code of its own.
fn exit(status: ExitStatus) -> ExitCode {
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).map_or(Exit::Internal.into(), ExitCode::from),
        (None, Some(signal @ (SIGTERM | SIGINT | SIGHUP))) => Exit::Signal(signal).into(),
        // Nobody but the kernel, out of memory, or a person does that: another pod may fare better.
        (None, Some(libc::SIGKILL)) => Exit::Unknown.into(),
        (None, _) => Exit::Internal.into(),
    }
}
