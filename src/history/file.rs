//! The file of a history: appended to by many, at most so large, whole after a kill.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::Entry;
use super::track::History;
use crate::atomic::beside;
use crate::error::{Error, Kind};
use crate::report::lock::{Lock, LockFault};
use crate::report::results::read_bounded;

/// What a file may hold before it is put aside. Some sixty thousand lines.
pub const LIMIT: u64 = 16 << 20;
/// Without a lock nobody may rename what another is writing; then it may grow to this.
const UNLOCKED: u64 = 4 * LIMIT;
/// Whoever holds the lock writes some thousand lines.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a history, what was put aside of it first. One that is not there is empty.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn read(path: &Path) -> Result<History, Error> {
    let mut bytes = Vec::new();
    for path in [aside(path), path.to_path_buf()] {
        match read_bounded(&path, 2 * UNLOCKED) {
            Ok(read) => {
                bytes.extend(read);
                bytes.push(b'\n');
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(Kind::Usage, "read", &path, &error)),
        }
    }
    Ok(History::parse(bytes.split(|byte| *byte == b'\n')))
}

/// Reads a history that must be there.
///
/// # Errors
/// A file that is not there or cannot be read.
pub fn known(path: &Path) -> Result<History, Error> {
    fs::metadata(path).map_err(|error| {
        Error::io(Kind::Usage, "read", path, &error).hint("`stackprobe run --history FILE` begins one")
    })?;
    read(path)
}

/// Appends what is not there yet, and says where no lock could be had.
///
/// # Errors
/// Why nothing was appended.
pub fn append(path: &Path, entries: &[Entry]) -> Result<Option<String>, Error> {
    let cannot = |error: &io::Error| Error::place("append to the history", path, error);
    if entries.is_empty() {
        return Ok(None);
    }
    let lock = beside(path, ".lock");
    let held = match Lock::take(&lock, PATIENCE) {
        Ok(held) => held,
        Err(LockFault::Held) => {
            let what = format!(
                "cannot append to the history `{}`: `{}` is held by another",
                path.display(),
                lock.display()
            );
            return Err(Error::new(Kind::Pod, what)
                .hint("`stackprobe report RESULTS --history FILE` appends it later"));
        }
        Err(LockFault::Io(error)) => return Err(cannot(&error)),
    };
    let size = fs::metadata(path).map_or(0, |found| found.len());
    if held.is_some() && size > LIMIT {
        fs::rename(path, aside(path)).map_err(|error| cannot(&error))?;
    } else if size > UNLOCKED {
        let what = format!(
            "the history `{}` has {} MiB, and nobody can put it aside without a lock",
            path.display(),
            size >> 20
        );
        return Err(Error::new(Kind::Unfit, what).hint("put it aside by hand: it goes on as `NAME.1`"));
    }
    let known = read(path)?;
    let known: BTreeSet<(&str, &str)> = known
        .tracks
        .values()
        .flat_map(|track| &track.runs)
        .map(|entry| (entry.case.as_str(), entry.at.as_str()))
        .collect();
    let mut text = Vec::new();
    for entry in entries.iter().filter(|entry| !known.contains(&(entry.case.as_str(), entry.at.as_str()))) {
        serde_json::to_writer(&mut text, entry).map_err(|error| cannot(&error.into()))?;
        text.push(b'\n');
    }
    write(path, &text).map_err(|error| cannot(&error))?;
    Ok(held.is_none().then(|| {
        format!("no lock can be had beside `{}`: two who append at once may mix lines", path.display())
    }))
}

/// In one go, at the end, on a line of its own whatever a killed writer left.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o666).custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let torn = ends_torn(&mut file)?;
    let whole = [if torn { b"\n".as_slice() } else { b"" }, text].concat();
    let before = file.metadata()?.len();
    let written = file.write_all(&whole).and_then(|()| file.sync_data());
    if written.is_err() {
        // A full disk: half a line would stay. Where even that is refused, readers leave the half line out.
        let _ = file.set_len(before);
    }
    written
}

fn ends_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn aside(path: &Path) -> PathBuf {
    beside(path, ".1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::check::Outcome;

    fn entry(case: &str, at: usize) -> Entry {
        Entry {
            history: super::super::entry::FORMAT,
            at: format!("2026-01-01T00:{:02}:{:02}Z", at / 60, at % 60),
            case: case.to_owned(),
            suite: "s".into(),
            probe: case.to_owned(),
            ranks: None,
            toolchain: "gcc/12".into(),
            outcome: Outcome::Passed,
            seconds: 1.0,
            key: String::new(),
            host: "h".into(),
            red: Vec::new(),
            flaky: Vec::new(),
        }
    }

    fn count(path: &Path) -> (usize, usize) {
        let history = read(path).unwrap();
        (history.tracks.values().map(|track| track.runs.len()).sum(), history.left_out)
    }

    #[test]
    fn what_many_append_at_once_is_all_there_and_twice_is_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        assert_eq!(count(&path), (0, 0));
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let all: Vec<Entry> = (0..50).map(|at| entry(&format!("case{writer}"), at)).collect();
                    append(path, &all).unwrap();
                    append(path, &all).unwrap();
                });
            }
        });
        assert_eq!(count(&path), (400, 0));
    }

    #[test]
    fn a_line_that_a_kill_cut_short_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        append(&path, &[entry("a", 1), entry("b", 1)]).unwrap();
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() - 10]).unwrap();
        append(&path, &[entry("c", 1)]).unwrap();
        assert_eq!(count(&path), (2, 1));
    }

    #[test]
    fn a_file_that_is_full_is_put_aside_and_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        append(&path, &[entry("a", 1)]).unwrap();
        let mut text = fs::read(&path).unwrap();
        text.extend(vec![b' '; usize::try_from(LIMIT).unwrap()]);
        fs::write(&path, text).unwrap();
        append(&path, &[entry("b", 1)]).unwrap();
        assert!(folder.path().join("history.jsonl.1").is_file());
        assert!(fs::metadata(&path).unwrap().len() < 1000);
        assert_eq!(count(&path).0, 2);
    }

    #[test]
    fn no_link_is_written_through_and_no_device() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        std::os::unix::fs::symlink(folder.path().join("other"), &path).unwrap();
        assert!(append(&path, &[entry("a", 1)]).is_err());
        assert!(!folder.path().join("other").exists());
    }
}
