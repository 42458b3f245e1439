//! Files of a results directory that are read back: none larger than a run writes, and none but regular ones.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Largest `plan.json` that is read: some hundred thousand cases.
pub(super) const PLAN_LIMIT: u64 = 64 << 20;
/// Largest record of a case; its output is far smaller when a run writes it.
pub(super) const CASE_LIMIT: u64 = 8 << 20;

/// Whether a plan's id can only name a file of the folder that it is looked for in.
pub(super) fn is_file_name(id: &str) -> bool {
    !id.is_empty() && !id.starts_with('.') && !id.contains(['/', '\0'])
}

/// Reads a regular file that is not larger than `limit` bytes; a link, a pipe or a device is refused unopened.
///
/// # Errors
/// Those of the file system, and of a file that is larger or none.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if found.len() > limit {
        return Err(io::Error::other(format!(
            "{} bytes, which is more than the {limit} that are read",
            found.len()
        )));
    }
    let mut text = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(text)
}
