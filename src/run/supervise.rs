//! The supervisor: starts a command, owns everything that comes of it, and takes the next once nothing of it is left.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::{execve, setsid};

use super::family::Family;
use super::limits::{self, Settings};
use super::message::{Job, Line, News, Report};
use super::outcome::Ended;
use super::remains::{Remains, SHARED_MEMORY};
use path_fault::{PathFault, barred};

/// What a pod runs short of: another pod may fare better.
const SHORTAGES: [Errno; 4] = [Errno::EAGAIN, Errno::ENOMEM, Errno::ENFILE, Errno::EMFILE];

/// Runs the supervisor; what it has to say goes to the harness through its standard input.
#[must_use]
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads a text here: without a report the harness knows that something went wrong.
        Err(_) => crate::exit::Exit::Internal.into(),
    }
}

fn supervise() -> io::Result<()> {
    // Away from the terminal: Ctrl-C is the harness's to handle, and a command that asks at /dev/tty fails instead of
    // being stopped for ever.
    setsid()?;
    hide_inherited();
    let line = Line::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?));
    let mut family = Family::new(line)?;
    while let Some((mut job, streams)) = family.next_job()? {
        let there = std::mem::take(&mut job.there);
        family.prepare(Remains::known(Path::new(SHARED_MEMORY), Path::new(&job.tmp.0), there));
        let started = Instant::now();
        let report = match spawn(&job, streams) {
            Ok(main) => family.own(main, &job.limits, started)?,
            Err(ended) => Report {
                ended,
                wall: started.elapsed(),
                user: Duration::ZERO,
                system: Duration::ZERO,
                peak_memory: 0,
                leaked: Vec::new(),
                remains: Vec::new(),
                again: true,
            },
        };
        let again = report.again;
        // The harness may be gone: then nobody needs the report.
        if family.line.say(&News::Gone(Box::new(report))).is_err() || !again {
            break;
        }
    }
    Ok(())
}

/// Starts the command; its process id, or why it could not be started.
fn spawn(job: &Job, [stdout, stderr]: [OwnedFd; 2]) -> Result<i32, Ended> {
    let refuse = |what: String| {
        move |error: io::Error| Ended::NotStarted {
            what: format!("{what}: {}", crate::error::reason(&error)),
            errno: error.raw_os_error().unwrap_or(0),
            pod: error.raw_os_error().is_some_and(|errno| SHORTAGES.contains(&Errno::from_raw(errno))),
        }
    };
    let pods = |what: &str| {
        let refuse = refuse(what.to_owned());
        move |error| match refuse(error) {
            Ended::NotStarted { what, errno, .. } => Ended::NotStarted { what, errno, pod: true },
            other => other,
        }
    };
    let name = job
        .argv
        .first()
        .ok_or_else(|| io::Error::from(Errno::EINVAL))
        .map_err(refuse("the command is empty".into()))?;
    let dir = Path::new(&job.dir.0);
    std::env::set_current_dir(dir).map_err(refuse(format!("cannot enter `{}`", dir.display())))?;
    let program = find(Path::new(&name.0), job).map_err(|hidden| match hidden {
        // It may be there: nothing is said of the stack.
        Some(hidden) => {
            Ended::NotStarted { what: format!("cannot start it: {hidden}"), errno: libc::EACCES, pod: true }
        }
        None => refuse(format!("cannot find `{}` on the PATH of the case", Path::new(&name.0).display()))(
            io::Error::from(Errno::ENOENT),
        ),
    })?;
    let null = File::open("/dev/null").map_err(pods("cannot open `/dev/null`"))?;
    let refused = || pods("cannot set the limits of the case");
    let mut settings = match Settings::prepare(&job.limits) {
        Ok(settings) => settings,
        Err(error) => return Err(refused()(error)),
    };
    let words = job.argv.iter().map(c_string);
    let pairs = job.env.iter().map(|(name, value)| {
        c_string(OsStr::from_bytes(&[name.0.as_bytes(), b"=", value.0.as_bytes()].concat()))
    });
    let invalid = || refuse(format!("cannot start `{}`", program.display()));
    let path = c_string(&program).map_err(invalid())?;
    let (words, pairs) = words
        .collect::<io::Result<Vec<_>>>()
        .and_then(|words| Ok((words, pairs.collect::<io::Result<Vec<_>>>()?)))
        .map_err(invalid())?;
    let mut command = std::process::Command::new(&program);
    command.stdin(null).stdout(stdout).stderr(stderr).process_group(0);
    // SAFETY: this process has one thread, so that no lock can be held in its copy.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(move || {
            settings.apply()?;
            // The standard library would hand to a shell what the kernel cannot execute.
            Err(execve(&path, &words, &pairs).map_or_else(io::Error::from, |never| match never {}))
        });
    }
    let child = command.spawn().map_err(|error| {
        if let Some(error) = limits::refused(&error) {
            return refused()(error);
        }
        if let Some(hidden) = barred(&program) {
            let what = format!("cannot start it: {hidden}");
            return Ended::NotStarted { what, errno: error.raw_os_error().unwrap_or(0), pod: true };
        }
        let what = format!("cannot start `{}`", program.display());
        refuse(match error.raw_os_error().map(Errno::from_raw) {
            // The system says "no such file" of a script or program that is there.
            Some(Errno::ENOENT) if program.exists() => {
                format!("{what}: the interpreter that it names is missing")
            }
            _ => what,
        })(error)
    })?;
    i32::try_from(child.id()).map_err(io::Error::other).map_err(refuse("no process id".into()))
}

/// These bytes as the system takes them, which end at a zero.
fn c_string(bytes: impl AsRef<OsStr>) -> io::Result<CString> {
    CString::new(bytes.as_ref().as_bytes()).map_err(|_| Errno::EINVAL.into())
}

/// Keeps from the command what this process was given open by whoever started the harness: an open pipe or lock of
/// an entrypoint is no part of a case. A kernel before 5.11 cannot, and then nothing changes.
fn hide_inherited() {
    // SAFETY: it sets a flag on descriptors and neither closes one nor touches memory.
    #[allow(unsafe_code)]
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
}

/// The program as the case would find it, which is not as the supervisor would.
///
/// # Errors
/// There is none, or what hides one that may be there.
fn find(name: &Path, job: &Job) -> Result<PathBuf, Option<PathFault>> {
    if name.as_os_str().as_bytes().contains(&b'/') {
        return Ok(name.to_owned());
    }
    let path = job.env.iter().rev().find(|(key, _)| key.0 == "PATH").map(|(_, value)| value).ok_or(None)?;
    // What `which` could not see is looked for once more, to tell "not there" from "closed to us".
    which::which_in(name, Some(path), ".")
        .map_err(|_| std::env::split_paths(&path.0).find_map(|folder| barred(&folder.join(name))))
}
