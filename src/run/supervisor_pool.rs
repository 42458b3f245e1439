//! The supervisors of this process: each serves one command after the other, so that a case costs no program start.
//!
//! One that has ended its command cleanly is kept for the next. One that was lost, that is still stuck with a process
//! that will not die, or that somebody has killed while it was idle is replaced.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::message::{ARGUMENT, Job, Line};

/// Starts supervisors and keeps those that are idle.
#[derive(Debug)]
pub struct SupervisorPool {
    program: PathBuf,
    idle: Mutex<Vec<Supervisor>>,
}

/// A supervisor that serves nobody, or one command.
#[derive(Debug)]
pub(super) struct Supervisor {
    handle: duct::Handle,
    pub(super) line: Line,
}

impl SupervisorPool {
    /// Starts supervisors by running `program` with [`ARGUMENT`].
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), idle: Mutex::new(Vec::new()) }
    }

    /// The program that is started.
    pub(super) fn program(&self) -> &PathBuf {
        &self.program
    }

    /// Gives `job` to an idle supervisor, or to a new one: the supervisor, and the standard output and error of the
    /// command.
    pub(super) fn start(&self, job: &Job) -> io::Result<(Supervisor, [PipeReader; 2])> {
        let (stdout, stdout_writer) = io::pipe()?;
        let (stderr, stderr_writer) = io::pipe()?;
        for pipe in [&stdout, &stderr] {
            fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let writers = [stdout_writer.as_fd(), stderr_writer.as_fd()];
        while let Some(mut supervisor) = self.take() {
            // Killed while it was idle: the next one may live.
            if supervisor.line.say_with(job, &writers).is_ok() {
                return Ok((supervisor, [stdout, stderr]));
            }
            supervisor.dismiss();
        }
        let mut supervisor = self.spawn()?;
        supervisor.line.say_with(job, &writers)?;
        Ok((supervisor, [stdout, stderr]))
    }

    /// Keeps a supervisor that is ready for another command.
    pub(super) fn keep(&self, supervisor: Supervisor) {
        self.lock().push(supervisor);
    }

    /// Ends the idle supervisors.
    pub(super) fn dismiss(&self) {
        let idle = std::mem::take(&mut *self.lock());
        idle.into_iter().for_each(Supervisor::dismiss);
    }

    fn take(&self) -> Option<Supervisor> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Supervisor>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self) -> io::Result<Supervisor> {
        let (ours, theirs) = UnixStream::pair()?;
        // It has nothing to say but through its socket, and must not hold open what its starter writes to.
        let (_, nowhere) = io::pipe()?;
        let handle = duct::cmd(&self.program, [ARGUMENT])
            .full_env(std::iter::empty::<(String, String)>())
            .stdin_file(OwnedFd::from(theirs))
            .stdout_file(OwnedFd::from(nowhere.try_clone()?))
            .stderr_file(OwnedFd::from(nowhere))
            .unchecked()
            .start()?;
        Ok(Supervisor { handle, line: Line::new(ours) })
    }
}

impl Drop for SupervisorPool {
    fn drop(&mut self) {
        self.dismiss();
    }
}

impl Supervisor {
    /// Kills it; how it ended.
    pub(super) fn give_up(&self) -> io::Result<ExitStatus> {
        // It may have ended by itself.
        let _ = self.handle.kill();
        self.handle.wait().map(|output| output.status)
    }

    /// Lets it end, which it does when it sees that nobody is at the other end, and waits for that.
    pub(super) fn dismiss(self) {
        drop(self.line);
        // How it ends tells nothing any more: its last report is in.
        let _ = self.handle.wait();
    }
}
