//! Results directories as runs leave them, and what `stackprobe report` makes of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder in which pods leave their results.
pub(super) struct Site {
    pub(super) folder: TempDir,
}

/// A report that was made.
pub(super) struct Report {
    pub(super) code: i32,
    pub(super) told: String,
    pub(super) page: String,
    pub(super) junit: String,
}

pub(super) fn owed(id: &str, toolchain: &str) -> Value {
    json!({"id": id, "suite": "mpi", "probe": id, "toolchain": toolchain, "file": "suite.toml", "line": 7})
}

pub(super) fn check(name: &str, outcome: &str, reason: &str) -> Value {
    json!({"name": name, "outcome": outcome, "reason": reason, "kind": "tap.not-ok"})
}

/// The record of a case that ran one command.
pub(super) fn case(owed: &Value, checks: &[Value]) -> Value {
    let mut case = json!({
        "format": 1, "started": "2026-11-22T08:04:17Z", "seconds": 0.5, "checks": checks,
        "commands": [{"command": "mpirun -n 2 ./a", "ended": "exit status 1", "seconds": 0.4, "cpu": 0.1,
            "peak_memory": 4096}],
    });
    for (key, value) in owed.as_object().unwrap() {
        case[key] = value.clone();
    }
    case
}

pub(super) fn plan(host: &str, cases: &[Value]) -> Value {
    json!({
        "format": 1, "stackprobe": "0.1.0", "started": "2026-11-22T08:04:16Z", "command": ["stackprobe", "run"],
        "pod": {"host": host, "node": null, "image": null, "cpus": 2, "memory": null, "shm": null, "uid": 0},
        "modulepath": "/modules", "cases": cases,
    })
}

impl Site {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A pod that owed and did these cases.
    pub(super) fn pod(&self, name: &str, plan: &Value, cases: &[Value]) -> PathBuf {
        self.write(&format!("{name}/plan.json"), plan.to_string());
        for case in cases {
            self.write(&format!("{name}/cases/{}.json", case["id"].as_str().unwrap()), case.to_string());
        }
        self.path(name)
    }

    /// A pod of which nothing is wrong.
    pub(super) fn sound(&self, name: &str, id: &str) -> PathBuf {
        let owed = owed(id, "gcc/12.2.0");
        let case = case(&owed, &[check("works", "passed", "")]);
        self.pod(name, &plan(name, &[owed]), &[case])
    }

    pub(super) fn report(&self, inputs: &[&Path]) -> Report {
        self.report_with(inputs, &[])
    }

    pub(super) fn report_with(&self, inputs: &[&Path], flags: &[&str]) -> Report {
        let out = self.path("out");
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
        command.arg("report").args(inputs).arg("--out").arg(&out).args(flags);
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_default();
        let mut told = String::from_utf8_lossy(&output.stdout).into_owned();
        told.push_str(&String::from_utf8_lossy(&output.stderr));
        Report {
            code: output.status.code().unwrap(),
            told,
            page: read("report.html"),
            junit: read("junit.xml"),
        }
    }
}

impl Report {
    /// A total of the JUnit's root.
    pub(super) fn total(&self, name: &str) -> usize {
        let root = self.junit.split("<testsuites").nth(1).unwrap().split('>').next().unwrap();
        let value = root.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        value.parse().unwrap()
    }

    /// Every consumer's parser must take it.
    pub(super) fn assert_well_formed(&self) {
        let mut reader = quick_xml::Reader::from_str(&self.junit);
        let mut depth = 0_i32;
        loop {
            use quick_xml::events::Event;
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    depth += 1;
                    start.attributes().for_each(|attribute| {
                        let value = attribute.unwrap().value;
                        quick_xml::escape::unescape(std::str::from_utf8(&value).unwrap()).unwrap();
                    });
                }
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        let forbidden = |letter: char| letter < ' ' && !matches!(letter, '\t' | '\n');
        assert!(!self.junit.contains(forbidden));
    }
}
