//! What a real Spack 1.1 made: three module trees, a database, an environment; and the host and prefixes that it needs.
//!
//! The compilers and the MPICH that Spack took for externals lie in another Spack's tree: that of the real stack.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::fixture::{Answer, Call, call, core, stack};
use crate::lmod::newer;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/realspack");

/// A copy of it in a folder of its own.
pub(crate) struct RealSpack {
    folder: TempDir,
}

impl RealSpack {
    pub(crate) fn new() -> Self {
        let spack = Self { folder: tempfile::tempdir().unwrap() };
        spack.copy(Path::new(DATA), &spack.root());
        let other = spack.at("other-tree/opt/linux-x86_64");
        std::fs::create_dir_all(&other).unwrap();
        for (module, name) in [
            ("Core/gcc/12.2.0.lua", "gcc-12.2.0-jbi6neo6xxajoroxi6cplkaqz4emfjnp"),
            ("Core/llvm/16.0.6.lua", "llvm-16.0.6-fovb4b5vbrzqjs2xsbqcky2ocuy4k77i"),
            ("gcc/12.2.0/mpich/4.0.2.lua", "mpich-4.0.2-qrzvhyikeziigd36cmuqlqbqgqy64cbf"),
        ] {
            std::os::unix::fs::symlink(prefix_of(module), other.join(name)).unwrap();
        }
        spack
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("spack")
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arch folder of the module tree `set`.
    pub(crate) fn modules(&self, set: &str) -> PathBuf {
        self.root().join("share/spack").join(set).join("linux-debian12-x86_64")
    }

    /// `stackprobe ARGS…` with the modules of `set`.
    pub(crate) fn call(&self, set: &str, args: &[&str]) -> Call {
        call(args).env("MODULEPATH", self.modules(set).join("Core"))
    }

    /// Copies files with the paths in them rewritten, and makes the folders that they name.
    fn copy(&self, from: &Path, into: &Path) {
        std::fs::create_dir_all(into).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = into.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                self.copy(&entry.path(), &target);
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let here = self.folder.path().display();
            let text = text.replace("/opt/spack/", &format!("{here}/spack/"));
            let text = text.replace("/opt/other-tree/", &format!("{here}/other-tree/"));
            for line in
                text.lines().filter(|line| line.contains("end_path(\"") && !line.contains("MODULEPATH"))
            {
                let path = line.split('"').nth(3).unwrap_or_default();
                if path.starts_with(&format!("{here}/spack/")) {
                    std::fs::create_dir_all(path.trim_end_matches("/.")).unwrap();
                }
            }
            std::fs::write(target, text).unwrap();
        }
    }
}

/// The prefix that a module of the real stack puts on `PATH`.
fn prefix_of(module: &str) -> PathBuf {
    let file = core().parent().unwrap().join(module);
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().find(|line| line.starts_with("prepend_path(\"PATH\"")).unwrap();
    let bin = Path::new(line.split('"').nth(3).unwrap());
    assert!(bin.starts_with(stack()), "{}", bin.display());
    bin.parent().unwrap().to_path_buf()
}

/// Names of checks that failed under a toolchain that begins with `toolchain`, but for paths: prefixes are not there.
fn reds(answer: &Answer, toolchain: &str) -> Vec<String> {
    let cases = answer.junit().cases.into_iter();
    let red = cases.filter(|case| ["failure", "error"].contains(&case.outcome.as_str()));
    let under = red.filter(|case| case.name.contains(&format!("[{toolchain}")));
    under.map(|case| case.name).filter(|name| !name.contains(" paths [")).collect()
}

#[test]
fn every_layout_that_spack_writes_has_its_pairs_and_only_its_right_reds() {
    let spack = RealSpack::new();
    for (set, compilers, lmod) in [
        ("lmod", "2 compilers", None),
        ("lmod-plain", "3 compilers", None),
        ("lmod-plain", "3 compilers", Some(newer())),
        ("lmod-flat0", "2 compilers", None),
    ] {
        let by = |args: &[&str]| {
            let call = spack.call(set, args);
            lmod.iter().fold(call, |call, lmod| call.env("LMOD_CMD", lmod)).run()
        };
        let text = by(&["discover"]).exits(0).stdout;
        let wanted = format!("{compilers}, 2 pairs of compiler and MPI");
        assert!(text.contains(&wanted), "{set}: {text}");
        let answer = by(&["run", "modules", "--all"]);
        let red = reds(&answer, "");
        let hdf5 = if set == "lmod-flat0" { "hdf5-parallel/1.10.8" } else { "hdf5/1.10.8-pjpiqhx" };
        assert!(red.len() == 1 && red[0].starts_with(&format!("{hdf5} unloads")), "{set}: {red:#?}");
        let junit = answer.junit();
        let text = &junit.case("modules.walk", &format!("{hdf5} unloads")).text;
        assert!(text.contains("MANPATH") || text.contains("PKG_CONFIG_PATH"), "{text}");
    }
}
