//! Who is tried again, and how that is told.

use super::run_script;
use crate::fixture::call;

/// A script that ends in `first` when it is run first, and in `then` ever after.
fn tries(first: &str, then: &str) -> String {
    format!("f=$HOME/../../tried; if [ -e \"$f\" ]; then {then}; fi; : > \"$f\"; {first}")
}

#[test]
fn a_pass_after_a_failure_is_flaky_and_says_so() {
    let answer = run_script(&tries("exit 1", "exit 0"), "retries = 2", &["--retries", "2"]).exits(0);
    let junit = answer.junit();
    let case = junit.case("mine.p", "run");
    assert_eq!((case.outcome.as_str(), case.flaky), ("passed", 1));
    let text = std::fs::read_to_string(answer.results().join("junit.xml")).unwrap();
    assert!(text.contains("<flakyFailure message=\"run: exit status 1\" type=\"exit\">"), "{text}");
    assert!(answer.stdout.contains("1 passed, 1 flaky in 1 case under"), "{}", answer.stdout);
    assert!(answer.stderr.contains("(flaky)"), "{}", answer.stderr);
    let page = std::fs::read_to_string(answer.results().join("report.html")).unwrap();
    assert!(page.contains("id=\"flaky\"") && page.contains("passed, but not at once"));
    // The report of a report says the same.
    call(&["report", answer.results().to_str().unwrap()]).run().exits(0);
    assert_eq!(answer.junit().case("mine.p", "run").flaky, 1);
}

#[test]
fn what_is_tried_again_is_what_may_be_and_no_failure_is_called_flaky() {
    let hangs = tries("sleep 60", "exit 0");
    let fails = tries("exit 1", "exit 0");
    for (script, keys, retries, code, tries) in [
        // Could not be told: any probe.
        (hangs.as_str(), "timeout = \"300ms\"", "1", 0, 1),
        (&hangs, "timeout = \"300ms\"", "0", 75, 0),
        // Failed: only where the probe allows it, and no more often than both say.
        (&fails, "", "3", 1, 0),
        (&fails, "retries = 1", "0", 1, 0),
        ("exit 1", "retries = 5", "2", 1, 2),
        ("exit 1", "retries = 1", "9", 1, 1),
        // A control that passes at once does not get another chance to fail.
        (&tries("exit 0", "exit 1"), "control = true\nretries = 3", "3", 1, 0),
    ] {
        let answer = run_script(script, keys, &["--retries", retries]).exits(code);
        let junit = answer.junit();
        assert_eq!(junit.cases.len(), 1);
        assert_eq!(junit.cases[0].flaky, tries, "{keys} --retries {retries}");
        assert_eq!(answer.stdout.contains("flaky"), code == 0 && tries > 0, "{}", answer.stdout);
        assert_eq!(answer.stderr.contains("(tried again)"), code != 0 && tries > 0, "{}", answer.stderr);
    }
}

#[test]
fn what_no_other_try_cures_is_not_tried_again_and_what_the_pod_may_cure_is() {
    let closed = "echo 'cannot open /x: closed to us; we are uid 1000 gid 1000' >&2; exit 1";
    let full = "echo 'ld: final link failed: No space left on device' >&2; exit 1";
    for (script, code, tried) in
        [(tries(closed, "exit 0"), 78, 0), (tries(full, "exit 0"), 0, 1), (format!("echo x; {full}"), 75, 3)]
    {
        let answer = run_script(&script, "", &["--retries", "3"]).exits(code);
        assert_eq!(answer.junit().cases[0].flaky, tried, "{script}");
    }
}

#[test]
fn a_suite_that_allows_retries_needs_no_flag() {
    let answer = run_script(&tries("exit 1", "exit 0"), "retries = 1", &[]).exits(0);
    assert_eq!(answer.junit().cases[0].flaky, 1);
    let answer = run_script(&tries("exit 1", "exit 0"), "", &[]).exits(1);
    assert_eq!(answer.junit().cases[0].flaky, 0);
}

#[test]
fn the_console_says_what_it_counts_and_where_to_look() {
    let script = "echo 'ok 1 - a'; echo 'not ok 2 - b'; echo 'ok 3 - c'; echo 1..3";
    let answer = run_script(script, "protocol = \"tap\"", &["--keep"]).exits(1);
    assert!(answer.stderr.contains("] 1 failed, 3 passed of 4 checks\n"), "{}", answer.stderr);
    let kept = answer.stderr.split("are kept in `").nth(1).and_then(|rest| rest.split('`').next());
    let kept = std::path::PathBuf::from(kept.unwrap_or_else(|| panic!("{}", answer.stderr)));
    assert!(kept.is_dir());
    std::fs::remove_dir_all(kept).unwrap();
    let said = |word: &str| {
        let line = answer.stdout.lines().find_map(|line| line.trim().strip_prefix(word));
        line.unwrap_or_else(|| panic!("{word}\n{}", answer.stdout)).to_owned()
    };
    assert_eq!(said("look: "), "stackprobe shell results/cases/mine.p.gcc-12.2.0");
    assert!(answer.folder.path().join(said("log: ")).is_file());
    // What is said can be typed, for a report of it, too.
    let shell =
        call(&["shell", answer.results().join("cases/mine.p.gcc-12.2.0").to_str().unwrap(), "--", "true"]);
    shell.run().exits(0);
    let report = call(&["report", answer.results().to_str().unwrap()]).run().exits(1);
    let path = answer.results().join("cases/mine.p.gcc-12.2.0");
    assert!(
        report.stdout.contains(&format!("look: stackprobe shell {}\n", path.display())),
        "{}",
        report.stdout
    );
}

#[test]
fn colours_are_there_when_they_are_asked_for() {
    let coloured = |flags: &[&str]| {
        let answer = run_script("exit 0", "", flags).exits(0);
        (answer.stdout.contains('\u{1b}'), answer.stderr.contains('\u{1b}'))
    };
    assert_eq!(coloured(&["--color", "always"]), (true, true));
    assert_eq!(coloured(&["--color", "never"]), (false, false));
    assert_eq!(coloured(&[]), (false, false));
}
