//! `stackprobe gate`: one word, and every way in which a green could lie.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Answer, call, tree};

const SUITE: &str = r#"
name = "site"
summary = "small probes"
toolchain = ["compiler"]
[[probe]]
name = "one"
summary = "passes"
tags = ["smoke"]
run = "true"
[[probe]]
name = "two"
summary = "passes if a file says so"
files = ["verdict"]
run = "sh verdict"
protocol = "tap"
[[probe]]
name = "known"
summary = "fails, and the site knows"
run = "false"
"#;

const MORE: &str = r#"
name = "more"
summary = "another suite"
toolchain = ["compiler"]
[[probe]]
name = "three"
summary = "may be skipped"
files = ["verdict"]
run = "sh verdict"
protocol = "tap"
"#;

const KNOWN: &str =
    "[[known]]\nmatch = { suite = \"site\", probe = \"known\" }\nreason = \"broken\"\nref = \"T-1\"\n";

/// A module tree of two compilers in Spack's layout, two suites, a plan and the results of a sound run.
pub(crate) struct Site {
    folder: TempDir,
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(status.success());
}

impl Site {
    /// The stack alone.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = |version: &str| {
            format!(
                "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", \"{{root}}/opt/gcc-{version}/bin\")\n\
                 prepend_path(\"MODULEPATH\", \"{{root}}/gcc/{version}\")\n"
            )
        };
        let hash = |letter: &str| letter.repeat(32);
        let spec = |version: &str, hash: &str| {
            format!(
                r#"{{"spec": {{"_meta": {{"version": 5}}, "nodes": [{{"name": "gcc", "version": "{version}", "hash": "{hash}"}}]}}}}"#
            )
        };
        let install = |version: &str| {
            let hash = hash(if version == "12" { "a" } else { "b" });
            let prefix = format!("{}/opt/gcc-{version}", folder.path().display());
            (
                hash.clone(),
                json!({"spec": {"name": "gcc", "version": version, "hash": hash}, "path": prefix,
                "installed": true, "explicit": true, "ref_count": 0}),
            )
        };
        let installs: serde_json::Map<String, Value> = ["12", "13"].map(install).into_iter().collect();
        let database = json!({"database": {"version": "8", "installs": installs}}).to_string();
        tree(
            folder.path(),
            &[
                ("Core/gcc/12.lua", &module("12")),
                ("Core/gcc/13.lua", &module("13")),
                ("gcc/12/zlib/1.lua", "whatis(\"z\")\n"),
                ("gcc/13/zlib/1.lua", "whatis(\"z\")\n"),
                ("opt/.spack-db/index.json", &database),
                ("opt/gcc-12/.spack/spec.json", &spec("12", &hash("a"))),
                ("opt/gcc-12/bin/gcc", ""),
                ("opt/gcc-13/.spack/spec.json", &spec("13", &hash("b"))),
                ("opt/gcc-13/bin/gcc", ""),
                ("suites/site/suite.toml", SUITE),
                ("suites/site/verdict", "echo 1..2; echo ok 1 - a; echo ok 2 - b\n"),
                ("suites/more/suite.toml", MORE),
                ("suites/more/verdict", "echo 1..1; echo ok 1 - c\n"),
                ("site.toml", KNOWN),
            ],
        );
        Self { folder }
    }

    /// With a plan and the results of a run.
    pub(crate) fn sound() -> Self {
        let site = Self::bare();
        site.plan();
        site.run(&["--results", "results"]).exits(0);
        site
    }

    /// A copy of one sound site, at the very place of the first: nothing of it is written anew.
    fn attacked(attack: impl FnOnce(&Self)) -> Answer {
        static SOUND: OnceLock<Site> = OnceLock::new();
        let sound = SOUND.get_or_init(Self::sound);
        let copied = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["plan.json", "results"] {
            copy(&sound.at(name), &copied.at(name));
        }
        attack(&copied);
        sound.gate_of(&copied, &[])
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn call(&self, words: &[&str]) -> Answer {
        self.call_in(self.folder.path(), words)
    }

    fn call_in(&self, folder: &Path, words: &[&str]) -> Answer {
        let mut call = call(words)
            .env("MODULEPATH", self.at("Core"))
            .env("STACKPROBE_SITE", self.at("site.toml"))
            .env("STACKPROBE_SUITES", self.at("suites"))
            .env("STACKPROBE_TERMINATION_LOG", self.at("termination"));
        call.command().current_dir(folder);
        call.run()
    }

    fn plan(&self) {
        self.call(&["list", "site", "more", "--all", "--format", "json", "--out", "plan.json"]).exits(0);
    }

    fn run(&self, words: &[&str]) -> Answer {
        self.call(&[&["run", "site", "more", "--all", "--quiet"], words].concat())
    }

    pub(crate) fn gate(&self, words: &[&str]) -> Answer {
        self.gate_of(self, words)
    }

    fn gate_of(&self, results: &Self, words: &[&str]) -> Answer {
        let words = [&["gate", "results", "--plan", "plan.json", "--format", "json"], words].concat();
        self.call_in(results.folder.path(), &words)
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(&fs::read(self.at(name)).unwrap()).unwrap();
        change(&mut value);
        fs::write(self.at(name), value.to_string()).unwrap();
    }

    /// Changes a text file of the stack; its time is that of the change.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        assert!(text.contains(from), "{name}: {text}");
        fs::write(self.at(name), text.replace(from, to)).unwrap();
    }

    /// Writes the seal anew, as a careful liar would.
    fn seal(&self, results: &str) {
        use stackprobe::digest::{hex, sha256};
        let digest = |path: &Path| hex(&sha256(&fs::read(path).unwrap()));
        let plan = digest(&self.at(&format!("{results}/plan.json")));
        let mut cases = serde_json::Map::new();
        for entry in fs::read_dir(self.at(&format!("{results}/cases"))).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                cases.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), digest(&path).into());
            }
        }
        self.edit(&format!("{results}/seal.json"), |seal| {
            seal["plan"] = plan.into();
            seal["cases"] = cases.into();
        });
    }
}

fn verdict(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", answer.stdout, answer.stderr))
}

fn kinds(answer: &Answer) -> Vec<String> {
    let verdict = verdict(answer);
    let reasons = verdict["reasons"].as_array().unwrap();
    let kinds: Vec<&str> = reasons.iter().map(|reason| reason["kind"].as_str().unwrap()).collect();
    // What was asked is shown where it is well, too.
    for kind in &kinds {
        let by_rule = || stackprobe::gate::event::Event::names().any(|name| name == *kind);
        let asked = stackprobe::gate::text::QUESTIONS.contains(kind) || by_rule();
        assert!(asked, "{kind} is no question of the suite of a verdict");
    }
    kinds.into_iter().map(str::to_owned).collect()
}

/// What a plan leaves out by its own words cannot be lost: nobody would miss it.
#[test]
fn a_plan_of_a_part_is_no_release_unless_the_policy_says_so() {
    let site = Site::bare();
    fs::write(site.at("policy.toml"), "partial = true\n").unwrap();
    for (words, part) in [
        (&["-E", "probe(one)"][..], "probe(one)"),
        (&["--tag", "smoke"], "--tag smoke"),
        (&["--exclude", "site/two"], "--exclude site/two"),
        (&["--shard", "1/2"], "--shard 1/2"),
    ] {
        let list = ["list", "site", "--all", "--format", "json", "--out", "plan.json"];
        site.call(&[&list[..], words].concat()).exits(0);
        site.call(&[&["run", "site", "--all", "--quiet", "--results", "results"][..], words].concat())
            .exits(0);
        let answer = site.gate(&[]).exits(1);
        assert!(kinds(&answer).contains(&"partial-plan".to_owned()), "{part}: {}", answer.stdout);
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
        let answer = site.gate(&["--policy", "policy.toml"]);
        assert!(!kinds(&answer).contains(&"partial-plan".to_owned()), "{part}: {}", answer.stdout);
    }
}

const ONE: &str = "results/cases/site.one.gcc-12.json";

#[test]
fn a_whole_green_run_may_go_and_every_answer_has_the_one_word() {
    let site = Site::sound();
    let answer = site.gate(&["--out", "verdict.json", "--junit", "gate.xml"]).exits(0);
    let told = verdict(&answer);
    assert_eq!(told["verdict"], "may-go", "{told:#}");
    assert_eq!(told["cases"]["owed"], 8);
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(site.at("verdict.json")).unwrap()).unwrap(), told);
    let junit = crate::fixture::Junit::read(&site.at("gate.xml"));
    assert!(junit.cases.len() > 20 && junit.cases.iter().all(|case| case.outcome == "passed"));
    let text = site.call(&["gate", "results", "--plan", "plan.json"]).exits(0).stdout;
    assert!(text.ends_with("may go\n"), "{text}");
}

/// What is done to the sound run, and which question must be answered by *no*.
type Attack = (&'static str, &'static str, fn(&Site));

const ATTACKS: &[Attack] = &[
    ("a failed check is edited to passed and sealed by nobody", "edited", |site| {
        site.edit(ONE, |case| case["seconds"] = json!(1.0));
    }),
    ("a record is dropped", "edited", |site| fs::remove_file(site.at(ONE)).unwrap()),
    ("a record is dropped and the seal is written anew", "lost", |site| {
        fs::remove_file(site.at(ONE)).unwrap();
        site.seal("results");
    }),
    ("a record is cut short", "edited", |site| {
        let text = fs::read(site.at(ONE)).unwrap();
        fs::write(site.at(ONE), &text[..text.len() / 2]).unwrap();
    }),
    ("a record is cut short and the seal is written anew", "edited", |site| {
        let text = fs::read(site.at(ONE)).unwrap();
        fs::write(site.at(ONE), &text[..text.len() / 2]).unwrap();
        site.seal("results");
    }),
    ("a record is empty", "edited", |site| fs::write(site.at(ONE), "").unwrap()),
    ("a record has no checks", "edited", |site| {
        site.edit(ONE, |case| case["checks"] = json!([]));
        site.seal("results");
    }),
    ("a record is added", "edited", |site| {
        fs::copy(site.at(ONE), site.at("results/cases/site.zero.gcc-12.json")).unwrap();
    }),
    ("a record is added and the seal is written anew", "two-plans", |site| {
        fs::copy(site.at(ONE), site.at("results/cases/site.zero.gcc-12.json")).unwrap();
        site.seal("results");
    }),
    ("a toolchain is renamed in a record", "edited", |site| {
        site.edit(ONE, |case| case["toolchain"] = json!("gcc/13"));
        site.seal("results");
    }),
    ("a toolchain is renamed in record and plan", "two-plans", |site| {
        site.edit(ONE, |case| case["toolchain"] = json!("gcc/13"));
        site.edit("results/plan.json", |plan| {
            for owed in plan["cases"].as_array_mut().unwrap() {
                if owed["id"] == "site.one.gcc-12" {
                    owed["toolchain"] = json!("gcc/13");
                }
            }
        });
        site.seal("results");
    }),
    ("the run's plan is replaced by a smaller one", "edited", |site| {
        site.edit("results/plan.json", |plan| drop(plan["cases"].as_array_mut().unwrap().pop()));
    }),
    ("the run owed less than is owed", "lost", |site| {
        let mut id = String::new();
        site.edit("results/plan.json", |plan| {
            let last = plan["cases"].as_array_mut().unwrap().pop().unwrap();
            last["id"].as_str().unwrap().clone_into(&mut id);
        });
        fs::remove_file(site.at(&format!("results/cases/{id}.json"))).unwrap();
        site.seal("results");
    }),
    ("a whole toolchain was not run", "lost-toolchain", |site| {
        site.edit("results/plan.json", |plan| {
            plan["cases"].as_array_mut().unwrap().retain(|owed| owed["toolchain"] == "gcc/12");
        });
        for entry in fs::read_dir(site.at("results/cases")).unwrap() {
            let path = entry.unwrap().path();
            if path.to_str().unwrap().ends_with("gcc-13.json") {
                fs::remove_file(path).unwrap();
            }
        }
        site.seal("results");
    }),
    ("the plan to judge by owes less than was run", "two-plans", |site| {
        site.edit("plan.json", |plan| drop(plan["cases"].as_array_mut().unwrap().pop()));
    }),
    ("the plan to judge by owes a case twice", "duplicate", |site| {
        site.edit("plan.json", |plan| {
            let again = plan["cases"][0].clone();
            plan["cases"].as_array_mut().unwrap().push(again);
        });
    }),
    ("the plan to judge by owes nothing", "empty", |site| {
        site.edit("plan.json", |plan| plan["cases"] = json!([]));
    }),
    ("the plan to judge by does not say of which stack it is", "unknown-stack", |site| {
        site.edit("plan.json", |plan| drop(plan.as_object_mut().unwrap().remove("basis")));
    }),
    ("the plan to judge by knows no modulefile", "unknown-stack", |site| {
        site.edit("plan.json", |plan| plan["basis"]["modulefiles"] = json!({}));
    }),
    ("the run does not say which stack it met", "other-stack", |site| {
        site.edit("results/plan.json", |plan| drop(plan.as_object_mut().unwrap().remove("basis")));
        site.seal("results");
    }),
    ("the run was killed before its end", "cut-short", |site| {
        fs::remove_file(site.at("results/seal.json")).unwrap();
    }),
    ("the seal is cut short", "edited", |site| fs::write(site.at("results/seal.json"), "{").unwrap()),
    ("the seal is of another format", "edited", |site| {
        site.edit("results/seal.json", |seal| seal["format"] = json!(7));
    }),
    ("the results are given twice", "duplicate", |site| {
        copy(&site.at("results"), &site.at("results2"));
        fs::create_dir(site.at("both")).unwrap();
        fs::rename(site.at("results"), site.at("both/a")).unwrap();
        fs::rename(site.at("results2"), site.at("both/b")).unwrap();
        fs::rename(site.at("both"), site.at("results")).unwrap();
    }),
    ("an old result that passed covers a new one that could not tell", "duplicate", |site| {
        fs::create_dir(site.at("both")).unwrap();
        copy(&site.at("results"), &site.at("both/new"));
        fs::rename(site.at("results"), site.at("both/old")).unwrap();
        fs::rename(site.at("both"), site.at("results")).unwrap();
        for entry in fs::read_dir(site.at("results/new/cases")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = format!("results/new/cases/{}", path.file_name().unwrap().to_str().unwrap());
            site.edit(&name, |case| {
                let began = case["started"].as_str().unwrap().replace("T0", "T1").replace("T2", "T1");
                case["started"] = json!(began.replacen("20", "21", 1));
                case["checks"] =
                    json!([{"name": "case", "outcome": "error", "reason": "no licence", "kind": "x"}]);
            });
        }
        site.seal("results/new");
    }),
    ("one of two shards is lost", "lost-shard", |site| {
        site.edit("results/plan.json", |plan| plan["shard"] = json!("1/2"));
        site.seal("results");
    }),
    ("an input is a file of nothing", "unread", |site| {
        copy(&site.at("results"), &site.at("pod"));
        fs::remove_dir_all(site.at("results")).unwrap();
        fs::create_dir(site.at("results")).unwrap();
        fs::rename(site.at("pod"), site.at("results/pod")).unwrap();
        fs::write(site.at("results/junit.xml"), "<testsuites>").unwrap();
    }),
    ("an input holds cases without a plan", "unread", |site| {
        copy(&site.at("results"), &site.at("pod"));
        fs::remove_file(site.at("pod/plan.json")).unwrap();
        fs::create_dir(site.at("both")).unwrap();
        fs::rename(site.at("results"), site.at("both/a")).unwrap();
        fs::rename(site.at("pod"), site.at("both/b")).unwrap();
        fs::rename(site.at("both"), site.at("results")).unwrap();
    }),
    ("a suite was skipped whole", "untested-suite", |site| {
        for version in ["12", "13"] {
            site.edit(&format!("results/cases/more.three.gcc-{version}.json"), |case| {
                case["checks"] = json!([{"name": "case", "outcome": "skipped", "reason": "not here", "kind": "probe.skip"}]);
            });
        }
        site.seal("results");
    }),
    ("a toolchain was skipped whole", "untested-toolchain", |site| {
        for name in ["more.three", "site.one", "site.two", "site.known"] {
            site.edit(&format!("results/cases/{name}.gcc-13.json"), |case| {
                case["checks"] = json!([{"name": "case", "outcome": "skipped", "reason": "not here", "kind": "probe.skip"}]);
            });
        }
        site.seal("results");
    }),
    ("the run was made by another binary", "other-binary", |site| {
        site.edit("results/plan.json", |plan| plan["basis"]["binary"] = json!("0123456789abcdef"));
        site.seal("results");
    }),
    ("the run was judged by another site file", "other-judgement", |site| {
        site.edit("results/plan.json", |plan| plan["basis"]["site"] = json!("0123456789abcdef"));
        site.seal("results");
    }),
    ("the run used other suites", "other-judgement", |site| {
        site.edit("results/plan.json", |plan| plan["basis"]["suites"]["more"] = json!("0123456789abcdef"));
        site.seal("results");
    }),
    ("the run met another modulefile", "other-stack", |site| {
        site.edit("results/plan.json", |plan| {
            for file in plan["basis"]["modulefiles"].as_object_mut().unwrap().values_mut() {
                file["text"] = json!("0123456789abcdef");
            }
        });
        site.seal("results");
    }),
    ("the run met another install under the same modulefile", "other-stack", |site| {
        site.edit("results/plan.json", |plan| {
            for file in plan["basis"]["modulefiles"].as_object_mut().unwrap().values_mut() {
                if file["install"].is_string() {
                    file["install"] = json!("cccccccccccccccccccccccccccccccc");
                }
            }
        });
        site.seal("results");
    }),
    ("a case met an install that the plan does not know", "other-stack", |site| {
        site.edit(ONE, |case| {
            case["properties"]["spack.hashes"] = json!("gcc/12/cccccccccccccccccccccccccccccccc");
        });
        site.seal("results");
    }),
    ("the run looked at another module tree", "other-stack", |site| {
        site.edit("results/plan.json", |plan| plan["modulepath"] = json!("/elsewhere/Core"));
        site.seal("results");
    }),
    ("a result is older than the stack", "older", |site| {
        site.edit(ONE, |case| case["started"] = json!("2020-01-01T00:00:00Z"));
        site.seal("results");
    }),
    ("the clock went back during the run", "clock", |site| {
        site.edit("results/seal.json", |seal| seal["ended"] = json!("2020-01-01T00:00:00Z"));
    }),
    ("a result is of tomorrow", "clock", |site| {
        site.edit(ONE, |case| case["started"] = json!("2999-01-01T00:00:00Z"));
        site.seal("results");
    }),
    ("a result has no time", "clock", |site| {
        site.edit(ONE, |case| case["started"] = json!("yesterday"));
        site.seal("results");
    }),
    ("a check failed", "failed", |site| {
        site.edit(ONE, |case| case["checks"][0]["outcome"] = json!("failed"));
        site.seal("results");
    }),
    ("a check could not be determined", "error", |site| {
        site.edit(ONE, |case| case["checks"][0]["outcome"] = json!("error"));
        site.seal("results");
    }),
    ("the run was asked to stop", "interrupted", |site| {
        site.edit(ONE, |case| {
            case["checks"] =
                json!([{"name": "case", "outcome": "skipped", "reason": "stop", "kind": "interrupted"}]);
        });
        site.seal("results");
    }),
];

#[test]
fn no_green_lies() {
    for (name, kind, attack) in ATTACKS {
        let answer = Site::attacked(*attack);
        let told = kinds(&answer);
        assert!(told.iter().any(|told| told == kind), "{name}: wanted {kind}, found {told:?}");
        let wanted: &[i32] = match *kind {
            "empty" => &[3],
            "clock" | "error" | "interrupted" => &[75],
            _ => &[1],
        };
        assert!(wanted.contains(&answer.code), "{name}: {} {}", answer.code, answer.stdout);
        for reason in verdict(&answer)["reasons"].as_array().unwrap() {
            let hint = reason["hint"].as_str().unwrap();
            assert!(!hint.is_empty() && !reason["what"].as_str().unwrap().is_empty(), "{name}: {reason}");
        }
    }
    // Nothing was done to it: it is the attacks that turn it red.
    Site::attacked(|_| ()).exits(0);
}

#[test]
fn what_cannot_be_read_at_all_is_an_error_and_never_green() {
    let plan_cut = Site::attacked(|site| fs::write(site.at("plan.json"), "{\"format\": 1, \"ca").unwrap());
    assert_eq!(plan_cut.code, 2, "{}", plan_cut.stderr);
    let none = Site::attacked(|site| fs::remove_dir_all(site.at("results")).unwrap());
    assert_eq!(none.code, 2, "{}", none.stderr);
    let empty = Site::attacked(|site| {
        fs::remove_dir_all(site.at("results")).unwrap();
        fs::create_dir(site.at("results")).unwrap();
    });
    assert_eq!(empty.code, 2, "{}", empty.stderr);
    let nothing_done = Site::attacked(|site| {
        fs::remove_dir_all(site.at("results/cases")).unwrap();
        fs::create_dir(site.at("results/cases")).unwrap();
        site.seal("results");
    });
    assert_eq!((nothing_done.code, kinds(&nothing_done)[0].as_str()), (3, "empty"));
}

#[test]
fn a_plan_or_results_that_are_cut_short_are_one_line_that_says_so() {
    let site = Site::sound();
    let plan = fs::read_to_string(site.at("plan.json")).unwrap();
    fs::write(site.at("cut.json"), &plan[..plan.len() / 2]).unwrap();
    fs::write(site.at("none.json"), "").unwrap();
    for (name, why) in [("cut.json", "it is cut short: it ends in line "), ("none.json", "it is empty")] {
        let told = site.call(&["gate", "results", "--plan", name]).exits(2).stderr;
        let wanted = format!("error: cannot read `{name}`: {why}");
        assert!(
            told.starts_with(&wanted) && told.contains("  hint: ") && told.lines().count() == 2,
            "{told}"
        );
    }
    fs::write(site.at("results/plan.json"), &plan[..plan.len() / 2]).unwrap();
    for words in [&["gate", "results", "--plan", "plan.json"][..], &["report", "results"]] {
        let told = site.call(words).exits(2).stderr;
        assert!(told.starts_with("error: cannot read `results/plan.json`: it is cut short: "), "{told}");
        assert!(told.contains("  hint: ") && told.lines().count() == 2, "{told}");
    }
}

#[test]
fn the_stack_itself_must_still_be_what_was_planned_and_run() {
    let site = Site::sound();
    site.replace("Core/gcc/12.lua", "whatis(\"g\")", "whatis(\"g\")\n-- written on another day");
    site.gate(&[]).exits(0);
    site.replace("Core/gcc/12.lua", "opt/gcc-12/bin", "opt/gcc-13/bin");
    let answer = site.gate(&[]).exits(1);
    assert_eq!(kinds(&answer), ["changed-since"]);
    assert!(answer.stdout.contains("Core/gcc/12.lua"));
    // A plan of today does not make yesterday's results good.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.replace("opt/.spack-db/index.json", "\"version\":\"8\"", "\"version\": \"8\"");
    site.plan();
    let answer = site.gate(&[]).exits(1);
    let told = kinds(&answer);
    assert!(
        told.iter().any(|kind| kind == "other-stack") && told.iter().any(|kind| kind == "older"),
        "{told:?}"
    );
    // Run again, and all is well.
    fs::remove_dir_all(site.at("results")).unwrap();
    site.run(&["--results", "results"]).exits(0);
    site.gate(&[]).exits(0);
}

#[test]
fn shards_are_one_run_and_a_retry_of_what_could_not_tell_is_no_second_result() {
    let site = Site::bare();
    site.plan();
    for shard in ["1", "2"] {
        let (part, folder) = (format!("{shard}/2"), format!("results/{shard}"));
        site.run(&["--shard", &part, "--results", &folder]).exits(0);
    }
    site.gate(&[]).exits(0);
    // A pod of the first shard could not tell; it was tried again, and told.
    copy(&site.at("results/1"), &site.at("results/0"));
    for entry in fs::read_dir(site.at("results/0/cases")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("results/0/cases/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_file() {
            site.edit(&name, |case| {
                case["checks"] =
                    json!([{"name": "case", "outcome": "error", "reason": "no licence", "kind": "x"}]);
            });
        }
    }
    site.seal("results/0");
    site.gate(&[]).exits(0);
}

#[test]
fn a_run_that_really_fails_is_no_and_names_the_check() {
    let site = Site::bare();
    site.replace("suites/site/verdict", "ok 2 - b", "not ok 2 - b");
    site.plan();
    site.run(&["--results", "results"]).exits(1);
    let answer = site.gate(&[]).exits(1);
    assert_eq!(kinds(&answer), ["failed"]);
    assert!(answer.stdout.contains("site/two [gcc/12]: b"), "{}", answer.stdout);
    let text = site.call(&["gate", "results", "--plan", "plan.json", "--junit", "gate.xml"]).exits(1).stdout;
    assert!(text.starts_with("no: 2 checks failed [failed]\n"), "{text}");
    let junit = crate::fixture::Junit::read(&site.at("gate.xml"));
    let red: Vec<_> = junit.cases.iter().filter(|case| case.outcome != "passed").collect();
    assert_eq!((red.len(), red[0].suite.trim(), red[0].outcome.as_str()), (1, "gate", "failure"));
}

#[test]
fn the_pods_of_merge_and_gate_end_with_what_decided() {
    let site = Site::bare();
    site.replace("suites/site/verdict", "ok 2 - b", "not ok 2 - b");
    site.plan();
    site.run(&["--results", "results"]).exits(1);
    let said = |words: &[&str], code: i32| {
        fs::write(site.at("termination"), "of an earlier container").unwrap();
        site.call(words).exits(code);
        fs::read_to_string(site.at("termination")).unwrap()
    };
    let gate = said(&["gate", "results", "--plan", "plan.json"], 1);
    assert!(gate.starts_with("NO: 2 checks failed [failed]: site/two [gcc/12]: b"), "{gate}");
    let merge = said(&["report", "results", "--plan", "plan.json", "--out", "merged"], 1);
    assert!(merge.starts_with("FAIL 2/8") && merge.contains("first=site/two gcc/12"), "{merge}");
    let unread = said(&["gate", "results", "--plan", "none.json"], 2);
    assert!(unread.starts_with("ERROR: ") && unread.contains("none.json"), "{unread}");
    let sound = Site::sound();
    fs::write(sound.at("termination"), "").unwrap();
    sound.gate(&[]).exits(0);
    assert_eq!(fs::read_to_string(sound.at("termination")).unwrap(), "MAY GO");
}

#[test]
fn a_policy_says_what_blocks_and_what_is_allowed_by_whom_and_until_when() {
    let site = Site::bare();
    site.replace("suites/site/verdict", "ok 2 - b", "not ok 2 - b");
    site.replace("suites/more/verdict", "echo ok 1 - c", "echo 'ok 1 - c # SKIP no card'");
    site.replace("suites/more/verdict", "1..1", "1..2; echo ok 2 - d");
    site.plan();
    site.run(&["--results", "results"]).exits(1);
    let ruled = |policy: &str| {
        fs::write(site.at("gate.toml"), policy).unwrap();
        let answer = site.gate(&["--policy", "gate.toml"]);
        (answer.code, kinds(&answer), verdict(&answer))
    };
    let allow = |rule: &str, until: &str| {
        format!(
            "[[rule]]\n{rule}\nthen = \"allow\"\nreason = \"R-7\"\nowner = \"ann\"\nuntil = \"{until}\"\n"
        )
    };
    let (code, told, whole) = ruled(&allow("what = \"failed\"", "2999-01-01"));
    assert_eq!((code, told.len()), (0, 0), "{whole:#}");
    assert_eq!(
        (&whole["allowed"][0]["owner"], &whole["allowed"][0]["rule"]),
        (&json!("ann"), &json!("gate.toml:1"))
    );
    assert_eq!(whole["allowed"][0]["evidence"].as_array().unwrap().len(), 2);
    // Of another toolchain, another tag, a day that is over: it speaks of less, and the rest blocks.
    let (code, _, whole) =
        ruled(&allow("match = { toolchain = \"gcc/13\" }\nwhat = \"failed\"", "2999-01-01"));
    assert_eq!((code, &whole["reasons"][0]["what"]), (1, &json!("1 check failed")));
    let (code, _, whole) = ruled(&allow("match = { tag = \"smoke\" }\nwhat = \"failed\"", "2999-01-01"));
    assert_eq!(code, 1);
    assert!(whole["notes"][0].as_str().unwrap().contains("gate.toml:1 speaks of nothing"), "{whole:#}");
    let (code, _, whole) = ruled(&allow("what = \"failed\"", "2020-01-01"));
    assert_eq!(code, 1);
    assert!(
        whole["reasons"][0]["evidence"][0].as_str().unwrap().contains("gate.toml:1 ran out on 2020-01-01")
    );
    // What does not block by itself can be made to, and the first rule decides.
    let failed = allow("what = \"failed\"", "2999-01-01");
    let (code, told, _) = ruled(&format!("{failed}[[rule]]\nwhat = \"skipped\"\nthen = \"block\"\n"));
    assert_eq!((code, told), (1, vec!["skipped".to_owned(), "known".to_owned()]));
    let (code, told, _) = ruled(&format!(
        "{failed}[[rule]]\nmatch = {{ tag = \"smoke\" }}\nwhat = \"coverage\"\nleast = 1.0\nthen = \"block\"\n"
    ));
    assert_eq!((code, told.len()), (0, 0));
    let (code, told, _) = ruled(&format!("{failed}[[rule]]\nwhat = \"known\"\nthen = \"block\"\n"));
    assert_eq!((code, told), (1, vec!["known".to_owned()]));
    let (code, told, _) = ruled(&format!("max-age = \"1ms\"\n{failed}"));
    assert_eq!((code, told), (1, vec!["too-old".to_owned()]));
}

#[test]
fn the_baseline_tells_old_failures_from_new_ones_and_what_is_slower_or_gone() {
    let site = Site::bare();
    site.replace("suites/site/verdict", "ok 2 - b", "not ok 2 - b");
    site.plan();
    site.run(&["--results", "results"]).exits(1);
    copy(&site.at("results"), &site.at("live"));
    let ruled = |rules: &str| {
        fs::write(site.at("gate.toml"), rules).unwrap();
        let answer = site.gate(&["--policy", "gate.toml", "--baseline", "live"]);
        (answer.code, kinds(&answer))
    };
    let old = "[[rule]]\nwhat = \"failed-before\"\nthen = \"allow\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"2999-01-01\"\n";
    assert_eq!(ruled("").1, ["failed-before"]);
    assert_eq!(ruled(old), (0, Vec::new()));
    // In the baseline it passed.
    for version in ["12", "13"] {
        site.edit(&format!("live/cases/site.two.gcc-{version}.json"), |case| {
            for check in case["checks"].as_array_mut().unwrap() {
                check["outcome"] = json!("passed");
            }
            case["checks"].as_array_mut().unwrap().push(json!({"name": "was here", "outcome": "passed"}));
        });
        site.edit(&format!("results/cases/site.one.gcc-{version}.json"), |case| {
            case["seconds"] = json!(20.0);
        });
    }
    site.seal("results");
    assert_eq!(ruled(old), (1, vec!["failed".to_owned()]));
    let more = "[[rule]]\nwhat = \"failed\"\nthen = \"allow\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"2999-01-01\"\n\
                [[rule]]\nwhat = [\"gone\", \"slower\"]\nfactor = 1.5\nthen = \"block\"\n";
    assert_eq!(ruled(more), (1, vec!["slower".to_owned(), "gone".to_owned()]));
}

#[test]
fn every_fault_of_a_policy_is_told_at_its_place_at_once() {
    let site = Site::sound();
    fs::write(
        site.at("gate.toml"),
        "max-age = \"soon\"\n[[rule]]\nwhat = [\"faild\"]\nthen = \"maybe\"\n[[rule]]\nwhat = \"failed\"\nthen = \"allow\"\n\
         [[rule]]\nmatch = { toolchains = \"gcc/*\", suite = \"[\" }\nwhat = \"slower\"\nfactor = 0.5\nthen = \"block\"\n\
         [[rule]]\nwhat = \"coverage\"\nthen = \"block\"\nuntil = \"tomorrow\"\nrate = 0.1\n",
    )
    .unwrap();
    let told = site.gate(&["--policy", "gate.toml"]).exits(2).stderr;
    for wanted in [
        "cannot read `max-age`",
        "did you mean `failed`?",
        "`then` must be \"block\" or \"allow\", found `maybe`",
        "a rule that allows something must say `reason`, `owner`, `until`",
        "did you mean `toolchain`?",
        "cannot read the pattern of `suite`",
        "`factor` must be a number above 1, found 0.5",
        "`least` is missing",
        "`until` must be a day such as 2027-01-31, found `tomorrow`",
        "`rate` says nothing without `what = \"flaky\"`",
        " --> gate.toml:3:9",
    ] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
    // What a site file or a baseline has to say comes with it.
    let told =
        site.gate(&["--policy", "gate.toml", "--baseline", "nowhere", "--site", "no.toml"]).exits(2).stderr;
    assert!(told.contains("nowhere") && told.contains("no.toml") && told.contains("max-age"), "{told}");
}

#[test]
fn a_known_issue_whose_day_is_over_since_the_run_blocks() {
    let site = Site::sound();
    site.gate(&["--site", "site.toml"]).exits(0);
    fs::write(site.at("site.toml"), KNOWN.to_owned() + "until = \"2020-01-01\"\n").unwrap();
    let answer = site.gate(&["--site", "site.toml"]).exits(1);
    let told = kinds(&answer);
    assert!(
        told.iter().any(|kind| kind == "known-over") && told.iter().any(|kind| kind == "other-judgement"),
        "{told:?}"
    );
}

#[test]
fn the_examples_in_the_documents_are_policies() {
    let text = include_str!("../../docs/gate.md");
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for block in blocks {
        let source = stackprobe::error::Source::new("gate.md", block);
        let policy = stackprobe::gate::policy::Policy::parse(&source);
        assert!(policy.is_ok_and(|policy| !policy.rules.is_empty()), "{block}");
    }
    for name in stackprobe::gate::event::Event::names() {
        assert!(text.contains(&format!("| `{name}` |")), "{name} is not in docs/gate.md");
    }
    for kind in stackprobe::gate::text::QUESTIONS {
        assert!(text.contains(&format!("`{kind}`")), "{kind} is not in docs/gate.md");
    }
}
