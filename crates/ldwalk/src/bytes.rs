//! How are bytes fetched from a file that may lie about itself?
//!
//! A library may weigh a gigabyte and its facts a few kilobytes, so a file is read by position, a page or two at a
//! time, and never whole. Every length is checked against the file and against a ceiling before it is allocated.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::bad::BadElf;

/// Reads are aligned to this, so that neighbouring facts come from one system call.
const PAGE: u64 = 4096;
/// No single fact is longer than this; what claims to be is not believed.
pub(super) const CEILING: usize = 1 << 20;
/// Pages kept: the head, the dynamic section, its strings, the versions, the sections.
const KEPT: usize = 5;

/// Something that can be read by position.
pub(super) trait Store {
    /// Its length in bytes.
    fn size(&self) -> u64;
    /// Fills as much of `buffer` as there is from `offset` on.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl Store for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// An open file and its length at the time it was opened.
pub(super) struct OnDisk<'a> {
    pub(super) file: &'a File,
    pub(super) size: u64,
}

impl Store for OnDisk<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn part(&self, offset: u64, length: usize) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(length)?;
        (to <= self.bytes.len()).then_some(from..to)
    }
}

/// A few recently read blocks of a file.
pub(super) struct Window<'a> {
    store: &'a dyn Store,
    blocks: Vec<Block>,
    oldest: usize,
}

impl<'a> Window<'a> {
    pub(super) fn new(store: &'a dyn Store) -> Self {
        Self { store, blocks: Vec::with_capacity(KEPT), oldest: 0 }
    }

    /// The file's length in bytes.
    pub(super) fn size(&self) -> u64 {
        self.store.size()
    }

    /// `length` bytes from `offset`; `what` names the fact for the error.
    pub(super) fn bytes(&mut self, offset: u64, length: usize, what: &'static str) -> Result<&[u8], BadElf> {
        if length > CEILING {
            return Err(BadElf::Absurd { what, count: length as u64 });
        }
        let end = offset.checked_add(length as u64).ok_or(BadElf::Absurd { what, count: offset })?;
        if end > self.size() {
            return Err(BadElf::CutShort { what, wanted: end, found: self.size() });
        }
        let held = self
            .blocks
            .iter()
            .enumerate()
            .find_map(|(index, block)| block.part(offset, length).map(|part| (index, part)));
        let (index, part) = match held {
            Some(held) => held,
            None => self.fetch(offset, length, what)?,
        };
        Ok(&self.blocks[index].bytes[part])
    }

    /// The text from `offset` to its NUL, which must come before `end` (an offset in the file).
    pub(super) fn text(&mut self, offset: u64, end: u64, what: &'static str) -> Result<String, BadElf> {
        let most = end.min(self.size()).saturating_sub(offset);
        let most = usize::try_from(most).unwrap_or(CEILING).min(CEILING);
        for length in [most.min(128), most.min(4096), most] {
            let bytes = self.bytes(offset, length, what)?;
            if let Some(stop) = bytes.iter().position(|&byte| byte == 0) {
                return Ok(String::from_utf8_lossy(&bytes[..stop]).into_owned());
            }
        }
        Err(BadElf::Endless { what })
    }

    fn fetch(
        &mut self,
        offset: u64,
        length: usize,
        what: &'static str,
    ) -> Result<(usize, std::ops::Range<usize>), BadElf> {
        let start = offset - offset % PAGE;
        let end = (offset + length as u64).next_multiple_of(PAGE).min(self.size());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(CEILING)];
        let count =
            self.store.read_at(&mut bytes, start).map_err(|error| BadElf::unreadable(what, &error))?;
        bytes.truncate(count);
        let block = Block { start, bytes };
        let part = block.part(offset, length).ok_or(BadElf::CutShort {
            what,
            wanted: offset + length as u64,
            found: start + count as u64,
        })?;
        let index = if self.blocks.len() < KEPT {
            self.blocks.push(block);
            self.blocks.len() - 1
        } else {
            self.oldest = (self.oldest + 1) % KEPT;
            self.blocks[self.oldest] = block;
            self.oldest
        };
        Ok((index, part))
    }
}

/// How this file writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// 64-bit addresses.
    pub(super) wide: bool,
    /// Most significant byte first.
    pub(super) big: bool,
}

impl Layout {
    pub(super) fn half(self, bytes: &[u8], at: usize) -> u16 {
        let raw = array(bytes, at);
        if self.big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }
    }

    pub(super) fn word(self, bytes: &[u8], at: usize) -> u32 {
        let raw = array(bytes, at);
        if self.big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
    }

    pub(super) fn long(self, bytes: &[u8], at: usize) -> u64 {
        let raw = array(bytes, at);
        if self.big { u64::from_be_bytes(raw) } else { u64::from_le_bytes(raw) }
    }

    /// An address or a size, as wide as the class says.
    pub(super) fn address(self, bytes: &[u8], at: usize) -> u64 {
        if self.wide { self.long(bytes, at) } else { u64::from(self.word(bytes, at)) }
    }

    /// `narrow` in a 32-bit file, `wide` in a 64-bit one.
    pub(super) fn pick(self, narrow: usize, wide: usize) -> usize {
        if self.wide { wide } else { narrow }
    }
}

/// The bytes at `at`; zeros beyond the end, which no caller reaches because it asked for a record's whole length.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}
