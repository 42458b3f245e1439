//! The chart on a live control plane with a real node: `make cluster` starts it and runs these tests, which `cargo test`
//! lists as ignored. Each watches objects through the API, in a namespace of its own that admits hardened pods alone.

mod jobs;
mod namespace;
mod nodes;
mod pods;
mod stack;
mod watched;
mod workflow;

use std::path::PathBuf;
use std::process::Command;

use crate::images::container::must;

/// The folder of the cluster that tests/cluster/up has started.
fn folder() -> PathBuf {
    let folder = std::env::var_os("STACKPROBE_CLUSTER").expect("STACKPROBE_CLUSTER is set: `make cluster`");
    PathBuf::from(folder).canonicalize().unwrap()
}

/// A script of tests/cluster, for this cluster.
fn script(name: &str) -> Command {
    let mut command =
        Command::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster").join(name));
    command.arg(folder());
    command
}

fn kubectl(args: &[&str]) -> Command {
    let mut command = script("kubectl");
    command.args(args);
    command
}

/// Gives the cluster these objects, as one document.
fn apply(objects: &[serde_json::Value], args: &[&str]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    std::fs::write(file.path(), list.to_string()).unwrap();
    must(kubectl(&["apply", "--server-side", "-f"]).arg(file.path()).args(args));
}
