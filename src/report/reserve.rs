//! Space set aside in the results directory, so that a disk that fills up can still be told of in the report.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;

use crate::error::{Error, Kind};

/// What `junit.xml` and `report.html` take whatever was run, and for each case; measured and rounded up.
const LEAST: u64 = 256 << 10;
const EACH: u64 = 2 << 10;
/// More is not held back from the logs: reports of that size are of many pods.
const MOST: u64 = 16 << 20;

/// The space, until this is dropped. Its file has no name, so nothing of it is left even by a SIGKILL.
#[derive(Debug)]
pub struct Reserve {
    _file: Option<File>,
}

impl Reserve {
    /// Sets aside what the reports of so many cases need.
    ///
    /// # Errors
    /// A file system that has less. One that cannot set space aside is no error.
    pub fn make(folder: &Path, cases: usize) -> Result<Self, Error> {
        let bytes = LEAST.saturating_add(EACH.saturating_mul(cases as u64)).min(MOST);
        let file =
            tempfile::tempfile_in(folder).map_err(|error| Error::io(Kind::Pod, "write", folder, &error))?;
        match posix_fallocate(&file, 0, i64::try_from(bytes).unwrap_or(i64::MAX)) {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(Errno::ENOSPC | Errno::EDQUOT) => {
                let (kibibytes, folder) = (bytes >> 10, folder.display());
                let what = format!(
                    "`{folder}` has no room for the reports of {cases} cases: wanted {kibibytes} KiB"
                );
                Err(Error::new(Kind::Pod, what)
                    .hint("free some space there, or let --results name a folder of a larger volume"))
            }
            Err(_) => Ok(Self { _file: None }),
        }
    }
}
