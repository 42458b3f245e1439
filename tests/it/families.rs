//! New compilers, MPIs and runtimes by a site file and a suite alone: no word of Rust knows their names.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::fixture::{Answer, call, stack, tree};

/// Made-up families. The MPI says nothing about its launch: it is as Open MPI 5 does it.
const SITE: &str = r#"
[[family]]
name = "house-cc"
aliases = ["housecc[0-9]*"]
layer = "compiler"
cc = ["hcc"]
cxx = ["h++"]
openmp = ["-fopenmp"]
capabilities = { quadmath = { never = "the house has no libquadmath" } }

[[family]]
name = "house-mpi"
like = "openmpi/5"
mpicc = ["hmpicc"]
mpicxx = []
mpifc = []
environment = { scrub = ["HOUSE_*"] }

[[family]]
name = "yulia"
layer = "runtime"
tools = { yulia = ["yl"], pkg = ["yl-pkg"] }
essential = ["yulia"]
"#;

const COMPILER_SUITE: &str = r#"
name = "house-compiler"
summary = "What the house's compiler makes runs"
toolchain = ["compiler"]

[[probe]]
name = "hello"
summary = "A program in C says hello"
sources = ["hello.c"]
build = "{cc} {openmp} {sources} -o {exe}"
run = "{exe}"
expect = { stdout = "^hello, house\n$" }

[[probe]]
name = "fortran"
summary = "The house has no Fortran"
run = "{fc} --version"

[[probe]]
name = "quadmath"
summary = "The house says that it has none"
run = "{cc} --version"
requires = ["capability quadmath"]
"#;

const MPI_SUITE: &str = r#"
name = "house-mpi"
summary = "Ranks of the house's MPI find each other"
toolchain = ["compiler", "mpi"]

[[probe]]
name = "sum"
summary = "The ranks are added up"
sources = ["sum.c"]
build = "{mpicc} {sources} -o {exe}"
run = "{mpirun} -n {ranks} {exe}"
ranks = [2]
protocol = "tap"
"#;

const RUNTIME_SUITE: &str = r#"
name = "yulia"
summary = "Yulia counts"
toolchain = ["runtime"]
runtime = "yulia"

[[probe]]
name = "sum"
summary = "One and one are two"
files = ["sum.yl"]
run = "{tool:yulia} sum.yl"
protocol = "tap"

[[probe]]
name = "packages"
summary = "A tool that a module of Yulia need not bring"
run = "{tool:pkg} list"
"#;

const SUM: &str = r#"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    int rank = 0, size = 0, sum = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    rank += 1;
    MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 1) {
        puts("1..3");
        printf("%sok 1 - sum\n", sum == size * (size + 1) / 2 ? "" : "not ");
        printf("%sok 2 - launched by the profile of Open MPI 5\n", getenv("OMPI_MCA_pml") ? "" : "not ");
        printf("%sok 3 - leaked variables are gone\n", getenv("HOUSE_LEAK") ? "not " : "");
    }
    MPI_Finalize();
    return 0;
}
"#;

/// What the scripts do; each field may be broken.
#[derive(Clone, Copy)]
struct House {
    compiler: &'static str,
    launcher: &'static str,
    runtime: &'static str,
}

const SOUND: House = House {
    compiler: "exec {gcc} \"$@\"",
    launcher: "exec {mpirun} \"$@\"",
    runtime: "while read -r left plus right; do :; done < \"$1\"\nexec sh \"$1\"",
};

/// The prefix of a package of the real stack.
fn install(package: &str) -> PathBuf {
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(package);
    let mut found =
        std::fs::read_dir(stack().join("opt/linux-x86_64")).unwrap().map(|entry| entry.unwrap().path());
    found.find(named).unwrap_or_else(|| panic!("the stack has no {package}"))
}

fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn run(house: House, words: &[&str]) -> Answer {
    let fixed = ["--suites", "suites", "--site", "site.toml"];
    let call = call(&[&["run"], words, &fixed].concat());
    let root = call.folder().join("house");
    let module = |name: &str| format!("prepend_path(\"PATH\", \"{{root}}/{name}/bin\")\n");
    let (cc, mpi, runtime) = (module("cc"), module("mpi"), module("yl"));
    tree(
        &root,
        &[("m/housecc12/12.2.0.lua", &cc), ("m/house-mpi/1.0.lua", &mpi), ("m/yulia/1.10.lua", &runtime)],
    );
    let (gcc, openmpi) = (install("gcc-12.2.0"), install("openmpi-5.0.11"));
    let hcc = root.join("cc/bin/hcc");
    script(&hcc, &house.compiler.replace("{gcc}", &gcc.join("bin/gcc").to_string_lossy()));
    script(&root.join("cc/bin/h++"), &format!("exec {}/bin/g++ \"$@\"", gcc.display()));
    let wrapper = format!("export OMPI_CC={}\nexec {}/bin/mpicc \"$@\"", hcc.display(), openmpi.display());
    script(&root.join("mpi/bin/hmpicc"), &wrapper);
    let mpirun = openmpi.join("bin/mpirun");
    script(&root.join("mpi/bin/mpirun"), &house.launcher.replace("{mpirun}", &mpirun.to_string_lossy()));
    script(&root.join("yl/bin/yl"), house.runtime);
    call.env("MODULEPATH", root.join("m"))
        .env("HOUSE_LEAK", "1")
        .file("site.toml", SITE)
        .file("suites/house-compiler/suite.toml", COMPILER_SUITE)
        .file(
            "suites/house-compiler/hello.c",
            "#include <stdio.h>\nint main(void) { return puts(\"hello, house\") < 0; }\n",
        )
        .file("suites/house-mpi/suite.toml", MPI_SUITE)
        .file("suites/house-mpi/sum.c", SUM)
        .file("suites/yulia/suite.toml", RUNTIME_SUITE)
        .file("suites/yulia/sum.yl", "echo 1..1; [ $((1 + 1)) = 2 ] && echo ok 1 - sum\n")
        .run()
}

const COMPILER: &[&str] = &["house-compiler", "--cc", "housecc12/12.2.0"];
const MPI: &[&str] = &["house-mpi", "--cc", "housecc12/12.2.0", "--mpi", "house-mpi/1.0"];
const RUNTIME: &[&str] = &["yulia", "--runtime", "yulia/1.10"];

/// Class, name and outcome of every check.
fn checks(answer: &Answer) -> Vec<(String, String, String)> {
    let cases = answer.junit().cases;
    let name = |name: &str| name.split(" [").next().unwrap().to_owned();
    cases.iter().map(|case| (case.classname.clone(), name(&case.name), case.outcome.clone())).collect()
}

fn holds(answer: &Answer, class: &str, name: &str, outcome: &str) {
    let wanted = (class.to_owned(), name.to_owned(), outcome.to_owned());
    let found = checks(answer);
    assert!(found.contains(&wanted), "{wanted:?} in {found:#?}\n{}{}", answer.stdout, answer.stderr);
}

#[test]
fn a_compiler_is_known_by_the_site_file_alone() {
    let answer = run(SOUND, COMPILER).exits(0);
    holds(&answer, "house-compiler.hello", "run", "passed");
    holds(&answer, "house-compiler.fortran", "requires", "skipped");
    let junit = answer.junit();
    let quadmath = junit.cases.iter().find(|case| case.classname.ends_with("quadmath")).unwrap();
    assert!(quadmath.message.contains("the house has no libquadmath"), "{}", quadmath.message);
    let broken = House { compiler: "exec {gcc} -Dputs=rename \"$@\"", ..SOUND };
    let answer = run(broken, COMPILER).exits(1);
    assert!(
        checks(&answer).iter().any(|(class, _, outcome)| class.ends_with("hello") && outcome == "failure")
    );
}

#[test]
fn an_mpi_that_is_like_another_is_launched_as_that_one_is() {
    let answer = run(SOUND, MPI).exits(0);
    for name in ["sum", "launched by the profile of Open MPI 5", "leaked variables are gone"] {
        holds(&answer, "house-mpi.sum", name, "passed");
    }
    // A launcher that starts no ranks but programs beside each other.
    let alone = "shift 2\nfor rank in 1 2; do env -u OMPI_MCA_pml \"$@\"; done";
    let answer = run(House { launcher: alone, ..SOUND }, MPI).exits(1);
    assert!(checks(&answer).iter().any(|(_, _, outcome)| outcome == "failure"), "{}", answer.stdout);
}

/// The suites of the binary know none of these names, and yet nothing of theirs is red for the names' sake.
#[test]
fn what_the_binary_brings_is_run_under_them_as_well() {
    let answer = run(SOUND, &[&["mpi/ident", "mpi/hello"], &MPI[1..]].concat()).exits(1);
    holds(&answer, "mpi.ident", "library is of the module family", "passed");
    holds(&answer, "mpi.ident", "wrapper calls the loaded compiler", "skipped");
    // The library itself is the real stack's: that is true, and told.
    let failed = |answer: &Answer| -> Vec<String> {
        checks(answer).into_iter().filter(|check| check.2 == "failure").map(|check| check.1).collect()
    };
    assert_eq!(failed(&answer), ["library is under the module prefix"]);
    let answer = run(SOUND, &[&["compiler/c11-language", "compiler/identity"], &COMPILER[1..]].concat());
    assert_eq!(failed(&answer), Vec::<String>::new(), "{}", answer.stdout);
    // A compiler that says another version than its module is red, whoever made it.
    let other =
        House { compiler: "case \"$1\" in --version) echo hcc 9.9.9;; *) exec {gcc} \"$@\";; esac", ..SOUND };
    let answer = run(other, &[&["compiler/identity"], &COMPILER[1..]].concat()).exits(1);
    holds(&answer, "compiler.identity", "cc-version", "failure");
}

#[test]
fn a_runtime_brings_tools_that_only_the_site_file_names() {
    let answer = run(SOUND, RUNTIME).exits(0);
    holds(&answer, "yulia.sum", "sum", "passed");
    // `pkg` is not essential: without it the probe is left out, with a reason.
    holds(&answer, "yulia.packages", "requires", "skipped");
    let answer = run(House { runtime: "echo 1..1; echo not ok 1 - sum", ..SOUND }, RUNTIME).exits(1);
    holds(&answer, "yulia.sum", "sum", "failure");
}

#[test]
fn an_essential_tool_that_is_missing_is_the_stacks_failure() {
    let site = SITE.replace("[\"yl\"]", "[\"no-such-yl\"]");
    let call =
        call(&["run", "yulia", "--runtime", "yulia/1.10", "--suites", "suites", "--site", "site.toml"]);
    let root = call.folder().join("house");
    tree(&root, &[("m/yulia/1.10.lua", "prepend_path(\"PATH\", \"{root}/yl/bin\")\n")]);
    let answer = call
        .env("MODULEPATH", root.join("m"))
        .file("site.toml", site)
        .file("suites/yulia/suite.toml", RUNTIME_SUITE)
        .file("suites/yulia/sum.yl", "")
        .run()
        .exits(1);
    let junit = answer.junit();
    let sum = junit.cases.iter().find(|case| case.classname == "yulia.sum").unwrap();
    assert!(sum.message.contains("yulia/1.10 brings no no-such-yl"), "{}", sum.message);
}

#[test]
fn all_faults_of_a_site_file_and_a_suite_are_told_at_once_with_their_places() {
    let site = "[[family]]\nname = \"yulia\"\nlayer = \"rntime\"\ntools = { yulia = [\"yl\"] }\n\n\
                [[launcher]]\nfamily = \"x\"\ncommand = []\n\n[[known]]\nreason = \"y\"\n";
    let answer = call(&["list", "--suites", "suites", "--site", "site.toml", "--all"])
        .file("site.toml", site)
        .file("suites/yulia/suite.toml", RUNTIME_SUITE.replace("protocol = \"tap\"", "protocol = \"tip\""))
        .file("suites/yulia/sum.yl", "")
        .run()
        .exits(2);
    for words in [
        "suite.toml:12",
        "found `tip`",
        "site.toml:3:9",
        "found `rntime`",
        "site.toml:6:1",
        "`command` must name",
        "site.toml:10:1",
        "`match` is missing",
    ] {
        assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
    }
    // A tool that no family has is a fault of the suite, where it stands.
    let answer = call(&["list", "--suites", "suites", "--site", "site.toml", "--all"])
        .file("site.toml", SITE)
        .file("suites/yulia/suite.toml", RUNTIME_SUITE.replace("{tool:yulia}", "{tool:yulja}"))
        .file("suites/yulia/sum.yl", "")
        .run()
        .exits(2);
    for words in ["suite.toml:11:7", "no family names a tool `yulja`", "did you mean {tool:yulia}?"] {
        assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
    }
}
