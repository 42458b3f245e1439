//! One run writes into a results directory at a time.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, Kind, reason};
use crate::report::console::note;

/// The file that is locked. It stays: to remove it would let two others lock two files of one name.
const NAME: &str = "run.lock";
/// So often a lock is tried once more, and so much later.
const ASKED: usize = 4;
const PAUSE: Duration = Duration::from_millis(25);

/// A results directory that is ours until this is dropped, or until this process ends, however it does.
#[derive(Debug)]
pub struct Claim {
    held: Option<Flock<File>>,
}

impl Claim {
    /// Whether a second run would be refused: not every file system has locks.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Who writes into the directory now, as far as that can be known.
    #[must_use]
    pub fn holder(folder: &Path) -> Option<String> {
        let file = File::open(folder.join(NAME)).ok()?;
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Err((file, Errno::EWOULDBLOCK)) => Some(written_by(file)),
            _ => None,
        }
    }

    /// Takes the directory, and makes it where there is none.
    ///
    /// # Errors
    /// Another run has it: another try may find it free. A directory that cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let cannot = |error: &std::io::Error| {
            let fault = match error.kind() {
                ErrorKind::AlreadyExists => in_the_way(folder),
                _ => None,
            };
            fault
                .unwrap_or_else(|| Error::place("write", folder, error))
                .hint("--results names a folder that can be written, such as an emptyDir or a volume")
        };
        std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        match lock(file.map_err(|error| cannot(&error))?) {
            Ok(mut held) => {
                let written =
                    held.set_len(0).and_then(|()| held.rewind()).and_then(|()| writeln!(held, "{}", owner()));
                written.map_err(|error| cannot(&error))?;
                Ok(Self { held: Some(held) })
            }
            Err((file, Errno::EWOULDBLOCK)) => {
                let what = format!("another run writes into `{}`: {}", folder.display(), written_by(file));
                Err(Error::new(Kind::Pod, what).hint("wait for it, or give each run its own --results; `stackprobe report` makes one report of many"))
            }
            Err((_, errno)) => {
                let why = reason(&errno.into());
                note(&format!(
                    "cannot lock `{}` ({why}): a second run into it would not be noticed",
                    path.display()
                ));
                Ok(Self { held: None })
            }
        }
    }
}

/// Why there is no folder where something is: the kernel only says that it exists.
fn in_the_way(folder: &Path) -> Option<Error> {
    let what = match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => return None,
        Ok(_) => "it is no folder".to_owned(),
        Err(error) => {
            let target = std::fs::read_link(folder).ok()?;
            format!("it is a link to `{}`: {}", target.display(), reason(&error))
        }
    };
    Some(Error::new(Kind::Unfit, format!("cannot write `{}`: {what}", folder.display())))
}

/// Takes the lock. Who only asks whether it is held holds it for a moment.
fn lock(mut file: File) -> Result<Flock<File>, (File, Errno)> {
    for _ in 0..ASKED {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Err((back, Errno::EWOULDBLOCK)) => file = back,
            end => return end,
        }
        std::thread::sleep(PAUSE);
    }
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
}

/// What the owner of a directory wrote down.
fn written_by(mut file: File) -> String {
    let mut owner = String::new();
    let read = (&mut file).take(500).read_to_string(&mut owner);
    let owner = Some(owner.trim()).filter(|owner| read.is_ok() && !owner.is_empty());
    owner.unwrap_or("it does not say which").to_owned()
}

/// Who writes, for whoever finds the directory taken.
fn owner() -> String {
    let host = nix::unistd::gethostname().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("process {} on {host} since {}", std::process::id(), now.format(&Rfc3339).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_was_first_and_nothing_is_left_of_who_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        let first = Claim::take(&path).unwrap();
        let told = Claim::take(&path).unwrap_err().to_string();
        assert!(told.contains(&format!("process {} on ", std::process::id())), "{told}");
        assert!(Claim::holder(&path).unwrap().contains(&format!("process {} on ", std::process::id())));
        drop(first);
        assert_eq!(Claim::holder(&path), None);
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        std::os::unix::fs::symlink("/nowhere/x", &link).unwrap();
        std::fs::write(&file, "").unwrap();
        let told = |path: &Path| Claim::take(path).unwrap_err().to_string();
        assert!(told(&link).contains("it is a link to `/nowhere/x`: no such file"), "{}", told(&link));
        assert!(told(&file).contains("it is no folder"), "{}", told(&file));
        let second = Claim::take(&path).unwrap();
        assert!(second.is_held());
    }
}
