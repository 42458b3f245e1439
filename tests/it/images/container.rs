//! The tester image as a container, by runc, with what Kubernetes gives a hardened pod: no capability, no new privileges,
//! the default seccomp profile, a read-only root, a user id that no file names.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Junit, core, skip, stack};

/// How long a container may take to write its plan before a test gives up; no assertion about speed.
const PATIENCE: Duration = Duration::from_mins(5);

/// Where images and containers of the tests lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("images")
}

/// Runs a command that must work, and gives what it printed.
pub(crate) fn must(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `images/build ARGS…` with the binary under test, without what only a debugger reads.
pub(crate) fn build(args: &[&str]) -> String {
    static STRIPPED: OnceLock<PathBuf> = OnceLock::new();
    let binary = STRIPPED.get_or_init(|| {
        std::fs::create_dir_all(folder()).unwrap();
        let stripped = folder().join("stackprobe");
        must(Command::new("strip").arg("-o").arg(&stripped).arg(env!("CARGO_BIN_EXE_stackprobe")));
        stripped
    });
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("images/build");
    must(Command::new(build).arg("--binary").arg(binary).arg("--into").arg(folder()).args(args))
}

/// The root of an image, unpacked.
pub(crate) fn root(image: &str) -> PathBuf {
    static ROOTS: OnceLock<PathBuf> = OnceLock::new();
    ROOTS
        .get_or_init(|| {
            build(&["binary", "tester"]);
            let script = r#"
                folder=$1
                buildah() { command buildah --root "$folder/storage" --runroot "$folder/run" "$@"; }
                rm -rf "$folder/roots"
                mkdir "$folder/roots"
                for image in binary tester; do
                    container=$(buildah from "localhost/stackprobe/$image:$2")
                    cp -a "$(buildah mount "$container")" "$folder/roots/$image"
                    buildah umount "$container" >&2
                    buildah rm "$container" >&2
                done"#;
            must(
                Command::new("bash")
                    .args(["-euc", script, "roots"])
                    .arg(folder())
                    .arg(env!("CARGO_PKG_VERSION")),
            );
            folder().join("roots")
        })
        .join(image)
}

/// Whether this machine starts containers at all: one in which control groups are read-only does not.
pub(crate) fn can_run() -> bool {
    static CAN: OnceLock<Option<String>> = OnceLock::new();
    let refused = CAN.get_or_init(|| {
        let ended = Container::new("binary", &["--version"]).run();
        let refused = ended.text();
        // Anything else that runc says is a fault of what it was given, and no reason to skip.
        let machine = ["operation not permitted", "permission denied", "read-only file system"];
        let is_runc = refused.contains("runc run failed") || refused.contains("runc create failed");
        (is_runc && machine.iter().any(|words| refused.to_lowercase().contains(words))).then_some(refused)
    });
    if let Some(refused) = refused {
        skip("containers", &format!("runc starts no container here: {refused}"));
    }
    refused.is_none()
}

/// A container that is to be started.
pub(crate) struct Container {
    bundle: TempDir,
    id: String,
    config: Value,
}

impl Container {
    /// A hardened pod's container of this image, with the stack and a writable `/results`.
    pub(crate) fn new(image: &str, args: &[&str]) -> Self {
        let bundle = tempfile::tempdir().unwrap();
        let (results, message) = (bundle.path().join("results"), bundle.path().join("termination-log"));
        std::fs::create_dir(&results).unwrap();
        std::fs::write(&message, "").unwrap();
        for path in [&results, &message] {
            must(Command::new("chmod").arg("a+rwX").arg(path));
        }
        let id = format!(
            "stackprobe-test-{}",
            bundle.path().file_name().unwrap().to_string_lossy().trim_matches('.')
        );
        let args = [&["/usr/bin/stackprobe"], args].concat();
        let bind = |from: &Path, to: &str, mode: &str| json!({ "destination": to, "type": "bind", "source": from, "options": ["rbind", mode, "nosuid", "nodev"] });
        let stack = stack().canonicalize().unwrap();
        let config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "terminal": false,
                "user": { "uid": 54321, "gid": 54321 },
                "args": args,
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/",
                    format!("MODULEPATH={}", core().display())],
                "cwd": "/",
                "capabilities": {},
                "noNewPrivileges": true,
            },
            "root": { "path": root(image), "readonly": true },
            "hostname": "probe",
            "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
                shm("256m"),
                { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
                { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                    "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] },
                { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"] },
                bind(&stack, stack.to_str().unwrap(), "ro"),
                bind(&results, "/results", "rw"),
                bind(&message, "/dev/termination-log", "rw"),
            ],
            "linux": {
                "cgroupsPath": format!("/{id}"),
                "resources": { "memory": { "limit": 4_i64 << 30 } },
                "namespaces": [{ "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "network" }],
                "seccomp": default_seccomp(),
                "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                    "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
                "readonlyPaths": ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            },
        });
        Self { bundle, id, config }
    }

    /// With `/dev/shm` of this size.
    pub(crate) fn shm(mut self, size: &str) -> Self {
        let mounts = self.config["mounts"].as_array_mut().unwrap();
        mounts.retain(|mount| mount["destination"] != "/dev/shm");
        let after = mounts.iter().position(|mount| mount["destination"] == "/dev").unwrap() + 1;
        mounts.insert(after, shm(size));
        self
    }

    /// With this limit on its memory, in bytes.
    pub(crate) fn memory(mut self, bytes: i64) -> Self {
        self.config["linux"]["resources"]["memory"]["limit"] = bytes.into();
        self
    }

    /// With another program in place of stackprobe by its own name.
    pub(crate) fn program(mut self, path: &str) -> Self {
        self.config["process"]["args"][0] = path.into();
        self
    }

    /// With a results volume and a `/tmp` that other pods see as well.
    pub(crate) fn shared(mut self, results: &Path, tmp: &Path) -> Self {
        let mounts = self.config["mounts"].as_array_mut().unwrap();
        mounts.retain(|mount| mount["destination"] != "/results" && mount["destination"] != "/tmp");
        for (from, to) in [(results, "/results"), (tmp, "/tmp")] {
            let options = json!(["rbind", "rw", "nosuid", "nodev"]);
            mounts.push(json!({ "destination": to, "type": "bind", "source": from, "options": options }));
        }
        self
    }

    /// With this variable in its environment, in place of what it has of that name.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        let env = self.config["process"]["env"].as_array_mut().unwrap();
        let start = format!("{name}=");
        env.retain(|variable| !variable.as_str().unwrap().starts_with(&start));
        env.push(format!("{name}={value}").into());
        self
    }

    /// A file that it finds below `/results`.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.results().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        must(Command::new("chmod").args(["-R", "a+rwX"]).arg(self.results()));
        self
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.bundle.path().join("results")
    }

    /// What starts it. As container runtimes do, a mount comes after that of a folder above it: the stack may lie below `/tmp`.
    fn command(&self) -> Command {
        let mut config = self.config.clone();
        let mounts = config["mounts"].as_array_mut().unwrap();
        mounts.sort_by_key(|mount| Path::new(mount["destination"].as_str().unwrap()).components().count());
        std::fs::write(self.bundle.path().join("config.json"), config.to_string()).unwrap();
        let mut run = runc();
        run.arg("run").arg("--bundle").arg(self.bundle.path()).arg(&self.id).stdin(Stdio::null());
        run
    }

    /// Starts it; `during` is called once `results/plan.json` is there.
    pub(crate) fn run_while(self, during: impl FnOnce(&Self)) -> Ended {
        let mut run = self.command();
        let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while !self.results().join("plan.json").exists() {
            assert!(started.elapsed() < PATIENCE, "it writes no plan");
            std::thread::sleep(Duration::from_millis(20));
        }
        during(&self);
        let output = child.wait_with_output().unwrap();
        Ended { output, container: self }
    }

    pub(crate) fn run(self) -> Ended {
        let mut run = self.command();
        Ended { output: run.output().unwrap(), container: self }
    }

    /// What the kubelet does with a pod that is deleted.
    pub(crate) fn terminate(&self) {
        must(runc().args(["kill", &self.id, "TERM"]));
    }
}

/// A container that has ended.
pub(crate) struct Ended {
    output: Output,
    container: Container,
}

impl Ended {
    pub(crate) fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.output.stdout).into_owned();
        let _ = write!(text, "{}", String::from_utf8_lossy(&self.output.stderr));
        text
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.text());
        self
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.container.results()
    }

    pub(crate) fn junit(&self) -> Junit {
        let path = self.results().join("junit.xml");
        assert!(path.is_file(), "{}", self.text());
        Junit::read(&path)
    }

    pub(crate) fn message(&self) -> String {
        std::fs::read_to_string(self.container.bundle.path().join("termination-log")).unwrap()
    }
}

fn runc() -> Command {
    let mut command = Command::new("runc");
    command.arg("--root").arg(folder().join("containers"));
    command
}

fn shm(size: &str) -> Value {
    json!({ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
        "options": ["nosuid", "noexec", "nodev", "mode=1777", format!("size={size}")] })
}

/// The profile that container runtimes ship, as they apply it to a container without capabilities.
fn default_seccomp() -> Value {
    let text = std::fs::read_to_string("/usr/share/containers/seccomp.json").unwrap();
    let profile: Value = serde_json::from_str(&text).unwrap();
    let empty = |rule: &Value, key: &str| rule[key].as_array().is_none_or(Vec::is_empty);
    let applies = |rule: &&Value| {
        let arches = rule["includes"]["arches"].as_array().cloned().unwrap_or_default();
        let excluded = rule["excludes"]["arches"].as_array().cloned().unwrap_or_default();
        empty(&rule["includes"], "caps")
            && (arches.is_empty() || arches.iter().any(|arch| arch == "amd64"))
            && !excluded.iter().any(|arch| arch == "amd64")
    };
    let rule = |rule: &Value| {
        let mut kept = json!({ "names": rule["names"], "action": rule["action"] });
        for key in ["args", "errnoRet"] {
            if !empty(rule, key) || rule[key].is_number() {
                kept[key] = rule[key].clone();
            }
        }
        kept
    };
    let rules: Vec<Value> =
        profile["syscalls"].as_array().unwrap().iter().filter(applies).map(rule).collect();
    json!({ "defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": rules })
}
