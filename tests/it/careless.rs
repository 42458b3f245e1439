//! What careless and unlucky users do: many wrong flags at once, variables that are set to nothing, a report of a run that
//! is still going on.

use std::time::{Duration, Instant};

use crate::fixture::{call, core};

/// A suite of one probe that waits for a file, and of one that passes.
const WAITS: &str = "name = \"waits\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n\
                     [[probe]]\nname = \"quick\"\nsummary = \"s\"\nrun = \"true\"\n\
                     [[probe]]\nname = \"slow\"\nsummary = \"s\"\n\
                     run = \"sh -c 'until [ -e {root}/go ]; do sleep 0.05; done'\"\ntimeout = \"5m\"\n";

#[test]
fn every_wrong_flag_and_variable_is_told_at_once() {
    let answer =
        call(&["run", "--bogus", "--jobs", "no", "mpi", "--max-fail=0", "--cc", "gcc/12", "--shards", "3/2"])
            .env("STACKPROBE_TIMEOUT", "soon")
            .run()
            .exits(2);
    for (part, _) in [
        ("argument '--bogus'", "a flag that nobody knows"),
        ("'no' for '--jobs <N>': wanted a number", "a value"),
        ("wanted a number of cases from 1, found `0`", "a value with its flag in one word"),
        ("argument '--shards'", "a flag with a value"),
        ("STACKPROBE_TIMEOUT", "a variable, by its name"),
        ("found `soon`", "its value"),
    ] {
        assert_eq!(answer.stderr.matches(part).count(), 1, "{part}: {}", answer.stderr);
    }
    // Clap shows the usage beside some faults only.
    assert!(answer.stderr.matches("Usage:").count() <= 1, "{}", answer.stderr);
    assert!(!answer.results().exists());
    // What follows from a fault is none.
    let answer = call(&["gate", "--polcy", "x"]).run().exits(2);
    assert!(
        answer.stderr.contains("'--polcy'") && !answer.stderr.contains("were not provided"),
        "{}",
        answer.stderr
    );
    let help = call(&["run", "--help"]).run().exits(0);
    assert!(help.stdout.contains("Usage:") && help.stderr.is_empty());
}

#[test]
fn a_variable_that_is_set_to_nothing_says_nothing() {
    let names = [
        "JOBS", "TIMEOUT", "RESULTS", "SHARD", "SITE", "SUITES", "CC", "MPI", "FILTER", "TAG", "RETRIES",
        "GRACE", "MAX_FAIL", "HISTORY", "SINCE", "RESUME", "KEEP", "BALANCE", "CONFIG", "PROFILE", "COLOR",
        "MEMORY",
    ];
    let answer = names
        .iter()
        .fold(call(&["run", "compiler/c-identity", "--cc", "gcc/12"]), |call, name| {
            call.env(&format!("STACKPROBE_{name}"), "")
        })
        .run()
        .exits(0);
    assert!(answer.junit().cases.iter().all(|case| case.outcome == "passed"));
}

#[test]
fn a_shard_that_an_expression_leaves_empty_is_named() {
    let answer = call(&["run", "compiler", "--cc", "gcc/12", "-E", "probe(c-identity)", "--shard", "2/2"])
        .run()
        .exits(3);
    assert!(answer.stderr.contains("probe(c-identity) in shard 2/2"), "{}", answer.stderr);
    let answer =
        call(&["run", "compiler", "--cc", "gcc/12", "--shard", "1/2", "--balance", "gone"]).run().exits(2);
    assert!(answer.stderr.contains("--balance names a plan"), "{}", answer.stderr);
}

#[test]
fn a_run_that_goes_on_is_not_said_to_have_ended() {
    let mut first = call(&["run", "waits", "--cc", "gcc/12", "--suites", "suites", "--jobs", "2"]);
    let folder = first.folder().to_path_buf();
    let text = WAITS.replace("{root}", folder.to_str().unwrap());
    first = first.file("suites/waits/suite.toml", text);
    let mut running = first.command().stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.join("results/cases/waits.quick.gcc-12.2.0.json").exists() {
        assert!(begun.elapsed() < Duration::from_mins(2), "nothing came");
        std::thread::sleep(Duration::from_millis(20));
    }
    let results = folder.join("results");
    let results = results.to_str().unwrap();
    let merged = call(&["report", results, "--out", "merged"]).run();
    std::fs::write(folder.join("go"), "").unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert_eq!(merged.code, 75, "{}", merged.stdout);
    let process = format!("the run is still going on, process {} on ", running.id());
    assert!(merged.stdout.contains(&process), "{}", merged.stdout);
    call(&["report", results]).run().exits(0);
}

#[test]
fn a_modulepath_that_names_another_folder_than_core_is_no_fault_of_the_stack() {
    let core = core();
    for wrong in [core.parent().unwrap().to_path_buf(), core.join("gcc")] {
        let answer =
            call(&["run", "compiler/c-identity", "--cc", "gcc/12"]).env("MODULEPATH", &wrong).run().exits(78);
        let told = format!(
            "MODULEPATH names `{}`, and the modules that are visible first lie in `{}`",
            wrong.display(),
            core.display()
        );
        let junit = answer.junit();
        let error = junit.cases.iter().find(|case| case.outcome == "error").unwrap();
        assert!(error.text.contains(&told), "{error:?}");
    }
    // A version that is not there is not blamed on it.
    let answer = call(&["run", "compiler/c-identity", "--cc", "gcc/99"]).run().exits(1);
    assert!(answer.stdout.contains("gcc is offered as"), "{}", answer.stdout);
}
