//! `charts/stackprobe`, rendered by Helm's own engine: what no schema of Kubernetes sees, and its Jobs run pod by pod as
//! containers of the tester image.

mod workflow;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stackprobe::exit::{Exit, TABLE};

use crate::fixture::{Junit, core, stack};
use crate::images::container::{Container, can_run, must};

/// Versions of Kubernetes whose strict schemas the objects must meet: the oldest that has all that is used, and newer ones.
const VERSIONS: [&str; 3] = ["1.31", "1.34", "1.37"];

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/stackprobe")
}

/// The objects that these values make, and all that is wrong with them.
fn render(values: &Value) -> (Vec<Value>, Vec<String>) {
    render_as(values, "nightly", "hpc")
}

/// The same for the release of this name in this namespace.
pub(crate) fn render_as(values: &Value, release: &str, namespace: &str) -> (Vec<Value>, Vec<String>) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("python3");
    command.arg(repository.join("tests/chart/render.py")).arg(chart()).args(VERSIONS);
    command.env("PYTHONPATH", repository.join("target/tools/helm"));
    command.env("RELEASE", release).env("NAMESPACE", namespace);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(values.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "run `make tools`");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let objects = answer["objects"].as_array().unwrap().clone();
    let mut faults: Vec<String> = serde_json::from_value(answer["faults"].clone()).unwrap();
    faults.extend(lint(&objects));
    (objects, faults)
}

/// The least that makes a chart, and these values put over it; null takes a key away.
fn with(changes: Value) -> Value {
    let mut values = json!({
        "image": { "repository": "registry.example.org/hpc/tester", "tag": "1" },
        "stack": { "path": "/opt/spack", "volume": { "persistentVolumeClaim": { "claimName": "stack", "readOnly": true } } },
        "results": { "volume": { "persistentVolumeClaim": { "claimName": "results" } } },
    });
    put(&mut values, changes);
    values
}

pub(crate) fn put(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    put(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, value) => *into = value,
    }
}

/// Every list below a value, by the keys that lead to it.
fn list<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    value.pointer(pointer).and_then(Value::as_array).map(|list| list.iter().collect()).unwrap_or_default()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with the objects although each by itself fits its schema.
fn lint(objects: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    let label = |text: &str| {
        text.len() <= 63
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    for object in objects {
        let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
        if !label(name) {
            faults.push(format!("{kind} {name}: no name that every object can have"));
        }
        if !names.insert((kind, name)) {
            faults.push(format!("{kind} {name}: twice"));
        }
        if kind != "WorkflowTemplate" && object.to_string().contains("{{") {
            faults.push(format!("{kind} {name}: a template that nobody filled in"));
        }
        let told = |fault: String| format!("{kind} {name}: {fault}");
        if let Some(pod) = object.pointer("/spec/template/spec") {
            faults.extend(pod_faults(pod, objects).into_iter().map(told));
        }
        if kind == "WorkflowTemplate" {
            faults.extend(workflow::faults(object, objects).into_iter().map(told));
        }
    }
    for object in objects.iter().filter(|object| text(object, "/kind") == "ConfigMap") {
        let name = text(object, "/metadata/name");
        let volumes =
            |object| [list(object, "/spec/template/spec/volumes"), list(object, "/spec/volumes")].concat();
        let used = objects.iter().flat_map(volumes);
        if !used.into_iter().any(|volume| text(volume, "/configMap/name") == name) {
            faults.push(format!("ConfigMap {name}: nobody uses it"));
        }
    }
    faults
}

fn pod_faults(pod: &Value, objects: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    let volumes: BTreeMap<&str, &Value> =
        list(pod, "/volumes").into_iter().map(|volume| (text(volume, "/name"), volume)).collect();
    let containers = || list(pod, "/initContainers").into_iter().chain(list(pod, "/containers"));
    let mounts = || containers().flat_map(|container| list(container, "/volumeMounts"));
    for mount in mounts().map(|mount| text(mount, "/name")) {
        if !volumes.contains_key(mount) {
            faults.push(format!("mounts {mount}, which is no volume of the pod"));
        }
    }
    for (name, volume) in &volumes {
        if !mounts().any(|mount| text(mount, "/name") == *name) {
            faults.push(format!("volume {name}: nobody mounts it"));
        }
        let map = text(volume, "/configMap/name");
        let is_map =
            |object: &Value| text(object, "/kind") == "ConfigMap" && text(object, "/metadata/name") == map;
        if !map.is_empty() && !objects.iter().any(is_map) {
            faults.push(format!("volume {name}: there is no ConfigMap {map}"));
        }
    }
    if pod.pointer("/securityContext/runAsNonRoot") != Some(&json!(true)) {
        faults.push("may run as root".to_owned());
    }
    if pod.pointer("/automountServiceAccountToken") != Some(&json!(false)) {
        faults.push("is given a token of the API that it never uses".to_owned());
    }
    // stackprobe gives running cases 20 seconds, and then writes the report.
    if pod.pointer("/terminationGracePeriodSeconds").and_then(Value::as_u64).unwrap_or(30) < 30 {
        faults.push("is killed before its report is written".to_owned());
    }
    for container in containers() {
        let name = text(container, "/name");
        let mut fault = |what: &str| faults.push(format!("container {name}: {what}"));
        let image = text(container, "/image");
        if image.ends_with(":latest") || !image.contains(['@', ':']) {
            fault("an image that changes by itself");
        }
        for limit in ["/resources/limits/memory", "/resources/limits/cpu", "/resources/requests/memory"] {
            if text(container, limit).is_empty() {
                fault(&format!("no {limit}"));
            }
        }
        if container.pointer("/securityContext/readOnlyRootFilesystem") != Some(&json!(true))
            || container.pointer("/securityContext/capabilities/drop") != Some(&json!(["ALL"]))
            || container.pointer("/securityContext/allowPrivilegeEscalation") != Some(&json!(false))
        {
            fault("more rights than it needs");
        }
        let stack =
            list(container, "/volumeMounts").into_iter().find(|mount| text(mount, "/name") == "stack");
        if stack.is_some_and(|mount| mount["readOnly"] != json!(true)) {
            fault("could change the stack that it tests");
        }
    }
    faults
}

#[test]
fn the_chart_meets_the_schemas_whatever_is_set() {
    let sets = [
        json!({}),
        json!({ "shards": 1 }),
        json!({ "shards": 10000, "parallelism": 450 }),
        json!({ "suites": ["mpi", "compiler/c-asan"], "select": { "cc": ["gcc/*"], "mpi": ["openmpi/5"], "tag": ["smoke"] } }),
        json!({ "site": "[families]\ncompiler = [\"nvhpc\"]\n" }),
        json!({ "image": { "tag": "", "digest": format!("sha256:{}", "0".repeat(64)) } }),
        json!({ "image": { "repository": "registry.example.org:5000/tester", "pullPolicy": "Never" } }),
        json!({ "stack": { "path": "/cvmfs/x", "modulePath": "/cvmfs/x/Core", "mountPropagation": "HostToContainer" } }),
        json!({ "results": { "volume": { "persistentVolumeClaim": null, "hostPath": { "path": "/srv/results" } } } }),
        json!({ "pod": { "queue": "tests", "priorityClassName": "low", "labels": { "team": "hpc" }, "annotations": { "a": "b" } } }),
        json!({ "pod": { "nodeSelector": { "cpu": "zen4" }, "tolerations": [{ "operator": "Exists" }] } }),
        json!({ "pod": { "seccompProfile": { "type": "Localhost", "localhostProfile": "profiles/stackprobe.json" } } }),
        json!({ "networkPolicy": { "enabled": false } }),
        json!({ "networkPolicy": { "egress": [{ "to": [{ "ipBlock": { "cidr": "10.0.0.0/8" } }] }] } }),
        json!({ "shm": "32Gi", "ranks": 16, "rankMemory": "1Gi", "resources": { "limits": { "memory": "64Gi" } } }),
        json!({ "mode": "both", "site": "[families]\ncompiler = [\"nvhpc\"]\n" }),
        json!({ "mode": "argo", "argo": { "schedules": ["0 3 * * *"], "timezone": "Europe/Berlin" }, "parallelism": 20 }),
        json!({ "mode": "argo", "gate": { "policy": "max-age = \"7d\"\n" }, "argo": { "notify": { "name": "mail", "template": "send" } },
            "promote": { "into": "/stacks/live", "volume": { "persistentVolumeClaim": { "claimName": "live" } } } }),
        json!({ "retries": 0, "deadlineSeconds": 60, "ttlSecondsAfterFinished": 0 }),
    ];
    for set in sets {
        let (objects, faults) = render(&with(set.clone()));
        assert!(faults.is_empty(), "{set}: {faults:#?}");
        let kinds = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
        let (jobs, workflows) = match set["mode"].as_str() {
            Some("argo") => (0, 1),
            Some("both") => (2, 1),
            _ => (2, 0),
        };
        assert_eq!((kinds("Job"), kinds("WorkflowTemplate")), (jobs, workflows), "{set}");
    }
    for entry in std::fs::read_dir(chart().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        // YAML holds JSON, not the other way round.
        let script = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/helm");
        let values = must(Command::new("python3").args(["-c", script]).arg(&path).env("PYTHONPATH", tools));
        let (_, faults) = render(&serde_json::from_str(&values).unwrap());
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}

#[test]
fn values_that_cannot_work_are_refused_with_what_is_wrong() {
    let wrong = [
        (json!({ "shard": 4 }), "additional properties 'shard' not allowed"),
        (json!({ "pod": { "runAsUser": 0 } }), "/pod/runAsUser"),
        (json!({ "pod": { "seccompProfile": { "type": "Unconfined" } } }), "/pod/seccompProfile/type"),
        (json!({ "image": { "tag": "latest" } }), "/image/tag"),
        (json!({ "image": { "tag": "" } }), "image.tag or image.digest is missing"),
        (json!({ "image": { "repository": "tester:1" } }), "/image/repository"),
        (json!({ "stack": { "volume": null } }), "/stack/volume"),
        (json!({ "results": { "volume": { "persistentVolumeClaim": null } } }), "/results/volume"),
        (json!({ "shards": 0 }), "/shards"),
        (json!({ "resources": { "limits": { "memory": "8" } } }), "/resources/limits/memory"),
        (json!({ "shm": "8Gi" }), "wanted at least"),
        (json!({ "ranks": 64 }), "wanted at least"),
        (json!({ "shm": "64Mi" }), "shm is 64 MiB, wanted at least 96 for 4 ranks"),
        (json!({ "deadlineSeconds": "2h" }), "/deadlineSeconds"),
        (json!({ "mode": "argo", "promote": { "into": "/live" } }), "promote.volume is missing"),
        (json!({ "promote": { "into": "/live", "volume": { "emptyDir": {} } } }), "the Jobs have no gate"),
    ];
    for (set, expected) in wrong {
        let (objects, faults) = render(&with(set.clone()));
        let told = faults.join("\n");
        assert!(objects.is_empty(), "{set} makes objects");
        assert!(
            told.contains(expected) || (expected == "stack.volume" && told.contains("/stack/volume")),
            "{set}: {told}"
        );
    }
}

#[test]
fn every_rule_of_the_linter_can_fail() {
    let (objects, faults) = render(&with(json!({ "site": "[families]\ncompiler = [\"nvhpc\"]\n" })));
    assert!(faults.is_empty(), "{faults:?}");
    let at = |kind: &str, part: &str| {
        objects
            .iter()
            .position(|object| object["kind"] == kind && text(object, "/metadata/name").contains(part))
            .unwrap()
    };
    let test = at("Job", "test");
    let pod = "/spec/template/spec";
    let breaks: [(usize, String, Value, &str); 13] = [
        (test, "/metadata/name".into(), json!("Not_A_Name"), "no name that every object can have"),
        (test, "/metadata/name".into(), json!("x".repeat(64)), "no name that every object can have"),
        (test, "/metadata/name".into(), objects[at("Job", "merge")]["metadata"]["name"].clone(), "twice"),
        (test, format!("{pod}/containers/0/args/0"), json!("{{ .Values.x }}"), "nobody filled in"),
        (test, format!("{pod}/containers/0/volumeMounts/0/name"), json!("stak"), "no volume of the pod"),
        (test, format!("{pod}/volumes/0/name"), json!("stak"), "nobody mounts it"),
        (at("ConfigMap", ""), "/metadata/name".into(), json!("other"), "there is no ConfigMap"),
        (test, format!("{pod}/securityContext/runAsNonRoot"), json!(false), "may run as root"),
        (test, format!("{pod}/automountServiceAccountToken"), json!(true), "token of the API"),
        (test, format!("{pod}/terminationGracePeriodSeconds"), json!(5), "before its report is written"),
        (test, format!("{pod}/containers/0/image"), json!("tester:latest"), "changes by itself"),
        (
            test,
            format!("{pod}/containers/0/resources/limits/memory"),
            Value::Null,
            "no /resources/limits/memory",
        ),
        (test, format!("{pod}/containers/0/volumeMounts/0/readOnly"), json!(false), "could change the stack"),
    ];
    for (object, pointer, value, expected) in breaks {
        let mut objects = objects.clone();
        *objects[object].pointer_mut(&pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        let faults = lint(&objects);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{pointer}: {faults:?}");
    }
    let mut objects = objects;
    objects[test].pointer_mut("/spec/template/spec/containers/0/securityContext").unwrap()["capabilities"] =
        json!({});
    assert!(lint(&objects).iter().any(|fault| fault.contains("more rights")));
}

/// What an Indexed Job does about each exit code.
fn action(exit: Exit, retry: &str) -> &'static str {
    match (exit, retry) {
        // Every other pod would say the same.
        (Exit::Usage, _) => "FailJob",
        (_, "no") => "FailIndex",
        _ => "Count",
    }
}

#[test]
fn the_rules_about_retries_are_those_of_the_binary() {
    let expected: Vec<Value> = TABLE
        .iter()
        .filter(|(exit, ..)| *exit != Exit::Passed)
        .map(|(exit, _, retry)| json!({ "code": exit.code(), "action": action(*exit, retry) }))
        .collect();
    let file = std::fs::read_to_string(chart().join("exit-codes.json")).unwrap();
    let found: Vec<Value> = serde_json::from_str(&file).unwrap();
    assert_eq!(found, expected);
    // And the template says what the file says.
    let (objects, _) = render(&with(json!({})));
    let job = objects.iter().find(|object| text(object, "/metadata/name").contains("test")).unwrap();
    for wanted in ["FailJob", "FailIndex"] {
        let rules = list(job, "/spec/podFailurePolicy/rules");
        let rule = rules.into_iter().find(|rule| rule["action"] == wanted).unwrap();
        let codes: Vec<_> = expected
            .iter()
            .filter(|code| code["action"] == wanted)
            .map(|code| code["code"].clone())
            .collect();
        assert_eq!(rule["onExitCodes"]["values"], json!(codes));
    }
}

/// Runs a container of a rendered pod, with this folder as the results volume.
fn container(spec: &Value, results: &Path, index: Option<usize>) -> crate::images::container::Ended {
    let expand = |word: &str| match index {
        Some(index) => word.replace("$(JOB_COMPLETION_INDEX)", &index.to_string()),
        None => word.to_owned(),
    };
    let args: Vec<String> =
        list(spec, "/args").into_iter().map(|word| expand(word.as_str().unwrap())).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut container = Container::new("tester", &args).shared(results, &results.with_file_name("tmp"));
    for variable in list(spec, "/env") {
        if let Some(value) = variable["value"].as_str() {
            container = container.env(text(variable, "/name"), value);
        }
    }
    if let Some(index) = index {
        container = container.env("JOB_COMPLETION_INDEX", &index.to_string());
    }
    container.run()
}

#[test]
fn the_jobs_test_the_stack_and_merge_one_verdict() {
    if !can_run() {
        return;
    }
    let stack = stack().canonicalize().unwrap();
    let values = with(json!({
        "stack": { "path": stack, "modulePath": core() },
        "suites": ["mpi/hello", "compiler/c-runtime-libraries", "compiler/fortran-core"],
        "select": { "cc": ["gcc/12"], "mpi": ["openmpi/5", "mpich/5"] },
        "shards": 2,
        "deadlineSeconds": 60,
    }));
    let (objects, faults) = render(&values);
    assert!(faults.is_empty(), "{faults:?}");
    let job = |part: &str| {
        objects.iter().find(|object| text(object, "/metadata/name").contains(part)).unwrap().clone()
    };
    let (test, merge) = (job("test"), job("merge"));
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    for shared in [&results, &folder.path().join("tmp")] {
        std::fs::create_dir(shared).unwrap();
        must(Command::new("chmod").arg("a+rwxt").arg(shared));
    }
    must(Command::new("chmod").arg("a+rx").arg(folder.path()));
    let merged = || {
        let init = container(&merge["spec"]["template"]["spec"]["initContainers"][0], &results, None);
        drop(init.exits(0));
        container(&merge["spec"]["template"]["spec"]["containers"][0], &results, None)
    };
    let pod = &test["spec"]["template"]["spec"]["containers"][0];
    drop(container(pod, &results, Some(0)).exits(0));
    // One shard is missing: no green, whatever the other found.
    let lost = merged().exits(75);
    assert!(lost.text().contains("waiting for"), "{}", lost.text());
    drop(container(pod, &results, Some(1)).exits(0));
    let ended = merged().exits(0);
    assert!(!ended.text().contains("waiting for"), "{}", ended.text());
    let junit = Junit::read(&results.join("nightly-3/junit.xml"));
    let toolchains: BTreeSet<_> = junit.cases.iter().map(|case| case.classname.clone()).collect();
    assert!(toolchains.len() >= 2, "{toolchains:?}");
    assert!(junit.cases.iter().all(|case| case.outcome == "passed"));
}
