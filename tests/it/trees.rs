//! The real stack as sites show it that do not have Spack's hierarchy: exactly its pairs are found, each is real, and
//! nothing goes untested without a word.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::fixture::{Answer, Call, Junit, call, stack};

/// A tree of modulefiles over the prefixes of the stack.
struct Tree {
    folder: tempfile::TempDir,
    modulepath: PathBuf,
    /// environment-modules, where it is not Lmod that is called.
    system: Option<PathBuf>,
}

impl Tree {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trees");
        let made = Command::new(script).arg(name).arg(stack()).arg(folder.path()).output().unwrap();
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        let modulepath = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        Self { folder, modulepath, system: None }
    }

    fn call(&self, args: &[&str]) -> Call {
        let call = call(args).env("MODULEPATH", &self.modulepath);
        match &self.system {
            Some(command) => call.env("MODULES_CMD", command),
            None => call,
        }
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.modulepath.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The labels of all toolchains, and what is said of every module.
    fn discovered(&self) -> (Vec<String>, String) {
        let json = self.call(&["discover", "--format", "json"]).run().exits(0).stdout;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["untested"].as_array().unwrap().len(), 0, "{json}");
        let label = |toolchain: &Value| toolchain["toolchain"].as_str().unwrap().to_owned();
        let labels = json["toolchains"].as_array().unwrap().iter().map(label).collect();
        (labels, self.call(&["discover"]).run().exits(0).stdout)
    }

    /// Compiles and launches under one pair: all of it is healthy, and every suite did something.
    fn is_healthy(&self, compiler: &str, mpi: &str) -> Junit {
        let probes = [
            "compiler/identity",
            "compiler/c-identity",
            "compiler/c11-language",
            "compiler/fortran-core",
            "mpi/identity",
            "mpi/hello",
            "mpi/collectives",
        ];
        let flags = ["--cc", compiler, "--mpi", mpi];
        let junit = self.call(&[&["run"], &probes[..], &flags].concat()).run().exits(0).junit();
        let passed = |class: &str| {
            junit.cases.iter().filter(|case| case.classname == class && case.outcome == "passed").count()
        };
        for (class, least) in
            [("compiler.identity", 25), ("compiler.c-identity", 3), ("mpi.identity", 15), ("mpi.hello", 20)]
        {
            assert!(passed(class) >= least, "{class}: {}", passed(class));
        }
        assert_eq!(junit.case("mpi.identity", "mpicc-compiler").outcome, "passed");
        // Where both are installed is known, however their modulefiles write it: what depends on that was looked at.
        for unknown in ["names no prefix", "prefix is not known", "_PREFIX is not set"] {
            let case = junit.cases.iter().find(|case| case.message.contains(unknown));
            assert!(case.is_none(), "{compiler} {mpi}: {case:?}");
        }
        junit
    }
}

/// All that a call printed.
fn all(answer: &Answer) -> String {
    format!("{}{}", answer.stdout, answer.stderr)
}

/// What is said of a module.
fn line<'t>(text: &'t str, module: &str) -> &'t str {
    let found = text.lines().find(|line| line.trim_start().starts_with(&format!("{module} ")));
    found.unwrap_or_else(|| panic!("no {module} in {text}"))
}

#[test]
fn easybuilds_flat_folder_pairs_what_loads_each_other() {
    let tree = Tree::new("easybuild");
    let (labels, text) = tree.discovered();
    assert_eq!(
        labels,
        [
            "Clang/16.0.6-GCCcore-12.2.0",
            "Clang/16.0.6-GCCcore-12.2.0 MPICH/5.0.2-Clang-16.0.6-GCCcore-12.2.0",
            "GCC/11.3.0",
            "GCC/11.3.0 OpenMPI/4.1.4-GCC-11.3.0",
            "GCC/12.2.0",
            "GCC/12.2.0 MPICH/5.0.2-GCC-12.2.0",
            "GCC/12.2.0 OpenMPI/4.1.4-GCC-12.2.0",
            "GCC/12.2.0 OpenMPI/5.0.11-GCC-12.2.0",
            "GCC/12.2.0 impi/2021.18.1-GCC-12.2.0",
            "GCCcore/11.3.0",
            "GCCcore/12.2.0",
            "Python/3.11.2-GCCcore-12.2.0",
        ]
    );
    for bundle in ["foss/2022b", "gompi/2022b"] {
        let told = "it loads GCC/12.2.0 and OpenMPI/4.1.4-GCC-12.2.0, which are tested together";
        assert!(line(&text, bundle).ends_with(told), "{text}");
    }
    tree.is_healthy("GCC/12.2.0", "OpenMPI/5.0.11-GCC-12.2.0");
    // Asked for by a bundle, it is tested by what that loads.
    let junit = tree.is_healthy("foss/2022b", "foss/2022b");
    assert_eq!(junit.case("mpi.identity", "launcher-version").name, "launcher-version [foss/2022b]");
    assert_eq!(junit.case("mpi.identity", "launcher-version").outcome, "passed");
}

#[test]
fn openhpcs_names_are_known_and_its_suffixes_are_no_versions() {
    let tree = Tree::new("openhpc");
    let (labels, text) = tree.discovered();
    assert_eq!(
        labels,
        [
            "gnu11/11.3.0",
            "gnu11/11.3.0 openmpi4/4.1.4",
            "gnu11/11.3.0 openmpi5/5.0.11",
            "gnu12/12.2.0",
            "gnu12/12.2.0 impi/2021.18.1",
            "gnu12/12.2.0 mpich/5.0.2-ofi",
            "gnu12/12.2.0 openmpi4/4.1.4",
            "gnu12/12.2.0 openmpi5/5.0.11",
        ]
    );
    let told = "it loads gnu12/12.2.0 and openmpi4/4.1.4, which are tested together";
    assert!(line(&text, "ohpc").ends_with(told), "{text}");
    let junit = tree.is_healthy("gnu12", "mpich/5.0.2-ofi");
    assert_eq!(junit.case("mpi.identity", "launcher-version").outcome, "passed");
}

#[test]
fn a_programming_environment_is_the_compiler_of_an_mpi_that_loads_with_nothing_else() {
    let tree = Tree::new("cray");
    let (labels, text) = tree.discovered();
    assert_eq!(
        labels,
        [
            "PrgEnv-gnu/8.3.3 cray-mpich/8.1.27",
            "PrgEnv-gnu/8.4.0 cray-mpich/8.1.27",
            "gcc/11.3.0",
            "gcc/12.2.0",
            "cray-python/3.11.2",
        ]
    );
    assert!(
        line(&text, "PrgEnv-gnu/8.4.0").ends_with("tested as the compiler of cray-mpich/8.1.27"),
        "{text}"
    );
    let junit = tree.is_healthy("PrgEnv-gnu/8.4.0", "cray-mpich");
    let version = junit.case("mpi.identity", "launcher-version");
    assert_eq!(version.outcome, "skipped");
    assert!(version.message.contains("its tools tell a version of mpich"), "{version:?}");
    assert_eq!(junit.case("compiler.identity", "cc-version").outcome, "passed");
}

#[test]
fn tcl_modules_are_paired_by_what_they_want_loaded_before() {
    let tree = Tree::new("tcl");
    let (labels, _) = tree.discovered();
    assert_eq!(
        labels,
        [
            "clang/16.0.6",
            "clang/16.0.6 mpich/5.0.2",
            "gcc/11.3.0",
            "gcc/11.3.0 openmpi/4.1.4-old",
            "gcc/12.2.0",
            "gcc/12.2.0 intelmpi/2021.18.1",
            "gcc/12.2.0 openmpi/4.1.4",
            "gcc/12.2.0 openmpi/5.0.11",
            "python/3.11.2",
        ]
    );
    tree.is_healthy("gcc/11", "openmpi/4.1.4-old");
    // What is wanted and is not there is said, and the run is not green without it.
    let module = tree.modulepath.join("mpich/5.0.2");
    let text = std::fs::read_to_string(&module).unwrap();
    std::fs::write(&module, text.replace("prereq clang/16.0.6", "prereq clang/17.0.1")).unwrap();
    let why = "it wants clang/17.0.1 to be loaded before, and there is no such module";
    let told = tree.call(&["discover"]).run().exits(0).stdout;
    assert!(line(&told, "mpich/5.0.2").ends_with(&format!("not tested: {why}")), "{told}");
    let junit = tree.call(&["run", "mpi/hello", "--all", "--mpi", "mpich"]).run().exits(78).junit();
    assert!(junit.cases.iter().any(|case| case.outcome == "error" && case.message.contains(why)));
}

#[test]
fn spacks_flat_names_end_in_compilers_and_hashes() {
    let tree = Tree::new("spack-flat");
    let (labels, _) = tree.discovered();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let (gcc, old) = ("gcc/12.2.0-gcc-12.2.0-jbi6neo", "gcc/11.3.0-gcc-12.2.0-sa735nv");
    let llvm = "llvm/16.0.6-gcc-12.2.0-fovb4b5";
    let hashless = |label: &str| {
        let words = label.split(' ').map(|word| {
            let (name, version) = word.split_once('/').unwrap();
            let suffix = version.rsplit_once('-').filter(|(_, hash)| hash.len() == 7 && !hash.contains('.'));
            format!("{name}/{}", suffix.map_or(version, |(version, _)| version))
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let found: Vec<String> = labels.iter().map(|label| hashless(label)).collect();
    let pair = |compiler: &str, mpi: &str| hashless(&format!("{compiler} {mpi}"));
    let expected = [
        hashless(old),
        pair(old, "mpich/4.0.2-gcc-11.3.0"),
        pair(old, "openmpi/5.0.11-gcc-11.3.0"),
        hashless(gcc),
        pair(gcc, "mpich/4.0.2-gcc-12.2.0"),
        pair(gcc, "openmpi/4.1.4-gcc12"),
        pair(gcc, "openmpi/5.0.11-gcc-12.2.0"),
        hashless(llvm),
        pair(llvm, "mpich/5.0.2-llvm-16.0.6"),
    ];
    assert_eq!(found, expected);
    let gcc = labels.iter().find(|label| label.starts_with("gcc/12") && !label.contains(' ')).unwrap();
    let junit = tree.is_healthy(gcc, "openmpi/4.1.4-gcc12");
    assert_eq!(junit.case("mpi.identity", "launcher-version").outcome, "passed");
    // With the wrong compiler it is red.
    let old = labels.iter().find(|label| label.starts_with("gcc/11") && !label.contains(' ')).unwrap();
    let answer =
        tree.call(&["run", "mpi/identity", "--cc", old, "--mpi", "openmpi/4.1.4-gcc12"]).run().exits(1);
    assert_eq!(answer.junit().case("mpi.identity", "mpicc-compiler").outcome, "failure");
}

/// The suite `modules` over a whole tree: what it said, and every module that it loaded.
fn walked(tree: &Tree, code: i32) -> (Junit, BTreeSet<String>) {
    let site = tree.folder.path().join("site.toml");
    let flags = ["run", "modules", "--all", "--site", site.to_str().unwrap()];
    let junit = tree.call(&flags).run().exits(code).junit();
    let loads = junit.cases.iter().filter_map(|case| {
        let (check, _) = case.name.split_once(" [")?;
        Some(check.strip_suffix(" loads")?.to_owned())
    });
    let loads = loads.collect();
    (junit, loads)
}

/// The full names of all modulefiles of a tree.
fn files(tree: &Tree) -> BTreeSet<String> {
    let all = walkdir(tree.folder.path());
    let modules = all.into_iter().filter(|file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        file.extension().is_some_and(|end| end == "lua") || text.starts_with("#%Module")
    });
    let name = |file: PathBuf| {
        let parts: Vec<String> =
            file.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
        format!("{}/{}", parts[1], parts[0].trim_end_matches(".lua")).replace("modulefiles/", "")
    };
    modules.map(name).collect()
}

fn walkdir(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] }).collect()
}

#[test]
fn every_module_of_a_healthy_tree_is_walked_and_none_is_red() {
    let by = |system: &dyn Fn() -> Option<PathBuf>, names: &[&str]| -> Vec<(String, Tree)> {
        names.iter().map(|name| ((*name).to_owned(), Tree { system: system(), ..Tree::new(name) })).collect()
    };
    let lmod = by(&|| None, &["easybuild", "openhpc", "cray", "tcl", "spack-flat"]);
    for (name, tree) in lmod.into_iter().chain(by(&|| Some(modulecmd()), &["openhpc", "cray", "tcl"])) {
        let (junit, loads) = walked(&tree, 0);
        assert_eq!(loads, files(&tree), "{name}");
        let red: Vec<_> = junit.cases.iter().filter(|case| case.outcome == "failure").collect();
        assert!(red.is_empty(), "{name}: {red:?}");
    }
}

#[test]
fn what_is_wrong_in_a_flat_tree_is_red_where_it_belongs() {
    let tree = Tree::new("easybuild");
    let add = |name: &str, line: &str| {
        let file = tree.modulepath.join(format!("{name}.lua"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "whatis(\"of the site\")\n".to_owned());
        tree.file(&format!("{name}.lua"), &format!("{text}\n{line}\n"));
    };
    add("HDF5/1.14.0-gompi-2022b", "prepend_path(\"PATH\", \"/nowhere/bin\")");
    add("GCC/11.3.0", "if mode() == \"load\" then setenv(\"LEFT_BEHIND\", \"1\") end");
    add("foss/2022b", "load(\"gone/1\")");
    add("tau/2", "prereq(\"GCC/9\")");
    // Healthy, whatever compiler is loaded: it is never loaded beside one.
    add("apart/1", "conflict(\"GCC\", \"GCCcore\", \"Clang\")");
    // An error of its own takes nothing from the others, of which the same process is asked.
    add("licensed/1", "LmodError(\"no licence\")");
    let (junit, _) = walked(&tree, 1);
    let red: BTreeSet<(&str, &str)> = junit
        .cases
        .iter()
        .filter(|case| case.outcome == "failure")
        .filter_map(|case| case.name.split_once(" ["))
        .collect();
    let pair = "GCC/12.2.0 OpenMPI/4.1.4-GCC-12.2.0]";
    let compilers =
        ["Clang/16.0.6-GCCcore-12.2.0]", "GCC/11.3.0]", "GCC/12.2.0]", "GCCcore/11.3.0]", "GCCcore/12.2.0]"];
    let mut expected = BTreeSet::from([
        ("HDF5/1.14.0-gompi-2022b paths", pair),
        ("foss/2022b loads", pair),
        ("GCC/11.3.0 unloads", "GCC/11.3.0]"),
    ]);
    expected.extend(compilers.iter().flat_map(|one| [("tau/2 loads", *one), ("licensed/1 loads", *one)]));
    let expected: BTreeSet<_> = expected.into_iter().collect();
    assert!(expected.is_subset(&red), "{red:#?}");
    // What loads or swaps the broken ones is red with them, and nothing else is.
    let of_others = |check: &str| check.contains("swapped") || check == "purge" || check.starts_with("foss/");
    let rest: Vec<_> = red.difference(&expected).filter(|(check, _)| !of_others(check)).collect();
    assert!(rest.is_empty(), "{rest:#?}");
}

/// The other module system, unpacked.
fn modulecmd() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/environment-modules-5.2.0");
    let command = folder.join("modulecmd.tcl");
    assert!(command.is_file(), "no {}: run `make tools`", command.display());
    command
}

#[test]
fn environment_modules_finds_the_same_pairs_and_runs_them() {
    for name in ["openhpc", "cray", "tcl", "spack-flat"] {
        let tree = Tree::new(name);
        let discover = |tcl: bool| {
            let call = tree.call(&["discover", "--format", "json"]);
            let call = if tcl { call.env("MODULES_CMD", modulecmd()) } else { call };
            let answer = call.run().exits(0);
            let json: Value = serde_json::from_str(&answer.stdout).unwrap();
            (json["toolchains"].clone(), answer.stderr)
        };
        let ((by_lmod, _), (by_tcl, said)) = (discover(false), discover(true));
        assert_eq!(by_lmod, by_tcl, "{name}");
        assert!(said.contains("environment-modules 5.2.0: it has no spider"), "{said}");
    }
    let tree = Tree { system: Some(modulecmd()), ..Tree::new("tcl") };
    let junit = tree.is_healthy("gcc/12", "openmpi/5.0.11");
    assert_eq!(junit.properties["lmod"], "environment-modules 5.2.0");
    let tree = Tree { system: Some(modulecmd()), ..Tree::new("cray") };
    tree.is_healthy("PrgEnv-gnu/8.4.0", "cray-mpich");
    // What it refuses is told in its own words, and is red.
    let answer = tree.call(&["run", "mpi/hello", "--cc", "gcc/12", "--mpi", "cray-mpich"]).run().exits(1);
    assert!(all(&answer).contains("cray-mpich wants a PrgEnv"), "{}", all(&answer));
    let answer = tree.call(&["run", "mpi/hello", "--cc", "gcc/14", "--mpi", "cray-mpich"]).run().exits(1);
    assert!(all(&answer).contains("gcc is offered as 11.3.0, 12.2.0"), "{}", all(&answer));
}

#[test]
fn environment_modules_says_what_it_lacks_and_which_system_is_meant_can_be_said() {
    let tree = Tree { system: Some(modulecmd()), ..Tree::new("easybuild") };
    let answer = tree.call(&["discover"]).run().exits(3);
    assert!(answer.stderr.contains("modulefiles are in Lua, which it does not read"), "{}", answer.stderr);
    // Both are there: what is asked for is called.
    let lmod = tree.call(&["discover"]).env("STACKPROBE_MODULE_SYSTEM", "lmod").run().exits(0);
    assert!(lmod.stdout.contains("6 pairs of compiler and MPI"), "{}", lmod.stdout);
    let wrong = tree.call(&["discover"]).env("STACKPROBE_MODULE_SYSTEM", "tmod").run().exits(2);
    assert!(wrong.stderr.contains("there are lmod and environment-modules"), "{}", wrong.stderr);
    let tree = Tree { system: Some(modulecmd()), ..Tree::new("tcl") };
    let doctor = tree.call(&["doctor"]).run();
    assert!(doctor.stdout.contains("environment-modules 5.2.0"), "{}", doctor.stdout);
    assert!(doctor.stdout.contains("it has no spider"), "{}", doctor.stdout);
    let gone = tree.call(&["discover"]).env("MODULES_CMD", "/nowhere/modulecmd.tcl").run().exits(78);
    assert!(gone.stderr.contains("/nowhere/modulecmd.tcl"), "{}", gone.stderr);
}

#[test]
fn a_site_names_toolchains_by_hand_and_a_broken_one_is_red() {
    let tree = Tree::new("easybuild");
    let site = "[[toolchain]]\nmodules = [\"foss/2022b\"]\n\
                [[toolchain]]\nname = \"ours\"\nmodules = [\"GCC/11.3.0\", \"OpenMPI/4.1.4-GCC-11.3.0\"]\n\
                [[toolchain]]\nname = \"odd\"\nmodules = [\"HDF5/1.14.0-gompi-2022b\"]\ncc = \"GCCcore\"\n";
    let with = |words: &[&str], more: &str| {
        tree.call(&[words, &["--site", "site.toml"]].concat())
            .file("site.toml", format!("{site}{more}"))
            .run()
    };
    let json = with(&["discover", "--format", "json"], "").exits(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let modules = |label: &str| -> Vec<String> {
        let all = json["toolchains"].as_array().unwrap();
        let found = all.iter().find(|toolchain| toolchain["toolchain"] == label).unwrap();
        let modules = found["modules"].as_array().unwrap().iter();
        modules.map(|module| module["module"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(modules("foss/2022b"), ["GCC/12.2.0", "OpenMPI/4.1.4-GCC-12.2.0"]);
    assert_eq!(modules("ours"), ["GCC/11.3.0", "OpenMPI/4.1.4-GCC-11.3.0"]);
    assert_eq!(modules("odd"), ["GCCcore/12.2.0", "OpenMPI/4.1.4-GCC-12.2.0"]);
    let text = with(&["discover"], "").exits(0).stdout;
    assert!(line(&text, "foss/2022b  ").contains("not tested by itself"), "{text}");
    let run = ["run", "mpi/hello", "mpi/identity", "--all", "--mpi", "OpenMPI/4.1.4-GCC-11.3.0"];
    let junit = with(&run, "").exits(0).junit();
    for label in ["GCC/11.3.0 OpenMPI/4.1.4-GCC-11.3.0", "ours"] {
        let own = junit.cases.iter().filter(|case| case.name.ends_with(&format!("[{label}]")));
        assert!(own.filter(|case| case.outcome == "passed").count() > 30, "{label}");
    }
    let gone = "[[toolchain]]\nname = \"gone\"\nmodules = [\"GCC/11.3.0\", \"OpenMPI/9\"]\n";
    let answer = with(&["run", "mpi/hello", "--all", "--mpi", "OpenMPI/9"], gone).exits(1);
    assert!(all(&answer).contains("there is no OpenMPI/9"), "{}", all(&answer));
    // A toolchain of no compiler is not left out in silence.
    let empty = "[[toolchain]]\nname = \"empty\"\nmodules = [\"nothing/1\"]\n";
    tree.file("nothing/1.lua", "whatis(\"nothing\")\n");
    let answer = with(&["run", "mpi/hello", "--all", "--mpi", "empty"], empty).exits(78);
    assert!(all(&answer).contains("no table says that one of these is a compiler"), "{}", all(&answer));
}

/// An MPI of no known family, and a tree without any that is known.
#[test]
fn an_mpi_of_an_unknown_family_is_never_green_by_not_being_tested() {
    let tree = Tree::new("tcl");
    let odd = tree.modulepath.join("sitempi/1.0");
    std::fs::create_dir(odd.parent().unwrap()).unwrap();
    std::fs::rename(tree.modulepath.join("openmpi/5.0.11"), &odd).unwrap();
    for gone in ["openmpi", "mpich", "intelmpi"] {
        std::fs::remove_dir_all(tree.modulepath.join(gone)).unwrap();
    }
    let text = tree.call(&["discover"]).run().exits(0).stdout;
    let told = line(&text, "sitempi/1.0");
    assert!(
        told.contains("not tested: it brings /") && told.contains("no table knows the MPI sitempi"),
        "{text}"
    );
    let run = |site: Option<&str>, code| {
        let words = ["run", "compiler/c-identity", "mpi/hello", "--all", "--cc", "gcc/12"];
        let call = match site {
            None => tree.call(&words[..4]),
            Some(site) => tree.call(&[&words[..], &["--site", "site.toml"]].concat()).file("site.toml", site),
        };
        call.run().exits(code)
    };
    let answer = run(None, 78);
    assert!(answer.stdout.contains("no table knows the MPI sitempi"), "{}", answer.stdout);
    // The lines that it asks for mend it.
    let junit = run(Some("[[family]]\nname = \"sitempi\"\nlike = \"openmpi/5.0\"\n"), 0).junit();
    assert!(junit.cases.iter().filter(|case| case.classname == "mpi.hello").count() > 20);
}
