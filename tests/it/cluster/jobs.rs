//! The Jobs of the chart: what ends how, and what is tried again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::kubectl;
use super::namespace::{Namespace, name};
use super::stack::Layered;
use crate::fixture::{Junit, stack};
use crate::images::container::must;

#[test]
#[ignore = "make cluster"]
fn a_healthy_toolchain_completes_and_leaves_junit() {
    let namespace = Namespace::new("healthy");
    namespace.install(json!({}));
    for part in ["test", "merge"] {
        let ended = namespace.ended(part);
        assert_eq!(ended.condition, "Complete", "{part}: {}", ended.why);
    }
    let junit = namespace.junit();
    assert!(junit.cases.len() > 5, "{}", junit.cases.len());
    assert!(junit.cases.iter().all(|case| case.outcome == "passed"), "{:?}", junit.cases);
    for attempt in namespace.tries("") {
        assert!(attempt.code == 0 && attempt.message.starts_with("PASS"), "{attempt:?}");
    }
}

#[test]
#[ignore = "make cluster"]
fn a_broken_stack_fails_once_and_says_why() {
    let broken = Layered::new("broken");
    broken.lose("openmpi-5", "libopen-pal.so");
    let namespace = Namespace::with_stack("broken", &broken.path());
    namespace.install(json!({}));
    assert_eq!(namespace.ended("test").condition, "Failed");
    let tries = namespace.tries("test");
    assert_eq!(tries.iter().map(|attempt| attempt.code).collect::<Vec<_>>(), [1], "{tries:?}");
    assert!(tries[0].message.starts_with("FAIL"), "{tries:?}");
    assert!(tries[0].message.contains("libopen-pal"), "{tries:?}");
    // The merge says the same, as the verdict on the stack.
    assert_eq!(namespace.ended("merge").condition, "Failed");
    let merges = namespace.tries("merge");
    assert_eq!(merges.iter().map(|attempt| attempt.code).collect::<Vec<_>>(), [1], "{merges:?}");
    assert!(merges[0].message.contains("libopen-pal"), "{merges:?}");
    assert!(namespace.junit().count("failure") > 0);
}

/// A suite of one probe in a `ConfigMap`, and the test Job's pods with it.
fn with_suite(namespace: &Namespace, changes: Value, suite: &str, files: &[(&str, &str)]) -> Vec<Value> {
    let mut data = serde_json::Map::new();
    data.insert("suite.toml".into(), suite.into());
    for (file, text) in files {
        data.insert((*file).into(), (*text).into());
    }
    let mut objects = namespace.rendered(changes);
    for job in objects.iter_mut().filter(|object| object["kind"] == "Job") {
        let pod = &mut job["spec"]["template"]["spec"];
        pod["volumes"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "name": "suite", "configMap": { "name": "suite" } }));
        for list in ["initContainers", "containers"] {
            for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                container["volumeMounts"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({ "name": "suite", "mountPath": "/suites/own", "readOnly": true }));
                container["env"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({ "name": "STACKPROBE_SUITES", "value": "/suites" }));
            }
        }
    }
    objects.insert(
        0,
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "suite" }, "data": data }),
    );
    objects
}

#[test]
#[ignore = "make cluster"]
fn what_the_pod_lacks_is_said_with_its_yaml_and_not_tried_again() {
    let suite = "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"s\"\nwhy = \"w\"\nrun = \"true\"\nprotocol = \"exit\"\nrequires = [\"shm >= 256MiB\"]\n";
    let namespace = Namespace::new("shm");
    // What a pod without the chart's volume gets.
    let mut objects = with_suite(&namespace, json!({ "suites": ["own"] }), suite, &[]);
    let test = objects.iter_mut().find(|object| name(object).contains("test")).unwrap();
    for volume in test["spec"]["template"]["spec"]["volumes"].as_array_mut().unwrap() {
        if volume["name"] == "shm" {
            volume["emptyDir"]["sizeLimit"] = json!("64Mi");
        }
    }
    namespace.apply(&objects);
    assert_eq!(namespace.ended("test").condition, "Failed");
    let tries = namespace.tries("test");
    assert_eq!(tries.iter().map(|attempt| attempt.code).collect::<Vec<_>>(), [78], "{tries:?}");
    let log = namespace.logs("test");
    for words in ["64 MiB", "sizeLimit", "medium: Memory"] {
        assert!(log.contains(words), "{words}:\n{log}");
    }
    let ended = namespace.ended("merge");
    assert_eq!(ended.condition, "Failed", "{}", ended.why);
    assert_eq!(namespace.tries("merge")[0].code, 78);
}

#[test]
#[ignore = "make cluster"]
fn what_passes_by_itself_is_tried_again_and_green() {
    // A volume that the node has not mounted yet, as with CVMFS or an automounter.
    let late = Namespace::volume_of("late", "mount");
    std::fs::create_dir_all(&late).unwrap();
    let namespace = Namespace::with_stack("late", &late);
    namespace.install(json!({ "retries": 5 }));
    let first =
        namespace.pods.until("a first try", |pods| super::namespace::tries(pods, "test").into_iter().next());
    assert_eq!(first.code, 75, "{first:?}");
    must(
        std::process::Command::new("mount")
            .args(["--bind", "-o", "ro"])
            .arg(stack().canonicalize().unwrap())
            .arg(&late),
    );
    let mounted = Mounted(late);
    let (test, merge) = (namespace.ended("test"), namespace.ended("merge"));
    assert_eq!(test.condition, "Complete", "{}", test.why);
    assert_eq!(merge.condition, "Complete", "{}: {:?}", merge.why, namespace.tries("merge"));
    assert_eq!(namespace.tries("test").last().unwrap().code, 0);
    drop(mounted);
}

struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[ignore = "make cluster"]
fn a_deleted_pod_leaves_a_whole_report_that_the_next_one_goes_on_from() {
    let namespace = Namespace::new("deleted");
    namespace.install(json!({ "suites": ["mpi"] }));
    let running = namespace.pods.until("the test pod has a plan", |pods| {
        let pod = pods.iter().rev().find(|pod| name(pod).contains("test"))?;
        (pod["status"]["phase"] == "Running").then(|| name(pod).to_owned())
    });
    let cases = namespace.merged().join("0/cases");
    let begun = || std::fs::read_dir(&cases).map(Iterator::count).unwrap_or_default();
    let end = std::time::Instant::now() + std::time::Duration::from_mins(5);
    while begun() < 3 && std::time::Instant::now() < end {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    must(&mut kubectl(&["-n", &namespace.name, "delete", "pod", &running, "--wait=false"]));
    let first = namespace
        .pods
        .until("the deleted pod ends", |pods| super::namespace::tries(pods, "test").into_iter().next());
    assert_eq!((first.pod.as_str(), first.code), (running.as_str(), 143), "{first:?}");
    assert!(first.message.starts_with("UNKNOWN"), "{first:?}");
    let report = namespace.merged().join("0/junit.xml");
    let cut = Junit::read(&report);
    let plan: Value =
        serde_json::from_str(&std::fs::read_to_string(namespace.merged().join("0/plan.json")).unwrap())
            .unwrap();
    assert!(cut.cases.len() >= plan["cases"].as_array().unwrap().len(), "{}", cut.cases.len());
    assert!(cut.count("error") > 0);
    let test = namespace.ended("test");
    assert_eq!(test.condition, "Complete", "{}", test.why);
    let second = namespace.tries("test").pop().unwrap();
    assert_ne!(second.pod, running);
    assert_eq!(second.code, 0, "{second:?}");
    let log = namespace.logs("test");
    assert!(log.contains(" cases kept") && !log.contains(" 0 cases kept"), "{log}");
    assert_eq!(namespace.ended("merge").condition, "Complete");
    assert!(namespace.junit().count("error") == 0);
}

#[test]
#[ignore = "make cluster"]
fn every_toolchain_has_a_pod_and_the_merge_has_them_all() {
    let namespace = Namespace::new("all");
    namespace.install(json!({
        "suites": ["mpi/hello"], "select": { "cc": [], "mpi": [] }, "shards": 15, "parallelism": 4,
    }));
    for part in ["test", "merge"] {
        let ended = namespace.ended(part);
        assert_eq!(ended.condition, "Complete", "{part}: {}", ended.why);
        if part == "test" {
            assert_eq!(ended.job["status"]["completedIndexes"], "0-14");
        }
    }
    let junit = namespace.junit();
    let toolchains: BTreeSet<_> = junit.cases.iter().map(|case| &case.classname).collect();
    assert_eq!(toolchains.len(), 15, "{toolchains:?}");
    let pods: BTreeSet<_> = namespace.tries("test").into_iter().map(|attempt| attempt.pod).collect();
    assert_eq!(pods.len(), 15);
}

#[test]
#[ignore = "make cluster"]
fn a_program_that_eats_the_pods_memory_is_called_so() {
    let suite = "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"s\"\nwhy = \"w\"\nrun = \"perl eat.pl\"\nfiles = [\"eat.pl\"]\nprotocol = \"exit\"\n";
    let namespace = Namespace::new("memory");
    let objects = with_suite(
        &namespace,
        json!({ "suites": ["own"], "select": { "mpi": [] }, "retries": 0 }),
        suite,
        &[("eat.pl", "my @kept; push @kept, 'x' x 1_000_000 while 1;\n")],
    );
    namespace.apply(&objects);
    assert_eq!(namespace.ended("test").condition, "Failed");
    assert_eq!(namespace.ended("merge").condition, "Failed");
    let attempt = namespace.tries("test").remove(0);
    if attempt.code == 137 {
        // Some kubelets have the whole container killed, which nothing in it survives.
        assert_eq!(attempt.reason, "OOMKilled");
        return;
    }
    assert!(attempt.code == 78 && attempt.message.contains("memory limit"), "{attempt:?}");
    let junit = namespace.junit();
    let case = junit.cases.iter().find(|case| case.outcome != "passed").unwrap();
    assert!(case.text.contains("oom"), "{case:?}");
}
