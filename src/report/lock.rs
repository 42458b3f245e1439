//! A lock beside a file that several pods and users write.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait before another try.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockFault {
    /// Another holds it, and has done so for as long as we were to wait.
    Held,
    /// Its file cannot be made or opened.
    Io(io::Error),
}

impl Lock {
    /// Takes the lock whose file is `path`, waiting for `patience` at most. `None`: there are no locks here.
    ///
    /// Without locks are NFS without its lock daemon (`ENOLCK`), some network and FUSE file systems (`ENOSYS`,
    /// `EOPNOTSUPP`, 524), files opened for reading over NFS (`EBADF`) and pods whose seccomp profile refuses the call
    /// (`EPERM`): whoever writes atomically then loses an entry at worst, and never the file.
    ///
    /// # Errors
    /// A lock that another holds; a file that cannot be made.
    pub fn take(path: &Path, patience: Duration) -> Result<Option<Self>, LockFault> {
        let Some(file) = open(path).map_err(LockFault::Io)? else { return Ok(None) };
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(LockFault::Held),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(TryLockError::Error(_)) => return Ok(None),
            }
        }
    }
}

/// `None`: another user's, and closed to us.
fn open(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    match options.clone().write(true).create_new(true).mode(0o666).open(path) {
        Ok(file) => {
            // It holds nothing, and a umask must not lock the next user out. Where the mode cannot be changed, the
            // next user goes without a lock.
            let _ = file.set_permissions(Permissions::from_mode(0o666));
            return Ok(Some(file));
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // For writing first, which a lock over NFS needs. Never with O_CREAT, which the kernel refuses for somebody else's
    // file in a folder with the sticky bit (fs.protected_regular).
    for writing in [true, false] {
        match options.clone().read(true).write(writing).open(path) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_at_a_time_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take(&path, Duration::ZERO).unwrap().unwrap();
        assert!(matches!(Lock::take(&path, Duration::ZERO), Err(LockFault::Held)));
        drop(held);
        assert!(Lock::take(&path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn the_mode_lets_every_user_in_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(Lock::take(&path, Duration::ZERO).unwrap());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o666);
        std::os::unix::fs::symlink("/dev/null", folder.path().join("link")).unwrap();
        assert!(matches!(Lock::take(&folder.path().join("link"), Duration::ZERO), Err(LockFault::Io(_))));
    }
}
