//! `ldd` as data: what the dynamic loader would load for an ELF file, why, and what is wrong with it.
//!
//! Nothing is executed and no file is read whole, so it is safe on programs that nobody trusts and on stacks of a hundred
//! thousand files. The rules are those of glibc: `DT_RPATH`, `DT_RUNPATH`, `LD_LIBRARY_PATH`, `$ORIGIN`, the folders of
//! CPU levels (`glibc-hwcaps`), `ld.so.cache`, symbol versions.
//!
//! Which files end up in one process, and who asked for each:
//!
//! ```
//! use ldwalk::Loader;
//!
//! // The loader as it starts with this LD_LIBRARY_PATH, on this machine's CPU.
//! let loader = Loader::new("");
//! let closure = loader.closure("/bin/sh".as_ref()).expect("an ELF program");
//! for member in &closure.members {
//!     let by = member.by.map(|by| closure.members[by].object.path.display().to_string());
//!     println!("{} for {}", member.object.path.display(), by.unwrap_or_default());
//! }
//! assert!(closure.missing.is_empty());
//! assert!(closure.members.iter().any(|member| member.object.path.ends_with("libc.so.6")));
//! ```
//!
//! What one file says of itself:
//!
//! ```
//! use ldwalk::{Kind, read};
//!
//! let image = read(&std::fs::read("/bin/sh")?).expect("it starts like ELF")?;
//! assert_eq!(image.kind, Kind::Program);
//! assert!(image.needed.iter().any(|name| &**name == "libc.so.6"));
//! assert!(read(b"#!/bin/sh\n").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that is wrong below a prefix, as [`Finding`]s:
//!
//! ```
//! use ldwalk::{Loader, Policy, scan};
//!
//! let prefix = std::path::PathBuf::from("/usr/lib/dpkg");
//! // Libraries may come from the prefix; of the host, those of glibc and those named here.
//! let policy = Policy::new(&[prefix.clone()], &["libcuda.so.*".to_owned()], &[])?;
//! let scan = scan(&[prefix], &Loader::new(""), &policy);
//! for finding in scan.wrong() {
//!     println!("{finding}");
//! }
//! # Ok::<(), ldwalk::BadGlob>(())
//! ```
//!
//! From a file to a verdict:
//!
//! - [`Image`]: what one file says of itself ([`read`]);
//! - [`Loader`]: where the loader looks; [`Closure`]: everything that is loaded with one file;
//! - [`Policy`]: what a stack may take from its host; [`scan()`]: all files of all prefixes, and every [`Finding`];
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
pub use policy::{BadGlob, Policy};
pub use scan::{Scan, scan};
pub use vendors::Vendors;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
