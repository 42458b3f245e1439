//! What does one ELF file say of itself?
//!
//! Only what decides how it is loaded, and who made it. Field numbers are those of the System V ABI (gABI chapters 4
//! and 5), symbol versions those of the Linux Standard Base, the CPU level that of the x86-64 psABI.

use super::bad::BadElf;
use super::bytes::{Store, Window};
use super::header::Header;
use super::image::{Image, Kind};
use super::segments::Segments;
use super::{dynamic, notes, sections};

const RELOCATABLE: u16 = 1;
const EXECUTABLE: u16 = 2;
const DYNAMIC: u16 = 3;

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
