//! Where the parts of an ELF file are.

use super::bad::BadElf;
use super::bytes::{Layout, Window};
use super::image::Machine;

/// The file header, as far as it is of use.
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) machine: Machine,
    pub(super) kind: u16,
    pub(super) segments_at: u64,
    pub(super) segments: u16,
    pub(super) segment_size: u16,
    pub(super) sections_at: u64,
    pub(super) sections: u16,
    pub(super) section_size: u16,
    pub(super) section_names: u16,
}

impl Header {
    pub(super) fn read(window: &mut Window<'_>) -> Result<Self, BadElf> {
        const WHAT: &str = "file header";
        let ident = window.bytes(0, 16, WHAT)?;
        let (class, data, version) = (ident[4], ident[5], ident[6]);
        let wide = match class {
            1 => false,
            2 => true,
            _ => return Err(BadElf::Undefined { what: "class", found: class.into() }),
        };
        let big = match data {
            1 => false,
            2 => true,
            _ => return Err(BadElf::Undefined { what: "byte order", found: data.into() }),
        };
        if version != 1 {
            return Err(BadElf::Undefined { what: "version", found: version.into() });
        }
        let layout = Layout { wide, big };
        let bytes = window.bytes(0, layout.pick(52, 64), WHAT)?;
        Ok(Self {
            layout,
            machine: Machine { number: layout.half(bytes, 18), wide, big },
            kind: layout.half(bytes, 16),
            segments_at: layout.address(bytes, layout.pick(28, 32)),
            segments: layout.half(bytes, layout.pick(44, 56)),
            segment_size: layout.half(bytes, layout.pick(42, 54)),
            sections_at: layout.address(bytes, layout.pick(32, 40)),
            sections: layout.half(bytes, layout.pick(48, 60)),
            section_size: layout.half(bytes, layout.pick(46, 58)),
            section_names: layout.half(bytes, layout.pick(50, 62)),
        })
    }
}
