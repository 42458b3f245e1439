//! How a file that others read is written: whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What the name of a file ends in while it is being written.
pub const PART: &str = ".part";

/// The file beside `path` whose name has `end` more: its lock, what was put aside of it.
#[must_use]
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// Puts `bytes` in the place of the file at `path`, so that every reader sees the old file or the new one.
///
/// A new file has the mode that the umask leaves; one that is replaced keeps its own, as it would under `>`. A link is
/// followed. A device or a pipe is written to: replacing `/dev/null` would break the machine.
///
/// # Errors
/// Those of the file system; what stood there before is untouched then.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_by(path, |file| file.write_all(bytes))
}

/// The same for what is written bit by bit.
///
/// # Errors
/// Those of the file system and of `write`.
pub fn write_atomic_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let found = match fs::metadata(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        let file = OpenOptions::new().write(true).open(path)?;
        return fill(&file, write);
    }
    let real = if found.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(real.file_name().unwrap_or_default());
    prefix.push(".");
    // A new name each time: what a killed predecessor or another user left is not in the way.
    let part = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(PART)
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).mode(0o666).open(path))?;
    fill(part.as_file(), write)?;
    if let Some(found) = found {
        part.as_file().set_permissions(found.permissions())?;
    }
    part.as_file().sync_data()?;
    part.persist(&real).map(drop).map_err(|error| error.error)
}

fn fill(file: &File, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_that_fails_leaves_what_was_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, b"old").unwrap();
        let failed = write_atomic_by(&path, |file| {
            file.write_all("x".repeat(100_000).as_bytes())?;
            Err(io::Error::from_raw_os_error(libc::ENOSPC))
        });
        assert_eq!(failed.unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, b"old").unwrap();
        for mode in [0o600, 0o664, 0o640] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            write_atomic(&path, b"new").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn a_full_device_a_missing_folder_and_a_loop_are_told_as_the_system_tells_them() {
        let number = |path: &Path| write_atomic(path, b"text").unwrap_err().raw_os_error();
        assert_eq!(number(Path::new("/dev/full")), Some(libc::ENOSPC));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(number(&folder.path().join("no/file")), Some(libc::ENOENT));
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        assert_eq!(number(&folder.path().join("loop")), Some(libc::ELOOP));
        assert_eq!(number(folder.path()), Some(libc::EISDIR));
    }
}
