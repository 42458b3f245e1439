//! What does the dynamic section ask of the loader?

use super::bad::BadElf;
use super::bytes::{CEILING, Layout, Window};
use super::image::{Image, Requirement};
use super::segments::{Extent, Segments};

/// Real files need a few dozen libraries at most.
const MOST_NEEDED: usize = 1024;
/// The C library defines some forty versions, the largest known libraries a few hundred.
const MOST_VERSIONS: usize = 4096;
/// A search path of a padded installation tree is about twenty kilobytes.
const LONGEST_PATH: usize = 256 << 10;
/// A padded RPATH has a few hundred parts.
const MOST_PARTS: usize = 4096;
/// The kernel's own limit for a path.
const LONGEST_NAME: usize = 4096;
/// A version is a word and a number.
const LONGEST_VERSION: usize = 512;

/// Where the names are.
struct Strings {
    start: u64,
    end: u64,
}

impl Strings {
    fn at(
        &self,
        window: &mut Window<'_>,
        index: u64,
        what: &'static str,
        most: usize,
    ) -> Result<Box<str>, BadElf> {
        let offset = self.start.checked_add(index).ok_or(BadElf::Absurd { what, count: index })?;
        if offset >= self.end {
            return Err(BadElf::Absurd { what, count: index });
        }
        let text = window.text(offset, self.end.min(offset.saturating_add(most as u64)), what)?;
        Ok(text.into())
    }
}

/// Values of the tags of use; the last of a kind wins, as in the loader.
#[derive(Default)]
struct Tags {
    needed: Vec<u64>,
    strings: Option<u64>,
    strings_size: u64,
    soname: Option<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    text_relocations: bool,
    flags_1: u64,
    wanted: Option<u64>,
    wanted_count: u64,
    defined: Option<u64>,
    defined_count: u64,
}

impl Tags {
    fn read(window: &mut Window<'_>, layout: Layout, extent: Extent) -> Result<Self, BadElf> {
        const WHAT: &str = "dynamic section";
        let length = usize::try_from(extent.length).unwrap_or(usize::MAX);
        if length > CEILING {
            return Err(BadElf::Absurd { what: WHAT, count: extent.length });
        }
        let mut tags = Self::default();
        for record in window.bytes(extent.offset, length, WHAT)?.chunks_exact(layout.pick(8, 16)) {
            let value = layout.address(record, layout.pick(4, 8));
            match layout.address(record, 0) {
                0 => break,
                1 => tags.needed.push(value),
                5 => tags.strings = Some(value),
                10 => tags.strings_size = value,
                14 => tags.soname = Some(value),
                15 => tags.rpath = Some(value),
                22 => tags.text_relocations = true,
                29 => tags.runpath = Some(value),
                30 => tags.text_relocations |= value & 4 != 0,
                0x6fff_fffb => tags.flags_1 = value,
                0x6fff_fffc => tags.defined = Some(value),
                0x6fff_fffd => tags.defined_count = value,
                0x6fff_fffe => tags.wanted = Some(value),
                0x6fff_ffff => tags.wanted_count = value,
                _ => {}
            }
        }
        if tags.needed.len() > MOST_NEEDED {
            return Err(BadElf::Absurd { what: "list of needed libraries", count: tags.needed.len() as u64 });
        }
        Ok(tags)
    }
}

/// Fills `image` from the dynamic section; whether it is marked as a position-independent program.
pub(super) fn read(
    window: &mut Window<'_>,
    layout: Layout,
    segments: &Segments,
    extent: Extent,
    image: &mut Image,
) -> Result<bool, BadElf> {
    const NO_DEFAULT: u64 = 0x800;
    const PIE: u64 = 0x0800_0000;
    let tags = Tags::read(window, layout, extent)?;
    image.text_relocations = tags.text_relocations;
    image.no_default_directories = tags.flags_1 & NO_DEFAULT != 0;
    if let Some(address) = tags.strings {
        let start = segments.offset_of(address, "string table")?;
        let end = start.checked_add(tags.strings_size);
        let end = end.ok_or(BadElf::Absurd { what: "string table", count: tags.strings_size })?;
        let strings = Strings { start, end };
        for &index in &tags.needed {
            image.needed.push(strings.at(window, index, "needed library", LONGEST_NAME)?);
        }
        if let Some(index) = tags.soname {
            image.soname = Some(strings.at(window, index, "soname", LONGEST_NAME)?);
        }
        if let Some(index) = tags.runpath {
            image.runpath = Some(search_path(window, &strings, index, "RUNPATH")?);
        } else if let Some(index) = tags.rpath {
            image.rpath = Some(search_path(window, &strings, index, "RPATH")?);
        }
        if let Some(address) = tags.wanted {
            let at = segments.offset_of(address, "wanted versions")?;
            image.requires = wanted(window, layout, &strings, at, tags.wanted_count)?;
        }
        if let Some(address) = tags.defined {
            let at = segments.offset_of(address, "defined versions")?;
            image.provides = defined(window, layout, &strings, at, tags.defined_count)?;
        }
    }
    Ok(tags.flags_1 & PIE != 0)
}

fn search_path(
    window: &mut Window<'_>,
    strings: &Strings,
    index: u64,
    what: &'static str,
) -> Result<Box<str>, BadElf> {
    let path = strings.at(window, index, what, LONGEST_PATH)?;
    let parts = path.split(':').count();
    if parts > MOST_PARTS {
        return Err(BadElf::Absurd { what, count: parts as u64 });
    }
    Ok(path)
}

/// Follows a list whose records say how far the next one is; such lists only ever go forward.
fn advance(at: &mut u64, by: u32, what: &'static str) -> Result<(), BadElf> {
    *at = at.checked_add(by.into()).ok_or(BadElf::Absurd { what, count: by.into() })?;
    Ok(())
}

fn wanted(
    window: &mut Window<'_>,
    layout: Layout,
    strings: &Strings,
    mut at: u64,
    count: u64,
) -> Result<Vec<Requirement>, BadElf> {
    const WHAT: &str = "wanted versions";
    const WEAK: u16 = 2;
    let mut requires = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        let record = window.bytes(at, 16, WHAT)?;
        let (versions, library) = (layout.half(record, 2), layout.word(record, 4));
        let (first, next) = (layout.word(record, 8), layout.word(record, 12));
        let mut requirement = Requirement {
            library: strings.at(window, library.into(), WHAT, LONGEST_NAME)?,
            versions: Vec::new(),
        };
        let mut inner = at;
        advance(&mut inner, first, WHAT)?;
        for _ in 0..versions {
            total += 1;
            if total > MOST_VERSIONS {
                return Err(BadElf::Absurd { what: WHAT, count });
            }
            let record = window.bytes(inner, 16, WHAT)?;
            let (flags, name) = (layout.half(record, 4), layout.word(record, 8));
            let next = layout.word(record, 12);
            if flags & WEAK == 0 {
                requirement.versions.push(strings.at(window, name.into(), WHAT, LONGEST_VERSION)?);
            }
            if next == 0 {
                break;
            }
            advance(&mut inner, next, WHAT)?;
        }
        requires.push(requirement);
        if requires.len() > MOST_NEEDED {
            return Err(BadElf::Absurd { what: WHAT, count });
        }
        if next == 0 {
            break;
        }
        advance(&mut at, next, WHAT)?;
    }
    Ok(requires)
}

fn defined(
    window: &mut Window<'_>,
    layout: Layout,
    strings: &Strings,
    mut at: u64,
    count: u64,
) -> Result<Vec<Box<str>>, BadElf> {
    const WHAT: &str = "defined versions";
    let mut provides = Vec::new();
    for _ in 0..count {
        let record = window.bytes(at, 20, WHAT)?;
        let (first, next) = (layout.word(record, 12), layout.word(record, 16));
        let mut inner = at;
        advance(&mut inner, first, WHAT)?;
        let name = layout.word(window.bytes(inner, 8, WHAT)?, 0);
        provides.push(strings.at(window, name.into(), WHAT, LONGEST_VERSION)?);
        if provides.len() > MOST_VERSIONS {
            return Err(BadElf::Absurd { what: WHAT, count });
        }
        if next == 0 {
            break;
        }
        advance(&mut at, next, WHAT)?;
    }
    Ok(provides)
}
