//! What cannot be written is told: no command prints nothing and calls that success.

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fixture::call;

/// Every verb that answers on standard output, in each of its forms.
const ANSWERS: [&[&str]; 14] = [
    &["list"],
    &["list", "--format", "json"],
    &["list", "mpi", "--cc", "gcc/12", "--mpi", "openmpi/5"],
    &["list", "mpi", "--cc", "gcc/12", "--mpi", "openmpi/5", "--format", "json"],
    &["discover"],
    &["discover", "--format", "json"],
    &["discover", "--format", "ids"],
    &["doctor"],
    &["doctor", "--format", "json"],
    &["diagnose", "log"],
    &["diagnose", "log", "--format", "json"],
    &["explain", "mpi"],
    &["completions", "bash"],
    &["man"],
];

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_and_never_a_panic() {
    for args in ANSWERS {
        for (stdout, what) in [(full(), "no space left on device"), (closed(), "broken pipe")] {
            let mut call = call(args).file("log", "Segmentation fault\n");
            let output = call.command().stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
            let output = output.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!told.contains("stackprobe itself"), "{args:?}: {told}");
            assert_eq!(output.status.code(), Some(75), "{args:?} {what}: {told}");
            assert!(told.contains(&format!("cannot write to standard output: {what}")), "{args:?}: {told}");
        }
    }
}

const SUITE: &str = "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n\
                     [[probe]]\nname = \"one\"\nsummary = \"s\"\nrun = \"true\"\n";

#[test]
fn a_run_goes_on_to_its_end_when_nobody_can_read_what_it_prints() {
    for stdout in [full(), closed()] {
        let mut call =
            call(&["run", "own", "--cc", "gcc/12", "--suites", "own"]).file("own/suite.toml", SUITE);
        let status = call.command().stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        let output = status.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{told}");
        assert!(told.contains("cannot write to standard output"), "{told}");
        let junit = crate::fixture::Junit::read(&call.folder().join("results/junit.xml"));
        assert_eq!(junit.count("passed"), 1, "the results are whole all the same");
    }
    // The lines on standard error are only a view of what the results hold.
    for stderr in [full(), closed()] {
        let mut call =
            call(&["run", "own", "--cc", "gcc/12", "--suites", "own"]).file("own/suite.toml", SUITE);
        let output = call.command().stderr(stderr).stdout(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_path_that_is_no_text_is_no_reason_to_answer_nothing() {
    let odd = std::ffi::OsStr::from_bytes(b"odd-\xff");
    for args in [&["doctor", "--format", "json"][..], &["list", "own", "--format", "json"]] {
        let mut call = call(args);
        let folder = call.folder().join(odd);
        std::fs::create_dir_all(folder.join("own")).unwrap();
        std::fs::write(folder.join("own/suite.toml"), SUITE).unwrap();
        call.command().env("TMPDIR", &folder).env("HOME", &folder);
        if args[0] == "list" {
            call.command().arg("--suites").arg(folder.join("own"));
        }
        let answer = call.run();
        assert!(answer.stderr.is_empty(), "{args:?}: {}", answer.stderr);
        let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert!(json.to_string().contains("odd-\u{fffd}"), "{args:?}: {json}");
    }
    let mut call = call(&["run", "own", "--cc", "gcc/12"]);
    let folder = call.folder().join(odd);
    std::fs::create_dir_all(folder.join("own")).unwrap();
    std::fs::write(folder.join("own/suite.toml"), SUITE).unwrap();
    call.command().env("TMPDIR", &folder).arg("--suites").arg(folder.join("own"));
    call.run().exits(0);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// `args` under this umask.
fn under(umask: &str, args: &[&str]) -> crate::fixture::Call {
    call(args).below("/bin/sh", &["-c", &format!("umask {umask}; exec \"$@\""), "sh"])
}

#[test]
fn what_others_are_to_read_has_the_mode_that_the_umask_leaves() {
    for (umask, wanted) in [("022", 0o644), ("002", 0o664), ("077", 0o600)] {
        let answer = under(umask, &["discover", "--format", "json", "--out", "stack.json"]).run().exits(0);
        assert_eq!(mode(&answer.folder.path().join("stack.json")), wanted, "{umask}");
        let answer =
            under(umask, &["run", "own", "--cc", "gcc/12", "--suites", "own", "--since", "l/ledger.json"])
                .file("own/suite.toml", SUITE)
                .file("l/.keep", "")
                .run()
                .exits(0);
        for file in ["l/ledger.json", "results/junit.xml", "results/plan.json", "results/report.html"] {
            assert_eq!(mode(&answer.folder.path().join(file)), wanted, "{file} {umask}");
        }
        let left: Vec<_> = std::fs::read_dir(answer.folder.path().join("l")).unwrap().flatten().collect();
        let names = left.iter().map(|entry| entry.file_name().into_string().unwrap());
        assert!(
            names.clone().all(|name| [".keep", "ledger.json", "ledger.json.lock"].contains(&&*name)),
            "{:?}",
            names.collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_is_no_regular_file_is_written_to_and_not_replaced() {
    let answer = call(&["discover", "--format", "ids", "--out", "link"]);
    std::os::unix::fs::symlink("target", answer.folder().join("link")).unwrap();
    std::fs::write(answer.folder().join("target"), "old").unwrap();
    let answer = answer.run().exits(0);
    assert!(std::fs::symlink_metadata(answer.folder.path().join("link")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(answer.folder.path().join("target")).unwrap().contains("gcc"));
    // A device of that name in a folder of its own: a test must not risk the machine's.
    let folder = tempfile::tempdir().unwrap();
    let null = folder.path().join("null");
    let made = Command::new("mknod").arg(&null).args(["c", "1", "3"]).status().unwrap();
    assert!(made.success(), "this test wants root");
    call(&["discover", "--format", "ids", "--out", null.to_str().unwrap()]).run().exits(0);
    assert!(File::open(&null).unwrap().metadata().unwrap().len() == 0, "the device was replaced by a file");
    assert!(!std::fs::symlink_metadata(&null).unwrap().is_file(), "the device was replaced by a file");
}

const LEDGER: [&str; 7] = ["run", "own", "--cc", "gcc/12", "--suites", "own", "--since"];

/// A run by another user, which goes by a ledger that all share.
fn run_by(uid: u32, umask: &str, ledger: &Path) -> crate::fixture::Answer {
    run_with(uid, umask, ledger, "true")
}

/// The same of a probe that runs this, so that there is something to enter.
fn run_with(uid: u32, umask: &str, ledger: &Path, command: &str) -> crate::fixture::Answer {
    let mut args = LEDGER.to_vec();
    args.push(ledger.to_str().unwrap());
    let script = format!("umask {umask}; exec setpriv --reuid={uid} --regid={uid} --clear-groups -- \"$@\"");
    let call = call(&args)
        .below("/bin/sh", &["-c", &script, "sh"])
        .file("own/suite.toml", SUITE.replace("\"true\"", &format!("\"{command}\"")));
    std::os::unix::fs::chown(call.folder(), Some(uid), Some(uid)).unwrap();
    call.run()
}

fn entries(ledger: &Path) -> usize {
    let text = std::fs::read_to_string(ledger).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["entries"].as_object().unwrap().len()
}

fn shared(mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    let ledger = folder.path().join("ledger.json");
    (folder, ledger)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn users_who_may_write_the_folder_share_a_ledger() {
    for umask in ["022", "002", "077"] {
        let (folder, ledger) = shared(0o777);
        run_by(1234, "022", &ledger).exits(0);
        assert_eq!(entries(&ledger), 1);
        let second = run_with(5678, umask, &ledger, "sleep 0").exits(0);
        assert!(!second.stderr.contains("cannot"), "{}", second.stderr);
        assert_eq!(entries(&ledger), 2, "{umask}");
        assert_eq!(mode(&ledger) & 0o444, 0o444, "the first user can still read it");
        let third = run_by(1234, "022", &ledger).exits(0);
        assert!(third.stderr.contains("unchanged since"), "{}", third.stderr);
        assert_eq!(names(folder.path()), ["ledger.json", "ledger.json.lock"]);
    }
}

#[test]
fn a_ledger_of_somebody_else_is_never_put_aside_and_the_reason_names_its_owner() {
    // Where the sticky bit lets only the owner replace a file, and where the file is closed to others.
    for (folder_mode, umask) in [(0o1777, "022"), (0o777, "077"), (0o1777, "077")] {
        let (folder, ledger) = shared(folder_mode);
        run_by(1234, umask, &ledger).exits(0);
        let before = std::fs::read(&ledger).unwrap();
        let second = run_with(5678, "022", &ledger, "sleep 0").exits(0);
        assert!(second.stderr.contains("ledger") && second.stderr.contains("1234"), "{}", second.stderr);
        assert!(second.stderr.contains("5678"), "{}", second.stderr);
        assert_eq!(std::fs::read(&ledger).unwrap(), before, "{folder_mode:o} {umask}");
        assert_eq!(names(folder.path()), ["ledger.json", "ledger.json.lock"]);
    }
}
