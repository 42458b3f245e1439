//! A command in the foreground: it has our terminal, our streams and our place, and how it ends is how we end.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::error::{Error, Kind, reason};
use crate::exit::Exit;
use crate::pod::wake::Wake;
use crate::stack::environment::Environment;

/// A command and all that it gets; its standard streams are ours.
#[derive(Clone, Debug)]
pub struct Foreground<'f> {
    /// The program, by its path.
    pub program: &'f Path,
    /// What it is called.
    pub name: &'f std::ffi::OsStr,
    /// Its arguments.
    pub arguments: &'f [std::ffi::OsString],
    /// Its whole environment.
    pub environment: &'f Environment,
    /// Its current directory.
    pub dir: &'f Path,
}

impl Foreground<'_> {
    /// Runs it. What a terminal says with Ctrl-C and Ctrl-\ is its to hear; what is said to us alone is handed on.
    ///
    /// # Errors
    /// A command that cannot be started.
    pub fn run(&self) -> Result<Exit, Error> {
        let cannot = |error: io::Error| {
            let what = format!("cannot start `{}`: {}", self.program.display(), reason(&error));
            Error::new(Kind::Pod, what)
        };
        // Handled and not ignored: a handler, unlike an ignored signal, is not inherited by the command.
        let _terminal = Wake::on(&[SIGINT, SIGQUIT]).map_err(cannot)?;
        let mut ended = Wake::on(&[SIGCHLD]).map_err(cannot)?;
        let mut told = [(Signal::SIGTERM, SIGTERM), (Signal::SIGHUP, SIGHUP)]
            .into_iter()
            .map(|(signal, number)| Ok((signal, Wake::on(&[number])?)))
            .collect::<io::Result<Vec<_>>>()
            .map_err(cannot)?;
        let variables = self.environment.iter();
        let mut child = Command::new(self.program)
            .arg0(self.name)
            .args(self.arguments)
            .env_clear()
            .envs(variables)
            .current_dir(self.dir)
            .spawn()
            .map_err(cannot)?;
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
        loop {
            if let Some(status) = child.try_wait().map_err(cannot)? {
                return Ok(match (status.code(), status.signal()) {
                    (Some(code), _) => Exit::Of(u8::try_from(code).unwrap_or(u8::MAX)),
                    (None, signal) => Exit::Signal(signal.unwrap_or(SIGTERM)),
                });
            }
            let mut fds = vec![PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
            fds.extend(told.iter().map(|(_, ear)| PollFd::new(ear.as_fd(), PollFlags::POLLIN)));
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(cannot(error.into())),
            }
            ended.heard().map_err(cannot)?;
            for (signal, ear) in &mut told {
                if ear.heard().map_err(cannot)? {
                    // It may have ended just now.
                    let _ = kill(pid, *signal);
                }
            }
        }
    }
}
