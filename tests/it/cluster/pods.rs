//! What a person does with a pod of the tester image.

use serde_json::json;

use super::kubectl;
use super::namespace::{Namespace, name};
use crate::images::container::must;

#[test]
#[ignore = "make cluster"]
fn a_person_gets_a_shell_in_a_toolchain() {
    let namespace = Namespace::new("shell");
    // The pod of the test Job, which only waits.
    let objects = namespace.rendered(json!({}));
    let job = objects.iter().find(|object| name(object).contains("test")).unwrap();
    let mut spec = job["spec"]["template"]["spec"].clone();
    spec["containers"][0]["command"] = json!(["sleep", "600"]);
    spec["containers"][0].as_object_mut().unwrap().remove("args");
    namespace.apply(&[
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "debug" }, "spec": spec }),
    ]);
    namespace.pods.until("the pod runs", |pods| {
        pods.iter().any(|pod| pod["status"]["phase"] == "Running").then_some(())
    });
    let exec = |words: &[&str]| must(kubectl(&["-n", &namespace.name, "exec", "debug", "--"]).args(words));
    let shown =
        exec(&["stackprobe", "shell", "--cc", "gcc/12", "--mpi", "openmpi/5", "--", "mpicc", "-show"]);
    assert!(shown.contains("-lmpi") && shown.contains("openmpi-5"), "{shown}");
    let doctor = must(kubectl(&["-n", &namespace.name, "exec", "debug", "--"]).args([
        "sh",
        "-c",
        "stackprobe doctor mpi --cc gcc/12 --mpi openmpi/5; true",
    ]));
    for fact in ["256 MiB", "2048 MiB of the node", "1000 (probe)", "read-only", "cannot be written"] {
        assert!(doctor.contains(fact), "{fact}:\n{doctor}");
    }
}
