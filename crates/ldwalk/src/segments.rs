//! What of an ELF file is loaded, and where.

use super::bad::BadElf;
use super::bytes::Window;
use super::header::Header;
use super::image::Machine;

/// A range of the file.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) length: u64,
}

struct Load {
    address: u64,
    extent: Extent,
}

/// The program headers, sorted by use.
pub(super) struct Segments {
    loads: Vec<Load>,
    pub(super) dynamic: Option<Extent>,
    interpreter: Option<Extent>,
    pub(super) notes: Vec<(Extent, u64)>,
    stack: Option<u32>,
}

impl Segments {
    pub(super) fn read(window: &mut Window<'_>, header: &Header) -> Result<Self, BadElf> {
        const WHAT: &str = "program headers";
        let layout = header.layout;
        let size = layout.pick(32, 56);
        let mut segments =
            Self { loads: Vec::new(), dynamic: None, interpreter: None, notes: Vec::new(), stack: None };
        if header.segments == 0 {
            return Ok(segments);
        }
        if usize::from(header.segment_size) != size {
            return Err(BadElf::Undefined { what: "program header size", found: header.segment_size.into() });
        }
        let table = window.bytes(header.segments_at, size * usize::from(header.segments), WHAT)?;
        for record in table.chunks_exact(size) {
            let extent = Extent {
                offset: layout.address(record, layout.pick(4, 8)),
                length: layout.address(record, layout.pick(16, 32)),
            };
            match layout.word(record, 0) {
                1 => {
                    let address = layout.address(record, layout.pick(8, 16));
                    segments.loads.push(Load { address, extent });
                }
                2 => segments.dynamic = Some(extent),
                3 => segments.interpreter = Some(extent),
                4 | 0x6474_e553 => {
                    segments.notes.push((extent, layout.address(record, layout.pick(28, 48))));
                }
                0x6474_e551 => segments.stack = Some(layout.word(record, layout.pick(24, 4))),
                _ => {}
            }
        }
        Ok(segments)
    }

    /// Where the byte that is loaded at `address` stands in the file.
    pub(super) fn offset_of(&self, address: u64, what: &'static str) -> Result<u64, BadElf> {
        self.loads
            .iter()
            .find_map(|load| {
                let within = address.checked_sub(load.address)?;
                (within < load.extent.length).then(|| load.extent.offset.checked_add(within))?
            })
            .ok_or(BadElf::Unmapped { what, address })
    }

    /// The loader maps whole segments: one that reaches beyond the file is a SIGBUS waiting to happen.
    pub(super) fn check_extent(&self, window: &Window<'_>) -> Result<(), BadElf> {
        const WHAT: &str = "loaded segments";
        for load in &self.loads {
            let end = load.extent.offset.checked_add(load.extent.length);
            let end = end.ok_or(BadElf::Absurd { what: WHAT, count: load.extent.length })?;
            if end > window.size() {
                return Err(BadElf::CutShort { what: WHAT, wanted: end, found: window.size() });
            }
        }
        Ok(())
    }

    pub(super) fn interpreter(&self, window: &mut Window<'_>) -> Result<Option<Box<str>>, BadElf> {
        const WHAT: &str = "interpreter's name";
        let Some(extent) = self.interpreter else { return Ok(None) };
        let end = extent.offset.checked_add(extent.length);
        let end = end.ok_or(BadElf::Absurd { what: WHAT, count: extent.length })?;
        window.text(extent.offset, end, WHAT).map(|text| Some(text.into()))
    }

    /// On x86 a file that says nothing of its stack gets an executable one.
    pub(super) fn exec_stack(&self, machine: Machine) -> bool {
        const EXECUTE: u32 = 1;
        let silent = matches!(machine.number, 3 | 62) && self.dynamic.is_some();
        self.stack.map_or(silent, |flags| flags & EXECUTE != 0)
    }
}
