//! Runs a command as the harness would, and counts what it leaves.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use stackprobe::error::Error;
use stackprobe::pod::signals::Stop;
use stackprobe::run::command::{Command, Limits};
use stackprobe::run::execute::{Capture, execute};
use stackprobe::run::outcome::Executed;
use stackprobe::run::output::Stream;
use stackprobe::run::supervisor_pool::SupervisorPool;
use tempfile::TempDir;

/// A command to come, with a mark in its environment by which survivors are found.
pub(super) struct Trial {
    pub(super) command: Command,
    pub(super) capture: Capture,
    pub(super) mark: String,
    _folder: TempDir,
}

/// What became of it.
pub(super) struct Result {
    pub(super) executed: Executed,
    pub(super) survivors: Vec<i32>,
    pub(super) took: Duration,
}

/// Those of the tests: the program under test is not this one.
fn supervisors() -> Arc<SupervisorPool> {
    static POOL: LazyLock<Arc<SupervisorPool>> =
        LazyLock::new(|| Arc::new(SupervisorPool::new(env!("CARGO_BIN_EXE_stackprobe"))));
    Arc::clone(&POOL)
}

pub(super) fn trial(argv: &[&str]) -> Trial {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let mark = format!("{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::var_os("PATH").unwrap();
    let tmp = folder.path().join("tmp");
    std::fs::create_dir(&tmp).unwrap();
    Trial {
        command: Command {
            argv: argv.iter().map(Into::into).collect(),
            env: vec![("PATH".into(), path), ("TRIAL".into(), mark.clone().into())],
            dir: folder.path().into(),
            tmp,
            limits: Limits {
                wall: Duration::from_secs(20),
                grace: Duration::from_millis(300),
                ..Limits::default()
            },
        },
        capture: Capture { supervisors: supervisors(), ..Capture::new(folder.path().join("log")) },
        mark,
        _folder: folder,
    }
}

pub(super) fn shell(script: &str) -> Trial {
    trial(&["/bin/bash", "-c", script])
}

/// `torture.c` with these arguments.
pub(super) fn torture(arguments: &[&str]) -> Trial {
    static PROGRAM: OnceLock<TempDir> = OnceLock::new();
    let folder = PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/process/torture.c");
        let program = folder.path().join("torture");
        let status = std::process::Command::new("cc").args([source, "-o"]).arg(program).status().unwrap();
        assert!(status.success());
        folder
    });
    let program = folder.path().join("torture");
    let mut argv = vec![program.to_str().unwrap()];
    argv.extend(arguments);
    trial(&argv)
}

impl Trial {
    pub(super) fn wall(mut self, milliseconds: u64) -> Self {
        self.command.limits.wall = Duration::from_millis(milliseconds);
        self
    }

    /// With a supervisor of its own.
    pub(super) fn alone(mut self) -> Self {
        self.capture.supervisors = Arc::new(SupervisorPool::new(env!("CARGO_BIN_EXE_stackprobe")));
        self
    }

    pub(super) fn run(&self) -> Result {
        self.run_until(&Stop::new(Duration::from_secs(1)).unwrap())
    }

    /// With everything that it says as it says it.
    pub(super) fn run_with(&self, lines: &mut dyn FnMut(Stream, &[u8])) -> Executed {
        let stop = Stop::new(Duration::from_secs(1)).unwrap();
        execute(&self.command, &self.capture, &stop, lines).unwrap()
    }

    pub(super) fn try_run(&self) -> std::result::Result<Executed, Error> {
        let stop = Stop::new(Duration::from_secs(1)).unwrap();
        execute(&self.command, &self.capture, &stop, &mut |_, _| {})
    }

    /// Without a search for survivors.
    pub(super) fn run_quick(&self) -> (Executed, Duration) {
        let begun = Instant::now();
        (self.try_run().unwrap(), begun.elapsed())
    }

    pub(super) fn run_until(&self, stop: &Stop) -> Result {
        let begun = Instant::now();
        let executed = execute(&self.command, &self.capture, stop, &mut |_, _| {}).unwrap();
        Result { executed, took: begun.elapsed(), survivors: marked(&self.mark) }
    }

    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.capture.log).unwrap()).into_owned()
    }
}

/// Every living process with this mark in its environment.
pub(super) fn marked(mark: &str) -> Vec<i32> {
    let entry = format!("TRIAL={mark}");
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|folder| folder.unwrap().file_name().to_str()?.parse().ok())
        .filter(|pid| carries(*pid, &entry))
        .collect()
}

fn carries(pid: i32, entry: &str) -> bool {
    let environ = Path::new("/proc").join(pid.to_string()).join("environ");
    std::fs::read(environ).is_ok_and(|bytes| bytes.split(|&byte| byte == 0).any(|it| it == entry.as_bytes()))
}

/// Runs the test of this name once more, in process and mount namespaces with a `/dev/shm` of their own, where nobody
/// else's processes and shared memory are seen. False inside of them.
pub(super) fn isolated(test: &str) -> bool {
    const INSIDE: &str = "STACKPROBE_TEST_ISOLATED";
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let script =
        "mount -t tmpfs tmpfs /dev/shm && exec \"$0\" --include-ignored --exact --nocapture \"$1\" 2>&1";
    let mut unshare = std::process::Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    let mut inside = unshare
        .args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(INSIDE, "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Printed by this test, so that its words stand under its name where the failures are listed.
    for line in BufReader::new(inside.stdout.take().unwrap()).split(b'\n') {
        println!("{}", String::from_utf8_lossy(&line.unwrap()));
    }
    let status = inside.wait().unwrap();
    assert!(status.success(), "inside namespaces of its own: {status}");
    true
}
