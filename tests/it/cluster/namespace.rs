//! A namespace with the volumes that the chart wants, in which a release is installed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::watched::Watched;
use super::{apply, folder, kubectl};
use crate::fixture::{Junit, core, stack};
use crate::images::container::must;

/// The name of the release, in every namespace.
const RELEASE: &str = "check";

/// A namespace of one test; it is removed with all that is in it.
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) pods: Watched,
    pub(super) jobs: Watched,
    begun: Instant,
}

/// How a Job ended: `Complete` or `Failed`, and why.
pub(super) struct Ended {
    pub(super) condition: String,
    pub(super) why: String,
    pub(super) job: Value,
}

/// How a try of a pod ended.
#[derive(Debug, Clone)]
pub(super) struct Try {
    pub(super) pod: String,
    pub(super) code: i64,
    pub(super) reason: String,
    pub(super) message: String,
}

/// A volume of the node, and the claim that takes it.
fn volume(namespace: &str, name: &str, path: &Path) -> [Value; 2] {
    let size = json!({ "storage": "1Gi" });
    let modes = json!(["ReadWriteMany"]);
    [
        json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": format!("{namespace}-{name}") },
            "spec": { "capacity": size, "accessModes": modes, "storageClassName": "", "hostPath": { "path": path },
                "persistentVolumeReclaimPolicy": "Retain", "claimRef": { "namespace": namespace, "name": name } },
        }),
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": namespace },
            "spec": { "accessModes": modes, "storageClassName": "", "volumeName": format!("{namespace}-{name}"),
                "resources": { "requests": size } },
        }),
    ]
}

impl Namespace {
    /// With the real stack.
    pub(super) fn new(name: &str) -> Self {
        Self::with_stack(name, &stack().canonicalize().unwrap())
    }

    /// With the stack that this folder of the node holds.
    pub(super) fn with_stack(name: &str, held: &Path) -> Self {
        let results = Self::volume_of(name, "results");
        let _ = std::fs::remove_dir_all(&results);
        std::fs::create_dir_all(&results).unwrap();
        must(Command::new("chmod").arg("a+rwxt").arg(&results));
        // No pod is admitted here that could do more than the strictest profile allows.
        let own = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": { "pod-security.kubernetes.io/enforce": "restricted" } },
        });
        apply(
            &[&[own][..], &volume(name, "stack", held), &volume(name, "results", &results)].concat(),
            &["--force-conflicts"],
        );
        let (pods, jobs) = (Watched::new(name, "pods"), Watched::new(name, "jobs"));
        Self { name: name.to_owned(), pods, jobs, begun: Instant::now() }
    }

    /// Where a test's volume of this name lies on the node.
    pub(super) fn volume_of(namespace: &str, volume: &str) -> PathBuf {
        folder().join("volumes").join(namespace).join(volume)
    }

    /// What the pods wrote.
    pub(super) fn results(&self) -> PathBuf {
        Self::volume_of(&self.name, "results")
    }

    /// Where the merged report goes.
    pub(super) fn merged(&self) -> PathBuf {
        self.results().join(format!("{RELEASE}-3"))
    }

    /// The objects of the chart for this cluster, with these values over the usual ones.
    pub(super) fn rendered(&self, changes: Value) -> Vec<Value> {
        let claim = |name: &str, read_only: bool| json!({ "persistentVolumeClaim": { "claimName": name, "readOnly": read_only } });
        let mut values = json!({
            "image": { "repository": "localhost/stackprobe/tester", "tag": env!("CARGO_PKG_VERSION"), "pullPolicy": "Never" },
            "stack": { "path": stack().canonicalize().unwrap(), "modulePath": core(), "volume": claim("stack", true) },
            "results": { "volume": claim("results", false) },
            "suites": ["mpi/hello", "compiler/c-runtime-libraries"],
            "select": { "cc": ["gcc/12"], "mpi": ["openmpi/5"] },
            "shards": 1,
            "deadlineSeconds": 600,
            // The node may be small.
            "resources": { "requests": { "cpu": "50m", "memory": "64Mi" }, "limits": { "cpu": "2", "memory": "2Gi" } },
            "merge": { "resources": { "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "cpu": "1", "memory": "512Mi" } } },
            "shm": "256Mi",
        });
        crate::chart::put(&mut values, changes);
        let (objects, faults) = crate::chart::render_as(&values, RELEASE, &self.name);
        assert!(faults.is_empty(), "{faults:#?}");
        objects
    }

    /// Installs these objects.
    pub(super) fn apply(&self, objects: &[Value]) {
        apply(objects, &["-n", &self.name]);
    }

    /// Installs the chart with these values over the usual ones.
    pub(super) fn install(&self, changes: Value) {
        self.apply(&self.rendered(changes));
    }

    /// Waits until the Job whose name holds `part` has ended.
    pub(super) fn ended(&self, part: &str) -> Ended {
        self.jobs.until(&format!("job {part} ends"), |jobs| {
            let job = jobs.iter().rev().find(|job| name(job).contains(part))?;
            let condition = job["status"]["conditions"].as_array()?.iter().find(|condition| {
                ["Complete", "Failed"].contains(&condition["type"].as_str().unwrap_or_default())
                    && condition["status"] == "True"
            })?;
            Some(Ended {
                condition: condition["type"].as_str()?.to_owned(),
                why: format!("{} {}", condition["reason"], condition["message"]),
                job: job.clone(),
            })
        })
    }

    /// Every try so far of the pods whose name holds `part`, in the order in which they ended.
    pub(super) fn tries(&self, part: &str) -> Vec<Try> {
        self.pods.until("pods are seen", |pods| Some(tries(pods, part)))
    }

    /// What a pod of this part printed.
    pub(super) fn logs(&self, part: &str) -> String {
        let pod = self.pods.until("a pod", |pods| {
            pods.iter().rev().map(name).find(|pod| pod.contains(part)).map(str::to_owned)
        });
        must(&mut kubectl(&["-n", &self.name, "logs", "--all-containers", &pod]))
    }

    pub(super) fn junit(&self) -> Junit {
        Junit::read(&self.merged().join("junit.xml"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What tests/cluster/test prints at the end.
        let times = std::fs::OpenOptions::new().append(true).create(true).open(folder().join("times"));
        let seconds = self.begun.elapsed().as_secs();
        let pods = self.tries("").len();
        let _ = writeln!(times.unwrap(), "{:<20} {seconds:>4} s  {pods:>3} pods", self.name);
        if std::thread::panicking() {
            // What a person would look at first.
            for args in [&["get", "jobs,pods", "-o", "wide"][..], &["get", "events"]] {
                if let Ok(output) = kubectl(&["-n", &self.name]).args(args).output() {
                    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
                }
            }
            for attempt in self.tries("") {
                eprintln!("{attempt:?}");
            }
        }
        let _ = kubectl(&["delete", "namespace", &self.name, "--wait=false"]).output();
        let volumes = ["stack", "results"].map(|volume| format!("{}-{volume}", self.name));
        let _ = kubectl(&["delete", "pv", "--wait=false", &volumes[0], &volumes[1]]).output();
    }
}

pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Each ended try once, whatever was seen of it afterwards.
pub(super) fn tries(pods: &[Value], part: &str) -> Vec<Try> {
    let mut found: Vec<Try> = Vec::new();
    for pod in pods.iter().filter(|pod| name(pod).contains(part)) {
        let ended = pod["status"]["containerStatuses"][0]["state"]["terminated"].clone();
        if ended.is_null() || found.iter().any(|known| known.pod == name(pod)) {
            continue;
        }
        let text = |key: &str| ended[key].as_str().unwrap_or_default().to_owned();
        found.push(Try {
            pod: name(pod).to_owned(),
            code: ended["exitCode"].as_i64().unwrap(),
            reason: text("reason"),
            message: text("message"),
        });
    }
    found
}
