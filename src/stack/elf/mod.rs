//! Who is loaded into whom: ELF files read in-process, resolved as the dynamic loader would, and judged.
//!
//! Nothing is executed (no `ldd`) and no file is read whole. From a file to a verdict:
//!
//! - [`Image`]: what one file says of itself ([`read`]);
//! - [`Loader`]: where the loader looks; [`Closure`]: everything that is loaded with one file;
//! - [`Policy`]: what a stack may take from its host; [`scan`]: all files of all prefixes, and every [`Finding`];
//! - [`judge_maps`]: the same of a process that runs.

mod alone;
mod bad;
mod bytes;
mod closure;
mod cpu;
mod dynamic;
mod finding;
mod folder;
mod header;
mod image;
mod integers;
mod ldcache;
mod loader;
mod maps;
mod names;
mod notes;
mod object;
mod parse;
mod plugin;
mod policy;
mod producers;
mod runtimes;
mod scan;
mod sections;
mod segments;
mod shelf;
mod system;
mod together;
mod tokens;
mod vendors;
mod versions;
mod walk;

pub use bad::BadElf;
pub use closure::{Closure, Member, Missing};
pub use cpu::level as cpu_level;
pub use finding::{Finding, FindingKind, Weight};
pub use image::{Image, Kind, Machine, Requirement};
pub use loader::Loader;
pub use maps::judge_maps;
pub use object::{FileId, Object};
pub use parse::{is_elf, read};
pub use policy::Policy;
pub use scan::{Scan, scan};
pub use vendors::Vendors;
