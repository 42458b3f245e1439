//! The facts of one ELF file.

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
