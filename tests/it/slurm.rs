//! SLURM, the real one: `fixtures/slurm/with` starts it beside each call and ends it.

mod launch;
mod submit;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fixture::{Call, call, skip};

/// The program that runs a command beside a SLURM.
fn with() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/slurm/with")
}

/// Whether this machine can have namespaces for one. Where it can, a SLURM that does not start is a failure.
fn is_there() -> bool {
    let output =
        Command::new("unshare").args(["--pid", "--fork", "--net", "--mount", "true"]).output().unwrap();
    if !output.status.success() {
        skip("slurm", &format!("no namespaces: {}", String::from_utf8_lossy(&output.stderr)));
    }
    output.status.success()
}

/// `stackprobe ARGS...` in a batch job with these options, beside a SLURM of its own.
fn in_job(options: &[&str], args: &[&str]) -> Call {
    let job = with().with_file_name("job");
    let end: &[&str] = if options.contains(&"--") { &[] } else { &["--"] };
    let words = [&[job.to_str().unwrap()], options, end].concat();
    call(args).below(with().to_str().unwrap(), &words)
}

/// What a shell script says beside a SLURM, and its exit status.
fn script(script: &str) -> (i32, String) {
    let output = Command::new(with()).args(["sh", "-c", script]).stderr(Stdio::piped()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn the_fixture_is_a_slurm_of_two_nodes_with_pmix_and_pmi2() {
    if !is_there() {
        return;
    }
    let (code, text) = script("srun -N 2 sh -c 'echo $SLURMD_NODENAME'; srun --mpi=list 2>&1; exit 7");
    assert_eq!(code, 7, "{text}");
    for word in ["n1\n", "n2\n", "pmi2", "pmix_v4"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let (code, text) = script("srun --mpi=pmix -n 2 sh -c 'env | grep ^PMIX_RANK='");
    assert!(code == 0 && text.contains("PMIX_RANK=1"), "{text}");
}

#[test]
fn nothing_of_the_fixture_is_left_not_even_after_a_kill() {
    if !is_there() {
        return;
    }
    let marker = format!("{}", 900_000 + std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let began = folder.path().join("began");
    let text = format!("srun -n 1 sh -c 'echo > {}; sleep {marker}'", began.display());
    let mut fixture = Command::new(with()).args(["sh", "-c", &text]).spawn().unwrap();
    let since = Instant::now();
    while !(began.exists() && runs(&marker)) && since.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(began.exists() && runs(&marker), "the step runs");
    fixture.kill().unwrap();
    fixture.wait().unwrap();
    let since = Instant::now();
    while runs(&marker) && since.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!runs(&marker), "a step outlived the fixture");
}

/// Whether a process has this among its arguments.
fn runs(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| line.split(|byte| *byte == 0).any(|word| word == marker.as_bytes()))
}
