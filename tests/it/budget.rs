//! `run --budget`: what tells most is run, the rest is skipped with that reason, and nothing takes it for tested.

use std::fs;

use serde_json::Value;

use crate::fixture::{Answer, call};

/// A suite of a long probe, two short ones, and one that is tagged.
const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n\
    [[probe]]\nname = \"long\"\nsummary = \"y\"\nrun = \"sleep 8\"\n\
    [[probe]]\nname = \"steady\"\nsummary = \"y\"\nrun = \"sleep 3\"\n\
    [[probe]]\nname = \"tagged\"\nsummary = \"y\"\nrun = \"true\"\ntags = [\"smoke\"]\n";
const RED: &str = "[[probe]]\nname = \"red\"\nsummary = \"y\"\nrun = \"false\"\n";

/// Runs in `folder`, where the suite and the history lie.
fn run(folder: &std::path::Path, flags: &[&str]) -> Answer {
    let suites = folder.join("s").display().to_string();
    let history = folder.join("h.jsonl").display().to_string();
    let words = ["run", "mine", "--cc", "gcc/12", "--jobs", "1", "--suites", &suites, "--history", &history];
    call(&[&words[..], flags].concat()).run()
}

fn write(folder: &std::path::Path, suite: &str) {
    fs::create_dir_all(folder.join("s/mine")).unwrap();
    fs::write(folder.join("s/mine/suite.toml"), suite).unwrap();
}

/// The probes whose case has this kind of check.
fn of_kind(answer: &Answer, kind: &str) -> Vec<String> {
    let mut probes: Vec<String> = fs::read_dir(answer.results().join("cases"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
        .map(|entry| serde_json::from_slice::<Value>(&fs::read(entry.path()).unwrap()).unwrap())
        .filter(|case| case["checks"].as_array().unwrap().iter().any(|check| check["kind"] == kind))
        .map(|case| case["probe"].as_str().unwrap().to_owned())
        .collect();
    probes.sort();
    probes
}

#[test]
fn what_tells_most_is_run_and_the_rest_is_skipped_and_said_to_be() {
    let here = tempfile::tempdir().unwrap();
    write(here.path(), SUITE);
    run(here.path(), &[]).exits(0);
    // What has always passed waits where the time is short; the smoke case of the toolchain never does.
    let answer = run(here.path(), &["--budget", "5s"]).exits(0);
    assert_eq!(of_kind(&answer, "budget"), ["long"], "{}", answer.stderr);
    assert!(answer.stderr.contains("budget of 5s: 2 of 3 cases chosen"), "{}", answer.stderr);
    let plan: Value = serde_json::from_slice(&fs::read(answer.results().join("plan.json")).unwrap()).unwrap();
    assert_eq!((plan["cases"].as_array().unwrap().len(), &plan["selected"]["budget"]), (3, &"5s".into()));
    let junit = answer.junit();
    let left = junit.cases.iter().find(|case| case.classname == "mine.long").unwrap();
    assert_eq!(left.outcome, "skipped");
    assert!(left.message.contains("over budget: others tell more in 5s"), "{}", left.message);
    // What is red goes before what is steady; and what is left out is no entry.
    write(here.path(), &format!("{SUITE}{RED}"));
    run(here.path(), &["-E", "probe(red)"]).exits(1);
    let answer = run(here.path(), &["--budget", "2500ms"]).exits(1);
    assert_eq!(of_kind(&answer, "budget"), ["long", "steady"], "{}", answer.stderr);
    let history = fs::read_to_string(here.path().join("h.jsonl")).unwrap();
    assert_eq!(history.matches("\"mine.long").count(), 1, "{history}");
}

#[test]
fn a_changed_probe_goes_before_one_that_is_as_it_was() {
    let here = tempfile::tempdir().unwrap();
    write(here.path(), SUITE);
    run(here.path(), &[]).exits(0);
    write(here.path(), &SUITE.replace("sleep 8", "sleep 3.9"));
    let answer = run(here.path(), &["--budget", "10s"]).exits(0);
    assert_eq!(of_kind(&answer, "budget"), ["steady"], "{}", answer.stderr);
}

#[test]
fn nothing_more_is_begun_once_the_time_is_over() {
    let here = tempfile::tempdir().unwrap();
    write(here.path(), SUITE);
    // Nothing is known of the times: each is taken for a second.
    let answer = run(here.path(), &["--budget", "2s", "-E", "probe(long) | probe(steady)"]);
    let left = of_kind(&answer, "budget");
    assert_eq!(left.len(), 1, "{left:?} {}", answer.stderr);
}

#[test]
fn a_resumed_run_does_the_rest_and_the_gate_does_not_take_it_for_tested() {
    let here = tempfile::tempdir().unwrap();
    write(here.path(), SUITE);
    run(here.path(), &[]).exits(0);
    let answer = run(here.path(), &["--budget", "2500ms"]).exits(0);
    assert!(of_kind(&answer, "budget").contains(&"long".to_owned()));
    let results = answer.results().display().to_string();
    let suites = here.path().join("s").display().to_string();
    let plan = here.path().join("plan.json").display().to_string();
    let words = ["list", "mine", "--cc", "gcc/12", "--suites", &suites, "--format", "json", "--out", &plan];
    call(&words).run().exits(0);
    let gate = call(&["gate", &results, "--plan", &plan]).run().exits(1);
    assert!(
        gate.stdout.contains("left out for want of time (run --budget) [over-budget]"),
        "{}",
        gate.stdout
    );
    assert!(gate.stdout.contains("mine/long"), "{}", gate.stdout);
    let rest = run(here.path(), &["--resume", "--results", &results]).exits(0);
    assert!(rest.stderr.contains("mine/long") && !rest.stderr.contains("mine/tagged ["), "{}", rest.stderr);
    call(&["gate", &results, "--plan", &plan]).run().exits(0);
}
