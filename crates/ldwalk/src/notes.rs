//! Which CPU does a file ask for?
//!
//! The `.note.gnu.property` note may hold `GNU_PROPERTY_X86_ISA_1_NEEDED` (x86-64 psABI, "program property"); glibc
//! 2.33 and later refuse to load a file that needs more than the CPU has.

use super::bad::BadElf;
use super::bytes::{Layout, Window};
use super::segments::Extent;

const PROPERTY_TYPE_0: u32 = 5;
const ISA_1_NEEDED: u32 = 0xc000_8002;
/// Notes of real files are a few hundred bytes in two or three segments.
const MOST_SEGMENTS: usize = 16;
const LONGEST: u64 = 64 << 10;

/// The level that the notes ask for: 1 to 4, or 5 for one that is not defined yet.
pub(super) fn isa_needed(
    window: &mut Window<'_>,
    layout: Layout,
    segments: &[(Extent, u64)],
) -> Result<Option<u8>, BadElf> {
    const WHAT: &str = "notes";
    let mut needed = None;
    for &(extent, align) in segments.iter().take(MOST_SEGMENTS) {
        if extent.length > LONGEST {
            continue;
        }
        let length = usize::try_from(extent.length).unwrap_or_default();
        let align = if align == 8 { 8 } else { 4 };
        let mut bytes = window.bytes(extent.offset, length, WHAT)?;
        while let Some((note, rest)) = split_note(layout, bytes, align) {
            if note.kind == PROPERTY_TYPE_0 && note.name == b"GNU\0" {
                needed = needed.max(level(layout, note.text));
            }
            bytes = rest;
        }
    }
    Ok(needed)
}

struct Note<'a> {
    kind: u32,
    name: &'a [u8],
    text: &'a [u8],
}

fn split_note(layout: Layout, bytes: &[u8], align: usize) -> Option<(Note<'_>, &[u8])> {
    let head = bytes.get(..12)?;
    let name_length = usize::try_from(layout.word(head, 0)).ok()?;
    let text_length = usize::try_from(layout.word(head, 4)).ok()?;
    let name = bytes.get(12..12usize.checked_add(name_length)?)?;
    let start = (12 + name_length).checked_next_multiple_of(align)?;
    let end = start.checked_add(text_length)?;
    let text = bytes.get(start..end)?;
    let next = end.checked_next_multiple_of(align)?.min(bytes.len());
    Some((Note { kind: layout.word(head, 8), name, text }, &bytes[next..]))
}

fn level(layout: Layout, mut properties: &[u8]) -> Option<u8> {
    while properties.len() >= 8 {
        let kind = layout.word(properties, 0);
        let size = usize::try_from(layout.word(properties, 4)).ok()?;
        let value = properties.get(8..8usize.checked_add(size)?)?;
        if kind == ISA_1_NEEDED && size == 4 {
            let bits = layout.word(value, 0);
            return match bits {
                0 => None,
                1..16 => u8::try_from(32 - bits.leading_zeros()).ok(),
                _ => Some(5),
            };
        }
        let next = (8 + size).checked_next_multiple_of(layout.pick(4, 8))?;
        properties = properties.get(next..)?;
    }
    None
}
