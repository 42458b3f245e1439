//! `stackprobe.toml`: what goes before what, what is wrong with it, and what `config show` says.

use std::fs;

use crate::fixture::{Answer, Call, call};

const FILE: &str = "timeout = \"7s\"\nretries = 1\nsuites = [\"own\"]\nexclude = [\"mpi/spawn\", \"mpi/io\"]\n\
    [profile.ci]\nretries = 3\nkeep = true\nfilter = \"tag(smoke)\"\n";

/// Values and sources of `config show`.
fn shown(call: Call) -> (Answer, impl Fn(&str) -> (String, String, String)) {
    let answer = call.run().exits(0);
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let look = move |name: &str| {
        let values = json["values"].as_array().unwrap();
        let found = values.iter().find(|value| value["name"] == name).unwrap_or_else(|| panic!("{name}"));
        let words = found["values"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let place = found["place"].as_str().unwrap_or_default().to_owned();
        (words.collect::<Vec<_>>().join(","), found["from"].as_str().unwrap().to_owned(), place)
    };
    (answer, look)
}

fn show(words: &[&str]) -> Call {
    call(&[&["config", "show", "--format", "json"], words].concat()).file("stackprobe.toml", FILE)
}

#[test]
fn the_command_line_goes_before_the_environment_that_before_the_profile_and_that_before_the_file() {
    let (answer, look) =
        shown(show(&["run", "--timeout", "5s"]).env("STACKPROBE_PROFILE", "ci").env("STACKPROBE_JOBS", "2"));
    let file = answer.folder.path().join("stackprobe.toml");
    let file = fs::canonicalize(file).unwrap();
    let place = |line: usize| format!("{}:{line}", file.display());
    let of = |value: &str, from: &str, place: String| (value.to_owned(), from.to_owned(), place);
    assert_eq!(look("timeout"), of("5s", "flag", "--timeout".into()));
    assert_eq!(look("jobs"), of("2", "environment", "STACKPROBE_JOBS".into()));
    assert_eq!(look("retries"), of("3", "profile", format!("ci, {}", place(6))));
    assert_eq!(look("keep"), of("true", "profile", format!("ci, {}", place(7))));
    assert_eq!(look("exclude"), of("mpi/spawn,mpi/io", "file", place(4)));
    assert_eq!(look("suites"), of(&file.with_file_name("own").to_string_lossy(), "file", place(3)));
    assert_eq!(look("grace"), of("20s", "default", String::new()));
    assert_eq!(look("since").1, "unset");

    let (_, look) = shown(show(&[]).env("STACKPROBE_RETRIES", "9").env("STACKPROBE_EXCLUDE", "r"));
    assert_eq!(look("retries").0, "9");
    assert_eq!(look("exclude").0, "r");
    assert_eq!(look("keep").1, "default");
    let (_, look) = shown(show(&["list"]).env("STACKPROBE_CONFIG", ""));
    assert_eq!(look("exclude").1, "unset");
    let text = call(&["config", "show"]).file("stackprobe.toml", FILE).run().exits(0).stdout;
    assert!(text.contains("retries") && text.contains("stackprobe.toml:2\n"), "{text}");
}

#[test]
fn a_setting_does_what_the_flag_does() {
    let answer = call(&["list", "--cc", "gcc/12", "--mpi", "openmpi/5"])
        .file("stackprobe.toml", "filter = [\"probe(mpi/hello)\"]\n")
        .run()
        .exits(0);
    assert!(answer.stdout.ends_with("2 cases\n"), "{}", answer.stdout);
    let answer = call(&["list", "--cc", "gcc/12", "-E", "probe(compiler/c11-language)"])
        .file("stackprobe.toml", "filter = \"probe(mpi/hello)\"\n")
        .run()
        .exits(0);
    assert!(answer.stdout.ends_with("1 case\n"), "{}", answer.stdout);
    // A file above the working directory, and one beside the site file.
    let mut below =
        call(&["list", "-E", "suite(r)"]).file("stackprobe.toml", "exclude = [\"r\"]\n").file("a/b/x", "");
    let folder = below.folder().join("a/b");
    below.command().current_dir(folder);
    below.run().exits(3);
    call(&["list", "-E", "suite(r)", "--site", "site/site.toml"])
        .file("site/site.toml", "")
        .file("site/stackprobe.toml", "exclude = [\"r\"]\n")
        .run()
        .exits(3);
    call(&["list", "-E", "suite(r)", "--config", "x.toml"])
        .file("x.toml", "exclude = [\"r\"]\n")
        .run()
        .exits(3);
}

#[test]
fn all_faults_of_a_file_are_told_at_once_with_their_places() {
    let file = "timeout = \"5x\"\nretrys = 1\njobs = 0\nall = \"yes\"\nresults = [\"a\", \"b\"]\ncc = 12.5\n\
                format = \"json\"\n[profile.ci]\nretries = 1000\nprofile = \"x\"\n[profile]\nother = 3\n";
    let answer = call(&["list"]).file("stackprobe.toml", file).run().exits(2);
    for (told, place) in [
        ("`timeout` is wrong: ", ":1:11"),
        ("unknown key `retrys`", ":2:1"),
        ("`jobs` is wrong: ", ":3:8"),
        ("`all` must be true or false, found `yes`", ":4:7"),
        ("`results` must be one value, found 2", ":5:1"),
        ("`cc` must be a string, a whole number", ":6:6"),
        ("unknown key `format`", ":7:1"),
        ("`retries` is wrong: ", ":9:11"),
        ("unknown key `profile`", ":10:1"),
    ] {
        let at = answer.stderr.find(told).unwrap_or_else(|| panic!("{told}\n{}", answer.stderr));
        assert!(
            answer.stderr[at..].lines().nth(1).unwrap().ends_with(place),
            "{told} {place}\n{}",
            answer.stderr
        );
    }
    let wrong = |words: &[&str], file: &str, told: &str| {
        let answer = call(words).file("stackprobe.toml", file).run().exits(2);
        assert!(answer.stderr.contains(told), "{}", answer.stderr);
    };
    wrong(&["list", "--profile", "cj"], "[profile.ci]\n", "has no profile `cj`\n  hint: did you mean `ci`?");
    wrong(&["list", "--config", "gone.toml"], "", "cannot read `gone.toml`");
    wrong(&["list"], "a = [\n", "stackprobe.toml:");
    wrong(&["config", "show", "nonsense"], "", "unrecognized subcommand 'nonsense'");
    let answer = call(&["list", "--profile", "ci"]).run().exits(2);
    assert!(
        answer.stderr.contains("there is no stackprobe.toml that could have a profile `ci`"),
        "{}",
        answer.stderr
    );
    // Help is there however broken the file is.
    call(&["run", "--help"]).file("stackprobe.toml", "a = [\n").run().exits(0);
}

#[test]
fn every_setting_of_the_page_is_one_and_every_example_is_understood() {
    use clap::Parser as _;
    let page = include_str!("../../docs/settings.md");
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    for profile in ["smoke", "nightly"] {
        let answer =
            call(&["config", "show", "--profile", profile]).file("stackprobe.toml", block("toml")).run();
        let answer = answer.exits(0);
        assert!(answer.stdout.contains(&format!("profile: {profile}, ")), "{}", answer.stdout);
    }
    for line in block("sh").lines() {
        let words = shell_words::split(line).unwrap();
        stackprobe::cli::Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn a_variable_that_is_nearly_one_of_ours_has_a_note_and_that_of_a_service_has_none() {
    let list = |name: &str| call(&["list", "no-such-suite"]).env(name, "x").run().stderr;
    let told = list("STACKPROBE_RESULT");
    let note = "STACKPROBE_RESULT is set and says nothing: did you mean STACKPROBE_RESULTS?";
    assert!(told.contains(note), "{told}");
    let quiet = list("STACKPROBE_PORT");
    assert!(!quiet.contains("did you mean STACKPROBE"), "{quiet}");
}
