//! Who is loaded into whom: ELF files read in-process, resolved as the dynamic loader would, and judged.
//!
//! Nothing is executed (no `ldd`) and no file is read whole.
//!
//! - [`image`](read): what one file says of itself.
//! - [`Loader`]: where the loader looks; [`Closure`]: everything that is loaded with one file.

mod bad;
mod bytes;
mod closure;
mod cpu;
mod dynamic;
mod folder;
mod image;
mod ldcache;
mod loader;
mod names;
mod notes;
mod object;
mod sections;
mod shelf;
mod system;
mod tokens;

pub use bad::BadElf;
pub use closure::{Closure, Member, Missing};
pub use cpu::level as cpu_level;
pub use image::{Image, Kind, Machine, Requirement, is_elf, read};
pub use loader::Loader;
pub use object::{FileId, Object};
