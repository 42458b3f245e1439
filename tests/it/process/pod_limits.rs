//! Limits that the pod has before we start (`ulimit`): each is named with what mends it, and none ends us without a word.

use crate::fixture::{Answer, call};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\n\
    summary = \"y\"\nsources = [\"p.sh\"]\nrun = \"bash {sources}\"\n";

/// Runs a call after these commands of a shell, and a suite of one probe that is this script.
fn after(commands: &str, script: &str, args: &[&str]) -> Answer {
    let call = call(args).file("s/mine/suite.toml", SUITE).file("s/mine/p.sh", script);
    call.below("bash", &["-c", &format!("{commands}; exec \"$@\""), "bash"]).run()
}

const RUN: [&str; 6] = ["run", "mine", "--cc", "gcc/12", "--suites", "s"];

#[test]
fn what_is_too_tight_for_anything_is_told_before_anything() {
    for (limits, id, told, hint) in [
        ("ulimit -s 128", "stack-limit-too-small", "have 128 KiB of stack (ulimit -s)", "ulimit -s 8192"),
        ("ulimit -S -s 512", "stack-limit-too-small", "have 512 KiB of stack (ulimit -s)", "ulimit -s 8192"),
        ("ulimit -t 1", "cpu-time-too-short", "use 1 s of CPU time (ulimit -t)", "ulimit -t unlimited"),
        ("ulimit -S -t 5", "cpu-time-too-short", "use 5 s of CPU time (ulimit -t)", "ulimit -t unlimited"),
        ("ulimit -f 100", "file-size-too-small", "files of 100 KiB (ulimit -f)", "ulimit -f unlimited"),
        ("ulimit -f 0", "file-size-too-small", "files of 0 KiB (ulimit -f)", "ulimit -f unlimited"),
        (
            "ulimit -v 300000",
            "address-space-too-small",
            "of address space (ulimit -v)",
            "ulimit -v unlimited",
        ),
        ("ulimit -n 24", "open-files-too-few", "hold 24 files open (ulimit -n)", "LimitNOFILE"),
    ] {
        println!("{limits}");
        let answer = after(limits, "exit 0", &RUN).exits(78);
        let lines: Vec<&str> = answer.stderr.lines().collect();
        let [error, advice] = lines[..] else { panic!("{}", answer.stderr) };
        assert!(error.starts_with("error: a process may ") && error.contains(told), "{error}");
        assert!(error.ends_with(&format!("({id})")), "{error}");
        assert!(advice.starts_with("  hint: ") && advice.contains(hint), "{advice}");
        let doctor = after(limits, "", &["doctor", "compiler"]).exits(78).stdout;
        assert!(doctor.contains("UNFIT") && doctor.contains(&format!("{id} (pod's fault)")), "{doctor}");
    }
}

#[test]
fn memory_that_is_too_little_for_ourselves_is_told_and_no_bug_of_ours() {
    let answer = after("ulimit -d 30000", "exit 0", &RUN).exits(78);
    assert!(answer.stderr.contains("29 MiB of data (ulimit -d), 64 MiB are needed"), "{}", answer.stderr);
    let doctor = after("ulimit -d 60000", "", &["doctor", "compiler"]).exits(78).stdout;
    assert!(doctor.contains("data-too-small (pod's fault)") && doctor.contains("58 MiB of data"), "{doctor}");
    for args in [&RUN[..], &["doctor"], &["list"]] {
        let answer = after("ulimit -d 5000", "", args).exits(78);
        let told = "error: a process may have 5000 KiB of memory (ulimit -d), stackprobe needs 16 MiB to look\n  \
                    hint: ulimit -d unlimited";
        assert!(answer.stderr.starts_with(told), "{}", answer.stderr);
    }
}

#[test]
fn limits_that_leave_enough_are_shown_and_keep_nothing_from_running() {
    let wide = "ulimit -s 2048; ulimit -t 600; ulimit -f 1000000";
    after(wide, "exit 0", &RUN).exits(0);
    let doctor = after(wide, "", &["doctor", "compiler"]).exits(0).stdout;
    for told in ["2048 KiB", "stack-limit-small", "600 s", "976 MiB"] {
        assert!(doctor.contains(told), "{told}:\n{doctor}");
    }
}

#[test]
fn a_launch_needs_files_as_large_as_its_shared_memory() {
    let args = ["doctor", "mpi", "--cc", "gcc/12", "--mpi", "openmpi/5"];
    let doctor = after("ulimit -f 65536", "", &args);
    let mine = doctor.stdout.lines().find(|line| line.contains("file size")).unwrap();
    assert!(mine.contains("64 MiB") && mine.contains("needs "), "{}", doctor.stdout);
}

/// What a case is called that does this under these limits: exit code, outcome, and all that is said of it.
fn case(limits: &str, script: &str) -> (i32, String, String) {
    let answer = after(limits, script, &RUN);
    let case = answer.junit().cases.into_iter().find(|case| case.outcome != "passed").unwrap();
    (answer.code, case.outcome, case.text)
}

#[test]
fn a_case_that_runs_into_a_limit_of_the_pod_says_so() {
    let grow = "head -c 80000000 /dev/zero > \"$TMPDIR/big\"";
    for script in [format!("exec {grow}"), format!("{grow}; exit $?"), format!("trap '' XFSZ\n{grow}")] {
        let (code, outcome, text) = case("ulimit -f 70000", &script);
        assert_eq!((code, outcome.as_str()), (78, "error"), "{text}");
        assert!(text.contains("file-size-") && text.contains("fault: pod"), "{text}");
        let (code, _, text) = case("true", "echo 'x: File too large'; exit 1");
        assert!(code == 1 && text.contains("fault: unknown"), "{text}");
    }
    // Whoever starts us may ignore the signal: cases get what every program expects.
    let (_, _, text) = case("ulimit -f 70000; trap '' XFSZ", &format!("exec {grow}"));
    assert!(text.contains("file-size-killed"), "{text}");
}

#[test]
fn a_crash_under_a_small_stack_is_not_blamed_on_what_crashed() {
    let crash = "cat > x.c <<'C'\n#include <string.h>\nint main(int n, char **v) { (void)v; char a[4 << 20]; \
        memset(a, n, sizeof a); return a[n] - n; }\nC\ngcc -O0 x.c -o x && exec ./x";
    let (code, outcome, text) = case("ulimit -s 2048", crash);
    assert_eq!((code, outcome.as_str()), (1, "failure"), "{text}");
    assert!(text.contains("stack-limit-crash") && text.contains("fault: unknown"), "{text}");
    after("true", crash, &RUN).exits(0);
}

#[test]
fn an_answer_that_becomes_larger_than_a_file_may_be_is_an_error_and_no_death() {
    let call = call(&["list"]).below("bash", &["-c", "ulimit -f 1; \"$@\" > answer", "bash"]);
    let answer = call.run().exits(78);
    let told = "error: cannot write to standard output: file too large\n  hint: raise the limit on the size of a file";
    assert!(answer.stderr.starts_with(told), "{}", answer.stderr);
}
