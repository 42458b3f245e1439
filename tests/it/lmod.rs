//! The same stack by two real releases of Lmod: one that answers in JSON, and one whose words only a shell understands.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::fixture::{Call, call};
use serde_json::Value;

/// The Lmod that answers in JSON.
pub(crate) fn newer() -> PathBuf {
    let lmod = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/lmod-8.7.60/libexec/lmod");
    assert!(lmod.exists(), "no {}: run `make tools`", lmod.display());
    lmod
}

fn by(lmod: Option<&PathBuf>, args: &[&str]) -> Call {
    let call = call(args)
        .env("ODD", "it's\n\"odd\" $HOME `id` \u{e9}")
        .env("EMPTY", "")
        .env("OMPI_MCA_pml", "leaked");
    lmod.into_iter().fold(call, |call, lmod| call.env("LMOD_CMD", lmod))
}

/// Variables inside a toolchain, but for those in which releases of Lmod keep house and those of each call.
fn variables(lmod: Option<&PathBuf>, toolchain: &[&str]) -> BTreeMap<String, String> {
    let words = [&["shell"], toolchain, &["--", "env", "-0"]].concat();
    let text = by(lmod, &words).run().exits(0).stdout;
    let own = ["HOME", "PWD", "TMPDIR"];
    let place = ["LMOD_CMD", "LMOD_DIR", "LMOD_PKG"];
    let variables = text.split('\0').filter_map(|entry| entry.split_once('='));
    variables
        .filter(|(name, _)| !own.contains(name) && !name.starts_with("_ModuleTable"))
        .map(|(name, value)| {
            (name.to_owned(), if place.contains(&name) { "its own" } else { value }.to_owned())
        })
        .collect()
}

#[test]
fn both_find_the_same_hierarchy_and_give_the_same_environments() {
    let newer = newer();
    let found = |lmod| by(lmod, &["discover", "--format", "json"]).run().exits(0).stdout;
    let hierarchy = found(None);
    assert_eq!(hierarchy, found(Some(&newer)));
    let hierarchy: Value = serde_json::from_str(&hierarchy).unwrap();
    let toolchains = hierarchy["toolchains"].as_array().unwrap();
    assert!(toolchains.len() > 15);
    for toolchain in toolchains {
        let modules = toolchain["modules"].as_array().unwrap();
        let flag = |layer: &Value| {
            if layer == "compiler" {
                "--cc"
            } else if layer == "mpi" {
                "--mpi"
            } else {
                "--runtime"
            }
        };
        let words: Vec<&str> = modules
            .iter()
            .flat_map(|module| [flag(&module["layer"]), module["module"].as_str().unwrap()])
            .collect();
        let (older, newer) = (variables(None, &words), variables(Some(&newer), &words));
        assert_eq!(older, newer, "{words:?}");
        assert_eq!(older["LOADEDMODULES"].split(':').count(), modules.len());
        assert_eq!(older["ODD"], "it's\n\"odd\" $HOME `id` \u{e9}");
        assert_ne!(older.get("OMPI_MCA_pml").map(String::as_str), Some("leaked"));
    }
}

#[test]
fn lmods_json_runs_programs_and_its_refusals_are_told() {
    let newer = newer();
    let run = |words: &[&str]| by(Some(&newer), words).env("LOADEDMODULES", "gcc/11.3.0").run();
    let answer = run(&["run", "mpi/hello", "--cc", "gcc/12", "--mpi", "openmpi/5"]).exits(0);
    let text = std::fs::read_to_string(answer.results().join("junit.xml")).unwrap();
    assert!(text.contains("8.7.60") && text.contains("gcc/12.2.0 openmpi/5.0.11"), "{text}");
    let answer = run(&["run", "mpi/hello", "--cc", "gcc/12", "--mpi", "openmpi/6"]).exits(1);
    assert!(
        answer.stderr.contains("load: there is no openmpi/6; openmpi is offered as 4.1.4, 5.0.11"),
        "{}",
        answer.stderr
    );
    let junit = answer.junit();
    let case = junit.cases.iter().find(|case| case.outcome == "failure").unwrap();
    assert!(case.text.contains("openmpi/6"), "{}", case.text);
}

/// An Lmod, and its spider, that tell their version and then do `body`.
fn hollow(body: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let version =
        "case \"$*\" in *--version*) echo 'Modules based on Lua: Version 8.6.19  2022' >&2; exit;; esac";
    for program in ["lmod", "spider"] {
        let path = folder.path().join(program);
        std::fs::write(&path, format!("#!/bin/sh\n{version}\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let lmod = folder.path().join("lmod");
    (folder, lmod)
}

#[test]
fn an_lmod_that_tells_its_version_and_then_rubbish_is_broken_everywhere() {
    for body in [
        ":",
        "echo '{}'",
        "echo '[]'",
        "echo '<html>502</html>'",
        "echo 'not what you want ((('",
        "echo 'cannot open file posix.so' >&2; exit 1",
        "kill -9 $$",
    ] {
        let (_folder, lmod) = hollow(body);
        let run = |words: &[&str]| by(Some(&lmod), words).run();
        for words in [
            &["discover"][..],
            &["list", "compiler", "--all"],
            &["shell", "--cc", "gcc/12", "--", "true"],
            &["doctor", "compiler", "--all"],
        ] {
            let answer = run(words);
            let told = format!("{}{}", answer.stdout, answer.stderr);
            assert_eq!(answer.code, 78, "{body}: {words:?}: {told}");
            assert!(told.contains("lmod") && !told.contains("says: \n"), "{body}: {words:?}: {told}");
        }
        for words in [&["run", "compiler", "--cc", "gcc/12"][..], &["run", "modules", "--all"]] {
            let answer = run(words).exits(78);
            let junit = answer.junit();
            assert!(junit.count("error") > 0 && junit.count("failure") == 0, "{body}: {words:?}");
            let case = junit.cases.iter().find(|case| case.outcome == "error").unwrap();
            assert!(
                case.text.contains("lmod-broken") || case.message.contains("lmod-broken"),
                "{body}: {case:#?}"
            );
        }
    }
}
