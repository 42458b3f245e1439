//! A run never costs the results of the one before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::again::Place;

/// Every file below a folder with its text.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() && name != "earlier" {
            found.extend(files(&entry).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else if entry.is_file() && name != "run.lock" {
            found.insert(name, fs::read(&entry).unwrap());
        }
    }
    found
}

fn run(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.command(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), said)
}

#[test]
fn a_second_run_keeps_the_results_of_the_first_whole() {
    let place = Place::new();
    place.change("suites/site/one.sh", "echo wrong; exit 3\n");
    assert_eq!(run(&place, &[]).0, 1);
    let red = files(&place.at("results"));
    let scripts = red.keys().filter(|name| name.ends_with("repro.sh")).count();
    assert!(scripts == 2 && red.contains_key("report.html"), "{:?}", red.keys());
    // What the page says: run this case again.
    place.change("suites/site/one.sh", "exit 0\n");
    let (code, said) = run(&place, &[]);
    assert!(code == 0 && said.contains("are kept as `") && said.contains("results/earlier/1`"), "{said}");
    assert_eq!(files(&place.at("results/earlier/1")), red);

    // Every verb understands what is kept, and none mixes it with what is new.
    let ask = |words: &[&str]| {
        let mut command = place.command(&[]);
        let program = command.get_program().to_owned();
        let environment: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
        command = std::process::Command::new(program);
        let output = command.args(words).current_dir(place.at(".")).env_clear().envs(environment).output();
        let output = output.unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(ask(&["report", "results"]).0, 0);
    assert_eq!(ask(&["report", "results/earlier/1"]).0, 1);
    let (code, said) = ask(&["compare", "results/earlier/1", "results"]);
    assert!(code == 0 && said.contains("site/one"), "{code} {said}");
}

#[test]
fn a_run_that_can_test_nothing_costs_no_results() {
    let place = Place::new();
    assert_eq!(run(&place, &[]).0, 0);
    let green = files(&place.at("results"));
    let nothing = place.command(&[]).env("MODULEPATH", place.at("gone")).output().unwrap();
    assert_eq!(nothing.status.code(), Some(75));
    assert_eq!(files(&place.at("results/earlier/1")), green);
    // A wrong word on the command line writes nothing at all.
    let here = files(&place.at("results"));
    assert_eq!(run(&place, &["nonsense"]).0, 2);
    assert_eq!(files(&place.at("results")), here);
}

#[test]
fn going_on_gives_up_no_verdict_without_keeping_it() {
    let place = Place::new();
    assert_eq!(run(&place, &[]).0, 0);
    let whole = files(&place.at("results"));
    // All of it is taken over: there is nothing to keep.
    assert_eq!(run(&place, &["--resume"]).0, 0);
    assert!(!place.at("results/earlier").exists());
    // Another selection, and the same with something changed.
    let mut command = place.command(&["--resume"]);
    command.env("STACKPROBE_TAG", "none");
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    place.change("suites/site/one.sh", "exit 3\n");
    assert_eq!(run(&place, &["--resume"]).0, 1);
    assert_eq!(
        files(&place.at("results/earlier/1")).keys().collect::<Vec<_>>(),
        whole.keys().collect::<Vec<_>>()
    );
    let record = |folder: &str| {
        let text = fs::read_to_string(place.at(folder).join("cases/site.one.gcc-12.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["checks"][0]["outcome"].clone()
    };
    assert_eq!((record("results/earlier/1"), record("results")), ("passed".into(), "failed".into()));
}

#[test]
fn where_nothing_can_be_kept_the_run_refuses_and_touches_nothing() {
    let place = Place::new();
    assert_eq!(run(&place, &[]).0, 0);
    let before = files(&place.at("results"));
    fs::write(place.at("results/earlier"), "a file in the way").unwrap();
    let (code, said) = run(&place, &[]);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("cannot keep the earlier results in `") && said.contains("--earlier 0"), "{said}");
    fs::remove_file(place.at("results/earlier")).unwrap();
    assert_eq!(files(&place.at("results")), before);
    assert_eq!(run(&place, &["--earlier", "0"]).0, 0);
    assert!(!place.at("results/earlier").exists());
}
