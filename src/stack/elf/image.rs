//! What does one ELF file say of itself?
//!
//! Only what decides how it is loaded, and who made it. Field numbers are those of the System V ABI (gABI chapters 4
//! and 5), symbol versions those of the Linux Standard Base, the CPU level that of the x86-64 psABI.

use super::bad::BadElf;
use super::bytes::{Layout, Store, Window};
use super::{dynamic, notes, sections};

/// Which process can load a file: two files go together only if all three are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Machine {
    /// `e_machine`: 62 is x86-64, 183 is aarch64, 3 is i386.
    pub number: u16,
    /// 64-bit addresses.
    pub wide: bool,
    /// Most significant byte first.
    pub big: bool,
}

impl Machine {
    /// 64-bit x86.
    pub const X86_64: Self = Self { number: 62, wide: true, big: false };
    /// 32-bit x86.
    pub const I386: Self = Self { number: 3, wide: false, big: false };
    /// 64-bit Arm, little-endian.
    pub const AARCH64: Self = Self { number: 183, wide: true, big: false };
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Started by the kernel.
    Program,
    /// Loaded into a program.
    Library,
    /// Input of the linker (`.o`, a kernel module).
    Object,
    /// Debugging information split off: shaped like a program, holding none of it.
    Debug,
    /// Anything else (a core file, an operating system's own type).
    Other,
}

/// Versions that a file wants from one of its libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The library as the link editor knew it (`libc.so.6`).
    pub library: Box<str>,
    /// Version names (`GLIBC_2.34`) that must be there; weak ones are left out, as the loader only warns of them.
    pub versions: Vec<Box<str>>,
}

/// The facts of one ELF file.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the format, independent of the others")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Who can load it.
    pub machine: Machine,
    /// What it is for.
    pub kind: Kind,
    /// The loader that the kernel starts for it.
    pub interpreter: Option<Box<str>>,
    /// Libraries that it needs, in the order in which they are loaded.
    pub needed: Vec<Box<str>>,
    /// The name under which it satisfies the needs of others.
    pub soname: Option<Box<str>>,
    /// `DT_RPATH` as written; `None` where there is a `DT_RUNPATH`, which makes the loader ignore it.
    pub rpath: Option<Box<str>>,
    /// `DT_RUNPATH` as written.
    pub runpath: Option<Box<str>>,
    /// Versions that it defines.
    pub provides: Vec<Box<str>>,
    /// Versions that it wants.
    pub requires: Vec<Requirement>,
    /// Who compiled and linked it (`.comment`), each named once.
    pub producers: Vec<Box<str>>,
    /// The x86-64 level (1 to 4) below which the loader refuses it; 5 stands for one that is yet to be defined.
    pub isa_needed: Option<u8>,
    /// Asks for an executable stack.
    pub exec_stack: bool,
    /// Its code is patched while it is loaded.
    pub text_relocations: bool,
    /// Must not be completed from the default directories (`DF_1_NODEFLIB`).
    pub no_default_directories: bool,
    /// Its section headers lie beyond its end: the loader does not mind, but something has cut or rewritten it.
    pub sections_lost: bool,
}

/// Whether these first bytes are those of an ELF file.
#[must_use]
pub fn is_elf(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF")
}

/// Reads the facts from the bytes of a whole file; `None` if it is no ELF file.
///
/// # Errors
/// A [`BadElf`] where the loader could not use the file, or where it claims what cannot be.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Result<Image, BadElf>> {
    is_elf(bytes).then(|| from_store(&bytes))
}

/// Reads the facts from a file that is known to start like ELF.
pub(super) fn from_store(store: &dyn Store) -> Result<Image, BadElf> {
    let mut window = Window::new(store);
    let header = Header::read(&mut window)?;
    let segments = Segments::read(&mut window, &header)?;
    let mut image = Image {
        machine: header.machine,
        kind: Kind::Other,
        interpreter: None,
        needed: Vec::new(),
        soname: None,
        rpath: None,
        runpath: None,
        provides: Vec::new(),
        requires: Vec::new(),
        producers: Vec::new(),
        isa_needed: None,
        exec_stack: segments.exec_stack(header.machine),
        text_relocations: false,
        no_default_directories: false,
        sections_lost: false,
    };
    let mut debug = false;
    if let Ok(sections) = sections::read(&mut window, &header) {
        image.producers = sections.producers;
        debug = sections.hollow;
    } else {
        image.sections_lost = true;
    }
    let mut position_independent = false;
    if !debug && matches!(header.kind, EXECUTABLE | DYNAMIC) {
        segments.check_extent(&window)?;
        image.interpreter = segments.interpreter(&mut window)?;
        image.isa_needed = notes::isa_needed(&mut window, header.layout, &segments.notes)?;
        if let Some(dynamic) = segments.dynamic {
            position_independent = dynamic::read(&mut window, header.layout, &segments, dynamic, &mut image)?;
        }
    }
    image.kind = match header.kind {
        RELOCATABLE => Kind::Object,
        EXECUTABLE | DYNAMIC if debug => Kind::Debug,
        EXECUTABLE => Kind::Program,
        DYNAMIC if position_independent || (image.interpreter.is_some() && image.soname.is_none()) => {
            Kind::Program
        }
        DYNAMIC => Kind::Library,
        _ => Kind::Other,
    };
    Ok(image)
}

const RELOCATABLE: u16 = 1;
const EXECUTABLE: u16 = 2;
const DYNAMIC: u16 = 3;

/// The file header, as far as it is of use.
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) machine: Machine,
    kind: u16,
    segments_at: u64,
    segments: u16,
    segment_size: u16,
    pub(super) sections_at: u64,
    pub(super) sections: u16,
    pub(super) section_size: u16,
    pub(super) section_names: u16,
}

impl Header {
    fn read(window: &mut Window<'_>) -> Result<Self, BadElf> {
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
    fn read(window: &mut Window<'_>, header: &Header) -> Result<Self, BadElf> {
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
    fn check_extent(&self, window: &Window<'_>) -> Result<(), BadElf> {
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

    fn interpreter(&self, window: &mut Window<'_>) -> Result<Option<Box<str>>, BadElf> {
        const WHAT: &str = "interpreter's name";
        let Some(extent) = self.interpreter else { return Ok(None) };
        let end = extent.offset.checked_add(extent.length);
        let end = end.ok_or(BadElf::Absurd { what: WHAT, count: extent.length })?;
        window.text(extent.offset, end, WHAT).map(|text| Some(text.into()))
    }

    /// On x86 a file that says nothing of its stack gets an executable one.
    fn exec_stack(&self, machine: Machine) -> bool {
        const EXECUTE: u32 = 1;
        let silent = matches!(machine.number, 3 | 62) && self.dynamic.is_some();
        self.stack.map_or(silent, |flags| flags & EXECUTE != 0)
    }
}
