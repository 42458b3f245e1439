//! What does `/etc/ld.so.cache` answer for a library's name?
//!
//! `ldconfig` writes it from `/etc/ld.so.conf`; the loader reads only the cache, so this does too. The format is
//! glibc's `elf/cache.c` and `dl-cache.h`: an optional old part, then `glibc-ld.so.cache1.1`, entries, strings and
//! (from 2.33 on) extensions with the names of the `glibc-hwcaps` folders.

use std::collections::HashMap;

use super::bytes::Layout;
use super::image::Machine;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
const EXTENSIONS: u32 = 0xeaa4_2174;
const HWCAPS: u32 = 1;

/// Name → path, as the loader would choose on this CPU.
#[derive(Debug, Default)]
pub(super) struct LdCache {
    paths: HashMap<Box<str>, (u8, Box<str>)>,
}

impl LdCache {
    /// Reads a cache; what is damaged or of another machine is left out, as the loader does.
    pub(super) fn read(bytes: &[u8], machine: Machine, cpu_level: u8) -> Self {
        Self::parse(bytes, machine, cpu_level).unwrap_or_default()
    }

    /// The path that the cache gives for `name`.
    pub(super) fn path(&self, name: &str) -> Option<&str> {
        self.paths.get(name).map(|(_, path)| &**path)
    }

    fn parse(bytes: &[u8], machine: Machine, cpu_level: u8) -> Option<Self> {
        let start = (0..bytes.len().saturating_sub(MAGIC.len()))
            .step_by(8)
            .chain((0..bytes.len()).step_by(4))
            .find(|&at| bytes[at..].starts_with(MAGIC))?;
        let bytes = &bytes[start..];
        let layout = Layout { wide: machine.wide, big: machine.big };
        let count = usize::try_from(layout.word(bytes.get(..HEADER)?, 20)).ok()?;
        let entries = bytes.get(HEADER..HEADER.checked_add(count.checked_mul(ENTRY)?)?)?;
        let extensions = usize::try_from(layout.word(bytes, 32)).ok()?;
        let hwcaps = hwcaps(bytes, layout, extensions).unwrap_or_default();
        let mut cache = Self::default();
        for entry in entries.chunks_exact(ENTRY) {
            if flags(machine).is_some_and(|flags| flags != layout.word(entry, 0)) {
                continue;
            }
            let Some(rank) = rank(layout.long(entry, 16), &hwcaps, cpu_level) else { continue };
            let text = |at| text(bytes, usize::try_from(layout.word(entry, at)).ok()?);
            let (Some(name), Some(path)) = (text(4), text(8)) else { continue };
            match cache.paths.get_mut(name) {
                Some((best, _)) if *best >= rank => {}
                Some(entry) => *entry = (rank, path.into()),
                None => {
                    cache.paths.insert(name.into(), (rank, path.into()));
                }
            }
        }
        Some(cache)
    }
}

/// `_DL_CACHE_DEFAULT_ID` of the machines that HPC stacks are built for; `None` takes every entry.
fn flags(machine: Machine) -> Option<u32> {
    match machine {
        Machine::X86_64 => Some(0x0303),
        Machine::I386 => Some(0x0003),
        Machine::AARCH64 => Some(0x0a03),
        _ => None,
    }
}

/// How good an entry is on this CPU: 0 for one of an ordinary folder, the level for one of `glibc-hwcaps`, `None` for
/// one that this CPU (or any loader since 2.37, for the older kinds) must not take.
fn rank(hwcap: u64, hwcaps: &[&str], cpu_level: u8) -> Option<u8> {
    const EXTENSION: u64 = 1 << 62;
    if hwcap == 0 {
        return Some(0);
    }
    if hwcap & EXTENSION == 0 {
        return None;
    }
    let index = usize::try_from(hwcap & 0xffff_ffff).ok()?;
    let level = hwcaps.get(index)?.strip_prefix("x86-64-v")?.parse().ok()?;
    (level <= cpu_level).then_some(level)
}

/// Names of the `glibc-hwcaps` folders, by the number that entries know them by.
fn hwcaps(bytes: &[u8], layout: Layout, at: usize) -> Option<Vec<&str>> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    if at == 0 || layout.word(head, 0) != EXTENSIONS {
        return None;
    }
    let count = usize::try_from(layout.word(head, 4)).ok()?;
    let sections = bytes.get(at + 8..at.checked_add(8)?.checked_add(count.checked_mul(16)?)?)?;
    let section = sections.chunks_exact(16).find(|section| layout.word(section, 0) == HWCAPS)?;
    let start = usize::try_from(layout.word(section, 8)).ok()?;
    let size = usize::try_from(layout.word(section, 12)).ok()?;
    let offsets = bytes.get(start..start.checked_add(size)?)?;
    offsets.chunks_exact(4).map(|offset| text(bytes, usize::try_from(layout.word(offset, 0)).ok()?)).collect()
}

fn text(bytes: &[u8], at: usize) -> Option<&str> {
    let rest = bytes.get(at..)?;
    let rest = &rest[..rest.len().min(4096)];
    let stop = rest.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&rest[..stop]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(entries: &[(&str, &str, u32, u64)], hwcaps: &[&str]) -> Vec<u8> {
        let mut strings: Vec<u8> = Vec::new();
        let strings_at = HEADER + entries.len() * ENTRY;
        let mut place = |text: &str| {
            let at = strings_at + strings.len();
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
            u32::try_from(at).unwrap().to_le_bytes()
        };
        let mut body = Vec::new();
        for (name, path, flags, hwcap) in entries {
            body.extend_from_slice(&flags.to_le_bytes());
            body.extend_from_slice(&place(name));
            body.extend_from_slice(&place(path));
            body.extend_from_slice(&[0; 4]);
            body.extend_from_slice(&hwcap.to_le_bytes());
        }
        let names: Vec<[u8; 4]> = hwcaps.iter().map(|name| place(name)).collect();
        let extensions = (strings_at + strings.len()).next_multiple_of(4);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&u32::try_from(extensions).unwrap().to_le_bytes());
        bytes.resize(HEADER, 0);
        bytes.extend(body);
        bytes.extend(strings);
        bytes.resize(extensions, 0);
        let offset = u32::try_from(extensions + 24).unwrap();
        let size = u32::try_from(names.len() * 4).unwrap();
        for word in [EXTENSIONS, 1, HWCAPS, 0, offset, size] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend(names.concat());
        bytes
    }

    #[test]
    fn the_best_entry_that_the_cpu_can_run_is_chosen() {
        let hwcap = |index: u64| (1 << 62) | index;
        let bytes = sample(
            &[
                ("libx.so.1", "/hw/v4/libx.so.1", 0x303, hwcap(1)),
                ("libx.so.1", "/hw/v3/libx.so.1", 0x303, hwcap(0)),
                ("libx.so.1", "/first/libx.so.1", 0x303, 0),
                ("libx.so.1", "/second/libx.so.1", 0x303, 0),
                ("liby.so.1", "/32/liby.so.1", 0x3, 0),
                ("libz.so.1", "/old/haswell/libz.so.1", 0x303, 4),
            ],
            &["x86-64-v3", "x86-64-v4"],
        );
        let on = |level| LdCache::read(&bytes, Machine::X86_64, level);
        assert_eq!(on(4).path("libx.so.1"), Some("/hw/v4/libx.so.1"));
        assert_eq!(on(3).path("libx.so.1"), Some("/hw/v3/libx.so.1"));
        assert_eq!(on(2).path("libx.so.1"), Some("/first/libx.so.1"));
        assert_eq!(on(4).path("liby.so.1"), None);
        assert_eq!(on(4).path("libz.so.1"), None);
    }

    #[test]
    fn a_cache_behind_an_old_part_is_found_and_a_damaged_one_is_empty() {
        let bytes = sample(&[("liba.so", "/a/liba.so", 0x303, 0)], &[]);
        let mut behind = b"ld.so-1.7.0\0\x01\0\0\0".to_vec();
        behind.resize(16 + 12, 7);
        behind.resize(32, 0);
        behind.extend(&bytes);
        assert_eq!(LdCache::read(&behind, Machine::X86_64, 1).path("liba.so"), Some("/a/liba.so"));
        for length in 0..bytes.len() {
            LdCache::read(&bytes[..length], Machine::X86_64, 1);
        }
        assert_eq!(LdCache::read(&bytes[..HEADER + 3], Machine::X86_64, 1).path("liba.so"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_cache_panics(changes: Vec<(usize, u8)>, words: Vec<(usize, u32)>, length: usize, level in 0_u8..5) {
            let entries =
                [("liba.so", "/a/liba.so", 0x303, 0), ("libb.so", "/v3/libb.so", 0x303, 1 << 62), ("libc.so", "/c", 3, 7)];
            let mut bytes = sample(&entries, &["x86-64-v3", "x86-64-v4"]);
            let size = bytes.len();
            for (at, byte) in changes {
                bytes[at % size] = byte;
            }
            // Offsets and counts are what the reader follows.
            for (at, word) in words {
                let at = at % (size / 4) * 4;
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            bytes[..MAGIC.len()].copy_from_slice(MAGIC);
            bytes.truncate(MAGIC.len() + length % size);
            LdCache::read(&bytes, Machine::X86_64, level).path("liba.so");
        }
    }
}
