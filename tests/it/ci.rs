//! What GitHub Actions and GitLab are told, read as they read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::fixture::{Answer, call};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n\
    [[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"p.sh\"]\nrun = \"sh {sources}\"\nprotocol = \"tap\"\n";

fn run(script: &str, ci: &[(&str, &str)]) -> Answer {
    let mut call = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"])
        .file("s/mine/suite.toml", SUITE)
        .file("s/mine/p.sh", script);
    for (name, value) in ci {
        call = call.env(name, value);
    }
    call.run()
}

/// `not ok` checks with these messages.
fn reds(messages: &[&str]) -> String {
    let mut script = "cat <<'END'\n".to_owned();
    for (index, message) in messages.iter().enumerate() {
        writeln!(script, "not ok {} - c{index}\n  ---\n  message: {message}\n  ...", index + 1).unwrap();
    }
    script + &format!("1..{}\nEND\nexit 1\n", messages.len())
}

#[derive(Debug, PartialEq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    data: String,
}

/// As the runner parses a line of the log (`ActionCommand.TryParseV2`), which trims before it looks.
fn command(line: &str) -> Option<Command> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let data_of = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| data_of(&text.replace("%3A", ":").replace("%2C", ","));
    let properties = properties.split(',').filter_map(|pair| pair.split_once('='));
    Some(Command {
        name: name.to_owned(),
        properties: properties.map(|(name, value)| (name.to_owned(), property(value))).collect(),
        data: data_of(data),
    })
}

fn commands(answer: &Answer) -> Vec<Command> {
    answer.stdout.lines().chain(answer.stderr.lines()).filter_map(command).collect()
}

#[test]
fn github_shows_a_cause_at_its_probe_and_no_probe_can_give_it_commands() {
    let hostile = "100% wrong, at 12:00 ::error file=x::pwned | <b> `x`";
    let script = "echo '::add-mask::gcc' >&2\n".to_owned() + &reds(&[hostile]);
    let answer = run(&script, &[("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "page.md")]).exits(1);
    let told = commands(&answer);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].name, "error");
    assert!(told[0].data.starts_with(hostile), "{told:?}");
    assert_eq!(told[0].properties["title"], "mine/p c0 [gcc/12.2.0]");
    assert_eq!(
        (&told[0].properties["file"][..], &told[0].properties["line"][..]),
        ("s/mine/suite.toml", "4")
    );
    let page = std::fs::read_to_string(answer.folder.path().join("page.md")).unwrap();
    assert!(page.starts_with("### stackprobe: 1 failed, 1 passed in 1 case\n"), "{page}");
    assert!(page.contains("| gcc/12.2.0 | **1 failed, 1 passed** |"), "{page}");
    assert!(page.contains("100% wrong, at 12:00 ::error file=x::pwned \\| &lt;b&gt; \\`x\\`"), "{page}");
    // A report of the same results tells the same, and adds to the page that is there.
    let mut report = call(&["report", "results"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", answer.folder.path().join("page.md"));
    report.command().current_dir(answer.folder.path());
    let report = report.run().exits(1);
    assert_eq!(commands(&report), told);
    let twice = std::fs::read_to_string(answer.folder.path().join("page.md")).unwrap();
    assert_eq!(twice.matches("### stackprobe").count(), 2);
}

#[test]
fn github_is_told_how_many_causes_it_will_not_show() {
    let names = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kiwi", "lynx"];
    let exact = run(&reds(&names[..10]), &[("GITHUB_ACTIONS", "true")]).exits(1);
    let told = commands(&exact);
    assert_eq!(told.len(), 10, "{told:?}");
    assert!(told.iter().all(|command| command.data.len() < 5), "{told:?}");
    let more = run(&reds(&names), &[("GITHUB_ACTIONS", "true")]).exits(1);
    let told = commands(&more);
    assert_eq!(told.len(), 10, "{told:?}");
    assert_eq!(told[9].data, "and 3 other causes of 3 checks that did not pass: see the report");
}

#[test]
fn gitlab_folds_the_output_of_each_cause() {
    let script =
        "printf '\\033[0Ksection_start:1:evil\\r\\033[0Kx\\n' >&2\n".to_owned() + &reds(&["ant", "bee"]);
    let answer = run(&script, &[("GITLAB_CI", "true")]).exits(1);
    let marks: Vec<&str> = answer.stdout.split("\u{1b}[0K").filter(|part| part.ends_with('\r')).collect();
    let names: Vec<String> = marks
        .iter()
        .map(|mark| {
            let parts: Vec<&str> = mark.trim_end().split(':').collect();
            assert!(parts[1].parse::<u64>().unwrap() > 1_700_000_000, "{mark}");
            format!("{} {}", parts[0], parts[2])
        })
        .collect();
    let wanted = [
        "section_start stackprobe_1[collapsed=true]",
        "section_end stackprobe_1",
        "section_start stackprobe_2[collapsed=true]",
        "section_end stackprobe_2",
    ];
    assert_eq!(names, wanted, "{}", answer.stdout);
    assert!(answer.stdout.contains("\u{1b}[0Kfailed: mine/p c0 [gcc/12.2.0]: ant\n"), "{:?}", answer.stdout);
}

#[test]
fn elsewhere_and_where_all_is_well_nothing_is_told() {
    for (script, ci, code) in [
        (reds(&["ant"]), &[][..], 1),
        (reds(&["ant"]), &[("GITHUB_ACTIONS", "false")], 1),
        ("echo 'ok 1 - c\n1..1'".to_owned(), &[("GITHUB_ACTIONS", "true"), ("GITLAB_CI", "")], 0),
    ] {
        let answer = run(&script, ci).exits(code);
        assert_eq!(commands(&answer), []);
        assert!(!answer.stdout.contains('\u{1b}'), "{:?}", answer.stdout);
    }
}
