//! One run writes into a results directory at a time.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, Kind, reason};
use crate::report::console::note;

/// The file that is locked. It stays: to remove it would let two others lock two files of one name.
const NAME: &str = "run.lock";

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

    /// Takes the directory, and makes it where there is none.
    ///
    /// # Errors
    /// Another run has it: another try may find it free. A directory that cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let cannot = |error: &std::io::Error| {
            Error::place("write", folder, error)
                .hint("--results names a folder that can be written, such as an emptyDir or a volume")
        };
        std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        match Flock::lock(file.map_err(|error| cannot(&error))?, FlockArg::LockExclusiveNonblock) {
            Ok(mut held) => {
                let written =
                    held.set_len(0).and_then(|()| held.rewind()).and_then(|()| writeln!(held, "{}", owner()));
                written.map_err(|error| cannot(&error))?;
                Ok(Self { held: Some(held) })
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut owner = String::new();
                let read = (&mut file).take(500).read_to_string(&mut owner);
                let owner = Some(owner.trim()).filter(|owner| read.is_ok() && !owner.is_empty());
                let what = format!(
                    "another run writes into `{}`: {}",
                    folder.display(),
                    owner.unwrap_or("it does not say which")
                );
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
        drop(first);
        let second = Claim::take(&path).unwrap();
        assert!(second.is_held());
    }
}
