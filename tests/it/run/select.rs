//! Which cases a run takes: expressions, exclusions, what was not green before, and when it stops.

use std::fs;

use super::again::Place;
use crate::fixture::call;

fn run(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.command(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), said)
}

fn plan(place: &Place, folder: &str) -> (Vec<String>, serde_json::Value) {
    let text = fs::read_to_string(place.at(folder).join("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = plan["cases"].as_array().unwrap();
    let ids = cases.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    (ids, plan["selected"].clone())
}

#[test]
fn an_expression_selects_cases_of_the_whole_stack_and_says_what_it_cannot() {
    let list = |words: &[&str]| {
        let answer = call(&[&["list"], words].concat()).run();
        (answer.code, answer.stdout, answer.stderr)
    };
    let (code, said, _) = list(&["-E", "probe(mpi/hello) & cc(gcc/12) & !mpi({mpich,intel*}/*)"]);
    assert_eq!(code, 0);
    let cases: Vec<&str> = said.lines().collect();
    assert_eq!(
        cases,
        [
            "mpi/hello n=2 [gcc/12.2.0 openmpi/4.1.4]",
            "mpi/hello n=4 [gcc/12.2.0 openmpi/4.1.4]",
            "mpi/hello n=2 [gcc/12.2.0 openmpi/5.0.11]",
            "mpi/hello n=4 [gcc/12.2.0 openmpi/5.0.11]",
            "4 cases"
        ]
    );
    // What is asked for by prefix is understood once it is loaded, and other words hold, too.
    let words = ["--cc", "gcc/12", "--mpi", "openmpi/5", "--exclude", "mpi"];
    let (code, said, _) = list(&[&words[..], &["-E", "mpi(openmpi/5.0.11) & probe(h*)"]].concat());
    assert_eq!(code, 3, "{said}");
    let (code, said, _) = list(&[&words[..4], &["-E", "mpi(openmpi/5.0.11) & probe(hello)"]].concat());
    assert!(code == 0 && said.ends_with("2 cases\n"), "{said}");
    let shards: Vec<String> = ["1/2", "2/2"]
        .map(|shard| list(&[&words[..4], &["-E", "tag(smoke)", "--shard", shard]].concat()).1)
        .into();
    let whole = list(&[&words[..4], &["-E", "tag(smoke)"]].concat()).1;
    let count = |text: &str| text.lines().count() - 1;
    assert_eq!(count(&shards[0]) + count(&shards[1]), count(&whole));

    let (code, _, said) = list(&["-E", "cc(gcc/99) | probe(compiler/c11-language) & cc(gcc/12)"]);
    assert!(code == 0 && said.contains("note: no toolchain that is asked for has cc(gcc/99)"), "{said}");
    let (code, _, said) = list(&["-E", "suite(mpi) & cc(gcc/99)"]);
    assert!(code == 3 && said.contains("no toolchain that is asked for has cc(gcc/99)"), "{said}");
    // Everything that is wrong, at once.
    let (code, _, said) =
        list(&["nonsense", "-E", "suite(mpj) & check(x)", "-E", "tga(x)", "--exclude", "mpi/helo"]);
    assert_eq!(code, 2);
    for told in [
        "no suite or probe is named `nonsense`",
        "no suite is named `mpj`",
        "did you mean `mpi`?",
        "only results have a `check`",
        "there is no function `tga`",
        "no suite or probe is named `mpi/helo`",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    // Without a toolchain the suites are listed; what depends on one may be meant.
    let (code, said, _) = list(&["-E", "suite(mpi) & probe(hello)"]);
    assert!(code == 0 && said.starts_with("mpi: ") && said.lines().count() == 2, "{said}");
    assert_eq!(list(&["-E", "none()"]).0, 3);
    let (code, _, said) = list(&["--failed"]);
    assert!(code == 2 && said.contains("plan.json"), "{code} {said}");
    let answer = call(&["doctor", "--format", "json", "-E", "suite(mpi) & tga(x)"]).run().exits(2);
    assert!(answer.stderr.contains("--> --filter:1:14"), "{}", answer.stderr);
}

#[test]
fn what_was_not_green_is_asked_again_and_nothing_else() {
    let place = Place::new();
    assert_eq!(run(&place, &[]).0, 0);
    let (code, said) = run(&place, &["--failed"]);
    assert!(code == 3 && said.contains("is green, all 3 cases of it"), "{said}");
    place.change("suites/site/one.sh", "exit 3\n");
    place.change("site.toml", "");
    assert_eq!(run(&place, &[]).0, 1);
    let (all, selected) = plan(&place, "results");
    assert_eq!(all.len(), 3);
    assert_eq!(selected["toolchains"]["gcc/12"]["compiler"], "gcc/12");

    // The toolchain comes from the results, not from the command line.
    let failed = |words: &[&str]| {
        let mut command = place.command(words);
        let mut plain = std::process::Command::new(command.get_program());
        plain.args(["run"]).args(words).current_dir(place.at(".")).env_clear();
        plain.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command = plain;
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = failed(&["--failed"]);
    assert_eq!(code, 1, "{said}");
    let (ids, selected) = plan(&place, "results");
    assert_eq!(ids, ["site.one.gcc-12", "site.known.gcc-12"]);
    assert!(selected["again"].as_str().unwrap().ends_with("results"), "{selected}");
    // A run that tests nothing is passed over.
    let nothing = place.command(&[]).env("MODULEPATH", place.at("gone")).output().unwrap();
    assert_eq!(nothing.status.code(), Some(75));
    place.change("suites/site/one.sh", "exit 0\n");
    let (code, said) = failed(&["--failed", "-E", "probe(one)"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(plan(&place, "results").0, ["site.one.gcc-12"]);
    // Any earlier results can be named.
    let earlier = format!("--failed={}", place.at("results/earlier/2").display());
    assert_eq!(failed(&[&earlier]).0, 1);
    assert_eq!(plan(&place, "results").0, ["site.one.gcc-12", "site.known.gcc-12"]);
    // What is not there any more is no green.
    let suite = fs::read_to_string(place.at("suites/site/suite.toml")).unwrap();
    place.change("suites/site/suite.toml", &suite.replace("\"known\"", "\"renamed\""));
    let (code, said) = failed(&[&earlier]);
    assert!(code == 3 && said.contains("there is no such case now"), "{code} {said}");
}

#[test]
fn a_run_that_has_seen_enough_begins_nothing_more_and_is_never_green() {
    let place = Place::new();
    place.change("suites/site/one.sh", "exit 3\n");
    place.change("site.toml", "");
    let record = |probe: &str| {
        let text =
            fs::read_to_string(place.at("results").join(format!("cases/site.{probe}.gcc-12.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        (record["checks"][0]["outcome"].clone(), record["checks"][0]["reason"].clone())
    };
    assert_eq!(run(&place, &["--fail-fast", "--jobs", "1"]).0, 1);
    let probes = ["one", "two", "known"].map(record);
    let left: Vec<_> = probes.iter().filter(|(outcome, _)| outcome == "skipped").collect();
    assert!(!left.is_empty(), "{probes:?}");
    for (_, reason) in &left {
        assert_eq!(reason, "not run: 1 case had not passed by then (--fail-fast)");
    }
    // What was not run is not green, wherever it is counted.
    assert_eq!(run(&place, &["--failed", "--max-fail", "9"]).0, 1);
    assert!(plan(&place, "results").0.len() > left.len(), "{probes:?}");
    assert_eq!(run(&place, &["--fail-fast", "--max-fail", "2"]).0, 2);
    assert_eq!(run(&place, &["--max-fail", "0"]).0, 2);
    // Enough is not seen where all is well.
    place.change("suites/site/one.sh", "exit 0\n");
    assert_eq!(run(&place, &["--fail-fast", "--exclude", "site/known"]).0, 0);
    // What was not begun is run by the next one that resumes, not taken for done.
    place.change("suites/site/one.sh", "exit 3\n");
    assert_eq!(run(&place, &["--fail-fast", "--jobs", "1", "--exclude", "site/known"]).0, 1);
    assert_eq!(record("two").0, "skipped");
    place.change("suites/site/one.sh", "exit 0\n");
    assert_eq!(run(&place, &["--resume", "--exclude", "site/known"]).0, 0);
    assert_eq!((record("one").0, record("two").0), ("passed".into(), "passed".into()));
}

#[test]
fn a_report_of_a_part_says_so_and_leaves_the_whole_report_alone() {
    let place = Place::new();
    place.change("suites/site/one.sh", "exit 3\n");
    assert_eq!(run(&place, &[]).0, 1);
    let junit = fs::read(place.at("results/junit.xml")).unwrap();
    let report = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_stackprobe"))
            .args(["report", "results"])
            .args(words)
            .current_dir(place.at("."))
            .env_clear()
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, notes) = report(&["-E", "probe(one) & cc(gcc) & outcome(failed)"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("1 failed in 1 case") && !said.contains("junit.xml"), "{said}");
    assert!(notes.contains("takes: 1 of 3 cases"), "{notes}");
    assert_eq!(report(&["-E", "probe(two) & toolchain(gcc/12)"]).0, 0);
    assert_eq!(report(&["-E", "probe(nothing*)"]).0, 3);
    let (code, _, said) = report(&["-E", "probe("]);
    assert!(code == 2 && said.contains("`probe(` is not closed"), "{said}");
    assert_eq!(fs::read(place.at("results/junit.xml")).unwrap(), junit);
    assert_eq!(report(&["-E", "!outcome(passed)", "--out", "part"]).0, 1);
    let part = fs::read_to_string(place.at("part/junit.xml")).unwrap();
    assert!(part.contains("tests=\"2\""), "{part}");
}

#[test]
fn every_example_of_the_page_on_selection_is_understood() {
    use clap::Parser as _;
    use stackprobe::cli::{Cli, Verb};
    use stackprobe::suite::filter::{Filter, Function};
    let page = include_str!("../../../docs/select.md");
    let mut understood = 0;
    for line in page.lines().filter(|line| line.starts_with("stackprobe ")) {
        let cli = Cli::try_parse_from(shell_words::split(line).unwrap());
        let cli = cli.unwrap_or_else(|error| panic!("{line}: {error}"));
        let filters = match cli.verb {
            Verb::Run(flags) => flags.select.filters,
            Verb::List(flags) => flags.select.filters,
            Verb::Doctor(flags) => flags.select.filters,
            Verb::Report(flags) => flags.filters,
            verb => panic!("{verb:?}"),
        };
        for filter in filters {
            Filter::parse(&filter).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        understood += 1;
    }
    assert!(understood >= 10, "{understood}");
    for (name, _) in Function::ALL {
        assert!(page.contains(&format!("`{name}(NAME)`")), "{name}");
    }
}
