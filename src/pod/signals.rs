//! What SIGTERM, SIGINT and SIGHUP mean: stop, and the second time at once.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::wake::Wake;
use crate::error::{Error, Kind, reason};

/// Two signals this close together are one wish: a terminal signals a whole process group, and so do executors
/// of workflows, while the first process of a container hands on what it got as well.
const ONE_WISH: Duration = Duration::from_millis(100);

/// The wish to stop, shared by everybody who works.
///
/// Each of its two levels is a pipe whose writing end is dropped when the level is reached: whoever polls it wakes
/// then, and keeps being told.
#[derive(Debug)]
pub struct Stop {
    signal: AtomicI32,
    heard: Mutex<Option<Instant>>,
    asked: Level,
    urged: Level,
    grace: Duration,
}

#[derive(Debug)]
struct Level {
    reader: PipeReader,
    writer: Mutex<Option<PipeWriter>>,
}

impl Level {
    fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer: Mutex::new(Some(writer)) })
    }

    fn reach(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn reached(&self) -> bool {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl Stop {
    /// Nobody wants to stop yet. When somebody does, running cases have `grace` from SIGTERM to SIGKILL.
    ///
    /// # Errors
    /// If no pipe can be opened.
    pub fn new(grace: Duration) -> Result<Self, Error> {
        let level = || {
            Level::new()
                .map_err(|error| Error::new(Kind::Pod, format!("cannot open a pipe: {}", reason(&error))))
        };
        Ok(Self {
            signal: AtomicI32::new(0),
            heard: Mutex::new(None),
            asked: level()?,
            urged: level()?,
            grace,
        })
    }

    /// A wish to stop that nobody listens for: short commands die of their signals.
    ///
    /// # Errors
    /// If no pipe can be opened.
    pub fn unheard() -> Result<Self, Error> {
        Self::new(Duration::from_secs(5))
    }

    /// Asks for a stop because of this signal; asking again makes it immediate.
    pub fn request(&self, signal: i32) {
        if self.signal.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            self.urged.reach();
        }
        self.asked.reach();
    }

    /// A signal has come: asks for a stop, unless it belongs to the wish that was just heard.
    fn hear(&self, signal: i32, now: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none_or(|then| now.saturating_duration_since(then) > ONE_WISH) {
            *heard = Some(now);
            self.request(signal);
        }
    }

    /// The signal that asked first.
    #[must_use]
    pub fn requested(&self) -> Option<i32> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal),
        }
    }

    /// Whether it was asked twice.
    #[must_use]
    pub fn immediate(&self) -> bool {
        self.urged.reached()
    }

    /// How long a running case has between SIGTERM and SIGKILL.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// What to poll to wake when a stop is asked for and when it becomes urgent, without those already `known`.
    pub(crate) fn pollable(&self, known: [bool; 2]) -> Vec<PollFd<'_>> {
        [&self.asked, &self.urged]
            .into_iter()
            .zip(known)
            .filter(|(_, known)| !known)
            .map(|(level, _)| PollFd::new(level.reader.as_fd(), PollFlags::POLLIN))
            .collect()
    }
}

/// From now on SIGTERM, SIGINT and SIGHUP ask for a stop, and the second one for an immediate stop. A SIGHUP that
/// is ignored already stays so.
///
/// # Errors
/// If the handlers or the thread that listens cannot be set up.
pub fn listen(stop: Arc<Stop>) -> Result<(), Error> {
    let listener = || -> io::Result<()> {
        let heeded =
            [SIGTERM, SIGINT, SIGHUP].into_iter().filter(|&signal| signal != SIGHUP || !hangup_is_ignored());
        let told = heeded.map(|signal| Ok((signal, Wake::on(&[signal])?))).collect::<io::Result<Vec<_>>>();
        let mut told = told?;
        let work = move || while hear(&mut told, &stop).is_ok() {};
        std::thread::Builder::new().name("signals".into()).spawn(work)?;
        Ok(())
    };
    listener().map_err(|error| Error::new(Kind::Pod, format!("cannot handle signals: {}", reason(&error))))
}

/// Whether this was started by `nohup`, whose wish comes first.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}

/// Waits for signals and hands them on.
fn hear(told: &mut [(i32, Wake)], stop: &Stop) -> io::Result<()> {
    let mut fds: Vec<_> = told.iter().map(|(_, wake)| PollFd::new(wake.as_fd(), PollFlags::POLLIN)).collect();
    match poll(&mut fds, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    for (signal, wake) in told {
        if wake.heard()? {
            stop.hear(*signal, Instant::now());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_remembered_and_the_second_urges() {
        let stop = Stop::new(Duration::ZERO).unwrap();
        assert_eq!((stop.requested(), stop.immediate()), (None, false));
        let now = Instant::now();
        stop.hear(SIGTERM, now);
        stop.hear(SIGINT, now + ONE_WISH);
        assert_eq!((stop.requested(), stop.immediate()), (Some(SIGTERM), false));
        stop.hear(SIGINT, now + ONE_WISH * 2);
        assert_eq!((stop.requested(), stop.immediate()), (Some(SIGTERM), true));
    }

    #[test]
    fn whoever_polls_wakes_and_keeps_being_told() {
        let stop = Stop::new(Duration::ZERO).unwrap();
        let polled = |known| poll(&mut stop.pollable(known), PollTimeout::ZERO).unwrap();
        assert_eq!(polled([false, false]), 0);
        stop.request(SIGTERM);
        assert_eq!((polled([false, false]), polled([false, false]), polled([true, false])), (1, 1, 0));
        stop.request(SIGTERM);
        assert_eq!(polled([true, false]), 1);
    }
}
