//! Two runs side by side: what turned red, and the change that goes with it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::results::{Site, case, check, owed, plan};
use crate::faults::{Fault, by_two, copy, faults, probe};

fn compare(before: &Path, after: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stackprobe"))
        .arg("compare")
        .args([before, after])
        .args(flags)
        .output()
        .unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json_of(before: &Path, after: &Path) -> Value {
    serde_json::from_slice(&compare(before, after, &["--format", "json"]).stdout).unwrap()
}

/// The case with an install of this hash behind its last module.
fn installed(mut case: Value, hash: &str) -> Value {
    let toolchain = case["toolchain"].as_str().unwrap().to_owned();
    let last = toolchain.rsplit(' ').next().unwrap().to_owned();
    case["properties"] = json!({"modules": toolchain, "spack.hashes": format!("{last}/{hash}")});
    case
}

#[test]
fn what_turned_red_is_named_with_the_install_that_changed_under_it() {
    let site = Site::new();
    let cases: Vec<Value> = (0..6)
        .map(|index| {
            owed(&format!("p{index}"), if index < 2 { "gcc/12 openmpi/5" } else { "gcc/12 mpich/4" })
        })
        .collect();
    let run = |name: &str, outcome: &str, hash: &str| {
        let done: Vec<Value> = cases
            .iter()
            .enumerate()
            .map(|(index, owed)| {
                let (outcome, hash) = if index < 2 { (outcome, hash) } else { ("passed", "same") };
                let reason = if outcome == "passed" { "" } else { "wanted 1, found 2" };
                installed(case(owed, &[check("sum", outcome, reason)]), hash)
            })
            .collect();
        site.pod(name, &plan(name, &cases), &done)
    };
    let (before, after) = (run("before", "passed", "abc"), run("after", "failed", "def"));
    let output = compare(&before, &after, &[]);
    let told = text(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    assert!(told.contains("newly failed: 2 checks\n  mpi/p0 sum [gcc/12 openmpi/5]\n"), "{told}");
    assert!(told.contains("wanted 1, found 2"), "{told}");
    assert!(told.contains("all that turned red are under openmpi/5, and no other case is"), "{told}");
    assert!(
        told.contains(
            "  module openmpi: 5, install abc → 5, install def\n        2 cases with it turned red, 0 did not; without it \
             0 turned red, 4 did not"
        ),
        "{told}"
    );
    // The other way round everything is well, and that is said, too.
    let output = compare(&after, &before, &[]);
    assert_eq!(code(&output), Some(0));
    assert!(text(&output).contains("newly passed: 2 checks"), "{}", text(&output));
    let value = json_of(&before, &after);
    assert_eq!(value["reasons"][0]["what"], "module openmpi");
    assert_eq!(value["changes"].as_array().unwrap().len(), 2);
}

#[test]
fn a_red_that_nothing_goes_with_is_said_to_be_that() {
    let site = Site::new();
    let owed = owed("a", "gcc/12");
    let run = |name: &str, outcome: &str| {
        let done = installed(case(&owed, &[check("x", outcome, "")]), "abc");
        site.pod(name, &plan("pod", std::slice::from_ref(&owed)), &[done])
    };
    let told = text(&compare(&run("before", "passed"), &run("after", "failed"), &[]));
    assert!(told.contains("nothing that is recorded differs for these cases alone"), "{told}");
}

#[test]
fn each_way_to_end_has_its_exit_code() {
    let site = Site::new();
    let run = |name: &str, id: &str, outcome: &str| {
        let owed = owed(id, "gcc/12");
        let done = case(&owed, &[check("x", outcome, "")]);
        site.pod(name, &plan("pod", &[owed]), &[done])
    };
    let (green, red) = (run("green", "a", "passed"), run("red", "a", "failed"));
    let (error, skipped) = (run("error", "a", "error"), run("skipped", "a", "skipped"));
    let other = run("other", "b", "passed");
    assert_eq!(code(&compare(&green, &green, &[])), Some(0));
    assert_eq!(code(&compare(&green, &red, &[])), Some(1));
    assert_eq!(code(&compare(&red, &red, &[])), Some(0));
    assert_eq!(code(&compare(&green, &error, &[])), Some(75));
    assert_eq!(code(&compare(&green, &other, &[])), Some(3));
    let output = compare(&green, &skipped, &[]);
    assert_eq!(code(&output), Some(0));
    assert!(text(&output).contains("newly skipped: 1 check"), "{}", text(&output));
    // Both faults at once.
    let output = compare(&site.path("nowhere"), &site.path("neither"), &[]);
    assert_eq!(code(&output), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("nowhere") && said.contains("neither"), "{said}");
}

#[test]
fn a_case_that_is_gone_and_one_that_was_lost_are_not_green() {
    let site = Site::new();
    let (a, b) = (owed("a", "gcc/12"), owed("b", "gcc/12"));
    let done = |owed: &Value| case(owed, &[check("x", "passed", "")]);
    let both = site.pod("both", &plan("pod", &[a.clone(), b.clone()]), &[done(&a), done(&b)]);
    let one = site.pod("one", &plan("pod", std::slice::from_ref(&a)), &[done(&a)]);
    let told = text(&compare(&both, &one, &[]));
    assert!(told.contains("gone: 1 check\n  mpi/b the whole case [gcc/12]"), "{told}");
    let lost = site.pod("lost", &plan("pod", &[a.clone(), b]), &[done(&a)]);
    let output = compare(&both, &lost, &[]);
    assert_eq!(code(&output), Some(75));
    assert!(text(&output).contains("newly error: 1 check"), "{}", text(&output));
}

#[test]
fn a_pod_that_cannot_be_read_is_not_compared_and_never_green() {
    let site = Site::new();
    site.sound("before/one", "a");
    site.sound("before/two", "b");
    site.sound("after/one", "a");
    site.write("after/two/plan.json", "{ cut short");
    let output = compare(&site.path("before"), &site.path("after"), &[]);
    assert_eq!(code(&output), Some(75), "{}", text(&output));
    assert!(text(&output).contains("not read, so not compared: after: "), "{}", text(&output));
    assert!(text(&output).contains("after/two"), "{}", text(&output));
}

/// Whichever side it is: what is not there is not taken for what has not changed.
#[test]
fn an_empty_run_or_one_that_is_cut_short_is_never_green() {
    let site = Site::new();
    let (a, b) = (owed("a", "gcc/12"), owed("b", "gcc/12"));
    let done = |owed: &Value| case(owed, &[check("x", "passed", "")]);
    let both = [a.clone(), b.clone()];
    let sound = site.pod("sound", &plan("pod", &both), &[done(&a), done(&b)]);
    std::fs::create_dir(site.path("empty")).unwrap();
    site.pod("nothing", &plan("pod", &[]), &[]);
    site.pod("undone", &plan("pod", &both), &[]);
    site.pod("cut", &plan("pod", &both), &[done(&a)]);
    let record = done(&b).to_string();
    site.write("cut/cases/b.json", &record[..record.len() / 2]);
    site.pod("hollow", &plan("pod", &both), &[done(&a)]);
    site.write("hollow/cases/b.json", "");
    let stopped =
        json!({"name": "case", "outcome": "skipped", "reason": "asked to stop", "kind": "interrupted"});
    site.pod("stopped", &plan("pod", &both), &[done(&a), case(&b, &[stopped])]);
    for (name, wanted, named) in [
        ("stopped", 75, "mpi/b [gcc/12]: asked to stop"),
        ("empty", 2, "empty"),
        ("nothing", 3, ""),
        ("undone", 75, "2 cases without a result, such as mpi/a [gcc/12]: no result"),
        ("cut", 75, "mpi/b [gcc/12]: its record cannot be read"),
        ("hollow", 75, "mpi/b [gcc/12]: its record cannot be read"),
    ] {
        for (before, after) in [(&sound, &site.path(name)), (&site.path(name), &sound)] {
            let output = compare(before, after, &[]);
            let told = format!("{}{}", text(&output), String::from_utf8_lossy(&output.stderr));
            assert_eq!(code(&output), Some(wanted), "{name}: {told}");
            assert!(told.contains(named), "{name}: {told}");
        }
    }
}

#[test]
fn a_new_version_is_compared_with_the_one_it_replaces() {
    let site = Site::new();
    let run = |name: &str, mpi: &str, outcome: &str| {
        let owed = owed("a", &format!("gcc/12 {mpi}"));
        let done = installed(case(&owed, &[check("x", outcome, "")]), name);
        site.pod(name, &plan("pod", &[owed]), &[done])
    };
    let (old, new) = (run("old", "openmpi/5.0.10", "passed"), run("new", "openmpi/5.0.11", "failed"));
    let value = json_of(&old, &new);
    assert_eq!(value["paired"], 1, "{value}");
    assert_eq!(value["reasons"][0]["what"], "module openmpi");
    assert_eq!(value["reasons"][0]["before"], "5.0.10, install old");
    assert_eq!(value["reasons"][0]["after"], "5.0.11, install new");
}

#[test]
fn only_what_is_slower_than_the_others_are_is_called_slow() {
    let site = Site::new();
    let cases: Vec<Value> = (0..20).map(|index| owed(&format!("p{index:02}"), "gcc/12")).collect();
    let run = |name: &str, seconds: &dyn Fn(u32) -> f64| {
        let done: Vec<Value> = cases
            .iter()
            .zip(0..)
            .map(|(owed, index)| {
                let mut case = case(owed, &[check("x", "passed", "")]);
                case["seconds"] = json!(seconds(index));
                case
            })
            .collect();
        site.pod(name, &plan("pod", &cases), &done)
    };
    // The whole node is twice as slow, and p07 eight times.
    let before = run("before", &|index| 1.0 + f64::from(index) / 100.0);
    let after = run("after", &|index| {
        (1.0 + f64::from(index) / 100.0) * if index == 7 { 8.0 } else { 2.0 + f64::from(index % 3) / 50.0 }
    });
    let value = json_of(&before, &after);
    let paces = value["paces"].as_array().unwrap();
    assert_eq!(paces.len(), 1, "{value}");
    assert_eq!(paces[0]["id"], "p07");
    assert!((1.9..2.1).contains(&value["median_pace"].as_f64().unwrap()), "{value}");
}

/// Lines of a history: runs of this probe that passed, each of another second.
fn lines(probe: &str, seconds: &[f64]) -> String {
    let line = |(number, seconds): (usize, &f64)| {
        let line = json!({
            "history": 1, "at": format!("2026-11-01T00:00:{number:02}Z"), "case": probe, "suite": "mpi", "probe": probe,
            "toolchain": "gcc/12", "outcome": "passed", "seconds": seconds,
        });
        format!("{line}\n")
    };
    seconds.iter().enumerate().map(line).collect()
}

#[test]
fn what_a_history_knows_is_held_against_all_its_runs_and_not_against_one() {
    let site = Site::new();
    let cases: Vec<Value> = ["even", "faster", "moody", "slower"].map(|name| owed(name, "gcc/12")).into();
    let run = |name: &str, seconds: [f64; 4]| {
        let done: Vec<Value> = cases
            .iter()
            .zip(seconds)
            .map(|(owed, seconds)| {
                let mut case = case(owed, &[check("x", "passed", "")]);
                case["seconds"] = json!(seconds);
                case
            })
            .collect();
        site.pod(name, &plan(name, &cases), &done)
    };
    // The first run happened to be slow at one case and fast at another: two points would call both news.
    let (before, after) = (run("before", [4.0, 2.0, 1.0, 2.0]), run("after", [2.0, 1.0, 4.0, 4.0]));
    let mut history =
        lines("even", &[2.0, 2.1, 1.9, 2.0, 2.2, 4.0]) + &lines("faster", &[2.0, 2.1, 1.9, 2.0, 2.2]);
    history += &lines("moody", &[1.0, 4.5, 2.0, 5.0, 1.5, 3.0]);
    history += &lines("slower", &[2.0, 2.1, 1.9, 2.0, 2.2]);
    // The later run itself is in the history, as a run that appended to it is, and says nothing of what was before.
    history += &lines("slower", &[4.0]).replace("2026-11-01", "2026-11-22").replace("00:00:00", "08:04:17");
    let path = site.write("h.jsonl", history);
    let flags = ["--history", path.to_str().unwrap()];
    let output = compare(&before, &after, &[&flags[..], &["--format", "json"]].concat());
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paces: Vec<(&str, f64, u64)> = value["paces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pace| {
            (
                pace["id"].as_str().unwrap(),
                pace["factor"].as_f64().unwrap(),
                pace["runs"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    assert_eq!(paces, [("faster", 0.5, 5), ("slower", 2.0, 5)], "{value:#}");
    let told = text(&compare(&before, &after, &flags));
    assert!(told.contains("2.0 × as long: slower (4.0 s, was 2.0 s; the median of 5 runs)"), "{told}");
    // Without it two runs of four cases say nothing of one.
    assert_eq!(json_of(&before, &after)["paces"], json!([]));
    let output = compare(&before, &site.path("neither"), &["--history", "nowhere.jsonl"]);
    assert_eq!(code(&output), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("nowhere.jsonl") && said.contains("neither"), "{said}");
}

/// What a script that breaks the stack has changed since then.
fn broken(copy: &Path, since: SystemTime) -> Vec<&'static str> {
    let find = |below: &str, names: &[&str]| {
        let folder = copy.join(below);
        let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
        let found =
            Command::new("find").arg(folder).args(["-newerct", &format!("@{since:.6}")]).output().unwrap();
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        found.lines().any(|path| names.iter().all(|name| !path.contains(name)))
    };
    let mut kinds = Vec::new();
    if find("share/spack", &[]) {
        kinds.push("the modulefiles");
    }
    if find("opt", &[".spack-db"]) {
        kinds.push("the content of the installs");
    }
    if find("opt/.spack-db", &[]) || find("var", &[]) || !kinds.is_empty() {
        kinds.push("the stack as a whole");
    }
    kinds
}

/// Why the first reason is not what was broken; the second part is that reason.
fn judge(fault: &Fault) -> (bool, String) {
    let (_folder, copy) = copy();
    let healthy = probe(&fault.run, &copy, None);
    assert_eq!(healthy.code, 0, "{}: {}{}", fault.name, healthy.stdout, healthy.stderr);
    let since = SystemTime::now();
    // The clock of files is coarser than this one, and so some milliseconds behind it.
    std::thread::sleep(Duration::from_millis(50));
    assert!(Command::new(&fault.script).current_dir(&copy).status().unwrap().success(), "{}", fault.name);
    let mut wanted = broken(&copy, since);
    if fault.env.is_some() {
        // Such a fault is the pod's, or it needs a site file.
        wanted.extend(["the host's packages, kernel or CPU", "the modulefiles, or what", "the site file"]);
    }
    let broken = probe(&fault.run, &copy, fault.env.as_ref());
    let value = json_of(&healthy.results(), &broken.results());
    let first = value["reasons"][0]["what"].as_str().unwrap_or("none").to_owned();
    let named = first.starts_with("module ") && wanted.contains(&"the modulefiles");
    (named || wanted.iter().any(|kind| first.starts_with(kind)), first)
}

/// `STACKPROBE_ALL_FAULTS=1` tries all of them, and prints the table.
#[test]
fn a_seeded_fault_is_the_first_reason() {
    let every = if std::env::var_os("STACKPROBE_ALL_FAULTS").is_some() { 1 } else { 7 };
    // Where the healthy stack has no such module, no two runs have a case in common.
    let comparable = faults().into_iter().filter(|fault| fault.run == fault.healthy);
    let faults: Vec<Fault> = comparable.step_by(every).collect();
    let rows = Mutex::new(Vec::new());
    by_two(&faults, |fault| {
        let (right, first) = judge(fault);
        rows.lock().unwrap().push((fault.name.clone(), right, first));
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    for (name, right, first) in &rows {
        println!("{:5}  {name:32}  {first}", if *right { "right" } else { "wrong" });
    }
    let right = rows.iter().filter(|(_, right, _)| *right).count();
    println!("{right} of {} faults are the first reason", rows.len());
    assert!(right * 10 >= rows.len() * 9, "{right} of {}", rows.len());
}
