//! Libraries of the stack: their suites are green where all is well, skip with a reason where there is none, and what a suite
//! may ask of them means what its documentation says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fixture::{Answer, call, tree};

fn run(words: &str) -> Answer {
    call(&std::iter::once("run").chain(words.split(' ')).collect::<Vec<_>>()).run()
}

#[test]
fn every_library_is_green_on_the_branch_that_has_all_of_them() {
    let suites = "hdf5 fftw netcdf netcdf-fortran gsl";
    let answer = run(&format!("{suites} --cc gcc/12")).exits(0);
    let junit = answer.junit();
    let skipped: Vec<&str> = junit
        .cases
        .iter()
        .filter(|case| case.outcome == "skipped")
        .map(|case| case.message.as_str())
        .collect();
    assert!(skipped.is_empty(), "{skipped:?}");
    let suites = "hdf5-mpi fftw-mpi netcdf-mpi scalapack parallel-netcdf";
    let answer = run(&format!("{suites} --cc gcc/12 --mpi openmpi/4")).exits(0);
    assert_eq!(answer.junit().count("skipped"), 0, "{}", answer.stdout);
}

#[test]
fn what_is_not_built_or_not_there_is_skipped_with_the_reason() {
    let junit = run("hdf5/fortran hdf5/identity --cc llvm/16").exits(0).junit();
    assert_eq!(junit.case("hdf5.fortran", "requires").message, "hdf5/1.10.8 was not built +fortran");
    assert_eq!(junit.case("hdf5.identity", "build").outcome, "passed");
    // The serial library of the compiler is all that this MPI's branch shows.
    let junit = run("fftw-mpi/transforms --cc gcc/12 --mpi mpich/4").exits(3).junit();
    assert_eq!(junit.case("fftw-mpi.transforms", "requires").message, "fftw/3.3.10 was not built +mpi");
}

#[test]
fn what_several_suites_use_stands_once() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites");
    let mut texts: BTreeMap<Vec<u8>, PathBuf> = BTreeMap::new();
    let mut folders = vec![suites.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(other) = texts.insert(std::fs::read(&path).unwrap(), path.clone()) {
                panic!("{} is {}: test-suites/shared is for both", path.display(), other.display());
            }
        }
    }
    assert!(texts.len() > 200 && suites.join("shared/proof.h").is_file(), "{}", texts.len());
}

#[test]
fn libraries_are_shown_below_their_branches_with_the_suites_about_them() {
    let answer = call(&["discover"]).run().exits(0);
    let lines: Vec<&str> = answer.stdout.lines().collect();
    let row = |name: &str, suites: &str| {
        lines
            .iter()
            .any(|line| line.starts_with(&format!("{name} ")) && line.ends_with(&format!(" {suites}")))
    };
    assert!(row("  hdf5/1.10.8", "hdf5"), "{}", answer.stdout);
    assert!(row("    hdf5/1.10.8", "hdf5-mpi"), "{}", answer.stdout);
    assert!(row("gcc/12.2.0", "compiler linkage modules"), "{}", answer.stdout);
}

const SUITE: &str = r#"
name = "solver"
summary = "A library"
toolchain = ["compiler"]
modules = ["fast | slow"]
[[probe]]
name = "place"
summary = "Where it is"
run = "echo {prefix:fast} {libdir:fast}"
expect = { stdout = "^PLACE LIBDIR$" }
[[probe]]
name = "threads"
summary = "Only of one with threads"
requires = ["spack fast +threads"]
run = "true"
[[probe]]
name = "plain"
summary = "Only of one without"
requires = ["not spack fast +threads"]
run = "true"
"#;

/// A compiler with these libraries below it, and a suite about them.
fn solver(files: &[(&str, &str)], place: &str, libdir: &str) -> Answer {
    let stack = tempfile::tempdir().unwrap();
    let gcc =
        "family(\"compiler\")\nprepend_path(\"MODULEPATH\", \"{root}/gcc\")\nsetenv(\"CC\", \"/bin/true\")\n";
    tree(stack.path(), &[&[("Core/gcc/12.lua", gcc)], files].concat());
    let full = |path: &str| path.replace("{root}", &stack.path().to_string_lossy());
    let suite = SUITE.replace("PLACE", &full(place)).replace("LIBDIR", &full(libdir));
    call(&["run", "solver", "--suites", "s", "--cc", "gcc/12"])
        .file("s/solver/suite.toml", suite)
        .env("MODULEPATH", stack.path().join("Core"))
        .run()
}

const SPEC: &str = r#"{"spec": {"_meta": {"version": 5}, "nodes": [{"name": "slow", "version": "1", "hash": "h", "parameters": {"threads": true}}]}}"#;

#[test]
fn the_first_alternative_that_is_offered_is_loaded_and_shows_its_prefix() {
    let slow = ("gcc/slow/1.lua", "prepend_path(\"CMAKE_PREFIX_PATH\", \"{root}/opt/slow/.\", \":\")\n");
    let files = [slow, ("opt/slow/lib64/libslow.so", ""), ("opt/slow/.spack/spec.json", SPEC)];
    let junit = solver(&files, "{root}/opt/slow", "{root}/opt/slow/lib64").exits(0).junit();
    assert_eq!(junit.case("solver.place", "run").outcome, "passed");
    assert_eq!(junit.case("solver.threads", "run").outcome, "passed");
    assert_eq!(junit.case("solver.plain", "requires").message, "slow/1 was built +threads");

    // Both are there: the first is taken, and of a module without a record only `not` is known.
    let fast = ("gcc/fast/2.lua", "setenv(\"FAST_ROOT\", \"{root}/opt/fast\")\n");
    let junit =
        solver(&[&[fast], &files[..]].concat(), "{root}/opt/fast", "{root}/opt/fast/lib").exits(0).junit();
    assert_eq!(junit.case("solver.place", "run").outcome, "passed");
    assert_eq!(
        junit.case("solver.threads", "requires").message,
        "no record of Spack says whether fast/2 was built +threads"
    );
    assert_eq!(junit.case("solver.plain", "run").outcome, "passed");
}

#[test]
fn no_alternative_is_a_skip_and_a_module_that_leads_nowhere_a_failure() {
    let answer = solver(&[("gcc/other/1.lua", "whatis(\"x\")\n")], "-", "-").exits(3);
    let junit = answer.junit();
    assert!(junit.cases.iter().all(|case| case.outcome == "skipped"), "{}", answer.stdout);
    assert!(answer.stderr.contains("gcc/12 offers no fast or slow"), "{}", answer.stderr);
    let junit = solver(&[("gcc/fast/1.lua", "whatis(\"x\")\n")], "-", "-").exits(1).junit();
    let case = junit.case("solver.place", "requires");
    assert!(case.message.starts_with("the modulefile of fast/1 leads to no prefix"), "{}", case.message);
}

#[test]
fn a_prefix_of_a_module_that_is_not_loaded_is_a_fault_of_the_suite() {
    let suite = SUITE.replace("{libdir:fast}", "{libdir:quick}");
    let answer = call(&["list", "solver", "--suites", "s"]).file("s/solver/suite.toml", suite).run().exits(2);
    assert!(
        answer.stderr.contains("{libdir:quick} is of a module that the suite does not load"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("suite.toml:9"), "{}", answer.stderr);
}

/// A stack may lie anywhere: what is beside the library is the stack's, what a `.pc` file names elsewhere may not be.
#[test]
fn the_folders_of_a_package_are_of_its_stack_wherever_that_lies() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites/shared/package.sh");
    let root = tempfile::tempdir_in("/tmp").unwrap();
    let (tree, elsewhere) = (root.path().join("opt/linux"), root.path().join("made/here"));
    let (own, other) = (tree.join("a-1"), tree.join("b-2/include"));
    for folder in [&own.join("lib/pkgconfig"), &other, &elsewhere, &tree.join("spack-stage-a/x")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(root.path().join("m.c"), "int main(void) { return 0; }\n").unwrap();
    let of = |own: &Path, folder: &Path| {
        let text = format!("Name: a\nDescription: a\nVersion: 1\nCflags: -I{}\n", folder.display());
        std::fs::write(own.join("lib/pkgconfig/a.pc"), text).unwrap();
        let output = std::process::Command::new("sh")
            .arg(&script)
            .args([Path::new("a"), own, Path::new("1"), Path::new("cc"), &root.path().join("m.c")])
            .env("PKG_CONFIG_PATH", own.join("lib/pkgconfig"))
            .current_dir(root.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for folder in [&own, &other] {
        let told = of(&own, folder);
        assert!(told.contains("1..6") && !told.contains("not ok"), "{told}");
    }
    // What lies beside a prefix is only its stack's where that has a folder of its own.
    let (alone, stray) =
        (tempfile::tempdir_in("/var/tmp").unwrap(), tempfile::tempdir_in("/var/tmp").unwrap());
    std::fs::create_dir_all(alone.path().join("lib/pkgconfig")).unwrap();
    for (own, folder) in [
        (&*own, &*elsewhere),
        (&*own, &tree.join("spack-stage-a/x")),
        (&*own, Path::new("/usr/include/linux")),
        (alone.path(), stray.path()),
    ] {
        let told = of(own, folder);
        assert_eq!(told.matches("not ok").count(), 1, "{told}");
        assert!(told.contains("not ok 4 - the folders in a.pc are of the stack"), "{told}");
    }
}
