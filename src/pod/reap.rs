//! Which of our children has ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;

/// What a child has used, its own waited-for children included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// User time.
    pub(crate) user: Duration,
    /// System time.
    pub(crate) system: Duration,
    /// Largest resident size in bytes that any one of them had.
    pub(crate) peak_memory: u64,
}

impl Used {
    /// Counts another child in.
    pub(crate) fn add(&mut self, other: Self) {
        self.user += other.user;
        self.system += other.system;
        self.peak_memory = self.peak_memory.max(other.peak_memory);
    }
}

/// Reaps a child that has ended, if there is one. `ECHILD` means that there is no child at all.
///
/// Only for a process whose children are all its own to reap: beside a library that waits for a child by its id it
/// would steal that one. Not `nix::sys::wait`: that loses the child which a real-time signal has ended.
pub(crate) fn reap() -> Result<Option<(i32, ExitStatus, Used)>, Errno> {
    let mut status = 0;
    // SAFETY: all of its fields are numbers, for which zero is a value.
    #[allow(unsafe_code)]
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: wait4 writes one int and one rusage, through pointers that are valid for the length of the call.
    #[allow(unsafe_code)]
    let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage) };
    match Errno::result(pid)? {
        0 => Ok(None),
        pid => Ok(Some((pid, ExitStatus::from_raw(status), used(&usage)))),
    }
}

fn used(usage: &libc::rusage) -> Used {
    let time = |time: libc::timeval| {
        let micros = u32::try_from(time.tv_usec).unwrap_or(0);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), micros.saturating_mul(1000))
    };
    // The kernel counts in KiB.
    let peak_memory = u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024;
    Used { user: time(usage.ru_utime), system: time(usage.ru_stime), peak_memory }
}
