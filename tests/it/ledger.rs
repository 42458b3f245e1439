//! `--since LEDGER`: exactly what may have changed is run again, and nothing is green silently.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fixture::{Answer, Call, call, tree};
use tempfile::TempDir;

const SUITE: &str = r#"
name = "site"
summary = "small probes"
toolchain = ["compiler"]
[[probe]]
name = "one"
summary = "passes"
sources = ["one.sh"]
run = "sh one.sh"
[[probe]]
name = "two"
summary = "passes with one check left out"
sources = ["two.sh"]
run = "sh two.sh"
protocol = "tap"
[[probe]]
name = "known"
summary = "fails, and the site knows"
run = "false"
[[probe]]
name = "elsewhere"
summary = "is for another compiler"
requires = ["compiler llvm"]
run = "true"
"#;

/// A file, what of it is replaced by what, the cases that it concerns, and their toolchains.
type Step = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const SITE: &str =
    "[[known]]\nmatch = { suite = \"site\", probe = \"known\" }\nreason = \"broken\"\nref = \"T-1\"\n";

/// Two compilers, one installed by Spack and one by hand, and a suite of four probes.
struct Stack {
    folder: TempDir,
}

impl Stack {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = |version: &str| {
            format!(
                "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", \"{{root}}/opt/gcc-{version}/bin\")\n\
                 prepend_path(\"MODULEPATH\", \"{{root}}/gcc/{version}\")\n"
            )
        };
        let spec = r#"{"spec": {"_meta": {"version": 5}, "nodes": [{"name": "gcc", "version": "12", "hash": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}}"#;
        tree(
            folder.path(),
            &[
                ("Core/gcc/12.lua", &module("12")),
                ("Core/gcc/13.lua", &module("13")),
                ("gcc/12/zlib/1.lua", "whatis(\"z\")\n"),
                ("gcc/13/zlib/1.lua", "whatis(\"z\")\n"),
                ("opt/gcc-12/.spack/spec.json", spec),
                ("opt/gcc-12/lib/libgcc_s.so.1", "one"),
                ("opt/gcc-12/bin/gcc", ""),
                ("opt/gcc-13/lib/libgcc_s.so.1", "one"),
                ("opt/gcc-13/bin/gcc", ""),
                ("suites/site/suite.toml", SUITE),
                ("suites/site/one.sh", "exit 0\n"),
                ("suites/site/two.sh", "echo 1..2; echo ok 1 - a; echo 'ok 2 - b # SKIP too few CPUs'\n"),
                ("site.toml", SITE),
            ],
        );
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts other bytes in the place of a file, as an editor does.
    fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(self.at(name), text.replacen(from, to, 1)).unwrap();
    }

    fn call(&self, words: &[&str]) -> Answer {
        self.asked(words).run()
    }

    fn asked(&self, words: &[&str]) -> Call {
        let site = self.at("site.toml");
        let suites = self.at("suites");
        call(words)
            .env("MODULEPATH", self.at("Core"))
            .env("STACKPROBE_SINCE", self.at("ledger.json"))
            .env("STACKPROBE_SITE", site)
            .env("STACKPROBE_SUITES", suites)
    }

    fn run(&self, suite: &str) -> Answer {
        self.call(&["run", suite, "--all"]).exits(0)
    }

    /// The cases that were run, and not left out as unchanged.
    fn ran(&self, suite: &str) -> Vec<String> {
        ran(&self.run(suite))
    }

    fn changed(&self) -> Vec<String> {
        let answer =
            self.call(&["discover", "site/one", "site/two", "site/elsewhere", "--format", "ids"]).exits(0);
        let list: Vec<serde_json::Value> = serde_json::from_str(&answer.stdout).unwrap();
        list.iter().map(|entry| entry["cc"].as_str().unwrap().to_owned()).collect()
    }
}

fn ran(answer: &Answer) -> Vec<String> {
    let mut cases: Vec<String> = fs::read_dir(answer.results().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .filter(|path| !fs::read_to_string(path).unwrap().contains("\"kind\": \"unchanged\""))
        .map(|path| path.file_stem().unwrap().to_string_lossy().replacen("site.", "", 1))
        .collect();
    cases.sort();
    cases
}

/// What always runs: an excused failure, and what another compiler is for.
const ALWAYS: [&str; 4] = ["elsewhere.gcc-12", "elsewhere.gcc-13", "known.gcc-12", "known.gcc-13"];

fn with_always(more: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = ALWAYS.iter().chain(more).map(|name| (*name).to_owned()).collect();
    all.sort();
    all
}

const ALL: [&str; 4] = ["one.gcc-12", "one.gcc-13", "two.gcc-12", "two.gcc-13"];

#[test]
fn what_passed_is_left_out_aloud_and_what_did_not_is_run_again() {
    let stack = Stack::new();
    let first = stack.run("site");
    assert!(first.stderr.contains("there is no ledger"), "{}", first.stderr);
    assert_eq!(ran(&first), with_always(&ALL));
    let second = stack.run("site");
    assert_eq!(ran(&second), with_always(&[]));
    assert!(second.stdout.contains("4 unchanged"), "{}", second.stdout);
    let junit = second.junit();
    let one = junit.cases.iter().find(|case| case.classname == "site.one").unwrap();
    assert_eq!((one.outcome.as_str(), one.kind.as_str()), ("skipped", "unchanged"));
    assert!(one.message.contains("unchanged since 20"), "{}", one.message);
    assert_eq!(junit.count("passed"), 0, "nothing that was not run is green");
}

#[test]
fn one_byte_runs_exactly_what_it_may_have_changed() {
    let stack = Stack::new();
    assert_eq!(stack.changed(), ["gcc/12", "gcc/13"]);
    stack.run("site");
    assert_eq!(stack.ran("site"), with_always(&[]));
    assert!(stack.changed().is_empty());
    let steps: [Step; 6] = [
        ("suites/site/one.sh", "exit 0", "exit  0", &["one.gcc-12", "one.gcc-13"], &["gcc/12", "gcc/13"]),
        (
            "suites/site/suite.toml",
            "passes with",
            "passed with",
            &["two.gcc-12", "two.gcc-13"],
            &["gcc/12", "gcc/13"],
        ),
        ("Core/gcc/12.lua", "\"g\"", "\"h\"", &["one.gcc-12", "two.gcc-12"], &["gcc/12"]),
        ("opt/gcc-12/.spack/spec.json", "aaaaa", "baaaa", &["one.gcc-12", "two.gcc-12"], &["gcc/12"]),
        ("opt/gcc-12/lib/libgcc_s.so.1", "one", "onf", &["one.gcc-12", "two.gcc-12"], &["gcc/12"]),
        ("opt/gcc-13/lib/libgcc_s.so.1", "one", "onf", &["one.gcc-13", "two.gcc-13"], &["gcc/13"]),
    ];
    for (file, from, to, cases, toolchains) in steps {
        stack.change(file, from, to);
        assert_eq!(stack.changed(), toolchains, "{file}");
        assert_eq!(stack.ran("site"), with_always(cases), "{file}");
        assert_eq!(stack.ran("site"), with_always(&[]), "{file}");
    }
    stack.change("site.toml", "broken", "broken still");
    assert_eq!(stack.ran("site"), with_always(&ALL));
    stack.change("gcc/13/zlib/1.lua", "z", "y");
    assert_eq!(stack.ran("site"), with_always(&[]), "no case loads it");
}

#[test]
fn another_binary_runs_everything_again() {
    let stack = Stack::new();
    stack.run("site");
    let other = stack.at("stackprobe");
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_stackprobe")).unwrap();
    bytes.push(0);
    fs::write(&other, bytes).unwrap();
    fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = || {
        let call = stack.asked(&["run", "site", "--all"]);
        ran(&call.below("sh", &["-c", "shift; exec \"$0\" \"$@\"", other.to_str().unwrap()]).run().exits(0))
    };
    assert_eq!(run(), with_always(&ALL));
    assert_eq!(run(), with_always(&[]));
    assert_eq!(stack.ran("site"), with_always(&[]), "what passed by the first one stands for the first one");
}

#[test]
fn what_looks_at_the_whole_stack_is_run_again_for_any_modulefile() {
    let stack = Stack::new();
    let modules = |stack: &Stack| stack.ran("modules");
    assert_eq!(modules(&stack).len(), 4);
    let no_database = ["modules.spack.gcc-12", "modules.spack.gcc-13"];
    assert_eq!(modules(&stack), no_database, "a case of skipped checks only never enters");
    stack.change("gcc/13/zlib/1.lua", "z", "y");
    assert_eq!(modules(&stack).len(), 4);
    assert_eq!(modules(&stack), no_database);
}

#[test]
fn a_ledger_that_cannot_be_used_is_one_line_and_everything_is_run() {
    let stack = Stack::new();
    stack.run("site");
    let whole = fs::read(stack.at("ledger.json")).unwrap();
    for damaged in [
        whole[..whole.len() / 2].to_vec(),
        String::from_utf8(whole.clone()).unwrap().replace("\"ledger\":1", "\"ledger\":7").into_bytes(),
        b"\x7fELF\0\0".to_vec(),
        Vec::new(),
    ] {
        fs::write(stack.at("ledger.json"), &damaged).unwrap();
        let answer = stack.run("site");
        let told: Vec<&str> = answer.stderr.lines().filter(|line| line.starts_with("note: ")).collect();
        assert_eq!(told.len(), 1, "{}", answer.stderr);
        assert!(
            told[0].contains("cannot use the ledger") && told[0].ends_with("everything is run"),
            "{}",
            told[0]
        );
        assert_eq!(ran(&answer), with_always(&ALL));
        assert_eq!(fs::read(stack.at("ledger.json.unusable")).unwrap(), damaged);
        assert_eq!(stack.ran("site"), with_always(&[]), "a new one was written");
    }
}

#[test]
fn a_ledger_that_cannot_be_written_is_told_and_the_results_stand() {
    let stack = Stack::new();
    fs::create_dir(stack.at("ledger.json")).unwrap();
    fs::create_dir(stack.at("ledger.json.unusable")).unwrap();
    fs::write(stack.at("ledger.json.unusable/x"), "").unwrap();
    let answer = stack.run("site");
    assert!(answer.stderr.contains("cannot write the ledger"), "{}", answer.stderr);
    assert_eq!(ran(&answer), with_always(&ALL));
    assert!(Path::new(&stack.at("ledger.json")).is_dir());
}
