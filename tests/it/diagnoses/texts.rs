//! Failures as people reported them in public: what is said of each, and `docs/diagnoses.md`, which shows it together
//! with every diagnosis that there is.
//!
//! `texts.toml` holds those that the rules were written for. Those of `blind.toml` were written down, with what must be
//! said, before any rule was tried on them: what the rules said then, `first`, is the measure of how general they are.
//!
//! `cargo test --test it diagnoses::texts -- --nocapture` prints the table. With `STACKPROBE_BLESS=1` the same command
//! writes the page anew.

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;
use stackprobe::verdict::diagnosis::Diagnosis;
use stackprobe::verdict::evidence::{Evidence, Facts};
use stackprobe::verdict::rules::Rules;
use stackprobe::verdict::terms::Weight;

use super::rules;

/// One report.
struct Text {
    of: String,
    source: String,
    exit: i32,
    mpi: Option<(String, String)>,
    faults: Vec<String>,
    words: Vec<String>,
    /// Whether another try of the same pod can help, where the report makes that plain.
    again: Option<bool>,
    said: String,
    /// The round in which it was tried blind.
    batch: i64,
    /// What was said of it then.
    first: String,
    /// Why it is not told.
    open: Option<String>,
}

/// What a diagnosis is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Told,
    Missed,
    Wrong,
}

impl Worth {
    fn word(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Missed => "missed",
            Self::Wrong => "wrong",
        }
    }
}

fn texts() -> Vec<Text> {
    read(include_str!("texts.toml"))
}

fn blind() -> Vec<Text> {
    read(include_str!("blind.toml"))
}

fn read(file: &str) -> Vec<Text> {
    let table: toml::Table = file.parse().unwrap();
    let all = table["text"].as_array().unwrap();
    let read = |entry: &toml::Value| {
        let string = |key: &str| entry[key].as_str().unwrap().to_owned();
        let strings = |key: &str| {
            let all = entry[key].as_array().unwrap().iter();
            all.map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let mpi = entry.get("mpi").and_then(|mpi| mpi.as_str()).and_then(|mpi| mpi.split_once('/'));
        Text {
            of: string("of"),
            source: string("source"),
            exit: i32::try_from(entry["exit"].as_integer().unwrap()).unwrap(),
            mpi: mpi.map(|(family, version)| (family.to_owned(), version.to_owned())),
            faults: strings("faults"),
            words: strings("words"),
            again: entry.get("again").map(|again| again.as_bool().unwrap()),
            said: string("text"),
            batch: entry.get("batch").map_or(0, |batch| batch.as_integer().unwrap()),
            first: entry.get("first").map_or_else(String::new, |first| first.as_str().unwrap().to_owned()),
            open: entry.get("open").map(|open| open.as_str().unwrap().to_owned()),
        }
    };
    all.iter().map(read).collect()
}

fn best(rules: &Rules, text: &Text) -> Option<Diagnosis> {
    let facts = Facts::default();
    let found = rules.diagnose(&Evidence {
        exit: Some(text.exit),
        launched: text.mpi.is_some(),
        mpi: text.mpi.as_ref().map(|(family, version)| (family.as_str(), version.as_str())),
        ..Evidence::new(text.said.as_bytes(), &facts)
    });
    found.into_iter().find(|diagnosis| !diagnosis.noise)
}

/// The worth of what is said of each, which is printed, and what is not right with it.
fn judge(texts: &[Text]) -> (Vec<Worth>, Vec<String>) {
    let rules = rules();
    let (mut worths, mut complaints) = (Vec::new(), Vec::new());
    println!("{:72} {:28} {:8} worth", "what was reported", "diagnosis", "fault");
    for text in texts {
        let best = best(&rules, text);
        let (id, fault) =
            best.as_ref().map_or(("none", "unknown"), |best| (best.id.as_str(), best.fault_word()));
        let said =
            best.as_ref().map(|best| format!("{} {} {}", best.id, best.cause, best.fix)).unwrap_or_default();
        let missing: Vec<_> =
            text.words.iter().filter(|words| !Regex::new(words).unwrap().is_match(&said)).collect();
        let again = text.again.is_none() || best.as_ref().map(|best| best.retry) == text.again;
        let fits = text.faults.iter().any(|right| right == fault);
        let worth = match (fits, best.is_some() && missing.is_empty() && again) {
            (true, true) => Worth::Told,
            (false, _) if fault != "unknown" => Worth::Wrong,
            _ => Worth::Missed,
        };
        println!("{:72} {id:28} {fault:8} {}", text.of, worth.word());
        if worth == Worth::Wrong || (worth == Worth::Told) == text.open.is_some() {
            let again = if again { "" } else { ", and a retry is wrong" };
            complaints.push(format!(
                "{}: {id} ({fault}) does not say {missing:?} or {:?}{again}",
                text.of, text.faults
            ));
        }
        worths.push(worth);
    }
    (worths, complaints)
}

fn count(worths: &[Worth], worth: Worth) -> usize {
    worths.iter().filter(|one| **one == worth).count()
}

#[test]
fn public_failures_are_told_and_nobody_is_blamed_wrongly() {
    let texts = texts();
    let (worths, complaints) = judge(&texts);
    let (told, wrong) = (count(&worths, Worth::Told), count(&worths, Worth::Wrong));
    println!("{told} of {} public failures are told, {wrong} with a wrong fault", texts.len());
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn failures_that_were_tried_blind_are_told() {
    let texts = blind();
    let (worths, complaints) = judge(&texts);
    let (told, wrong) = (count(&worths, Worth::Told), count(&worths, Worth::Wrong));
    println!("{told} of {} failures that were tried blind are told, {wrong} with a wrong fault", texts.len());
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// `healthy.txt`: what probes print that pass on the fixture's stack, each line once.
#[test]
fn nothing_healthy_has_a_diagnosis() {
    let rules = rules();
    let facts = Facts::default();
    let mut sections = 0;
    for section in include_str!("healthy.txt").split("=== ").filter(|section| !section.is_empty()) {
        let (name, output) = section.split_once('\n').unwrap();
        sections += 1;
        let evidence = Evidence { exit: Some(0), ..Evidence::new(output.as_bytes(), &facts) };
        let found = rules.diagnose(&evidence);
        let found: Vec<_> = found.iter().filter(|diagnosis| !diagnosis.noise).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
    assert!(sections > 100, "{sections}");
}

/// The page, from the rules and the texts.
fn page() -> String {
    let rules = rules();
    let mut page = "# Diagnoses\n\n\
        Why things fail, and whose fault it is. `stackprobe diagnose LOG` tells it of a log, `stackprobe explain ID` \
        shows a diagnosis with its samples. The tables are [`test-suites/diagnoses`](../test-suites/diagnoses); a site \
        adds its own. `unknown` is said where text and facts cannot tell: the fix then says where to look.\n\n\
        This page is written by `STACKPROBE_BLESS=1 cargo test --test it diagnoses::texts`, and a test keeps it so.\n\n\
        ## What people reported\n\n\
        | what | diagnosis | fault | report |\n|---|---|---|---|\n"
        .to_owned();
    for text in texts() {
        let _ = writeln!(page, "| {} | {} | {} |", cell(&text.of), said(&rules, &text), links(&text));
    }
    page += "\n## Tried blind\n\n\
        Rules and texts that are written together fit each other. These reports were collected, with what must be said \
        of each, before any rule was tried on them; `at first` is what the rules of that time made of it: *told*, \
        *missed*, or *wrong* where they named a wrong fault. Then the rules were mended, kind by kind, and the next \
        round was collected.\n";
    let blind = blind();
    let mut rounds: Vec<_> = blind.iter().map(|text| text.batch).collect();
    rounds.dedup();
    for round in rounds {
        let texts: Vec<_> = blind.iter().filter(|text| text.batch == round).collect();
        let first = |word: &str| texts.iter().filter(|text| text.first == word).count();
        let open = texts.iter().filter(|text| text.open.is_some()).count();
        let _ = writeln!(
            page,
            "\n### Round {round}: {} of {} told at first, {} with a wrong fault; {} now\n\n\
            | what | at first | diagnosis now | fault | report |\n|---|---|---|---|---|",
            first("told"),
            texts.len(),
            first("wrong"),
            texts.len() - open
        );
        for text in texts {
            let (of, first) = (cell(&text.of), &text.first);
            let _ = writeln!(page, "| {of} | {first} | {} | {} |", said(&rules, text), links(text));
        }
    }
    page += "\n## Every diagnosis\n\nBy the layer in which it is broken, from the ground up.\n";
    let mut layers: Vec<_> = rules.iter().map(|rule| rule.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    for layer in layers {
        let _ = writeln!(
            page,
            "\n### {}\n\n| diagnosis | fault | cause | fix |\n|---|---|---|---|",
            layer.word()
        );
        for rule in rules.iter().filter(|rule| rule.layer == layer) {
            let fault = if rule.weight == Weight::Noise { "nobody".to_owned() } else { faults(rule) };
            let _ =
                writeln!(page, "| `{}` | {fault} | {} | {} |", rule.id, cell(&rule.cause), cell(&rule.fix));
        }
    }
    page
}

/// The diagnosis and its fault, as two cells.
fn said(rules: &Rules, text: &Text) -> String {
    best(rules, text)
        .map_or_else(|| "none | unknown".to_owned(), |best| format!("`{}` | {}", best.id, best.fault_word()))
}

fn links(text: &Text) -> String {
    let link = |url: &str| format!("[{}]({url})", url.trim_start_matches("https://github.com/"));
    text.source.split(" ; ").map(link).collect::<Vec<_>>().join(", ")
}

fn faults(rule: &stackprobe::verdict::rule::Rule) -> String {
    let words = rule.faults.iter().map(|judgement| {
        let word = judgement.blame.map_or("unknown", |blame| blame.word());
        let when: Vec<String> = judgement.when.iter().map(ToString::to_string).collect();
        if when.is_empty() { word.to_owned() } else { format!("{word} if {}", when.join(" and ")) }
    });
    cell(&words.collect::<Vec<_>>().join(", else "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

#[test]
fn the_page_of_diagnoses_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnoses.md");
    let page = page();
    if std::env::var_os("STACKPROBE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/diagnoses.md is not current: STACKPROBE_BLESS=1 cargo test --test it diagnoses::texts"
    );
}
