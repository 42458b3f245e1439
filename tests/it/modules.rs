//! The `modules` suite on trees of every layout; what it catches in a real stack stands in `tests/it/faults.rs`.

use crate::fixture::{Answer, call, tree};

const CORE: [(&str, &str); 4] = [
    (
        "Core/gcc/12.2.0.lua",
        "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"MODULEPATH\", \"{root}/gcc/12.2.0\")\n",
    ),
    ("Core/gcc/13.1.0.lua", "whatis(\"g\")\nfamily(\"compiler\")\n"),
    ("Core/gcc/.modulerc.lua", "module_version(\"gcc/12.2.0\", \"default\")\n"),
    ("Core/python/3.12", "#%Module\nmodule-whatis p\nprepend-path PATH /usr/share\n"),
];

fn run(files: &[(&str, &str)], flags: &[&str]) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path(), &CORE);
    tree(folder.path(), files);
    call(&[&["run", "modules"][..], flags].concat()).env("MODULEPATH", folder.path().join("Core")).run()
}

#[test]
fn hidden_versions_defaults_tcl_and_a_runtime_beside_a_compiler_are_healthy() {
    let files = [
        ("gcc/12.2.0/mpich/5.0.2-x7k2abc.lua", "whatis(\"m\")\nfamily(\"mpi\")\n"),
        ("gcc/12.2.0/hwloc/2.9.0-hhhhhhh.lua", "whatis(\"h\")\n"),
        ("gcc/12.2.0/hwloc/.modulerc.lua", "hide_version(\"hwloc/2.9.0-hhhhhhh\")\n"),
        ("gcc/12.2.0/zlib/1.2.lua", "whatis(\"z\")\n"),
        ("gcc/12.2.0/zlib/1.3.lua", "whatis(\"z\")\n"),
        ("gcc/12.2.0/zlib/.modulerc.lua", "module_version(\"zlib/1.2\", \"default\")\n"),
    ];
    let answer =
        run(&files, &["--cc", "gcc/12.2.0", "--mpi", "mpich/5", "--runtime", "python/3.12"]).exits(0);
    let junit = answer.junit();
    for passed in
        ["hwloc/2.9.0-hhhhhhh loads", "hwloc/2.9.0-hhhhhhh visible", "zlib/1.2 default", "gcc/12.2.0 default"]
    {
        assert_eq!(junit.case("modules.walk", passed).outcome, "passed", "{passed}");
    }
    let beside = junit.cases.iter().filter(|case| case.suite.ends_with("gcc/12.2.0 python/3.12"));
    assert!(beside.clone().any(|case| case.name.starts_with("python/3.12 loads")));
    assert_eq!(junit.count("passed") + junit.count("skipped"), junit.cases.len());
}

#[test]
fn a_hidden_module_that_does_not_load_is_red_as_well() {
    let files = [
        ("gcc/12.2.0/hwloc/2.lua", "whatis(\"h\")\nLmodError(\"out of order\")\n"),
        ("gcc/12.2.0/hwloc/.modulerc.lua", "hide_version(\"hwloc/2\")\n"),
    ];
    let answer = run(&files, &["--cc", "gcc/12.2.0"]).exits(1);
    let junit = answer.junit();
    let case = junit.case("modules.walk", "hwloc/2 loads");
    assert_eq!(case.outcome, "failure");
    assert!(case.text.contains("out of order"), "{}", case.text);
}

#[test]
fn a_slow_modulefile_is_told_with_its_time_and_its_budget() {
    let files = [
        (
            "gcc/12.2.0/slow/1.lua",
            "whatis(\"s\")\nif mode() == \"load\" then os.execute(\"sleep 0.9\") end\n",
        ),
        ("gcc/12.2.0/quick/1.lua", "whatis(\"q\")\n"),
        (
            "gcc/12.2.0/slow/2.lua",
            "whatis(\"s\")\nif mode() == \"load\" then os.execute(\"sleep 0.9\") end\n",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path(), &CORE);
    tree(folder.path(), &files);
    let answer = call(&["run", "modules/walk", "--cc", "gcc/12.2.0", "--site", "site.toml"])
        .file("site.toml", "[load-time]\n\"slow/*\" = \"800ms\"\n\"slow/2\" = \"30s\"\n")
        .env("MODULEPATH", folder.path().join("Core"))
        .run()
        .exits(1);
    let junit = answer.junit();
    let slow = junit.case("modules.walk", "slow/1 load time");
    assert_eq!(slow.outcome, "failure");
    assert!(slow.message.starts_with("slow/1 takes "), "{}", slow.message);
    assert!(slow.message.ends_with("; its budget is 800ms (`slow/*`)"), "{}", slow.message);
    for name in ["quick/1 load time", "slow/2 load time", "gcc/12.2.0 load time"] {
        assert_eq!(junit.case("modules.walk", name).outcome, "passed", "{name}");
    }
    assert_eq!(junit.count("failure"), 1);
}

#[test]
fn a_module_that_sets_what_stackprobe_sets_itself_is_healthy() {
    let files = [
        (
            "gcc/12.2.0/tmp/1.lua",
            "whatis(\"t\")\nsetenv(\"TMPDIR\", \"/tmp\")\nsetenv(\"LC_ALL\", \"C\")\nsetenv(\"LANG\", \"C\")\n",
        ),
        ("gcc/12.2.0/warns/1.lua", "whatis(\"w\")\nLmodWarning(\"soon gone\")\nLmodMessage(\"hello\")\n"),
        ("gcc/12.2.0/adds/1.lua", "whatis(\"a\")\nset_alias(\"ll-own\", \"ls -l\")\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(0).junit();
    for name in ["tmp/1 unloads", "warns/1 loads", "adds/1 shell"] {
        assert_eq!(junit.case("modules.walk", name).outcome, "passed", "{name}");
    }
}

#[test]
fn a_modulefile_that_is_odd_or_prints_is_a_finding_and_the_rest_goes_on() {
    let files = [
        ("gcc/12.2.0/euro/1\u{20ac}.lua", "whatis(\"b\")\n"),
        ("gcc/12.2.0/bell/1\u{7}x.lua", "whatis(\"b\")\n"),
        ("gcc/12.2.0/prints/1.lua", "whatis(\"\\1\")\nprint(\"hello there\")\n"),
        ("gcc/12.2.0/exits/1.lua", "whatis(\"e\")\nos.exit(3)\n"),
        ("gcc/12.2.0/good/1.lua", "whatis(\"g\")\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(1).junit();
    for (name, words) in [
        ("euro/1\u{20ac} loads", "not ASCII"),
        ("bell/1\u{fffd}x loads", "control characters"),
        ("prints/1 shell", "hello: command not found"),
        ("exits/1 loads", "exits/1.lua"),
    ] {
        let case = junit.case("modules.walk", name);
        assert_eq!(case.outcome, "failure", "{name}");
        assert!(
            format!("{} {}", case.message, case.text).contains(words),
            "{name}: {} {}",
            case.message,
            case.text
        );
    }
    assert_eq!(junit.case("modules.walk", "good/1 loads").outcome, "passed");
    assert_eq!(junit.count("failure"), 4, "{:#?}", junit.cases);
}

#[test]
fn a_modulefile_that_loops_is_a_finding_and_the_rest_goes_on() {
    let files = [
        ("gcc/12.2.0/loops/1.lua", "whatis(\"l\")\nwhile true do end\n"),
        ("gcc/12.2.0/good/1.lua", "whatis(\"g\")\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(1).junit();
    let case = junit.case("modules.walk", "loops/1 loads");
    assert_eq!(case.outcome, "failure");
    assert!(case.message.contains("loops/1.lua: spider does not get through it"), "{}", case.message);
    assert_eq!(junit.case("modules.walk", "good/1 loads").outcome, "passed");
    assert_eq!(junit.count("failure"), 1, "{:#?}", junit.cases);
}

#[test]
fn a_modulefile_whose_tcl_loops_is_the_only_one_that_is_blamed() {
    let files = [
        ("gcc/12.2.0/loops/1", "#%Module\nwhile 1 { }\n"),
        ("gcc/12.2.0/good/1.lua", "whatis(\"g\")\n"),
        ("gcc/12.2.0/zlib/1.lua", "whatis(\"z\")\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(1).junit();
    let case = junit.case("modules.walk", "loops/1 loads");
    assert_eq!(case.outcome, "failure");
    assert!(case.message.contains("loops/1: spider does not get through it"), "{}", case.message);
    assert_eq!(junit.case("modules.walk", "good/1 loads").outcome, "passed");
    assert_eq!(junit.count("failure"), 1, "{:#?}", junit.cases);
}

#[test]
fn what_a_modulefile_has_the_shell_run_is_ended_and_the_rest_goes_on() {
    let files = [
        ("gcc/12.2.0/waits/1.lua", "whatis(\"w\")\nexecute{cmd=\"sleep 1000\", modeA={\"load\"}}\n"),
        ("gcc/12.2.0/spins/1.lua", "whatis(\"s\")\nexecute{cmd=\"while :; do :; done\", modeA={\"load\"}}\n"),
        ("gcc/12.2.0/good/1.lua", "whatis(\"g\")\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(1).junit();
    for (name, words) in [
        ("waits/1 loads", "did not end within 20 s: killed sleep"),
        ("spins/1 loads", "has it run without end"),
    ] {
        let case = junit.case("modules.walk", name);
        assert_eq!(case.outcome, "failure", "{name}");
        assert!(case.message.contains(words) && case.message.contains("/1.lua"), "{name}: {}", case.message);
    }
    assert_eq!(junit.case("modules.walk", "good/1 loads").outcome, "passed");
    // The module itself as a toolchain.
    let folder = tempfile::tempdir().unwrap();
    tree(
        folder.path(),
        &[("Core/gcc/12.lua", "family(\"compiler\")\nexecute{cmd=\"sleep 1000\", modeA={\"load\"}}\n")],
    );
    let answer = call(&["run", "compiler", "--cc", "gcc/12"])
        .env("MODULEPATH", folder.path().join("Core"))
        .run()
        .exits(1);
    let text = answer.junit().cases.iter().map(|case| case.message.clone()).collect::<String>();
    assert!(text.contains("did not end within 20 s: killed sleep") && text.contains("gcc/12.lua"), "{text}");
}

#[test]
fn a_modulefile_that_prints_to_stderr_by_itself_is_a_finding_and_lmods_own_messages_are_none() {
    let files = [
        ("gcc/12.2.0/loud/1.lua", "whatis(\"l\")\nio.stderr:write(\"hello from here\\n\")\n"),
        ("gcc/12.2.0/polite/1.lua", "whatis(\"p\")\nLmodMessage(\"hello\")\nLmodWarning(\"old\")\n"),
        ("gcc/12.2.0/tcl/1", "#%Module\nmodule-whatis t\nputs stderr \"hello\"\n"),
    ];
    let junit = run(&files, &["--cc", "gcc/12.2.0"]).exits(1).junit();
    let case = junit.case("modules.walk", "loud/1 shell");
    assert_eq!(case.outcome, "failure");
    assert!(
        case.message.contains("hello from here") && case.message.contains("loud/1.lua"),
        "{}",
        case.message
    );
    assert_eq!(junit.count("failure"), 1, "{:#?}", junit.cases);
}
