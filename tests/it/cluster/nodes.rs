//! Nodes that die.

use serde_json::{Value, json};

use super::namespace::{Namespace, name};
use super::script;
use crate::images::container::must;

/// A second node. It dies with this, and says no word to anybody, as a machine that loses its power.
struct Second;

impl Second {
    fn start() -> Self {
        must(script("node").args(["second", "start"]));
        Self
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = script("node").args(["second", "stop"]).status();
    }
}

#[test]
#[ignore = "make cluster"]
fn a_shard_that_is_lost_with_its_node_is_no_green() {
    let second = Second::start();
    let namespace = Namespace::new("lost");
    let mut objects = namespace.rendered(json!({
        "suites": ["mpi"], "select": { "mpi": ["openmpi/5"], "cc": ["gcc/12"] }, "deadlineSeconds": 90,
    }));
    for job in objects.iter_mut().filter(|object| object["kind"] == "Job") {
        let node = if name(job).contains("merge") { "first" } else { "second" };
        job["spec"]["template"]["spec"]["nodeSelector"] = json!({ "kubernetes.io/hostname": node });
    }
    namespace.apply(&objects);
    namespace.pods.until("the shard runs", |pods| {
        pods.iter()
            .any(|pod: &Value| name(pod).contains("test") && pod["status"]["phase"] == "Running")
            .then_some(())
    });
    drop(second);
    let merge = namespace.ended("merge");
    assert_eq!(merge.condition, "Failed", "{}", merge.why);
    let verdict = namespace.tries("merge").remove(0);
    assert_ne!(verdict.code, 0);
    assert!(!verdict.message.starts_with("PASS"), "{verdict:?}");
    // The report names what was lost.
    assert!(namespace.junit().count("error") > 0);
}
