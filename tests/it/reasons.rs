//! The reason of a red check is what the tool said, wherever a person looks: on the console, in JUnit, on the page, in
//! what a CI system shows and in the pod's termination message; the command that said it stands beside it.

use crate::fixture::{Answer, call};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n";

/// A suite of one probe, with a CI system and a kubelet that look on.
fn run(probe: &str, files: &[(&str, &str)]) -> Answer {
    let mut call = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"])
        .file("s/mine/suite.toml", format!("{SUITE}[[probe]]\nname = \"p\"\nsummary = \"y\"\n{probe}\n"))
        .file("page.md", "")
        .file("termination", "")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "page.md")
        .env("STACKPROBE_TERMINATION_LOG", "termination");
    for (name, text) in files {
        call = call.file(&format!("s/mine/{name}"), *text);
    }
    call.run()
}

/// Everything that a person may look at, by its name.
fn told(answer: &Answer, check: &str) -> Vec<(&'static str, String)> {
    let file = |name: &str| std::fs::read_to_string(answer.results().parent().unwrap().join(name)).unwrap();
    let (annotations, summary): (Vec<&str>, Vec<&str>) =
        answer.stdout.lines().partition(|line| line.starts_with("::"));
    vec![
        ("console", answer.stderr.clone()),
        ("summary", summary.join("\n")),
        ("annotation", annotations.join("\n").replace("%0A", "\n").replace("%25", "%")),
        ("junit", answer.junit().case("mine.p", check).message.clone()),
        ("page", file("results/report.html")),
        ("step", file("page.md").replace('\\', "")),
        ("termination", file("termination")),
    ]
}

#[track_caller]
fn everywhere(answer: &Answer, check: &str, reason: &str, command: &str) {
    for (place, text) in told(answer, check) {
        assert!(text.contains(reason), "{place} does not say `{reason}`:\n{text}");
        assert!(text.contains(command), "{place} does not name `{command}`:\n{text}");
        let bare = text.lines().any(|line| line.trim().starts_with("build: exit status"));
        assert!(!bare, "{place} begins with an exit status:\n{text}");
    }
}

#[test]
fn a_build_that_fails_is_told_in_the_compilers_words_with_the_command_beside_them() {
    let answer = run(
        "sources = [\"a.c\"]\nbuild = \"{cc} -Wall {sources} -o {exe}\"\nrun = \"{exe}\"",
        &[("a.c", "int main(void) { int unused; return frobnicate; }\n")],
    );
    everywhere(&answer.exits(1), "build", "'frobnicate' undeclared", "exit status 1: ");
}

#[test]
fn a_run_that_fails_is_told_in_the_words_of_what_ran() {
    let script = "echo starting; echo '/opt/x/a: error while loading shared libraries: libq.so.3: cannot open \
                  shared object file: No such file or directory' >&2\nexit 127\n";
    let answer = run("sources = [\"p.sh\"]\nrun = \"sh {sources}\"", &[("p.sh", script)]).exits(1);
    for (place, text) in told(&answer, "run") {
        assert!(text.contains("libq.so.3"), "{place}:\n{text}");
    }
    let junit = answer.junit();
    let message = &junit.case("mine.p", "run").message;
    assert!(message.starts_with("/opt/x/a: error while loading shared libraries: libq.so.3"), "{message}");
}

#[test]
fn a_probe_that_bails_out_is_told_in_its_own_sentence() {
    let script = "echo 'TAP version 14'; echo 1..3; echo 'ok 1 - a'; echo 'Bail out! the window has 3 pages, wanted 4'; exit 9\n";
    let probe = "sources = [\"p.sh\"]\nrun = \"sh {sources}\"\nprotocol = \"tap\"";
    let answer = run(probe, &[("p.sh", script)]).exits(1);
    everywhere(&answer, "run", "the window has 3 pages, wanted 4", "exit status 9: sh p.sh");
    let junit = answer.junit();
    assert!(junit.case("mine.p", "run").message.starts_with("the window has 3 pages, wanted 4"));
}

#[test]
fn a_tool_that_a_probe_runs_itself_is_told_in_its_words_too() {
    let script = "cat <<'END'\n1..1\nnot ok 1 - add\n  ---\n  message: \"exit status 1: Collecting x\\nERROR: No matching \
                  distribution found for x\\n\"\n  command: \"pip install x\"\n  ...\nEND\nexit 1\n";
    let probe = "sources = [\"p.sh\"]\nrun = \"sh {sources}\"\nprotocol = \"tap\"";
    let answer = run(probe, &[("p.sh", script)]).exits(1);
    let junit = answer.junit();
    let message = &junit.case("mine.p", "add").message;
    assert_eq!(message, "ERROR: No matching distribution found for x (exit status 1: pip install x)");
}

#[test]
fn what_lmod_says_is_the_reason_when_a_module_is_not_there() {
    let answer = call(&["run", "mine", "--cc", "gcc/99", "--suites", "s"])
        .file(
            "s/mine/suite.toml",
            format!("{SUITE}[[probe]]\nname = \"p\"\nsummary = \"y\"\nrun = \"true\"\n"),
        )
        .run();
    let all = format!("{}{}", answer.stdout, answer.stderr);
    assert!(!all.contains("could not load what was asked for"), "{all}");
    assert!(all.contains("gcc/99"), "{all}");
}

#[test]
fn a_module_that_cannot_be_loaded_says_why() {
    let call = call(&["run", "mine", "--cc", "gcc/12", "--module", "odd/1", "--suites", "s"])
        .file(
            "s/mine/suite.toml",
            format!("{SUITE}[[probe]]\nname = \"p\"\nsummary = \"y\"\nrun = \"true\"\n"),
        )
        .file("m/odd/1.lua", "LmodError(\"the licence of odd is over\")\n");
    let path = format!("{}:{}", call.folder().join("m").display(), crate::fixture::core().display());
    let answer = call.env("MODULEPATH", &path).run();
    let all = format!("{}{}", answer.stdout, answer.stderr);
    assert!(all.contains("the licence of odd is over"), "{all}");
    let junit = answer.junit();
    assert!(junit.case("mine.p", "load").message.contains("the licence of odd is over"), "{all}");
}
