//! `--debug-pause`: the first failure stops the run until somebody has looked.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::SIGUSR1;

use crate::error::{Error, Kind, reason};
use crate::pod::signals::Stop;
use crate::pod::wake::Wake;
use crate::report::mask::mask;
use crate::report::record::CaseRecord;
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// Stops once.
pub(super) struct Pause {
    state: Mutex<State>,
    changed: Condvar,
    signal: Mutex<Wake>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Paused,
    Over,
}

impl Pause {
    /// From now on SIGUSR1 means to go on.
    ///
    /// # Errors
    /// If the signal cannot be handled.
    pub(super) fn new() -> Result<Self, Error> {
        let signal = Wake::on(&[SIGUSR1])
            .map_err(|error| Error::new(Kind::Pod, format!("cannot handle signals: {}", reason(&error))))?;
        let state = Mutex::new(State::Waiting);
        Ok(Self { state, changed: Condvar::new(), signal: Mutex::new(signal) })
    }

    /// Whether this case is the one to stop at. Whoever is told so has to [`Pause::hold`].
    pub(super) fn is_for(&self, record: &CaseRecord, stop: &Stop) -> bool {
        let bad = matches!(record.outcome(), Outcome::Failed | Outcome::Error);
        let mut state = self.lock();
        let now = bad && *state == State::Waiting && stop.requested().is_none();
        if now {
            *state = State::Paused;
        }
        now
    }

    /// Waits for SIGUSR1, for Enter on a terminal, or for a wish to stop.
    pub(super) fn hold(&self, stop: &Stop) {
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        // What was sent before there was a pause was not meant for it.
        let _ = signal.heard();
        while stop.requested().is_none() && !matches!(told(&mut signal, stop), Ok(true) | Err(_)) {}
        *self.lock() = State::Over;
        self.changed.notify_all();
    }

    /// Keeps others from beginning anything meanwhile.
    pub(super) fn wait(&self) {
        let paused = |state: &mut State| *state == State::Paused;
        drop(self.changed.wait_while(self.lock(), paused).unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sleeps until something comes; whether it means to go on.
fn told(signal: &mut Wake, stop: &Stop) -> io::Result<bool> {
    let stdin = io::stdin();
    let typed = {
        let mut fds = vec![PollFd::new(signal.as_fd(), PollFlags::POLLIN)];
        if stdin.is_terminal() {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        let own = fds.len();
        fds.extend(stop.pollable([false, true]));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        fds[1..own].iter().any(|fd| fd.revents().is_some_and(|events| !events.is_empty()))
    };
    if typed {
        let mut line = String::new();
        return stdin.lock().read_line(&mut line).map(|_| true);
    }
    signal.heard()
}

/// What whoever looks has to know.
pub(super) fn instructions(record: &CaseRecord, results: &Path, root: &Path, host: &str) -> String {
    let owed = &record.owed;
    let mut text = format!("paused: {}/{} [{}] {}", owed.suite, owed.probe, owed.toolchain, record.outcome());
    if let Some(check) = record.first_fault() {
        let _ = write!(text, ": {}: {}", check.name, line(&check.reason, 200));
    }
    let results = std::path::absolute(results).unwrap_or_else(|_| results.to_path_buf());
    let case: PathBuf = results.join("cases").join(&owed.id);
    let quoted = |path: &Path| shell_words::quote(&path.to_string_lossy()).into_owned();
    let look = if case.join("repro.sh").is_file() {
        format!("stackprobe shell {}", quoted(&case))
    } else {
        let modules = owed.toolchain.split(' ').next().unwrap_or_default();
        format!("stackprobe shell --cc {}", shell_words::quote(modules))
    };
    let _ = write!(text, "\n  look:      {look}");
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        let _ = write!(text, "\n             kubectl exec -it {host} -- {look}");
    }
    let _ = write!(text, "\n  staged in: {}\n  go on:     kill -USR1 {}", root.display(), std::process::id());
    if io::stdin().is_terminal() {
        text.push_str("   (or Enter)");
    }
    text.push_str("\n  give up:   SIGTERM or Ctrl-C; the report is written");
    mask(&text).into_owned()
}
