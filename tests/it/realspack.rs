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

    pub(crate) fn run(&self, set: &str, args: &[&str]) -> Answer {
        self.call(set, args).run()
    }

    /// Changes a file.
    pub(crate) fn edit(file: &Path, change: impl Fn(&str) -> String) {
        let text = std::fs::read_to_string(file).unwrap();
        std::fs::write(file, change(&text)).unwrap();
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root().join("opt/spack/.spack-db/index.json")
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

#[test]
fn a_leftover_whose_head_names_an_unknown_hash_is_no_other_installs_module() {
    let spack = RealSpack::new();
    let file = spack.modules("lmod-flat0").join("Core/bzip2/1.0.8.lua");
    RealSpack::edit(&file, |text| text.replace("q2md75j", "aaaaaaa"));
    let junit = spack.run("lmod-flat0", &["run", "modules/spack", "--cc", "gcc/12"]).exits(1).junit();
    let case = junit.case("modules.spack", "bzip2/1.0.8 installed");
    assert_eq!(case.outcome, "failure");
    assert!(case.message.contains("written for an install that no database knows"), "{}", case.message);
    assert_eq!(junit.case("modules.spack", "bzip2/q2md75j module").outcome, "failure");
    assert_eq!(junit.count("failure"), 2);
}

#[test]
fn another_spacks_tree_to_which_externals_lead_owes_this_stack_nothing() {
    let spack = RealSpack::new();
    let other = spack.at("other-tree/opt/.spack-db");
    std::fs::create_dir_all(&other).unwrap();
    let text = std::fs::read_to_string(stack().join("opt/.spack-db/index.json")).unwrap();
    let here = spack.at("other-tree/opt").display().to_string();
    let text = text.replace(&stack().join("opt").display().to_string(), &here);
    std::fs::write(other.join("index.json"), text).unwrap();
    for set in ["lmod", "lmod-flat0"] {
        let junit = spack.run(set, &["run", "modules/spack", "--all"]).exits(0).junit();
        let known =
            junit.cases.iter().any(|case| case.classname == "modules.spack" && case.outcome == "passed");
        assert!(known && junit.count("failure") == 0);
    }
}

#[test]
fn what_a_database_that_is_cut_short_would_know_is_not_told() {
    let spack = RealSpack::new();
    RealSpack::edit(&spack.database(), |text| text[..text.len() / 2].to_owned());
    let junit = spack.run("lmod", &["run", "modules/spack", "--all"]).exits(1).junit();
    for case in junit.cases.iter().filter(|case| case.outcome == "failure") {
        assert!(case.name.starts_with("database ["), "{case:?}");
    }
    let lab = junit.cases.iter().filter(|case| case.name.starts_with("environment lab ["));
    let outcomes: Vec<&str> = lab.map(|case| case.outcome.as_str()).collect();
    assert_eq!(outcomes, ["error", "error"]);
}

#[test]
fn an_environment_is_held_against_the_database_from_any_root_of_modules() {
    let spack = RealSpack::new();
    let moved = spack.at("site/modules");
    std::fs::create_dir_all(spack.at("site")).unwrap();
    std::fs::rename(spack.modules("lmod").parent().unwrap(), &moved).unwrap();
    let (old, new) = (spack.root().join("share/spack/lmod"), moved.clone());
    for file in ["Core/gcc/12.2.0-7whyzjn.lua", "gcc/12.2.0/openmpi/4.1.4-zxc3hf4.lua"] {
        let file = moved.join("linux-debian12-x86_64").join(file);
        RealSpack::edit(&file, |text| text.replace(&old.display().to_string(), &new.display().to_string()));
    }
    let run = || {
        let core = moved.join("linux-debian12-x86_64/Core");
        let call = call(&["run", "modules/spack", "--cc", "gcc/12"]).env("MODULEPATH", core);
        let junit = call.run().junit();
        junit.case("modules.spack", "environment lab").clone()
    };
    assert_eq!(run().outcome, "passed");
    RealSpack::edit(&spack.database(), |text| {
        let hdf5 = text.find("\"pjpiqhx").expect("hdf5 in the database");
        let (before, after) = text.split_at(hdf5);
        format!("{before}{}", after.replacen("\"installed\":true", "\"installed\":false", 1))
    });
    let case = run();
    assert_eq!(case.outcome, "failure");
    assert!(
        case.message.contains("hdf5@1.10.8/pjpiqhx is in ") && case.message.ends_with("not installed"),
        "{case:?}"
    );
}

#[test]
fn a_spack_without_modules_is_told_as_that() {
    let spack = RealSpack::new();
    let call = |root: &Path| call(&["discover"]).without("MODULEPATH").env("SPACK_ROOT", root).run();
    let gone = call(&spack.at("nowhere"));
    assert!(
        gone.stderr.contains("SPACK_ROOT is ") && gone.stderr.contains("which is not there"),
        "{}",
        gone.stderr
    );
    std::fs::remove_dir_all(spack.root().join("share/spack/lmod")).unwrap();
    let bare = call(&spack.root());
    assert!(
        bare.stderr.contains("no module tree in ") && !bare.stderr.contains("MODULEPATH is not set"),
        "{}",
        bare.stderr
    );
    assert!(gone.code != 0 && bare.code != 0);
}
