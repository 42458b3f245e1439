//! Which of our children has ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;

/// Reaps a child that has ended, if there is one. `ECHILD` means that there is no child at all.
///
/// Only for a process whose children are all its own to reap: beside a library that waits for a child by its id it
/// would steal that one. Not `nix::sys::wait`: that loses the child which a real-time signal has ended.
pub(crate) fn reap() -> Result<Option<(i32, ExitStatus)>, Errno> {
    let mut status = 0;
    // SAFETY: waitpid writes one int, through a pointer that is valid for the length of the call.
    #[allow(unsafe_code)]
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    match Errno::result(pid)? {
        0 => Ok(None),
        pid => Ok(Some((pid, ExitStatus::from_raw(status)))),
    }
}
