//! Every way in which a stack breaks is caught by the check that should catch it, and a healthy stack raises none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::fixture::{call, stack};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/faults");

/// What the header of a `break` says.
pub(crate) struct Fault {
    pub(crate) name: String,
    pub(crate) script: PathBuf,
    pub(crate) run: String,
    /// What is run of the healthy stack, where the fault shows a module that is not there.
    pub(crate) healthy: String,
    red: (String, String),
    words: String,
    pub(crate) env: Option<(String, String)>,
}

pub(crate) fn faults() -> Vec<Fault> {
    let mut faults: Vec<Fault> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| {
            let script = folder.join("break");
            let text = std::fs::read_to_string(&script).unwrap();
            let header: BTreeMap<&str, &str> = text
                .lines()
                .skip(1)
                .map_while(|line| line.strip_prefix("# ")?.split_once(':'))
                .map(|(key, value)| (key, value.trim()))
                .collect();
            let get = |key: &str| {
                let value = header.get(key).unwrap_or_else(|| panic!("{} has no `{key}:`", script.display()));
                (*value).to_owned()
            };
            let red = get("red");
            let (class, check) = red.split_once(' ').expect("red: SUITE.PROBE CHECK");
            let env = header.get("env").and_then(|env| env.split_once('='));
            Fault {
                name: folder.file_name().unwrap().to_string_lossy().into_owned(),
                run: get("run"),
                healthy: header.get("healthy").map_or_else(|| get("run"), |run| (*run).to_owned()),
                words: get("words"),
                red: (class.to_owned(), check.to_owned()),
                env: env.map(|(name, value)| (name.to_owned(), value.to_owned())),
                script,
            }
        })
        .collect();
    faults.sort_by(|left, right| left.name.cmp(&right.name));
    faults
}

/// A copy of the stack, and the folder of its modules.
pub(crate) fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("stack");
    let made = Command::new(Path::new(FOLDER).join("copy")).arg(stack()).arg(&into).status().unwrap();
    assert!(made.success());
    (folder, into)
}

pub(crate) fn probe(run: &str, copy: &Path, env: Option<&(String, String)>) -> crate::fixture::Answer {
    let core = crate::fixture::core();
    let core = copy.join(core.strip_prefix(stack()).unwrap());
    let words: Vec<&str> = std::iter::once("run").chain(run.split(' ')).collect();
    let mut call = call(&words).env("MODULEPATH", core);
    if let Some((name, value)) = env {
        call = call.env(name, value.replace("{copy}", &copy.to_string_lossy()));
    }
    call.run()
}

/// Why this fault was not caught as it should be.
fn missed(fault: &Fault) -> Option<String> {
    let (_folder, copy) = copy();
    let broken = Command::new(&fault.script).current_dir(&copy).output().unwrap();
    if !broken.status.success() {
        return Some(format!("it could not be made: {}", String::from_utf8_lossy(&broken.stderr)));
    }
    let answer = probe(&fault.run, &copy, fault.env.as_ref());
    if answer.code != 1 {
        return Some(format!("exit code {}\n{}{}", answer.code, answer.stdout, answer.stderr));
    }
    let junit = answer.junit();
    let (class, check) = &fault.red;
    // Two toolchains may have the check, and one of them be healthy.
    let mut named = junit
        .cases
        .iter()
        .filter(|case| case.classname == *class && case.name.starts_with(&format!("{check} [")));
    let case = named.clone().find(|case| case.outcome == "failure").or_else(|| named.next());
    let Some(case) = case else { return Some(format!("there is no check `{check}`\n{}", answer.stdout)) };
    if case.outcome != "failure" {
        return Some(format!("`{check}` is {}\n{}", case.outcome, answer.stdout));
    }
    let said = format!("{}\n{}", case.message, case.text);
    (!said.contains(&fault.words)).then(|| format!("`{check}` does not say `{}`, but: {said}", fault.words))
}

/// Does `work` for each of `items`, two at a time.
pub(crate) fn by_two<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = Mutex::new(items.iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let item = next.lock().unwrap().next();
                    let Some(item) = item else { break };
                    work(item);
                }
            });
        }
    });
}

#[test]
fn every_fault_is_caught_by_the_check_that_should() {
    let faults = faults();
    assert!(faults.len() >= 99, "{} faults", faults.len());
    let failures = Mutex::new(Vec::new());
    by_two(&faults, |fault| {
        if let Some(why) = missed(fault) {
            failures.lock().unwrap().push(format!("{}: {why}", fault.name));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} missed\n{}", failures.len(), faults.len(), failures.join("\n\n"));
}

#[test]
fn the_healthy_stack_raises_none_of_them() {
    let (_folder, copy) = copy();
    let runs: BTreeSet<String> = faults().into_iter().map(|fault| fault.healthy).collect();
    let runs: Vec<String> = runs.into_iter().collect();
    by_two(&runs, |run| {
        let answer = probe(run, &copy, None).exits(0);
        assert_eq!(answer.junit().count("failure") + answer.junit().count("error"), 0);
    });
}

#[test]
fn what_one_compiler_lacks_is_told_under_it_alone() {
    let (_folder, copy) = copy();
    let script = Path::new(FOLDER).join("install-without-module/break");
    assert!(Command::new(script).current_dir(&copy).status().unwrap().success());
    probe("modules/spack --cc gcc/12", &copy, None).exits(1);
    probe("modules/spack --cc gcc/11", &copy, None).exits(0);
}

/// Why a launch as the module leaves it stands beside the launch profile's.
#[test]
fn the_launch_profile_alone_would_hide_what_the_module_sets() {
    let (_folder, copy) = copy();
    let script = Path::new(FOLDER).join("openmpi-module-forces-tcp/break");
    assert!(Command::new(script).current_dir(&copy).status().unwrap().success());
    let toolchain = "--cc gcc/12 --mpi openmpi/5";
    probe(&format!("mpi/hello mpi/transport {toolchain}"), &copy, None).exits(0);
    let answer = probe(&format!("mpi/transport-as-left {toolchain}"), &copy, None).exits(1);
    let junit = answer.junit();
    let mut failures = junit.cases.iter().filter(|case| case.outcome == "failure");
    assert!(failures.all(|case| {
        let said = format!("{}\n{}", case.message, case.text);
        said.contains("mpi-steered-off-shared-memory")
            && said.contains("added to start at all: PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe")
    }));
}
