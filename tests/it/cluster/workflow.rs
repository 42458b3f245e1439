//! The chart's workflow, by Argo's own controller.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::namespace::{Namespace, name};
use super::stack::Layered;
use super::watched::Watched;
use super::{apply, script};
use crate::fixture::Junit;
use crate::images::container::must;

/// Starts the controller, once for all tests.
fn controller() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        must(script("controller").arg("start"));
    });
}

/// Runs the workflow of the chart with these values, and gives what became of it.
fn ended(namespace: &Namespace, changes: Value) -> Value {
    let mut values = json!({ "mode": "argo" });
    crate::chart::put(&mut values, changes);
    namespace.install(values);
    let workflows = Watched::new(&namespace.name, "workflows.argoproj.io");
    let workflow = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": { "name": "run" },
        "spec": { "workflowTemplateRef": { "name": "check-stackprobe-test" } },
    });
    apply(&[workflow], &["-n", &namespace.name]);
    workflows.until("the workflow ends", |states| {
        let state = states.iter().rev().find(|state| name(state) == "run")?;
        let phase = state["status"]["phase"].as_str()?;
        ["Succeeded", "Failed", "Error"].contains(&phase).then(|| state.clone())
    })
}

/// The nodes of a workflow whose template is this one and that are pods.
fn pods<'w>(workflow: &'w Value, template: &str) -> Vec<&'w Value> {
    let nodes = workflow["status"]["nodes"].as_object().unwrap();
    nodes.values().filter(|node| node["type"] == "Pod" && node["templateName"] == template).collect()
}

#[test]
#[ignore = "make cluster"]
fn every_toolchain_has_a_pod_and_the_gate_says_yes() {
    controller();
    let namespace = Namespace::new("workflow");
    let workflow = ended(
        &namespace,
        json!({ "suites": ["mpi/hello"], "select": { "cc": [], "mpi": [] }, "parallelism": 4 }),
    );
    assert_eq!(workflow["status"]["phase"], "Succeeded", "{:#}", workflow["status"]);
    let tested = pods(&workflow, "toolchain");
    assert_eq!(tested.len(), 15);
    assert!(tested.iter().all(|node| node["phase"] == "Succeeded"), "{tested:#?}");
    assert_eq!(pods(&workflow, "gate").len(), 1);
    let junit = Junit::read(&namespace.results().join("run/junit.xml"));
    let toolchains: std::collections::BTreeSet<_> = junit.cases.iter().map(|case| &case.classname).collect();
    assert_eq!(toolchains.len(), 15, "{toolchains:?}");
    let verdict = std::fs::read_to_string(namespace.results().join("run.verdict.json")).unwrap();
    println!("workflow object: {} bytes", workflow.to_string().len());
    let verdict: Value = serde_json::from_str(&verdict).unwrap();
    assert_eq!(verdict["verdict"], "may-go", "{verdict:#}");
}

#[test]
#[ignore = "make cluster"]
fn one_fault_and_the_gate_says_no_and_its_node_says_why() {
    controller();
    let broken = Layered::new("workflow-broken");
    broken.lose("openmpi-5", "libopen-pal.so");
    let namespace = Namespace::with_stack("workflow-broken", &broken.path());
    let workflow = ended(
        &namespace,
        json!({ "suites": ["mpi/hello"], "select": { "cc": ["gcc/12"], "mpi": [] }, "parallelism": 4 }),
    );
    assert_eq!(workflow["status"]["phase"], "Failed", "{:#}", workflow["status"]);
    let failed: Vec<_> =
        pods(&workflow, "toolchain").into_iter().filter(|node| node["phase"] != "Succeeded").collect();
    assert_eq!(failed.len(), 1, "only that of the broken MPI, and once: {failed:#?}");
    let gate = pods(&workflow, "gate");
    assert_eq!(gate.len(), 1);
    assert_eq!(gate[0]["phase"], "Failed");
    let message = gate[0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("openmpi/5"), "{message}");
    // What a stopped workflow would have, too: a whole report.
    assert!(Junit::read(&namespace.results().join("run/junit.xml")).count("failure") > 0);
}
