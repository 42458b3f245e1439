//! What a program reads that follows a run, held against `docs/messages.md`; and what a person is told while it runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::fixture::{Answer, Call, call};

/// A run of four cases: one passes after a second, one fails, one is skipped, one is flaky.
fn mixed(flags: &[&str]) -> Call {
    let call = call(&[&["run", "mine", "--cc", "gcc/12", "--suites", "s"], flags].concat());
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\nfiles = [\"p.sh\"]\n\
         [[probe]]\nname = \"long\"\nsummary = \"y\"\nrun = \"sleep 1.2\"\nbuild = \"true\"\n\
         [[probe]]\nname = \"wrong\"\nsummary = \"y\"\nrun = \"sh -c 'echo password=hunter2hunter2; exit 5'\"\n\
         [[probe]]\nname = \"absent\"\nsummary = \"y\"\nrun = \"true\"\nrequires = [\"tool no-such-tool\"]\n\
         [[probe]]\nname = \"moody\"\nsummary = \"y\"\nrun = \"sh p.sh {tmp}/../../../moody\"\nretries = 1\n";
    let once = call.folder().join("once");
    let script = format!("[ -e {0} ] || {{ touch {0}; exit 1; }}\n", once.display());
    call.file("s/mine/suite.toml", suite).file("s/mine/p.sh", script)
}

fn events(answer: &Answer) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    answer.stdout.lines().map(line).collect()
}

/// What `docs/messages.md` says: event, field, type.
fn documented() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = include_str!("../../docs/messages.md");
    let mut events: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut event = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## `") {
            name.trim_end_matches('`').clone_into(&mut event);
        } else if let Some(row) = line.strip_prefix("| `") {
            let columns: Vec<&str> = row.split(" | ").collect();
            let fields = events.entry(event.clone()).or_default();
            fields.insert(columns[0].trim_end_matches('`').to_owned(), columns[1].to_owned());
        }
    }
    events
}

fn fits(value: &Value, kind: &str) -> bool {
    kind.split(" or ").any(|kind| match kind {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("docs/messages.md has the type `{other}`"),
    })
}

#[test]
fn each_event_has_exactly_the_fields_that_are_documented() {
    let answer = mixed(&["--message-format", "json", "--slow-after", "200ms"]).run().exits(1);
    let documented = documented();
    let mut seen = BTreeSet::new();
    let events = events(&answer);
    for event in &events {
        let name = event["event"].as_str().unwrap();
        let fields = documented.get(name).unwrap_or_else(|| panic!("`{name}` is not documented"));
        seen.insert(name);
        let found: BTreeSet<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = fields.keys().map(String::as_str).chain(["event"]).collect();
        assert_eq!(found, wanted, "{name}");
        for (field, kind) in fields {
            assert!(fits(&event[field], kind), "{name}: `{field}` is {}, not {kind}", event[field]);
        }
    }
    assert_eq!(seen, documented.keys().map(String::as_str).collect(), "{}", answer.stdout);
    assert!(!answer.stdout.contains("hunter2"), "a secret is told: {}", answer.stdout);
    // A reader that counts comes to the same as the report.
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let (begun, over) = (&events[0], events.last().unwrap());
    assert_eq!((&begun["event"], &over["event"]), (&"run-begun".into(), &"run-ended".into()));
    assert_eq!(begun["cases"], 4);
    let ended: BTreeMap<&str, &str> = of("case-ended")
        .iter()
        .map(|event| (event["probe"].as_str().unwrap(), event["outcome"].as_str().unwrap()))
        .collect();
    let wanted = [("absent", "skipped"), ("long", "passed"), ("moody", "passed"), ("wrong", "failed")];
    assert_eq!(ended, wanted.into());
    for key in ["passed", "failed", "error", "skipped"] {
        let sum: u64 = of("case-ended").iter().map(|event| event[key].as_u64().unwrap()).sum();
        assert_eq!(over[key], sum, "{key}");
    }
    assert_eq!((&over["exit"], &over["flaky"]), (&1.into(), &1.into()));
    let wrong = of("case-ended").into_iter().find(|event| event["probe"] == "wrong").unwrap();
    assert!(wrong["reason"].as_str().unwrap().contains("exit"), "{wrong}");
    assert!(answer.folder.path().join("results").join(wrong["log"].as_str().unwrap()).is_file());
    // Each is begun before it ends, and named slow between.
    let place = |name: &str, probe: &str| {
        events.iter().position(|event| event["event"] == name && event["probe"] == probe).unwrap()
    };
    let long = ["case-begun", "case-slow", "case-ended"].map(|name| place(name, "long"));
    assert!(long.is_sorted(), "{}", answer.stdout);
    // Each time it has doubled: not once a tick.
    let slow =
        of("case-slow").into_iter().filter(|event| event["probe"] == "long" && event["doing"] == "run");
    let slow: Vec<f64> = slow.map(|event| event["seconds"].as_f64().unwrap()).collect();
    assert!(slow.len() >= 2 && slow.windows(2).all(|pair| pair[1] > 1.9 * pair[0]), "{slow:?}");
}

#[test]
fn the_last_event_comes_however_a_run_ends() {
    for (words, code) in [
        (&["run", "nosuch", "--cc", "gcc/12"][..], 2),
        (&["run", "mpi"][..], 3),
        (&["run", "compiler", "--all", "--shard", "90/90", "--cc", "gcc/12"][..], 3),
    ] {
        let answer = call(&[words, &["--message-format", "json"]].concat()).run().exits(code);
        let events = events(&answer);
        let over = events.last().unwrap_or_else(|| panic!("{words:?}: no event"));
        assert_eq!((&over["event"], &over["exit"]), (&"run-ended".into(), &code.into()), "{words:?}");
        assert!(!over["why"].is_null(), "{words:?}: {over}");
        assert_eq!(events.iter().filter(|event| event["event"] == "run-ended").count(), 1, "{words:?}");
    }
}

#[test]
fn events_that_nobody_can_read_are_an_error() {
    let answer = mixed(&["-E", "probe(long)", "--message-format", "json"])
        .below("sh", &["-c", "\"$@\" > /dev/full", "-"])
        .run();
    assert_ne!(answer.code, 0, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("cannot write events to standard output: no space left"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_slow_case_is_named_while_it_runs_also_in_a_pipe() {
    let slow = ["--slow-after", "200ms"];
    let text = mixed(&slow).run().exits(1).stderr;
    let named =
        text.lines().position(|line| line.contains("slow") && line.contains("mine/long [gcc/12.2.0], still"));
    let ended = text.lines().position(|line| line.contains("passed") && line.contains("mine/long"));
    assert!(named.is_some() && named < ended, "{text}");
    let text = mixed(&[&slow[..], &["--quiet"]].concat()).run().exits(1).stderr;
    assert!(!text.contains("mine/long") && text.contains("mine/wrong"), "{text}");
}

#[test]
fn levels_say_which_cases_have_a_line() {
    let levels: [(&str, &[&str]); 6] = [
        ("none", &[]),
        ("fail", &["wrong"]),
        ("flaky", &["wrong", "moody"]),
        ("slow", &["wrong", "moody", "long"]),
        ("pass", &["wrong", "moody", "long"]),
        ("all", &["wrong", "moody", "long", "absent"]),
    ];
    for (level, wanted) in levels {
        let answer = mixed(&["--status-level", level, "--slow-after", "900ms"]).run().exits(1);
        for probe in ["wrong", "moody", "long", "absent"] {
            let told = answer.stderr.contains(&format!("mine/{probe} ["));
            assert_eq!(told, wanted.contains(&probe), "{level} {probe}: {}", answer.stderr);
        }
        assert!(
            answer.stdout.contains("1 failed, 3 passed, 1 flaky, 1 skipped in 4 cases"),
            "{}",
            answer.stdout
        );
    }
    let answer = mixed(&["--quiet", "--status-level", "flaky"]).run().exits(1);
    assert!(
        answer.stderr.contains("mine/moody [") && !answer.stderr.contains("mine/long ["),
        "{}",
        answer.stderr
    );
}

#[test]
fn final_levels_say_what_the_summary_tells() {
    let first = mixed(&["--quiet"]).run().exits(1);
    let results = first.results();
    let summary = |level: &str| {
        let results = results.to_str().unwrap();
        call(&["report", results, "--final-status-level", level]).run().exits(1).stdout
    };
    let marks = [
        ("failed mine/wrong", "fail"),
        ("  flaky mine/moody [gcc/12.2.0]", "flaky"),
        ("   slow mine/long [gcc/12.2.0]", "slow"),
        ("skipped mine/absent [gcc/12.2.0]", "skip"),
        (" passed mine/long [gcc/12.2.0]", "all"),
    ];
    for (place, level) in ["none", "fail", "flaky", "slow", "skip", "all"].iter().enumerate() {
        let text = summary(level);
        for (at, (mark, _)) in marks.iter().enumerate() {
            assert_eq!(text.contains(mark), at < place, "{level}, {mark}: {text}");
        }
        assert!(text.contains("1 failed, 3 passed"), "{text}");
    }
    assert_eq!(summary("none").trim().lines().count(), 1);
}
