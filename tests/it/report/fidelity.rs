//! Two places side by side: what behaves differently in the one, and what explains it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::results::{Site, case, check, owed, plan};
use crate::doctor::emulated::{Pod, Refusal, pod};

/// The exit code, the comparison as data and as text.
fn compare(before: &Path, after: &Path) -> (Option<i32>, Value, String) {
    let call = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
        command.arg("compare").args([before, after]).args(["--format", format]).output().unwrap()
    };
    let (json, text) = (call("json"), call("text"));
    let value = serde_json::from_slice(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    (json.status.code(), value, String::from_utf8(text.stdout).unwrap())
}

/// A run in a place of which this was found; its cases saw this, each in the order of their names.
fn run(site: &Site, name: &str, found: &Value, cases: &[(&str, &str, Value)]) -> PathBuf {
    let owed: Vec<Value> = cases.iter().map(|(probe, ..)| owed(probe, "gcc/12 openmpi/5")).collect();
    let done: Vec<Value> = cases
        .iter()
        .zip(&owed)
        .map(|((_, outcome, observed), owed)| {
            let mut done = case(owed, &[check("x", outcome, "why")]);
            done["observed"] = observed.clone();
            done
        })
        .collect();
    let mut plan = plan(name, &owed);
    plan["pod"]["found"] = found.clone();
    site.pod(name, &plan, &done)
}

/// A machine on which everything is allowed.
fn machine() -> Value {
    json!({
        "shm": {"exists": true, "tmpfs": true, "writable": true, "total": 4_u64 << 30, "free": 1, "entries": 3},
        "cpus": {"affinity": 8}, "user": {"id": 0}, "limits": {"memory": 8_u64 << 30},
        "calls": {"process_vm_readv": "allowed", "sched_setaffinity": "allowed"}, "place": "no container seen",
    })
}

#[test]
fn what_a_refused_call_does_is_told_and_what_does_nothing_is_told_apart() {
    let site = Site::new();
    let seen = |copy: &str| json!({"single copy": copy, "transport": "shared memory", "launcher": "mpirun"});
    let before = run(
        &site,
        "before",
        &machine(),
        &[
            ("transport", "passed", seen("by process_vm_readv")),
            ("hello", "passed", json!({"launcher": "mpirun"})),
        ],
    );
    let mut found = machine();
    found["calls"]["process_vm_readv"] = json!({"refused": libc::EPERM});
    found["shm"]["total"] = (64_u64 << 20).into();
    found["place"] = "a pod of Kubernetes".into();
    let after = run(
        &site,
        "after",
        &found,
        &[("transport", "passed", seen("none seen")), ("hello", "passed", json!({"launcher": "mpirun"}))],
    );
    let (code, value, text) = compare(&before, &after);
    assert_eq!(code, Some(0), "{text}");
    let fidelity = &value["fidelity"];
    assert_eq!(
        (&fidelity["before"], &fidelity["after"]),
        (&"no container seen".into(), &"a pod of Kubernetes".into())
    );
    assert_eq!((&fidelity["compared"], &fidelity["alike"]), (&2.into(), &1.into()));
    let groups = fidelity["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{fidelity:#}");
    assert_eq!(
        groups[0]["why"],
        json!({"what": "system call process_vm_readv", "before": "is allowed", "after": "is refused (EPERM)"})
    );
    let conducts = groups[0]["conducts"].as_array().unwrap();
    assert_eq!(conducts.len(), 1, "{fidelity:#}");
    assert_eq!((&conducts[0]["what"], &conducts[0]["probe"]), (&"single copy".into(), &"transport".into()));
    // Shared memory was ample on both sides: that it is smaller did nothing.
    let idle: Vec<&str> =
        fidelity["idle"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(idle, ["/dev/shm", "the kind of place"]);
    for told in [
        "how cases behave in the two places (no container seen → a pod of Kubernetes)\n",
        "  system call process_vm_readv: is allowed → is refused (EPERM)\n    single copy: by process_vm_readv → none seen\n      \
         mpi/transport [gcc/12 openmpi/5]\n",
        "    /dev/shm: 4.0 GiB → 64 MiB\n",
        "  1 of 2 cases behave alike in both\n",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
}

#[test]
fn places_that_do_not_differ_are_no_news() {
    let site = Site::new();
    let seen = json!({"transport": "shared memory"});
    let before =
        run(&site, "before", &machine(), &[("a", "passed", seen.clone()), ("b", "passed", json!({}))]);
    let mut found = machine();
    // What changes by itself from run to run.
    found["shm"]["free"] = 77.into();
    found["shm"]["entries"] = 9.into();
    let after = run(&site, "after", &found, &[("a", "passed", seen), ("b", "failed", json!({}))]);
    let (code, value, text) = compare(&before, &after);
    assert_eq!(code, Some(1));
    assert_eq!(value["fidelity"], Value::Null, "{value:#}");
    assert!(!text.contains("two places"), "{text}");
    // What one side did not look at, or did not see, differs from nothing.
    let old = run(
        &site,
        "old",
        &json!({"shm": machine()["shm"]}),
        &[("a", "passed", json!({})), ("b", "passed", json!({}))],
    );
    let (_, value, _) = compare(&old, &before);
    assert_eq!(value["fidelity"]["groups"], json!([]), "{value:#}");
    for idle in value["fidelity"]["idle"].as_array().unwrap() {
        assert_ne!(idle["what"], "system call process_vm_readv");
    }
}

#[test]
fn what_nothing_explains_is_said_to_be_that_and_a_diagnosis_explains_a_red() {
    let site = Site::new();
    let before = run(
        &site,
        "before",
        &machine(),
        &[
            ("a", "passed", json!({"transport": "shared memory", "binding": "none"})),
            ("b", "passed", json!({})),
        ],
    );
    let mut found = machine();
    found["cpus"]["affinity"] = 2.into();
    let after = run(
        &site,
        "after",
        &found,
        &[
            ("a", "passed", json!({"transport": "tcp sockets", "binding": "each rank on its own"})),
            ("b", "error", json!({})),
        ],
    );
    let path = after.join("cases/b.json");
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    record["checks"][0]["diagnosis"] =
        json!({"id": "shm-missing", "fault": "pod", "cause": "there is no /dev/shm", "fix": "mount one"});
    std::fs::write(&path, record.to_string()).unwrap();
    let (_, value, text) = compare(&before, &after);
    let why: Vec<(String, String)> = value["fidelity"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let why = group["why"]["what"].as_str().unwrap_or("nothing").to_owned();
            (why, group["conducts"][0]["what"].as_str().unwrap().to_owned())
        })
        .collect();
    let wanted = [
        ("CPUs that may be used", "binding"),
        ("diagnosis shm-missing: there is no /dev/shm", "outcome"),
        ("nothing", "transport"),
    ];
    assert_eq!(why, wanted.map(|(why, what)| (why.to_owned(), what.to_owned())), "{text}");
    assert!(
        text.contains(
            "  nothing that is recorded explains this\n    transport: shared memory → tcp sockets\n"
        ),
        "{text}"
    );
}

#[test]
fn another_launcher_explains_itself_and_the_binding_and_other_stacks_are_a_caution() {
    let site = Site::new();
    let before = run(
        &site,
        "before",
        &machine(),
        &[("a", "passed", json!({"launcher": "mpirun", "binding": "none"})), ("b", "passed", json!({}))],
    );
    let mut found = machine();
    found["place"] = "a job of SLURM".into();
    let after = run(
        &site,
        "after",
        &found,
        &[
            ("a", "passed", json!({"launcher": "srun-pmix", "binding": "each rank on its own"})),
            ("b", "passed", json!({})),
        ],
    );
    for (folder, hash) in [(&before, "1"), (&after, "2")] {
        let path = folder.join("cases/b.json");
        let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        record["inputs"] = json!({"installs": hash});
        std::fs::write(&path, record.to_string()).unwrap();
    }
    let (_, value, text) = compare(&before, &after);
    let groups = value["fidelity"]["groups"].as_array().unwrap();
    let why = |what: &str| {
        let of = groups.iter().find(|group| group["conducts"][0]["what"] == what);
        of.map(|group| group["why"]["what"].as_str().unwrap_or("nothing").to_owned())
    };
    assert_eq!(why("launcher").as_deref(), Some("the kind of place"), "{text}");
    assert_eq!(why("binding").as_deref(), Some("launcher"), "{text}");
    assert_eq!(value["fidelity"]["other_stack"], 1);
    assert!(text.contains("note: 1 case ran on another stack"), "{text}");
    // The page has the same.
    let page = site.path("page.html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    command.arg("compare").args([&before, &after]).args(["--format", "html", "--out"]).arg(&page);
    assert_eq!(command.status().unwrap().code(), Some(0));
    let page = std::fs::read_to_string(&page).unwrap();
    let places = page.split("id=\"places\"").nth(1).unwrap().split("</section>").next().unwrap();
    for told in ["launcher", "srun-pmix", "no container seen → a job of SLURM", "mpi/a [gcc/12 openmpi/5]"]
    {
        assert!(places.contains(told), "{told}: {places}");
    }
}

const RUN: [&str; 7] = ["run", "mpi/transport", "mpi/hello", "--cc", "gcc/12", "--mpi", "openmpi/5"];

fn real(pod: &Pod) -> PathBuf {
    let answer = pod.call(&RUN);
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    pod.results()
}

/// What the records of one place say that its cases did.
fn seen(results: &Path, probe: &str) -> Value {
    let mut files = std::fs::read_dir(results.join("cases")).unwrap().map(|entry| entry.unwrap().path());
    let file = files
        .find(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_record = path.extension().is_some_and(|end| end == "json");
            is_record && name.starts_with(&format!("mpi.{probe}."))
        })
        .unwrap();
    serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap()["observed"].clone()
}

/// The same stack twice here, and once where a pod forbids single copies, has one CPU and little shared memory.
#[test]
fn a_real_run_in_a_small_pod_differs_in_what_that_pod_does_and_two_runs_in_one_place_in_nothing() {
    let (first, second) = (pod("true"), pod("true"));
    let (here, again) = (real(&first), real(&second));
    let plain = seen(&here, "transport");
    assert_eq!(plain["transport"], "shared memory", "{plain}");
    assert_eq!(plain["single copy"], "by process_vm_readv", "{plain}");
    assert_eq!(plain["shared segments"], "/dev/shm", "{plain}");
    assert_eq!(seen(&here, "hello"), json!({"launcher": "mpirun"}));
    let (_, value, text) = compare(&here, &again);
    assert_eq!(value["fidelity"], Value::Null, "{text}");

    let small = "mount -t tmpfs -o size=64m tmpfs /dev/shm && \
        cpu=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\\([0-9]*\\).*/\\1/p' /proc/self/status) && \
        taskset -pc \"$cpu\" $$ > /dev/null";
    let small = pod(small).refuse(libc::SYS_process_vm_readv, Refusal::Error(libc::EPERM));
    let there = real(&small);
    let (code, value, text) = compare(&here, &there);
    assert_eq!(code, Some(0), "{text}");
    let groups = value["fidelity"]["groups"].as_array().unwrap();
    let told: Vec<(&str, &str, &str)> = groups
        .iter()
        .flat_map(|group| {
            let why = group["why"]["what"].as_str().unwrap_or("nothing");
            let conducts = group["conducts"].as_array().unwrap().iter();
            conducts.map(move |one| (why, one["what"].as_str().unwrap(), one["probe"].as_str().unwrap()))
        })
        .filter(|(_, what, _)| *what != "time")
        .collect();
    let mut wanted = vec![("system call process_vm_readv", "single copy", "transport")];
    // Where there is one CPU for all, a pod with one is nothing new.
    if std::thread::available_parallelism().unwrap().get() > 1 {
        wanted.push(("CPUs that may be used", "binding", "transport"));
    }
    let (told, wanted): (BTreeSet<_>, BTreeSet<_>) =
        (told.into_iter().collect(), wanted.into_iter().collect());
    assert_eq!(told, wanted, "{text}");
    let idle = value["fidelity"]["idle"].as_array().unwrap();
    assert!(idle.iter().any(|one| one["what"] == "/dev/shm" && one["after"] == "64 MiB"), "{text}");
    assert!(text.contains("single copy: by process_vm_readv → none seen"), "{text}");
}
