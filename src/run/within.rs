//! `stackprobe __within SECONDS PROGRAM…`: a program that must end soon and leave nothing running, for scripts of ours.
//!
//! A modulefile may loop, wait or start a daemon, and each would keep the shell that called Lmod from going on. The
//! exit status is the program's own, or one of those below, with a line on stderr that says why.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;
use signal_hook::consts::SIGCHLD;

use super::tree;
use crate::pod::reap::reap;
use crate::pod::wake::Wake;
use crate::stack::lmod::{SAYS, WITHIN};

/// The hidden first argument that asks for it.
pub const ARGUMENT: &str = WITHIN;
/// The exit status of a program that was killed when its time was over.
pub const LATE: u8 = 124;
/// The exit status of a program that could not be started.
pub const NOT_STARTED: u8 = 126;
/// How long what the program started may outlive it.
const SETTLE: Duration = Duration::from_millis(200);
/// How much it may write into a file, its answer among them.
const LARGEST: u64 = 64 << 20;

/// Runs the program of the command line.
#[must_use]
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(2);
    let limit = words.next().and_then(|word| word.to_str()?.parse().ok()).map(Duration::from_secs);
    let (Some(limit), Some(program)) = (limit, words.next()) else { return ExitCode::from(NOT_STARTED) };
    match run(limit, &program, words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("cannot start `{}`: {}", program.display(), crate::error::reason(&error)));
            ExitCode::from(NOT_STARTED)
        }
    }
}

fn run(limit: Duration, program: &OsString, words: impl Iterator<Item = OsString>) -> io::Result<u8> {
    prctl::set_child_subreaper(true)?;
    let mut children = Wake::on(&[SIGCHLD])?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE)?;
    setrlimit(Resource::RLIMIT_FSIZE, soft.min(LARGEST), hard)?;
    let begun = Instant::now();
    let child = Command::new(program).args(words).stdin(Stdio::null()).process_group(0).spawn()?;
    let main = i32::try_from(child.id()).map_err(io::Error::other)?;
    let Some(status) = wait(main, &mut children, begun + limit)? else {
        let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        kill_all(main);
        while reap_until(Instant::now() + SETTLE, &mut children)? {}
        let after = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let spent = after.user_time() + after.system_time() - used.user_time() - used.system_time();
        #[allow(clippy::cast_precision_loss, reason = "seconds, for people")]
        let seconds = spent.num_milliseconds() as f64 / 1000.0;
        say(&format!("it did not end within {} s, with {seconds:.1} s of CPU time: killed", limit.as_secs()));
        return Ok(LATE);
    };
    let settled = Instant::now() + SETTLE;
    while reap_until(settled, &mut children)? {}
    let left = tree::descendants(Pid::this().as_raw());
    if !left.is_empty() {
        let names: Vec<String> = left.iter().filter_map(|pid| Some(tree::stat(*pid)?.name)).collect();
        say(&format!("it left {} running", names.join(", ")));
        kill_all(main);
    }
    if status.signal() == Some(libc::SIGXFSZ) {
        say(&format!("it wrote more than {} MiB", LARGEST >> 20));
    } else if let Some(signal) = status.signal() {
        say(&format!("it was ended by signal {signal}"));
    }
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// Adds a line to what the program said.
fn say(what: &str) {
    // Whoever started this has closed its stderr: then nobody wants to know.
    let _ = writeln!(io::stderr(), "{SAYS}{what}");
}

/// How the program ended; none when its time was over first.
fn wait(main: i32, children: &mut Wake, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match reap() {
            Ok(Some((pid, status, _))) if pid == main => return Ok(Some(status)),
            Ok(Some(_)) => {}
            Ok(None) => {
                if !sleep(children, deadline)? {
                    return Ok(None);
                }
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Reaps one more that ends before `deadline`; false when there is none left, or none ends.
fn reap_until(deadline: Instant, children: &mut Wake) -> io::Result<bool> {
    match reap() {
        Ok(Some(_)) => Ok(true),
        Ok(None) => sleep(children, deadline),
        Err(Errno::ECHILD) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Sleeps until a child has ended; false when it is `deadline` first.
fn sleep(children: &mut Wake, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(children.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) if Instant::now() >= deadline => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => {
                children.heard()?;
                return Ok(true);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Kills the program's group, and what has left it.
fn kill_all(main: i32) {
    // Whatever is gone already cannot be killed, and needs not be.
    let _ = kill(Pid::from_raw(-main), Signal::SIGKILL);
    for pid in tree::descendants(Pid::this().as_raw()) {
        // It may have ended just now.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}
