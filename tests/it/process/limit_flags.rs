//! Limits as a person asks for them, by flag, variable or suite: who runs into one is told of it, with its number.

use crate::fixture::{Answer, Testcase, call, skip};

const SPIN: &str = "while :; do :; done";
const GROW: &str = "exec head -c 2000000 /dev/zero > \"$TMPDIR/big\"";
const FILL: &str = "head -c 200000000 /dev/zero | tail -c 200000000 | cksum; exit $?";

/// Runs a suite of one probe that is this script and has these keys, below `around` if that is anything.
fn run(around: &[&str], script: &str, keys: &str, flags: &[&str], variable: Option<(&str, &str)>) -> Answer {
    let suite = format!(
        "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\nsummary = \"y\"\n\
         sources = [\"p.sh\"]\nrun = \"bash -o pipefail {{sources}}\"\n{keys}\n"
    );
    let args = [&["run", "mine", "--cc", "gcc/12", "--suites", "s"][..], flags].concat();
    let mut call = call(&args).file("s/mine/suite.toml", suite).file("s/mine/p.sh", script);
    if let Some((name, value)) = variable {
        call = call.env(name, value);
    }
    if let [program, rest @ ..] = around { call.below(program, rest) } else { call }.run()
}

/// The one verdict of a run that could not be determined.
fn error(answer: Answer) -> Testcase {
    let answer = answer.exits(75);
    let case = answer.junit().case("mine.p", "run").clone();
    assert_eq!(case.outcome, "error");
    case
}

/// What is said before the command, which stands beside it.
fn reason(case: &Testcase) -> &str {
    case.message.split_once(" (limit on ").expect("the command beside the reason").0
}

#[test]
fn cpu_time() {
    let told = "ran into its limit on CPU time: 1 s in one process";
    for (keys, flags, variable) in [
        ("", &["--cpu-time", "1s"][..], None),
        ("", &[], Some(("STACKPROBE_CPU_TIME", "1s"))),
        ("cpu-time = \"1s\"", &[], None),
        // Whoever starts the run has the last word, as with the time by the clock.
        ("cpu-time = \"1h\"", &["--cpu-time", "1s"], None),
    ] {
        let case = error(run(&[], SPIN, keys, flags, variable));
        assert_eq!((case.kind.as_str(), reason(&case)), ("limit.cpu", told), "{keys} {flags:?}");
    }
}

#[test]
fn file_size() {
    let case = error(run(&[], GROW, "", &["--file-size", "1MiB"], None));
    let told = "ran into its limit on the size of a file: 1 MiB";
    assert_eq!((case.kind.as_str(), reason(&case)), ("limit.file-size", told));
    run(&[], GROW, "file-size = \"1MiB\"", &["--file-size", "4MiB"], None).exits(0);
}

#[test]
fn memory_of_the_whole_case_where_groups_can_be_made() {
    let answer = run(&[], FILL, "", &["--memory", "64MiB"], None);
    let case = answer.junit().case("mine.p", "run").clone();
    if case.message.contains("address space") {
        return skip("control-group", "no control group can be made here");
    }
    let told = "ran into its limit on memory: 64 MiB in all";
    assert_eq!((case.outcome.as_str(), case.kind.as_str()), ("error", "limit.memory"), "{}", case.message);
    assert_eq!(reason(&case), told);
    run(&[], FILL, "", &["--memory", "1GiB"], None).exits(0);
}

#[test]
fn address_space_where_they_cannot() {
    let read_only = "for group in $(findmnt -n -o TARGET -t cgroup,cgroup2); do mount -o remount,bind,ro $group; done; \
                     exec \"$0\" \"$@\"";
    let below = ["unshare", "--mount", "sh", "-c", read_only];
    let dd = "dd if=/dev/zero of=/dev/null bs=200M count=1";
    let case = error(run(&below, dd, "", &["--memory", "100MiB"], None));
    let told = "ran into its limit on address space: 100 MiB in one process";
    assert_eq!((case.kind.as_str(), reason(&case)), ("limit.memory", told));
    // A failure of another kind is the stack's, whatever limit there is.
    run(&below, "exit 3", "", &["--memory", "100MiB"], None).exits(1);
    run(&below, dd, "", &["--memory", "1GiB"], None).exits(0);
}
