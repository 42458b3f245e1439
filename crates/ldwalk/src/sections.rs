//! Who made a file, and is there anything in it?
//!
//! Section headers are for link editors and debuggers: the loader never looks at them, so faults in them are no reason
//! to disbelieve the rest.

use super::bad::BadElf;
use super::bytes::Window;
use super::header::Header;

const PROGRAM_BITS: u32 = 1;
const NO_BITS: u32 = 8;
const DYNAMIC: &str = ".dynamic";
const COMMENT: &str = ".comment";
/// Each producer names itself once; a library of many compilers has a handful.
const MOST_PRODUCERS: usize = 32;
const LONGEST_COMMENT: u64 = 64 << 10;

pub(super) struct Sections {
    /// Who compiled and linked it, each named once.
    pub(super) producers: Vec<Box<str>>,
    /// The dynamic section takes no room in the file: only debugging information was kept.
    pub(super) hollow: bool,
}

struct Section {
    name: u32,
    kind: u32,
    offset: u64,
    length: u64,
}

fn section(window: &mut Window<'_>, header: &Header, index: u16) -> Result<Section, BadElf> {
    let layout = header.layout;
    let size = layout.pick(40, 64);
    let at = u64::from(index)
        .checked_mul(size as u64)
        .and_then(|within| header.sections_at.checked_add(within))
        .ok_or(BadElf::Absurd { what: "section headers", count: header.sections_at })?;
    let record = window.bytes(at, size, "section headers")?;
    Ok(Section {
        name: layout.word(record, 0),
        kind: layout.word(record, 4),
        offset: layout.address(record, layout.pick(16, 24)),
        length: layout.address(record, layout.pick(20, 32)),
    })
}

pub(super) fn read(window: &mut Window<'_>, header: &Header) -> Result<Sections, BadElf> {
    let mut found = Sections { producers: Vec::new(), hollow: false };
    let size = header.layout.pick(40, 64);
    if header.sections_at == 0 || header.sections == 0 || usize::from(header.section_size) != size {
        return Ok(found);
    }
    section(window, header, header.sections - 1)?;
    if header.section_names >= header.sections {
        return Ok(found);
    }
    let names = section(window, header, header.section_names)?;
    let names_end = names.offset.saturating_add(names.length);
    // `.comment` and `.dynamic` stand near the end, where the headers of the names also are.
    for index in (1..header.sections).rev() {
        let section = section(window, header, index)?;
        if section.kind != PROGRAM_BITS && section.kind != NO_BITS {
            continue;
        }
        let Some(at) = names.offset.checked_add(section.name.into()) else { continue };
        if !named(window, at, names_end, COMMENT) {
            found.hollow |= section.kind == NO_BITS && named(window, at, names_end, DYNAMIC);
            continue;
        }
        if section.kind == PROGRAM_BITS {
            found.producers = producers(window, &section)?;
        }
    }
    Ok(found)
}

fn named(window: &mut Window<'_>, at: u64, end: u64, name: &str) -> bool {
    let length = name.len() + 1;
    at.checked_add(length as u64).is_some_and(|stop| stop <= end)
        && window
            .bytes(at, length, "section names")
            .is_ok_and(|bytes| bytes.strip_prefix(name.as_bytes()) == Some(b"\0"))
}

fn producers(window: &mut Window<'_>, section: &Section) -> Result<Vec<Box<str>>, BadElf> {
    let length = usize::try_from(section.length.min(LONGEST_COMMENT)).unwrap_or_default();
    let bytes = window.bytes(section.offset, length, "comment section")?;
    let mut producers: Vec<Box<str>> = Vec::new();
    for text in bytes.split(|&byte| byte == 0).filter(|text| !text.is_empty()) {
        let text = String::from_utf8_lossy(text);
        if producers.len() < MOST_PRODUCERS && !producers.iter().any(|known| **known == *text) {
            producers.push(text.into());
        }
    }
    Ok(producers)
}
