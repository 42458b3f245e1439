//! The real stack as a site may have Spack lay it out: nothing that is there goes untested, nothing healthy is red.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::fixture::{Answer, Call, call, core, stack, tree};
use crate::lmod::newer;

/// A copy of the stack in another layout.
pub(crate) struct Layout {
    _folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

impl Layout {
    pub(crate) fn new(layouts: &[&str]) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folder = tempfile::tempdir().unwrap();
        let layout = Self { root: folder.path().join("stack"), _folder: folder };
        let made = Command::new(fixtures.join("faults/copy")).arg(stack()).arg(&layout.root).status();
        assert!(made.unwrap().success());
        for name in layouts {
            layout.apply(name);
        }
        layout
    }

    pub(crate) fn apply(&self, layout: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stack/layouts");
        let made = Command::new(script).arg(layout).current_dir(&self.root).output().unwrap();
        assert!(made.status.success(), "{layout}: {}", String::from_utf8_lossy(&made.stderr));
    }

    pub(crate) fn core(&self) -> PathBuf {
        self.root.join(core().strip_prefix(stack()).unwrap())
    }

    pub(crate) fn call(&self, args: &[&str]) -> Call {
        call(args).env("MODULEPATH", self.core())
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        self.call(args).run()
    }
}

#[test]
fn a_core_compiler_with_a_module_of_its_own_hides_no_mpi() {
    let layout = Layout::new(&["core-compiler-module"]);
    let discover = |lmod: Option<&PathBuf>, format| {
        let call = layout.call(&["discover", "--format", format]);
        lmod.into_iter().fold(call, |call, lmod| call.env("LMOD_CMD", lmod)).run().exits(0).stdout
    };
    let text = discover(None, "text");
    assert!(text.contains("3 compilers, 15 pairs of compiler and MPI"), "{text}");
    let line = text.lines().find(|line| line.starts_with("openmpi/5.0.11 ")).unwrap();
    assert!(line.contains("with gcc/11.3.0: ") && line.contains(" mpi"), "{line}");
    assert_eq!(discover(None, "json"), discover(Some(&newer()), "json"), "by another release of Lmod");
    let answer =
        layout.run(&["run", "modules", "mpi/hello", "--all", "--cc", "gcc/11", "--mpi", "mpich/5"]).exits(0);
    let junit = answer.junit();
    assert_eq!(junit.count("passed"), junit.cases.len(), "{}", answer.stdout);
    // What the MPI unlocks is looked at, too, and swapping the compiler swaps the MPI.
    assert_eq!(junit.case("modules.walk", "intel-mpi-benchmarks/2021.11 loads").outcome, "passed");
    for name in ["swapped for another compiler", "swapped back"] {
        let swaps = junit.cases.iter().filter(|case| case.name == format!("{name} [gcc/11.3.0 mpich/5.0.2]"));
        assert_eq!(swaps.count(), 1, "{name}");
    }
}

#[test]
fn an_mpi_whose_compiler_has_no_module_is_told_and_never_silent() {
    let layout = Layout::new(&["mpi-in-core"]);
    let text = layout.run(&["discover"]).exits(0).stdout;
    assert!(text.contains("2 compilers, 10 pairs of compiler and MPI"), "{text}");
    let why = "Spack built it with gcc 11.3.0, which has no module";
    let told =
        text.lines().filter(|line| !line.starts_with(' ') && line.ends_with(&format!("not tested: {why}")));
    assert_eq!(told.count(), 5, "{text}");
    let json = layout.run(&["discover", "--format", "json"]).exits(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["untested"].as_array().unwrap().len(), 5);
    let answer = layout.run(&["run", "mpi/hello", "--all", "--mpi", "mpich/5"]).exits(78);
    let junit = answer.junit();
    assert!(junit.count("passed") > 20, "{}", answer.stdout);
    let errors: Vec<_> = junit.cases.iter().filter(|case| case.outcome == "error").collect();
    assert_eq!(errors.len(), 2, "{}", answer.stdout);
    let message = &errors[0].message;
    assert!(message.starts_with(&format!("mpich/5.0.2 cannot be tested: {why}")), "{message}");
    // Who asks for one compiler asks for none of these.
    layout.run(&["run", "mpi/hello", "--all", "--cc", "gcc/12", "--mpi", "mpich/5"]).exits(0);
}

#[test]
fn what_is_unlocked_by_two_providers_together_is_found_and_healthy() {
    let layout = Layout::new(&["getenv-conditions"]);
    let json = layout.run(&["discover", "--format", "json"]).exits(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let modules = json["modules"].as_array().unwrap();
    let scalapack = modules.iter().find(|module| module["module"] == "scalapack/2.2.0").unwrap();
    let parents: Vec<&str> =
        scalapack["parents"][0].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(parents.len(), 3);
    for module in ["gcc/12.2.0", "mpich/5.0.2", "openblas/0.3.21-abcdefg"] {
        assert!(parents.contains(&module), "{parents:?}");
    }
    let answer = layout.run(&["run", "modules", "--all", "--cc", "gcc/12", "--mpi", "mpich/5"]);
    let junit = answer.exits(0).junit();
    assert_eq!(junit.count("failure") + junit.count("error"), 0);
    for name in ["scalapack/2.2.0 loads", "superlu/5.3.0 loads", "modulefiles reachable"] {
        assert_eq!(junit.case("modules.walk", name).outcome, "passed", "{name}");
    }
}

#[test]
fn what_no_chain_opens_stays_red_beside_conditions() {
    let layout = Layout::new(&["getenv-conditions"]);
    let modules = layout.core().parent().unwrap().to_path_buf();
    tree(
        &modules,
        &[("mpich/5.0.2-zzzzzzz/openblas/0.3.21-abcdefg/gcc/12.2.0/lost/1.lua", "whatis(\"l\")\n")],
    );
    let junit = layout.run(&["run", "modules/walk", "--cc", "gcc/12"]).exits(1).junit();
    let case = junit.case("modules.walk", "modulefiles reachable");
    assert_eq!(case.outcome, "failure");
    assert!(case.message.contains("lost/1.lua") && !case.text.contains("scalapack"), "{}", case.text);
}

/// Compilers and MPIs side by side, without any Spack.
#[test]
fn mpis_beside_compilers_find_theirs_by_what_they_load_and_what_they_call() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let program = "#!/bin/sh\n";
    let wrapper = |program: &str| format!("#!/bin/sh\necho '{program} -I/x -lmpi'\n");
    tree(
        root,
        &[
            ("flat/gcc/11.lua", "family(\"compiler\")\nprepend_path(\"PATH\", \"{root}/gcc-11/bin\")\n"),
            ("flat/gcc/12.lua", "family(\"compiler\")\nprepend_path(\"PATH\", \"{root}/gcc-12/bin\")\n"),
            (
                "flat/openmpi/4-gcc-11.lua",
                "family(\"mpi\")\nload(\"gcc/11\")\nprepend_path(\"PATH\", \"{root}/openmpi/bin\")\n",
            ),
            ("flat/openmpi/5.lua", "family(\"mpi\")\nprepend_path(\"PATH\", \"{root}/openmpi/bin\")\n"),
            (
                "flat/mpich/4.lua",
                "family(\"mpi\")\nprereq(\"gcc/12\")\nprepend_path(\"PATH\", \"{root}/mpich/bin\")\n",
            ),
            ("flat/mpich/5.lua", "family(\"mpi\")\nprepend_path(\"PATH\", \"{root}/mpich/bin\")\n"),
            ("flat/mvapich/3.lua", "family(\"mpi\")\nprepend_path(\"PATH\", \"{root}/mvapich/bin\")\n"),
            ("gcc-11/bin/gcc", program),
            ("gcc-12/bin/gcc", program),
            ("openmpi/bin/mpicc", &wrapper("{root}/gcc-12/bin/gcc")),
            ("mpich/bin/mpicc", &wrapper("gcc")),
            ("mvapich/bin/mpicc", &wrapper("/opt/none/bin/icx")),
        ],
    );
    for program in
        ["gcc-11/bin/gcc", "gcc-12/bin/gcc", "openmpi/bin/mpicc", "mpich/bin/mpicc", "mvapich/bin/mpicc"]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(root.join(program), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let text = call(&["discover"]).env("MODULEPATH", root.join("flat")).run().exits(0).stdout;
    for (module, compilers) in [
        ("openmpi/4-gcc-11 ", "with gcc/11: "),
        ("openmpi/5 ", "with gcc/12: "),
        ("mpich/4 ", "with gcc/12: "),
        (
            "mvapich/3 ",
            "not tested: its wrapper calls `/opt/none/bin/icx`, which no compiler's module brings",
        ),
    ] {
        let line = text.lines().find(|line| line.starts_with(module)).unwrap();
        assert!(line.contains(compilers) && line.matches("with ").count() <= 1, "{line}");
    }
    let open = text.lines().find(|line| line.starts_with("mpich/5 ")).unwrap();
    assert!(open.contains("with gcc/11: ") && open.contains("with gcc/12: "), "{open}");
}

/// Makes MPICH 5 under gcc 12 the copy's own, and gives it a library that takes another from the host.
fn leak(layout: &Layout) {
    let script = r#"cd "$1" && . "$0/faults/ground.sh" && own mpich-5.0.2 gcc/12.2.0/mpich/5.0.2.lua &&
        library "$prefix/lib/libleft.so" 'int left(void) { return 0; }' /usr/lib/x86_64-linux-gnu/libz.so.1"#;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let made = Command::new("sh").args(["-c", script]).arg(fixtures).arg(&layout.root).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn what_lies_behind_a_view_is_read_and_a_view_of_nothing_is_no_pass() {
    let layout = Layout::new(&[]);
    leak(&layout);
    layout.apply("use-view");
    let answer =
        layout.run(&["run", "linkage", "mpi/identity", "mpi/hello", "--cc", "gcc/12", "--mpi", "mpich/5"]);
    let junit = answer.exits(1).junit();
    let red: Vec<&str> =
        junit.cases.iter().filter(|case| case.outcome == "failure").map(|case| case.name.as_str()).collect();
    assert_eq!(red, ["host-leak [gcc/12.2.0 mpich/5.0.2]"]);
    let leak = junit.cases.iter().find(|case| case.name == red[0]).unwrap();
    assert!(format!("{}{}", leak.message, leak.text).contains("libz.so.1"), "{leak:?}");
    // The same without the leak, and with every link leading nowhere.
    let healthy = Layout::new(&["use-view"]);
    let linkage = |layout: &Layout| layout.run(&["run", "linkage", "--cc", "gcc/12", "--mpi", "openmpi/5"]);
    let answer = linkage(&healthy).exits(0);
    assert!(answer.junit().count("passed") > 15, "{}", answer.stdout);
    let view = healthy.root.join("views/openmpi-5.0.11");
    let broken =
        r#"find "$0" -type l | while read -r link; do ln -sfn /nowhere/$(basename "$link") "$link"; done"#;
    assert!(Command::new("sh").args(["-c", broken]).arg(&view).status().unwrap().success());
    let junit = linkage(&healthy).junit();
    let mpi: Vec<_> = junit.cases.iter().filter(|case| case.name.ends_with(" openmpi/5.0.11]")).collect();
    let [case] = mpi.as_slice() else { panic!("{mpi:?}") };
    assert_eq!((case.outcome.as_str(), case.name.starts_with("prefix ")), ("error", true), "{case:?}");
    assert!(case.message.contains("no ELF file was read below "), "{case:?}");
}

#[test]
fn a_refresh_that_changes_a_date_leaves_the_ledger_as_it_is() {
    let layout = Layout::new(&["date-lines"]);
    let ledger = layout.root.join("ledger.json");
    let run = || {
        let words = ["run", "modules", "mpi/hello", "--cc", "gcc/12", "--mpi", "mpich/5", "--since"];
        let answer = layout.run(&[&words[..], &[ledger.to_str().unwrap()]].concat()).exits(0);
        let unchanged =
            answer.junit().cases.into_iter().filter(|case| case.message.starts_with("unchanged since"));
        unchanged.count()
    };
    assert_eq!(run(), 0);
    layout.apply("date-lines");
    assert_eq!(run(), 6, "two probes of the compiler, two of the MPI, two launches");
    let module = layout.core().parent().unwrap().join("gcc/12.2.0/mpich/5.0.2.lua");
    let text = std::fs::read_to_string(&module).unwrap();
    std::fs::write(&module, text + "setenv(\"NEW\", \"1\")\n").unwrap();
    assert_eq!(run(), 0, "the walk sees all modules");
}

#[test]
fn hidden_compilers_further_sets_and_autoloads_are_healthy() {
    for (name, wanted) in [
        ("hidden-compiler", "gcc/11.3.0 loads"),
        ("autoload", "openssh/9.2 loads"),
        ("module-sets", "openmpi/5.0.11 loads"),
    ] {
        let layout = Layout::new(&[name]);
        let mut call =
            layout.call(&["run", "modules", "mpi/hello", "--all", "--cc", "gcc/12", "--mpi", "openmpi/5"]);
        if name == "module-sets" {
            call = call.env("MODULEPATH", layout.root.join("site/modules/linux-debian12-x86_64/Core"));
        }
        let junit = call.run().exits(0).junit();
        let case = junit.cases.iter().find(|case| case.name.starts_with(wanted)).unwrap();
        assert_eq!(case.outcome, "passed", "{name}");
        assert_eq!(junit.count("failure") + junit.count("error"), 0, "{name}");
    }
}

/// Its module puts nothing on `PATH`, and its headers and libraries are the host's: that is what an external is.
#[test]
fn a_core_compiler_in_usr_is_tested_whole_and_only_where_the_database_says_so() {
    let layout = Layout::new(&["compiler-in-usr"]);
    let external = std::fs::read_dir(layout.core().join("gcc")).unwrap().find_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".lua")
            .filter(|version| version.contains('-'))
            .map(|version| format!("gcc/{version}"))
    });
    let external = external.expect("the layout writes a module of the external");
    let compiler =
        ["compiler/identity", "compiler/c-identity", "compiler/cxx-identity", "compiler/fortran-core"];
    let with = |suites: &[&str]| layout.run(&[&["run"], suites, &["--cc", &external]].concat());
    let outcome = |answer: &Answer, suite: &str, name: &str| answer.junit().case(suite, name).outcome.clone();

    let answer = with(&compiler).exits(0);
    for name in ["cc-path", "cc-variable", "c-headers", "libstdcxx", "libgfortran"] {
        assert_eq!(outcome(&answer, "compiler.identity", name), "passed", "{name}: {}", answer.stdout);
    }
    // It built the MPI that lies in Core, whose wrappers call it.
    let text = layout.run(&["discover"]).exits(0).stdout;
    let line = text.lines().find(|line| line.starts_with("mpich/5.0.2 ")).unwrap();
    assert!(line.contains(&format!("with {external}: ")), "{text}");
    let answer = with(&["mpi/identity", "mpi/hello", "modules", "--mpi", "mpich/5"]).exits(0);
    let junit = answer.junit();
    let hellos = junit.cases.iter().filter(|case| case.classname == "mpi.hello" && case.outcome == "passed");
    assert!(hellos.count() > 10, "{}", answer.stdout);

    // A variable that leads to nothing, and one that leads to the host where nobody said that it may.
    let file = layout.core().join(format!("{external}.lua"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("/usr/bin/gcc\"", "/usr/bin/gone\"")).unwrap();
    let answer = with(&compiler).exits(1);
    assert_eq!(outcome(&answer, "compiler.identity", "cc-path"), "failure");
    assert_eq!(outcome(&answer, "compiler.c-identity", "requires"), "failure");
    std::fs::write(&file, text).unwrap();
    let database = layout.root.join("opt/.spack-db/index.json");
    let text = std::fs::read_to_string(&database).unwrap();
    let unsaid =
        text.replace("\"external\": {\"path\": \"/usr\"", "\"external\": null, \"was\": {\"path\": \"/usr\"");
    assert_ne!(unsaid, text);
    std::fs::write(&database, unsaid).unwrap();
    let answer = with(&compiler).exits(1);
    for name in ["cc-path", "cc-variable", "libstdcxx"] {
        assert_eq!(outcome(&answer, "compiler.identity", name), "failure", "{name}: {}", answer.stdout);
    }
}
