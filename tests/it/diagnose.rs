//! `stackprobe diagnose` as a person uses it: a log from anywhere, and what little is known about it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn diagnose(arguments: &[&str], log: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stackprobe"))
        .arg("diagnose")
        .args(arguments)
        .env_remove("STACKPROBE_SITE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A refused command line closes its end before all is written.
    let _ = child.stdin.take().unwrap().write_all(log);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_log_from_a_pipe_is_told_with_fault_cause_fix_and_the_line_that_told() {
    let log = b"./hf: error while loading shared libraries: libgfortran.so.5: cannot open shared object file: No such file or directory\n";
    let output = diagnose(&["-"], log);
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output);
    assert!(
        told.starts_with(
            "lib-not-found (fault: stack, layer: library)\n  cause  ./hf does not find libgfortran.so.5"
        ),
        "{told}"
    );
    assert!(told.contains("\n  fix    ldd ./hf") && told.contains("\n  seen   ./hf: error while"), "{told}");
}

#[test]
fn the_exit_status_is_read_in_the_words_of_its_launcher_whatever_the_mpi_is_called() {
    let told = |arguments: &[&str]| text(&diagnose(arguments, b""));
    assert!(
        told(&["-", "--exit", "15", "--mpi", "mpich/5.0.2"])
            .starts_with("exit status 15: an MPI call failed")
    );
    assert!(told(&["-", "--exit", "255", "--mpi", "impi/2021.18"]).contains("Intel MPI says 255"));
    assert!(
        told(&["-", "--exit", "139"])
            .starts_with("exit status 139: killed by SEGV\nprogram-crashed (fault: unknown")
    );
    assert!(told(&["-", "--exit", "3"]).contains("unknown: no rule knows a reason"));
    // Which of two codes it is depends on the version, which is not known here.
    assert!(!told(&["-", "--exit", "243", "--mpi", "openmpi"]).contains("no ssh"));
}

#[test]
fn json_has_the_same_in_fields_and_says_unknown_in_a_word() {
    let log = b"[vm:1] *** An error occurred in MPI_Send\nwhoami: cannot find name for user ID 1000\n";
    let output = diagnose(&["-", "--format", "json", "--exit", "6", "--mpi", "openmpi/5.0.11"], log);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["ending"], "exit status 6");
    let first = &told["diagnoses"][0];
    assert_eq!((first["id"].as_str(), first["fault"].as_str()), (Some("mpi-error-fatal"), Some("unknown")));
    assert_eq!(first["layer"], "mpi-run");
    assert_eq!(first["matched"], "[vm:1] *** An error occurred in MPI_Send");
    assert_eq!(told["diagnoses"][1]["id"], "uid-no-passwd");
    assert_eq!(told["diagnoses"][1]["noise"], true);
}

#[test]
fn a_huge_log_is_looked_at_from_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.log");
    let mut log = b"ld: final link failed: No space left on device\n".to_vec();
    for number in 0..600_000 {
        writeln!(log, "line {number} of forty million, none of which says anything").unwrap();
    }
    log.extend_from_slice(b"./x: CPU ISA level is lower than required\n");
    assert!(log.len() > 32 << 20);
    std::fs::write(&path, log).unwrap();
    let told = text(&diagnose(&[path.to_str().unwrap()], b""));
    assert!(told.starts_with("lib-cpu-isa") && told.contains("disk-full"), "{told}");
}

#[test]
fn a_site_adds_rules_and_its_broken_ones_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    let rule = |pattern: &str| {
        format!(
            "[[diagnosis]]\nid = \"scratch-down\"\nlayer = \"pod\"\nfault = \"site\"\npattern = '{pattern}'\nsample = \"stale file handle on /scratch\"\ncause = \"scratch is down\"\nfix = \"ask storage\"\n"
        )
    };
    let run = || diagnose(&["-", "--site", site.to_str().unwrap()], b"cp: stale file handle on /scratch\n");
    std::fs::write(&site, rule("stale file handle on /scratch")).unwrap();
    assert!(text(&run()).starts_with("scratch-down (fault: site"));
    std::fs::write(&site, rule("stale (file")).unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("site.toml:5:11") && told.contains("unclosed group"), "{told}");
}

#[test]
fn a_log_that_is_not_there_is_a_usage_error() {
    let output = diagnose(&["/nonexistent/log"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("cannot read `/nonexistent/log`: no such file or directory")
    );
}

#[test]
fn explain_tells_what_a_diagnosis_means() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_stackprobe")).args(["explain", "rank-bus-error"]).output().unwrap();
    let told = text(&output);
    assert!(
        told.starts_with("rank-bus-error (layer: mpi-run, weight: symptom)\n  cause  a rank died"),
        "{told}"
    );
    assert!(told.contains("  fault  stack if shm-free >= shm-needed and oom-kills = 0\n"), "{told}");
    assert!(told.contains("  such as: YOUR APPLICATION TERMINATED"), "{told}");
}
