//! `--history FILE`: what ran before, and what is made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use stackprobe::plan::share::deal;
use tempfile::TempDir;

use crate::fixture::{Answer, call, tree};

const SUITE: &str = r#"
name = "site"
summary = "small probes"
toolchain = ["compiler"]
[[probe]]
name = "steady"
summary = "passes"
run = "true"
[[probe]]
name = "turning"
summary = "passes if a file says so"
run = "sh -c 'cat {root}/verdict; sh {root}/verdict'"
retries = 1
[[probe]]
name = "slow"
summary = "takes a while"
run = "sleep 0.3"
[[probe]]
name = "slow-too"
summary = "takes a while"
run = "sleep 0.3"
"#;

struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", \"{root}/opt/bin\")\n";
        let suite = SUITE.replace("{root}", &folder.path().to_string_lossy());
        tree(
            folder.path(),
            &[
                ("Core/gcc/12.lua", module),
                ("opt/bin/gcc", ""),
                ("suites/site/suite.toml", &suite),
                ("verdict", "exit 0\n"),
            ],
        );
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn call(&self, words: &[&str]) -> Answer {
        let mut call =
            call(words).env("MODULEPATH", self.at("Core")).env("STACKPROBE_SUITES", self.at("suites"));
        call.command().current_dir(self.folder.path());
        call.run()
    }

    fn run(&self, words: &[&str]) -> Answer {
        let always = ["run", "site", "--all", "--quiet", "--history", "h.jsonl"];
        let answer = self.call(&[&always, words].concat());
        // A case is told apart from its next run by the second in which it begins.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        answer
    }

    fn told(&self, probe: &str) -> Value {
        let answer = self.call(&["history", probe, "--history", "h.jsonl", "--format", "json"]).exits(0);
        let value: Value = serde_json::from_str(&answer.stdout).unwrap();
        value["cases"][0].clone()
    }
}

#[test]
fn every_run_is_written_down_once_and_says_what_is_flaky_and_when_it_was_green() {
    let site = Site::new();
    site.run(&[]).exits(0);
    // The same results told again add nothing.
    site.call(&["report", "results", "--history", "h.jsonl"]).exits(0);
    assert_eq!(site.told("site/steady")["runs"], 1);
    // It passes at the second try.
    let once = "if [ -e ../../once ] || [ -e {root}/once ]; then exit 0; fi; touch {root}/once; exit 1\n";
    fs::write(site.at("verdict"), once.replace("{root}", &site.folder.path().to_string_lossy())).unwrap();
    site.run(&["--retries", "1"]).exits(0);
    let told = site.told("site/turning");
    assert_eq!(
        (&told["runs"], &told["flaky"]["count"], &told["last"]),
        (&2.into(), &1.into(), &"passed".into())
    );
    fs::write(site.at("verdict"), "exit 1\n").unwrap();
    site.run(&[]).exits(1);
    let told = site.told("site/turning");
    assert_eq!((&told["last"], &told["red"]), (&"failed".into(), &serde_json::json!(["run"])));
    // Nothing that it depends on changed by what stackprobe sees: it is flaky for that, too.
    assert_eq!(told["flaky"]["count"], 2);
    let text = site.call(&["history", "--history", "h.jsonl"]).exits(0).stdout;
    let first: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(first[0], "site/turning [gcc/12]");
    assert!(first[1].starts_with("  .~F  3 runs, "), "{text}");
    assert!(
        first[2].starts_with("  failed: run; last green ") && first[2].ends_with(" ago under gcc/12"),
        "{text}"
    );
    let none = site.call(&["history", "mpi", "--history", "h.jsonl"]).exits(3).stderr;
    assert!(none.contains("tells of no such case") && none.contains("4 cases"), "{none}");
}

#[test]
fn a_page_draws_each_case_and_says_in_words_what_is_drawn() {
    let site = Site::new();
    let entry = |number: usize, outcome: &str, seconds: f64| {
        let mut line = serde_json::json!({
            "history": 1, "at": format!("2026-01-01T00:00:{number:02}Z"), "case": "a", "suite": "site", "probe": "<b>steady</b>",
            "toolchain": "gcc/12", "outcome": outcome, "seconds": seconds, "host": "n1",
        });
        if outcome == "failed" {
            line["red"] = serde_json::json!(["sum of <i>all</i>"]);
        }
        if number == 1 {
            line["flaky"] = serde_json::json!(["at first"]);
        }
        format!("{line}\n")
    };
    let all = [
        ("passed", 1.0),
        ("passed", 1.1),
        ("passed", 0.9),
        ("error", 2.0),
        ("skipped", 0.0),
        ("failed", 3.0),
    ];
    let mut text: String =
        all.iter().enumerate().map(|(number, (outcome, seconds))| entry(number, outcome, *seconds)).collect();
    text.push_str("hello\n");
    fs::write(site.at("h.jsonl"), text).unwrap();
    site.call(&["history", "--history", "h.jsonl", "--format", "html", "--out", "page.html"]).exits(0);
    let page = fs::read_to_string(site.at("page.html")).unwrap();
    assert!(
        page.contains("<h1>1 case failed last</h1>") && page.contains("1 line of the history left out"),
        "{page}"
    );
    let plot = page.split("<svg class=\"runs\"").nth(1).unwrap().split("</svg>").next().unwrap();
    let said = plot.split("aria-label=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(plot.contains("role=\"img\""), "{plot}");
    for word in [
        "site/&lt;b&gt;steady&lt;/b&gt; [gcc/12]: 6 runs, last failed, green 1 Jan 2026, 00:00 UTC",
        "1.00 s ± 0.10 s",
        "flaky in 1 of 5",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    // Each run has a shape of its own, with words beside it.
    let count = |what: &str| plot.matches(what).count();
    let shapes = [
        count("<circle"),
        count("<rect"),
        count("<path"),
        count("<title>"),
        count("class=\"dot passed again\""),
    ];
    assert_eq!(shapes, [3, 2, 1, 6, 1], "{plot}");
    assert_eq!(page.matches("<tr>").count(), 1 + 6, "every run is listed, too");
    assert!(
        page.contains("sum of &lt;i&gt;all") && !page.contains("<b>steady") && !page.contains("<i>all"),
        "{page}"
    );
    // The picture is there without a script, and asks for nothing.
    assert!(!page.contains("src=") && !page.contains("href=\"http"), "{page}");
    let text = site.call(&["history", "--history", "h.jsonl"]).exits(0).stdout;
    assert!(text.contains("  .~.EsF  6 runs"), "{text}");
}

#[test]
fn a_policy_goes_by_what_the_history_says_is_flaky() {
    let site = Site::new();
    site.call(&["list", "site", "--all", "--format", "json", "--out", "plan.json"]).exits(0);
    site.run(&[]).exits(0);
    let gate = |rate: &str| {
        let policy = format!("[[rule]]\nwhat = \"flaky\"\nrate = {rate}\nthen = \"block\"\n");
        fs::write(site.at("gate.toml"), policy).unwrap();
        site.call(&[
            "gate",
            "results",
            "--plan",
            "plan.json",
            "--policy",
            "gate.toml",
            "--history",
            "h.jsonl",
        ])
    };
    gate("0.05").exits(0);
    // Of ten earlier runs five were flaky.
    let line = fs::read_to_string(site.at("h.jsonl")).unwrap();
    let line = line.lines().find(|line| line.contains("\"steady\"")).unwrap().to_owned();
    let mut value: Value = serde_json::from_str(&line).unwrap();
    let mut more = fs::read_to_string(site.at("h.jsonl")).unwrap();
    for number in 0..10 {
        value["at"] = format!("2026-01-01T00:00:{number:02}Z").into();
        value["flaky"] = if number < 5 { serde_json::json!(["run"]) } else { serde_json::json!([]) };
        more.push_str(&value.to_string());
        more.push('\n');
    }
    fs::write(site.at("h.jsonl"), more).unwrap();
    let told = gate("0.05").exits(1).stdout;
    assert!(told.contains("site/steady [gcc/12]: flaky in 5 of 11 runs"), "{told}");
    gate("0.5").exits(0);
}

/// A file that is not there, one of something else: no flaky case is let through for want of words.
#[test]
fn a_history_that_is_none_is_told_wherever_it_is_given() {
    let site = Site::new();
    site.call(&["list", "site", "--all", "--format", "json", "--out", "plan.json"]).exits(0);
    site.run(&[]).exits(0);
    let mut lines = fs::read_to_string(site.at("h.jsonl")).unwrap();
    lines.insert_str(0, "{\"history\":9}\nhello\n\u{0}\u{0}\n");
    fs::write(site.at("mixed.jsonl"), &lines).unwrap();
    fs::write(site.at("foreign.jsonl"), "a: 1\nb: 2\n").unwrap();
    fs::write(site.at("bytes.jsonl"), [0xff, 0xfe, b'\n', 0x80]).unwrap();
    let gate = ["gate", "results", "--plan", "plan.json", "--history"];
    let compare = ["compare", "results", "results", "--history"];
    for words in [&gate[..], &compare, &["history", "--history"]] {
        let told = site.call(&[words, &["nowhere.jsonl"]].concat()).exits(2).stderr;
        assert!(told.contains("`nowhere.jsonl`") && told.contains("hint:"), "{words:?}: {told}");
        let answer = site.call(&[words, &["mixed.jsonl"]].concat()).exits(0);
        assert!(answer.stdout.contains("3 lines of the history left out"), "{words:?}: {}", answer.stdout);
        for (name, count) in [("foreign.jsonl", 2), ("bytes.jsonl", 2)] {
            let answer = site.call(&[words, &[name]].concat());
            let told = format!("{}{}", answer.stdout, answer.stderr);
            assert!(told.contains(&format!("{count} lines of the history left out")), "{words:?}: {told}");
            assert_eq!(answer.code, if words[0] == "history" { 3 } else { 0 }, "{words:?}: {told}");
        }
    }
}

#[test]
fn shards_are_balanced_by_a_plan_with_times_and_every_case_is_in_one() {
    let site = Site::new();
    let list = ["list", "site", "--all", "--format", "json", "--history", "h.jsonl", "--out", "plan.json"];
    site.run(&[]).exits(0);
    site.call(&list).exits(0);
    let ids = |shard: &str| -> Vec<String> {
        let words = ["list", "site", "--all", "--format", "json", "--shard", shard, "--balance", "plan.json"];
        let plan: Value = serde_json::from_str(&site.call(&words).exits(0).stdout).unwrap();
        plan["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|owed| owed["probe"].as_str().unwrap().to_owned())
            .collect()
    };
    let (one, two) = (ids("1/2"), ids("2/2"));
    let mut all = [one.clone(), two.clone()].concat();
    all.sort();
    assert_eq!(all, ["slow", "slow-too", "steady", "turning"]);
    // Every second would put the two slow ones where they fall; they are apart.
    assert!(one.iter().filter(|name| name.starts_with("slow")).count() == 1, "{one:?} {two:?}");
    // A plan without times deals nothing.
    site.call(&["list", "site", "--all", "--format", "json", "--out", "bare.json"]).exits(0);
    let told =
        site.call(&["list", "site", "--all", "--shard", "1/2", "--balance", "bare.json"]).exits(2).stderr;
    assert!(told.contains("does not say how long any case takes") && told.contains("hint:"), "{told}");
}

#[test]
fn a_history_that_cannot_be_written_costs_no_verdict() {
    let site = Site::new();
    let words = ["run", "site/steady", "--all", "--history", "no/such/folder/h.jsonl"];
    let answer = site.call(&words).exits(0);
    assert!(
        answer.stderr.contains("cannot append to the history `no/such/folder/h.jsonl`"),
        "{}",
        answer.stderr
    );
}

/// Appends are killed at random instants: nothing but the last line is ever lost.
#[test]
fn killed_writers_leave_whole_lines() {
    let site = Site::new();
    site.run(&[]).exits(0);
    let mut runs = 0;
    for millis in (0..12).map(|step| step * 7) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stackprobe"))
            .args(["report", "results", "--history", "k.jsonl", "--out", "out"])
            .current_dir(site.folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(millis));
        child.kill().unwrap();
        runs += usize::from(child.wait().unwrap().success());
    }
    site.call(&["report", "results", "--history", "k.jsonl", "--out", "out"]).exits(0);
    let text = fs::read_to_string(site.at("k.jsonl")).unwrap();
    let whole = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!(whole, 4, "{runs} ended\n{text}");
}

/// The makespan of a matrix of 450 toolchains, as a real run's times make it, dealt in turn and by time. The times that the
/// deal goes by are those of another day: each case takes up to a third more or less.
#[test]
fn shards_of_450_toolchains() {
    let recorded = include_str!("history/recorded.tsv");
    let mut toolchains: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for line in recorded.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split('\t');
        let (label, seconds) = (words.next().unwrap(), words.nth(1).unwrap());
        toolchains.entry(label).or_default().push(seconds.parse().unwrap());
    }
    let recorded: Vec<&Vec<f64>> = toolchains.values().collect();
    // As random as must be, and the same every time.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
    };
    let (mut known, mut real) = (Vec::new(), Vec::new());
    for number in 0..450 {
        // Newer compilers and slower nodes: a toolchain as a whole is faster or slower.
        let pace = 0.7 + 0.9 * random();
        for seconds in recorded[number % recorded.len()] {
            known.push(seconds * pace);
            real.push(seconds * pace * (0.67 + 0.66 * random()));
        }
    }
    let makespan = |dealt: &dyn Fn(usize) -> usize, parts: usize| {
        let mut loads = vec![0.0_f64; parts];
        for (place, seconds) in real.iter().enumerate() {
            loads[dealt(place)] += seconds;
        }
        loads.into_iter().fold(0.0, f64::max)
    };
    let total: f64 = real.iter().sum();
    println!("{} groups of 450 toolchains, {:.0} s of cases", real.len(), total);
    println!("| pods | in turn | by time | all alike | in turn is | by time is |");
    println!("|---|---|---|---|---|---|");
    for parts in [8_u32, 32, 128, 450] {
        let count = usize::try_from(parts).unwrap();
        let by_time = deal(&known, count);
        let (turn, time) =
            (makespan(&|place| place % count, count), makespan(&|place| by_time[place], count));
        let least = total / f64::from(parts);
        let (worse, near) = (turn / least, time / least);
        println!("| {parts} | {turn:.0} s | {time:.0} s | {least:.0} s | {worse:.2} × | {near:.2} × |");
        assert!(time <= turn, "{parts}");
    }
}
