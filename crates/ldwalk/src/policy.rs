//! What may a stack take from its host, and who may have built it?

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::vendors::Vendors;

/// Libraries that come with the kernel's ABI rather than with the stack: all parts of glibc, and the names under which
/// its loader goes on each machine.
const GLIBC: &[&str] = &[
    "ld-linux*.so.*",
    "ld64.so.*",
    "libBrokenLocale.so.1",
    "libanl.so.1",
    "libc.so.6",
    "libc_malloc_debug.so.0",
    "libdl.so.2",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libnss_*.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libthread_db.so.1",
    "libutil.so.1",
    "linux-vdso.so.1",
];

/// A glob of library names that cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no glob for a library's name: `{}`: {}", .0.glob().unwrap_or_default(), .0.kind())]
pub struct BadGlob(#[from] globset::Error);

/// What a scan holds files against.
#[derive(Clone, Debug)]
pub struct Policy {
    prefixes: Vec<PathBuf>,
    host: GlobSet,
    compilers: Vec<String>,
    binary: bool,
    vendors: Vendors,
}

impl Policy {
    /// The stack lies under `prefixes`; `host` are globs of library names that may come from elsewhere, besides those
    /// of glibc; `compilers` are texts of which each compiled file must name one (none: anybody may have compiled it).
    ///
    /// # Errors
    /// A glob that cannot be read.
    pub fn new(prefixes: &[PathBuf], host: &[String], compilers: &[String]) -> Result<Self, BadGlob> {
        let mut globs = GlobSetBuilder::new();
        for glob in GLIBC.iter().copied().chain(host.iter().map(String::as_str)) {
            globs.add(Glob::new(glob)?);
        }
        let host = globs.build()?;
        let mut all = Vec::new();
        for prefix in prefixes {
            all.push(prefix.clone());
            if let Ok(real) = prefix.canonicalize()
                && real != *prefix
            {
                all.push(real);
            }
        }
        Ok(Self {
            prefixes: all,
            host,
            compilers: compilers.to_vec(),
            binary: false,
            vendors: Vendors::default(),
        })
    }

    /// The same, for what its vendor compiled: what went into it is the vendor's business.
    #[must_use]
    pub fn of_a_vendor(self) -> Self {
        Self { binary: true, ..self }
    }

    /// The same, with what is known of compilers and runtimes by their names.
    #[must_use]
    pub fn with_vendors(self, vendors: Vendors) -> Self {
        Self { vendors, ..self }
    }

    pub(super) fn vendors(&self) -> &Vendors {
        &self.vendors
    }

    /// Whether the site compiled what is scanned.
    pub(super) fn is_compiled_here(&self) -> bool {
        !self.binary
    }

    /// Whether `path` lies in the stack, be it as it is written or with links followed.
    #[must_use]
    pub fn is_of_the_stack(&self, path: &Path) -> bool {
        let under = |path: &Path| self.prefixes.iter().any(|prefix| path.starts_with(prefix));
        let plain = !path.components().any(|part| part == std::path::Component::ParentDir);
        let written = plain && under(path);
        path.canonicalize().map_or(written, |real| under(&real))
    }

    /// Whether the host may provide a library of this name.
    #[must_use]
    pub fn may_come_from_the_host(&self, name: &str) -> bool {
        self.host.is_match(name)
    }

    /// Whether one of the producers is a compiler that may have built the file.
    pub(super) fn compiled_as_expected(&self, producers: &[Box<str>]) -> bool {
        let mut compilers = producers.iter().filter(|producer| !producer.starts_with("Linker:")).peekable();
        self.compilers.is_empty()
            || compilers.peek().is_none()
            || compilers.any(|producer| self.compilers.iter().any(|expected| producer.contains(expected)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_gives_glibc_and_what_it_is_asked_for_and_nothing_else() {
        let policy = Policy::new(&[], &["libcuda.so.*".to_owned()], &[]).unwrap();
        for name in ["libc.so.6", "ld-linux-x86-64.so.2", "libnss_files.so.2", "libcuda.so.1"] {
            assert!(policy.may_come_from_the_host(name), "{name}");
        }
        for name in ["libstdc++.so.6", "libgcc_s.so.1", "libcrypt.so.1", "libc.so", "libgomp.so.1"] {
            assert!(!policy.may_come_from_the_host(name), "{name}");
        }
        assert!(Policy::new(&[], &["lib[".to_owned()], &[]).is_err());
    }

    #[test]
    fn a_link_out_of_the_stack_leads_out_of_the_stack() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("stack");
        std::fs::create_dir(&prefix).unwrap();
        std::fs::write(folder.path().join("libz.so"), "").unwrap();
        std::os::unix::fs::symlink("../libz.so", prefix.join("libz.so")).unwrap();
        std::fs::write(prefix.join("liba.so"), "").unwrap();
        let policy = Policy::new(std::slice::from_ref(&prefix), &[], &[]).unwrap();
        assert!(policy.is_of_the_stack(&prefix.join("liba.so")));
        assert!(!policy.is_of_the_stack(&prefix.join("libz.so")));
        assert!(!policy.is_of_the_stack(&prefix.join("../libz.so")));
        assert!(!policy.is_of_the_stack(&folder.path().join("stack2/liba.so")));
    }

    #[test]
    fn a_linker_is_no_compiler() {
        let policy = Policy::new(&[], &[], &["GCC) 12.2".to_owned()]).unwrap();
        let producers = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect::<Vec<Box<str>>>();
        assert!(policy.compiled_as_expected(&producers(&["Linker: LLD 16", "GCC: (Spack GCC) 12.2.0"])));
        assert!(!policy.compiled_as_expected(&producers(&["GCC: (Debian 11.4.0-1) 11.4.0"])));
        assert!(policy.compiled_as_expected(&producers(&["Linker: LLD 16"])), "flang says nothing");
    }
}
