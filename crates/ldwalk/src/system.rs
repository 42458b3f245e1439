//! What does a loader know before it reads a single program?
//!
//! Distributions compile different default directories into `ld.so`, and a glibc that is part of the stack has its own
//! cache. Nothing is executed to ask: the answers stand as strings in the loader's file.

use std::path::{Path, PathBuf};

use super::cpu::Cpu;
use super::image::Machine;
use super::ldcache::LdCache;

/// Facts compiled into one loader.
#[derive(Debug)]
pub(super) struct System {
    /// The loader itself.
    pub(super) interpreter: PathBuf,
    /// Searched last, in this order.
    pub(super) default_directories: Vec<PathBuf>,
    /// What `$LIB` stands for.
    pub(super) lib: String,
    /// What `$PLATFORM` stands for.
    pub(super) platform: String,
    /// Subfolders of every searched directory that are looked at first, best first.
    pub(super) hwcaps: Vec<&'static str>,
    pub(super) cache: LdCache,
}

/// The standard loader of a machine: the one that a library without interpreter will meet.
pub(super) fn standard_interpreter(machine: Machine) -> Option<&'static str> {
    match machine {
        Machine::X86_64 => Some("/lib64/ld-linux-x86-64.so.2"),
        Machine::I386 => Some("/lib/ld-linux.so.2"),
        Machine::AARCH64 => Some("/lib/ld-linux-aarch64.so.1"),
        Machine { number: 21, wide: true, big: false } => Some("/lib64/ld64.so.2"),
        Machine { number: 22, wide: true, big: true } => Some("/lib/ld64.so.1"),
        Machine { number: 243, wide: true, big: false } => Some("/lib/ld-linux-riscv64-lp64d.so.1"),
        _ => None,
    }
}

impl System {
    /// Reads what `interpreter` was compiled with; the usual values where it cannot be read.
    pub(super) fn read(interpreter: &Path, machine: Machine, cpu: Cpu) -> Self {
        /// `ld.so` is a quarter of a megabyte.
        const LARGEST: u64 = 16 << 20;
        let bytes = match std::fs::metadata(interpreter) {
            Ok(facts) if facts.is_file() && facts.len() <= LARGEST => {
                std::fs::read(interpreter).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let mut directories = default_directories(&bytes);
        if directories.is_empty() {
            let usual: &[&str] = if machine.wide { &["/lib64", "/usr/lib64"] } else { &["/lib", "/usr/lib"] };
            directories = usual.iter().map(|&path| path.to_owned()).collect();
        }
        let cache_path = strings(&bytes).find(|text| text.starts_with('/') && text.ends_with("/ld.so.cache"));
        let cache = std::fs::read(cache_path.unwrap_or("/etc/ld.so.cache")).unwrap_or_default();
        let has = |word: &str| strings(&bytes).any(|text| text == word);
        let x86 = machine == Machine::X86_64;
        let levels =
            [(4, "glibc-hwcaps/x86-64-v4"), (3, "glibc-hwcaps/x86-64-v3"), (2, "glibc-hwcaps/x86-64-v2")];
        let knows_levels = x86 && has("x86-64-v4:x86-64-v3:x86-64-v2");
        Self {
            lib: lib_token(&directories[0]),
            platform: cpu
                .platform
                .filter(|&own| x86 && has(own))
                .unwrap_or_else(|| platform(machine))
                .to_owned(),
            hwcaps: levels
                .into_iter()
                .filter(|&(level, _)| knows_levels && level <= cpu.level)
                .map(|(_, folder)| folder)
                .collect(),
            cache: LdCache::read(&cache, machine, cpu.level),
            default_directories: directories.into_iter().map(PathBuf::from).collect(),
            interpreter: interpreter.to_owned(),
        }
    }
}

/// The kernel's `AT_PLATFORM`.
fn platform(machine: Machine) -> &'static str {
    match machine {
        Machine::X86_64 => "x86_64",
        Machine::I386 => "i686",
        Machine::AARCH64 => "aarch64",
        _ => "",
    }
}

/// `$LIB` is the part of the first default directory from its last `lib` on: `lib64`, `lib/x86_64-linux-gnu`.
fn lib_token(directory: &str) -> String {
    directory.rfind("/lib").map_or("lib", |at| &directory[at + 1..]).to_owned()
}

fn strings(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes
        .split(|&byte| byte == 0)
        .filter(|text| (2..4096).contains(&text.len()))
        .filter_map(|text| std::str::from_utf8(text).ok())
}

/// glibc keeps them as one run of NUL-ended strings, each with a slash at both ends (`system_dirs` of `dl-load.c`).
fn default_directories(bytes: &[u8]) -> Vec<String> {
    let directory = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok()?;
        let fits = text.len() > 2 && text.starts_with('/') && text.ends_with('/') && text.contains("lib");
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic()))
            .then(|| text.trim_end_matches('/').to_owned())
    };
    let mut best: Vec<String> = Vec::new();
    let mut run = Vec::new();
    for text in bytes.split(|&byte| byte == 0).chain([&b""[..]]) {
        match directory(text) {
            Some(path) => run.push(path),
            None if run.len() > best.len() => best = std::mem::take(&mut run),
            None => run.clear(),
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_directories_are_read_from_the_loader() {
        let debian =
            b"\0/x\0\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0\0\x07";
        assert_eq!(
            default_directories(debian),
            ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"]
        );
        assert_eq!(default_directories(b"ab\0/lib64/\0/usr/lib64/\0"), ["/lib64", "/usr/lib64"]);
        assert_eq!(default_directories(b"/opt/glibc-2.39/lib/\0\0"), ["/opt/glibc-2.39/lib"]);
        assert!(default_directories(b"").is_empty());
    }

    #[test]
    fn lib_is_what_the_first_directory_ends_with() {
        assert_eq!(lib_token("/lib/x86_64-linux-gnu"), "lib/x86_64-linux-gnu");
        assert_eq!(lib_token("/lib64"), "lib64");
        assert_eq!(lib_token("/opt/glibc-2.39/lib"), "lib");
    }
}
