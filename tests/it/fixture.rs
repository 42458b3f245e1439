//! The real stack that the tests run against, and a stackprobe that is called as a user would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Says that a test is not run for want of `what`. `make test` takes that for a failure, but for what stands in
/// `tests/may-skip.list`: a test that did not run has not passed.
pub(crate) fn skip(what: &str, why: &str) {
    let may = include_str!("../may-skip.list").lines().any(|line| line == what);
    assert!(
        may || std::env::var_os("STACKPROBE_TESTS_MUST_RUN").is_none(),
        "{why}: this test must run (fixtures/host.list, tests/may-skip.list)"
    );
    eprintln!("skipped: {why}");
}

/// Where `fixtures/stack/build` has put the stack.
pub(crate) fn stack() -> PathBuf {
    let stack = std::env::var_os("STACKPROBE_FIXTURE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/stack"), PathBuf::from);
    assert!(stack.join("share").is_dir(), "no stack in {}: run `make stack`", stack.display());
    stack
}

/// The folder of the modules that are visible before any is loaded.
pub(crate) fn core() -> PathBuf {
    stack().join("share/spack/lmod/linux-debian12-x86_64/Core")
}

/// A call of stackprobe with an environment of its own and a results directory of its own.
pub(crate) struct Call {
    command: Command,
    folder: TempDir,
}

/// What a call did.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) folder: TempDir,
}

/// `stackprobe ARGS…` against the real stack.
pub(crate) fn call(args: &[&str]) -> Call {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    command
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder.path())
        .env("NO_COLOR", "1")
        .env("MODULEPATH", core());
    Call { command, folder }
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Writes a file into the current directory of the call.
    pub(crate) fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same call, started by `program`, which is given these arguments and then the call.
    pub(crate) fn below(mut self, program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        command.current_dir(self.folder.path());
        for (name, value) in self.command.get_envs() {
            command.env(name, value.expect("an environment that is set whole"));
        }
        self.command = command;
        self
    }

    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    pub(crate) fn run(mut self) -> Answer {
        let output = self.command.output().unwrap();
        Answer {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: self.folder,
        }
    }
}

impl Answer {
    /// Makes sure of the exit code, showing everything if it is another.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    pub(crate) fn junit(&self) -> Junit {
        Junit::read(&self.results().join("junit.xml"))
    }
}

/// Writes modulefiles below `root`; `{root}` in them is that folder.
pub(crate) fn tree(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("{root}", &root.to_string_lossy())).unwrap();
    }
}

/// One `testcase`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Testcase {
    pub(crate) suite: String,
    pub(crate) classname: String,
    pub(crate) name: String,
    /// `passed`, `failure`, `error`, `skipped`.
    pub(crate) outcome: String,
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) text: String,
    pub(crate) flaky: usize,
}

/// A `junit.xml` as its readers see it.
#[derive(Debug, Default)]
pub(crate) struct Junit {
    pub(crate) cases: Vec<Testcase>,
    pub(crate) root: BTreeMap<String, String>,
    pub(crate) properties: BTreeMap<String, String>,
}

impl Junit {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self::parse(&text)
    }

    /// Panics on anything that is not well-formed.
    pub(crate) fn parse(text: &str) -> Self {
        use quick_xml::Reader;
        use quick_xml::events::{BytesStart, Event};
        let attributes = |start: &BytesStart<'_>| -> BTreeMap<String, String> {
            start
                .attributes()
                .map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = String::from_utf8(attribute.value.to_vec()).unwrap();
                    let value = quick_xml::escape::unescape(&value).unwrap().into_owned();
                    (String::from_utf8(attribute.key.as_ref().to_vec()).unwrap(), value)
                })
                .collect()
        };
        let mut junit = Self::default();
        let mut reader = Reader::from_str(text);
        let (mut suite, mut element) = (String::new(), String::new());
        loop {
            let event = reader.read_event().unwrap();
            let empty = matches!(event, Event::Empty(_));
            match event {
                Event::Eof => break,
                Event::Start(start) | Event::Empty(start) => {
                    let found = attributes(&start);
                    let get = |key: &str| found.get(key).cloned().unwrap_or_default();
                    element = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                    match element.as_str() {
                        "testsuites" => junit.root = found.clone(),
                        "testsuite" => suite = get("name"),
                        "property" => {
                            junit.properties.insert(get("name"), get("value"));
                        }
                        "testcase" => junit.cases.push(Testcase {
                            suite: suite.clone(),
                            classname: get("classname"),
                            name: get("name"),
                            outcome: "passed".into(),
                            ..Testcase::default()
                        }),
                        "failure" | "error" | "skipped" => {
                            let case = junit.cases.last_mut().unwrap();
                            assert_eq!(case.outcome, "passed", "two outcomes: {case:?}");
                            case.outcome.clone_from(&element);
                            (case.kind, case.message) = (get("type"), get("message"));
                        }
                        "flakyFailure" | "rerunFailure" => junit.cases.last_mut().unwrap().flaky += 1,
                        _ => {}
                    }
                    if empty {
                        element.clear();
                    }
                }
                Event::Text(text) if matches!(element.as_str(), "failure" | "error" | "skipped") => {
                    let text = text.decode().unwrap();
                    junit.cases.last_mut().unwrap().text.push_str(&text);
                }
                Event::End(_) => element.clear(),
                _ => {}
            }
        }
        junit
    }

    pub(crate) fn count(&self, outcome: &str) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }

    /// The one test case whose class is `classname` and whose name begins with `name`.
    pub(crate) fn case(&self, classname: &str, name: &str) -> &Testcase {
        let found: Vec<_> = self
            .cases
            .iter()
            .filter(|case| case.classname == classname && case.name.starts_with(&format!("{name} ")))
            .collect();
        let names: Vec<_> =
            self.cases.iter().map(|case| format!("{} {}", case.classname, case.name)).collect();
        assert_eq!(found.len(), 1, "{classname} {name} in {names:#?}");
        found[0]
    }
}

/// Whether xmllint finds the report valid against the schema that Jenkins enforces.
pub(crate) fn valid_against_junit_10(report: &Path) -> bool {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/junit-10.xsd");
    let output = Command::new("xmllint")
        .arg("--noout")
        .arg("--schema")
        .arg(schema)
        .arg(report)
        .output()
        .expect("xmllint: `make tools` installs it");
    eprintln!("{}", String::from_utf8_lossy(&output.stderr).lines().take(20).collect::<Vec<_>>().join("\n"));
    output.status.success()
}
