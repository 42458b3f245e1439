//! What a command says, bounded: the head and the tail in memory, the rest on disk up to a cap, every byte counted.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Where some output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One stream of a command. `head` and `tail` never overlap; if together they are `bytes` long, they are all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// How it began.
    pub head: Vec<u8>,
    /// How it ended, where that is not part of `head`.
    pub tail: Vec<u8>,
    /// How many bytes there were in all.
    pub bytes: u64,
}

impl Captured {
    /// How many bytes between head and tail were not kept.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.bytes - (self.head.len() + self.tail.len()) as u64
    }

    /// Head and tail as text, with a line between them where something is left out.
    #[must_use]
    pub fn text(&self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        if self.tail.is_empty() {
            return head.into_owned();
        }
        let gap = match self.missing() {
            0 => String::new(),
            missing => format!("\n[{missing} bytes omitted]\n"),
        };
        format!("{head}{gap}{}", String::from_utf8_lossy(&self.tail))
    }
}

/// Keeps head and tail of a stream as it comes.
#[derive(Debug)]
pub(crate) struct Keeper {
    kept: Captured,
    head: usize,
    tail: usize,
}

impl Keeper {
    /// Keeps at most `head` bytes of the beginning and `tail` bytes of the end.
    pub(crate) fn new(head: usize, tail: usize) -> Self {
        Self { kept: Captured::default(), head, tail }
    }

    pub(crate) fn add(&mut self, chunk: &[u8]) {
        self.kept.bytes += chunk.len() as u64;
        let room = (self.head - self.kept.head.len()).min(chunk.len());
        let (first, rest) = chunk.split_at(room);
        self.kept.head.extend_from_slice(first);
        self.kept.tail.extend_from_slice(&rest[rest.len().saturating_sub(self.tail)..]);
        // Cutting only at twice the size moves each byte once at most.
        if self.kept.tail.len() > 2 * self.tail {
            self.cut();
        }
    }

    pub(crate) fn finish(mut self) -> Captured {
        self.cut();
        self.kept
    }

    fn cut(&mut self) {
        let surplus = self.kept.tail.len().saturating_sub(self.tail);
        self.kept.tail.drain(..surplus);
    }
}

/// What became of a case's log file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// How many bytes of output did not fit under the cap and are on disk nowhere.
    pub dropped: u64,
    /// Why the log is not whole, if writing it failed.
    pub error: Option<String>,
}

/// What may be written of some whole lines of a stream; it remembers those before.
pub type Pass = Box<dyn for<'t> FnMut(&'t [u8]) -> Cow<'t, [u8]> + Send>;

/// Makes a [`Pass`] for each stream.
pub type Filter = fn() -> Pass;

/// A line that is longer is written in parts.
const LINE: usize = 64 << 10;

/// The log file of a case: the lines of both streams in the order in which they ended.
pub(super) struct Log {
    file: File,
    filters: [Pass; 2],
    /// The line of each stream that has not ended yet.
    open: [Vec<u8>; 2],
    room: u64,
    beyond: Keeper,
    error: Option<String>,
}

impl Log {
    /// Adds to the file: `heading`, at most `cap` bytes of output, then the last `tail` bytes of the rest; all of it as
    /// `filter` leaves it.
    pub(super) fn open(
        path: &Path,
        heading: &str,
        cap: u64,
        tail: usize,
        filter: Filter,
    ) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        let (open, beyond) = (Default::default(), Keeper::new(0, tail));
        let mut log = Self { file, filters: [filter(), filter()], open, room: cap, beyond, error: None };
        log.write(&filter()(heading.as_bytes()));
        Ok(log)
    }

    pub(super) fn add(&mut self, stream: Stream, chunk: &[u8]) {
        let index = usize::from(stream == Stream::Stderr);
        let open = &mut self.open[index];
        open.extend_from_slice(chunk);
        let whole = match open.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if open.len() > LINE => part(open),
            None => 0,
        };
        let rest = open.split_off(whole);
        let lines = std::mem::replace(open, rest);
        self.pass(index, &lines);
    }

    /// Filtered first: what is cut off at the cap can then show no half of what is to be hidden.
    fn pass(&mut self, index: usize, lines: &[u8]) {
        let lines = self.filters[index](lines);
        self.keep(&lines);
    }

    fn keep(&mut self, lines: &[u8]) {
        let room = usize::try_from(self.room).unwrap_or(usize::MAX).min(lines.len());
        self.room -= room as u64;
        let (fits, rest) = lines.split_at(room);
        self.write(fits);
        self.beyond.add(rest);
    }

    /// Ends the file: what was dropped, the end of it, and what the harness has to say.
    pub(super) fn finish(mut self, note: &str) -> Logged {
        for (index, open) in std::mem::take(&mut self.open).into_iter().enumerate() {
            self.pass(index, &open);
        }
        let beyond = std::mem::replace(&mut self.beyond, Keeper::new(0, 0)).finish();
        let dropped = beyond.missing();
        if dropped > 0 {
            self.write(format!("\n[stackprobe: {dropped} bytes of output are left out here]\n").as_bytes());
        }
        self.write(&beyond.tail);
        let note = self.filters[0](note.as_bytes()).into_owned();
        self.write(&note);
        Logged { dropped, error: self.error }
    }

    /// A log that cannot be written must not stop the case: its streams have to be drained all the same.
    fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none()
            && !bytes.is_empty()
            && let Err(error) = self.file.write_all(bytes)
        {
            self.error = Some(crate::error::reason(&error));
        }
    }
}

/// How much of a line without an end is written: up to a blank that stands between two values, so that nothing that
/// belongs together is parted.
fn part(line: &[u8]) -> usize {
    let from = line.len() - line.len() / 8;
    let glue = |byte: Option<&u8>| byte.is_some_and(|byte| b":=-".contains(byte));
    (from..line.len())
        .rev()
        .find(|at| b" \t,;".contains(&line[*at]) && !glue(line.get(at - 1)) && !glue(line.get(at + 1)))
        .map_or(line.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain() -> Pass {
        Box::new(|text| text.into())
    }

    proptest! {
        #[test]
        fn head_and_tail_are_those_of_the_whole(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
            head in 0_usize..50,
            tail in 0_usize..50,
        ) {
            let whole: Vec<u8> = chunks.concat();
            let mut keeper = Keeper::new(head, tail);
            for chunk in &chunks {
                keeper.add(chunk);
                prop_assert!(keeper.kept.tail.len() <= 2 * tail);
            }
            let kept = keeper.finish();
            let (first, rest) = whole.split_at(head.min(whole.len()));
            prop_assert_eq!(&kept.head[..], first);
            prop_assert_eq!(&kept.tail[..], &rest[rest.len().saturating_sub(tail)..]);
            prop_assert_eq!(kept.bytes, whole.len() as u64);
            prop_assert_eq!(kept.missing(), (whole.len() - kept.head.len() - kept.tail.len()) as u64);
        }
    }

    #[test]
    fn a_log_holds_its_cap_then_says_what_is_missing_then_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, "$ x\n", 4, 3, plain).unwrap();
        for chunk in ["ab", "cdef", "ghij"] {
            log.add(Stream::Stdout, chunk.as_bytes());
        }
        let logged = log.finish("note\n");
        assert_eq!(logged, Logged { dropped: 3, error: None });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "$ x\nabcd\n[stackprobe: 3 bytes of output are left out here]\nhijnote\n");
    }

    #[test]
    fn lines_are_filtered_whole_however_they_come_and_never_mixed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let hide: Filter = || {
            Box::new(|text| {
                let text = String::from_utf8_lossy(text).replace("secret", "***");
                Cow::Owned(text.into_bytes())
            })
        };
        let mut log = Log::open(&path, "", 100, 3, hide).unwrap();
        log.add(Stream::Stdout, b"a sec");
        log.add(Stream::Stderr, b"b\nc");
        log.add(Stream::Stdout, b"ret\nd");
        log.finish("");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "b\na ***\ndc");
    }

    #[test]
    fn a_full_disk_is_told_and_stops_nothing() {
        let mut log = Log::open(Path::new("/dev/full"), "", 100, 3, plain).unwrap();
        log.add(Stream::Stdout, b"some output");
        assert_eq!(log.finish("").error.as_deref(), Some("no space left on device"));
    }
}
