//! Nothing tested is never green, and says why: in the exit code, on the screen and in the results.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::fixture::{Answer, Call, call, tree};

const HEAD: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\nsummary = \"y\"\n";

/// A run of one probe of our own.
fn probe(keys: &str, script: &str, args: &[&str]) -> Call {
    let all = [&["run", "mine", "--cc", "gcc/12", "--suites", "s"], args].concat();
    call(&all).file("s/mine/suite.toml", format!("{HEAD}{keys}")).file("s/mine/p.sh", script)
}

/// No message ends in a colon and nothing, and no hint is empty.
fn says_something(answer: &Answer) {
    for line in answer.stdout.lines().chain(answer.stderr.lines()) {
        let line = line.trim_end();
        let spec = line.starts_with("    ");
        assert!(spec || !line.ends_with(':'), "`{line}` in\n{}{}", answer.stdout, answer.stderr);
        assert!(!line.ends_with(": ") && !line.ends_with("brings no"), "`{line}`");
    }
}

/// The results say the same: one check that could not be determined, with its cause and fix, a page, a plan and a message.
fn leaves_results(answer: &Answer, words: &str) {
    let junit = answer.junit();
    let [case] = junit.cases.as_slice() else { panic!("{:?}", junit.cases) };
    assert_eq!(case.outcome, "error", "{case:?}");
    assert!(case.text.contains(words) && case.text.contains("fix: "), "{words} in {case:?}");
    for name in ["plan.json", "report.html"] {
        assert!(answer.results().join(name).is_file(), "{name}");
    }
    let message = std::fs::read_to_string(answer.folder.path().join("message")).unwrap();
    let word = match answer.code {
        75 => "UNKNOWN 1/1",
        78 => "UNFIT 1/1",
        _ => "UNTESTED 1/1",
    };
    assert!(message.starts_with(word), "{message}");
}

#[test]
fn a_run_whose_checks_were_all_skipped_is_not_green() {
    let tap = "protocol = \"tap\"\nsources = [\"p.sh\"]\nrun = \"sh {sources}\"\n";
    for script in ["echo '1..0 # SKIP nothing here'", "echo 1..1; echo 'ok 1 - a # SKIP not today'"] {
        let answer = probe(tap, script, &[]).run().exits(3);
        assert!(answer.stdout.contains("nothing was tested"), "{}", answer.stdout);
        says_something(&answer);
    }
    let lacks = "run = \"true\"\nrequires = [\"tool no-such-tool\"]\n";
    probe(lacks, "", &[]).run().exits(3);
    // What the site knows to fail was tried.
    let known = "[[known]]\nmatch = { suite = \"mine\" }\nreason = \"broken\"\nref = \"T-1\"\n";
    let fails = "sources = [\"p.sh\"]\nrun = \"sh {sources}\"\n";
    probe(fails, "exit 1", &["--site", "site.toml"]).file("site.toml", known).run().exits(0);
}

#[test]
fn what_was_named_and_has_no_toolchain_is_told_although_others_ran() {
    let answer =
        call(&["run", "compiler/c11-language", "mpi", "python/pip", "--cc", "gcc/12"]).run().exits(3);
    assert!(
        answer.stdout.contains("`mpi` wants a compiler and an MPI, and --mpi was not given"),
        "{}",
        answer.stdout
    );
    let junit = answer.junit();
    assert_eq!((junit.count("error"), junit.count("failure")), (2, 0));
    assert!(junit.count("passed") > 1);
    assert!(
        junit.cases.iter().any(|case| case.classname == "mpi.toolchain" && case.text.contains("give --mpi"))
    );
    says_something(&answer);
    let listed = call(&["list", "compiler/c11-language", "mpi", "--cc", "gcc/12"]).run().exits(3);
    assert!(listed.stdout.contains("compiler/c11-language [gcc/12.2.0]"), "{}", listed.stdout);
    assert!(listed.stderr.contains("`mpi` wants a compiler and an MPI"), "{}", listed.stderr);
    // A flat tree: the matrix has no MPI.
    let flat = |args: &[&str]| {
        let call = call(args).env("STACKPROBE_TERMINATION_LOG", "message").file("message", "");
        let root = call.folder().join("m");
        tree(&root, &[("gcc/12.lua", "family(\"compiler\")\nprepend_path(\"PATH\", \"/usr/bin\")\n")]);
        call.env("MODULEPATH", root).run()
    };
    let answer = flat(&["run", "modules", "mpi", "--all"]);
    assert!(
        answer.stdout.contains("`mpi` wants a compiler and an MPI, and no toolchain of the stack"),
        "{}",
        answer.stdout
    );
    assert!([1, 3].contains(&answer.code), "{}", answer.stdout);
    let nothing = flat(&["run", "mpi", "--all"]).exits(3);
    leaves_results(&nothing, "`mpi` wants a compiler and an MPI");
    says_something(&nothing);
    let absent =
        call(&["run", "compiler/c11-language", "--all", "--cc", "gcc/12", "--cc", "nosuch/1"]).run().exits(3);
    assert!(absent.stdout.contains("no toolchain of the stack has --cc nosuch/1"), "{}", absent.stdout);
}

/// Every verb that looks at the stack, with what it wants to say.
const VERBS: [&[&str]; 5] = [
    &["run", "compiler", "--cc", "gcc/12"],
    &["list", "compiler", "--cc", "gcc/12"],
    &["discover"],
    &["doctor"],
    &["shell", "--cc", "gcc/12", "--", "true"],
];

fn every_verb(prepare: impl Fn(&Path), change: impl Fn(Call) -> Call, code: i32, words: &str, advice: &str) {
    for verb in VERBS {
        let call = call(verb).env("STACKPROBE_TERMINATION_LOG", "message").file("message", "");
        prepare(call.folder());
        let answer = change(call).run();
        let all = format!("{verb:?}\n{}{}", answer.stdout, answer.stderr);
        assert_eq!(answer.code, code, "{all}");
        assert!(all.contains(words), "{words} in {all}");
        assert!(all.contains(advice), "{advice} in {all}");
        says_something(&answer);
        if verb[0] == "run" {
            leaves_results(&answer, words);
        }
    }
}

#[test]
fn a_stack_without_a_module_asks_whether_the_volume_is_mounted() {
    let path = |folder: &'static str| {
        move |call: Call| {
            let path = call.folder().join(folder);
            call.env("MODULEPATH", path)
        }
    };
    let mounted = "is the volume mounted?";
    every_verb(|folder| std::fs::create_dir(folder.join("m")).unwrap(), path("m"), 75, "m is empty", mounted);
    every_verb(|_| (), path("m"), 75, "m`: no such file or directory", mounted);
    let hollow = |folder: &Path| tree(&folder.join("m"), &[("gcc/README", "nothing but words\n")]);
    every_verb(hollow, path("m"), 75, "m holds no modulefile", mounted);
    every_verb(|_| (), |call| call.env("MODULEPATH", ""), 75, "MODULEPATH", "set MODULEPATH");
    let spack = |call: Call| {
        let root = call.folder().join("spack");
        call.env("SPACK_ROOT", root).without("MODULEPATH")
    };
    every_verb(|folder| std::fs::create_dir(folder.join("spack")).unwrap(), spack, 75, "SPACK_ROOT", mounted);
}

#[test]
fn an_lmod_that_is_named_and_is_none_is_named() {
    let lmod = |text: Option<&'static str>, mode: u32| {
        move |call: Call| {
            let path = call.folder().join("lmod");
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            }
            call.env("LMOD_CMD", path)
        }
    };
    let none = |_: &Path| ();
    every_verb(none, lmod(None, 0), 78, "/lmod`: no such file or directory", "LMOD_CMD");
    every_verb(none, lmod(Some("#!/bin/sh\n"), 0o644), 78, "/lmod`, which is not executable", "LMOD_CMD");
    every_verb(
        none,
        lmod(Some("#!/bin/sh\nexit 0\n"), 0o755),
        78,
        "/lmod` does not say its version",
        "LMOD_CMD",
    );
    every_verb(
        none,
        lmod(Some("#!/bin/sh\necho ]]\n"), 0o755),
        78,
        "/lmod` does not say its version",
        "LMOD_CMD",
    );
    every_verb(
        none,
        |call| call.env("LMOD_CMD", "lmod"),
        78,
        "`lmod`, which is not an absolute path",
        "LMOD_CMD",
    );
}

/// A stack with one compiler that nobody has heard of; `sets` is what its module says besides its `PATH`.
fn newcc(args: &[&str], sets: &str) -> Call {
    let call = call(args).env("STACKPROBE_TERMINATION_LOG", "message").file("message", "");
    let root = call.folder().join("stack");
    let module = format!("prepend_path(\"PATH\", \"{{root}}/bin\")\n{sets}");
    tree(&root, &[("m/newcc/1.0.lua", &module), ("bin/newcc", "#!/bin/sh\necho this is newcc $*\n")]);
    std::fs::set_permissions(root.join("bin/newcc"), PermissionsExt::from_mode(0o755)).unwrap();
    let suite = format!("{HEAD}run = \"{{cc}} x\"\nexpect = {{ stdout = \"this is newcc\" }}\n");
    call.env("MODULEPATH", root.join("m")).file("s/mine/suite.toml", suite)
}

#[test]
fn a_family_that_no_table_knows_is_an_error_with_the_lines_that_mend_it() {
    let run = ["run", "mine", "--cc", "newcc/1.0", "--suites", "s"];
    let answer = newcc(&run, "").run().exits(78);
    leaves_results(&answer, "newcc/1.0 is of a family that no table knows");
    assert!(
        answer.stdout.contains("[[family]]") && answer.stdout.contains("name = \"newcc\""),
        "{}",
        answer.stdout
    );
    says_something(&answer);
    // The lines, with the name filled in, do mend it.
    let site = "[[family]]\nname = \"newcc\"\nlayer = \"compiler\"\ncc = [\"newcc\"]\n";
    newcc(&[&run[..], &["--site", "site.toml"]].concat(), "").file("site.toml", site).run().exits(0);
    // So does a module that names its own tools.
    for value in ["{root}/bin/newcc", "newcc", "newcc --flag"] {
        newcc(&run, &format!("setenv(\"CC\", \"{value}\")\n")).run().exits(0);
    }
    // The host's compiler never stands in for it.
    newcc(&run, "setenv(\"CC\", \"/bin/true\")\n").run().exits(78);
    let compiler =
        newcc(&["run", "compiler/c11-language", "compiler/cxx*", "--cc", "newcc/1.0"], "").run().exits(78);
    let junit = compiler.junit();
    assert!(
        junit.count("passed") == 0 && junit.count("error") > junit.count("skipped"),
        "{}",
        compiler.stdout
    );
}

#[test]
fn an_mpi_and_a_runtime_of_unknown_families_are_errors_as_well() {
    let mpi = "family(\"MPI\")\nsetenv(\"MPICC\", \"{root}/bin/newcc\")\n";
    let suite = HEAD.replace("[\"compiler\"]", "[\"compiler\", \"mpi\"]");
    let call = newcc(&["run", "mine", "--cc", "newcc/1.0", "--mpi", "newmpi/2", "--suites", "s"], "");
    let root = call.folder().join("stack");
    tree(&root, &[("m/newmpi/2.lua", mpi)]);
    let call = call.file("s/mine/suite.toml", format!("{suite}run = \"{{mpirun}} -n 2 {{mpicc}}\"\n"));
    let answer = call.run().exits(78);
    leaves_results(&answer, "newmpi/2 is of a family that no table knows");
    assert!(answer.stdout.contains("[[launcher]]"), "{}", answer.stdout);
    let runtime = newcc(&["run", "python", "--runtime", "newpy/3"], "");
    tree(&runtime.folder().join("stack"), &[("m/newpy/3.lua", "-- a runtime\n")]);
    let answer = runtime.run().exits(78);
    assert!(answer.stderr.contains("no table knows the runtime newpy"), "{}", answer.stderr);
    assert!(answer.stderr.contains("aliases = [\"newpy\"]"), "{}", answer.stderr);
    leaves_results(&answer, "no table knows the runtime newpy");
}

#[test]
fn a_shells_operator_in_a_command_is_a_fault_with_its_place() {
    for (run, sign) in [
        ("make | tee log", "|"),
        ("make > log 2>&1", "2>&1"),
        ("a && b", "&&"),
        ("echo $HOME", "$HOME"),
        ("echo `id`", "`id`"),
    ] {
        let answer = probe(&format!("run = \"{run}\"\n"), "", &[]).run().exits(2);
        assert!(answer.stderr.contains(&format!("`{sign}` would")), "{}", answer.stderr);
        assert!(answer.stderr.contains("hint: no shell runs this: write sh -c '…'"), "{}", answer.stderr);
        let lines: Vec<&str> = answer.stderr.lines().collect();
        let caret =
            lines.iter().rposition(|line| line.trim_start_matches(['|', ' ']).starts_with('^')).unwrap();
        let at = lines[caret].find('^').unwrap();
        assert!(lines[caret - 1][at..].starts_with(sign), "{}", answer.stderr);
        assert!(!answer.results().exists());
    }
    probe("run = \"sh -c 'true | cat && test -n \\\"$HOME\\\"'\"\n", "", &[]).run().exits(0);
}
