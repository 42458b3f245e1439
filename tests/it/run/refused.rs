//! What is never taken: a control that did not run, a file from elsewhere, numbers that nobody means.

use super::{SUITE, run_script, shell_suite};
use crate::fixture::call;

#[test]
fn a_control_whose_program_never_ran_proves_nothing() {
    let judged = |script: &str, more: &str| {
        let answer = run_script(script, &format!("control = true\n{more}"), &[]);
        let case = answer.junit().case("mine.p", "must fail").clone();
        (answer.code, case.message)
    };
    for (script, more) in [
        ("exit 1", "build = \"false\""),
        ("exit 1", "build = \"no-such-compiler\""),
        ("exit 1", "build = \"false\"\nexpect = { exit = 1 }"),
        ("no-such-program", ""),
        ("no-such-program || exit 1", ""),
        ("exec ./nothing", ""),
        ("kill -9 $$", ""),
        ("exit 137", ""),
        ("exit 1", "protocol = \"tap\""),
        ("no-such-program", "expect = { exit = \"nonzero\" }"),
    ] {
        let (code, message) = judged(script, more);
        let told = message.contains("failed for another reason than the seeded one");
        assert!(code == 1 && told, "{script}, {more}: {code} {message}");
    }
    for (script, more) in [
        ("exit 1", "build = \"true\""),
        ("echo seeded >&2; exit 2", ""),
        ("kill -11 $$", ""),
        ("kill -9 $$", "expect = { signal = \"KILL\" }"),
        ("exit 127", "expect = { exit = 127 }"),
        ("echo 1..1; echo not ok 1 - seeded; exit 1", "protocol = \"tap\""),
        ("exit 1", "build = \"sh -c 'echo seeded >&2; exit 1'\"\nexpect = { stderr = \"seeded\" }"),
    ] {
        let (code, message) = judged(script, more);
        assert_eq!(code, 0, "{script}, {more}: {message}");
    }
}

#[test]
fn a_link_out_of_a_suites_folder_is_a_fault_of_the_suite() {
    let suite = format!(
        "{SUITE}[[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"in.sh\", \"out.sh\"]\nrun = \"false\"\n"
    );
    let call = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"])
        .file("s/mine/suite.toml", suite)
        .file("s/mine/real.sh", "exit 1\n")
        .file("private", "top-secret");
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, call.folder().join("s/mine").join(name)).unwrap();
    };
    link("real.sh", "in.sh");
    link("../../private", "out.sh");
    let answer = call.run().exits(2);
    assert!(answer.stderr.contains("`out.sh` leads out of the suite's folder"), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("suite.toml:7:") && !answer.stderr.contains("`in.sh`"),
        "{}",
        answer.stderr
    );
    assert!(!answer.results().exists());
}

#[test]
fn absurd_numbers_are_refused_before_anything_is_looked_at() {
    for (flag, value) in [
        ("--timeout", "99999999999999h"),
        ("--timeout", "0s"),
        ("--grace", "400d"),
        ("--cpu-time", "99999999999999h"),
        ("--memory", "99999999999TiB"),
        ("--file-size", "0"),
        ("--output", "2GiB"),
        ("--log", "9999TiB"),
        ("--jobs", "4294967295"),
        ("--jobs", "0"),
        ("--retries", "4294967295"),
        ("--shard", "1/99999999999"),
    ] {
        let answer =
            call(&["run", "compiler", "--cc", "gcc/12", flag, value]).without("MODULEPATH").run().exits(2);
        assert!(answer.stderr.contains(flag) && answer.stderr.contains(value), "{}", answer.stderr);
    }
    let absurd = "timeout = \"99999999999999h\"\ncpu-time = \"99999999999999h\"\nmemory = \"99999999999TiB\"\n\
                  file-size = \"1025TiB\"\nranks = 99999999999\nslots = 99999999999\nretries = 99999999999\n\
                  requires = [\"shm >= 99999999999TiB\"]\n";
    let (suite, script) = shell_suite("exit 0", absurd);
    let known =
        "[[known]]\nmatch = { suite = \"mine\" }\nreason = \"x\"\nref = \"y\"\nuntil = \"0001-01-01\"\n";
    let words = ["run", "mine", "--cc", "gcc/12", "--suites", "s", "--site", "site.toml"];
    let call =
        call(&words).file("s/mine/suite.toml", suite).file("s/mine/p.sh", script).file("site.toml", known);
    let answer = call.run().exits(2);
    for key in ["timeout", "cpu-time", "memory", "file-size", "ranks", "slots", "retries", "shm", "until"] {
        assert!(answer.stderr.contains(key), "{key} in\n{}", answer.stderr);
    }
    assert_eq!(answer.stderr.matches("error:").count(), 9, "{}", answer.stderr);
}
