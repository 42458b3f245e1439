//! Failures as people reported them in public (`texts.toml`): what is said of each, and `docs/diagnoses.md`, which shows
//! it together with every diagnosis that there is.
//!
//! `cargo test --test it diagnoses::texts -- --nocapture` prints the table. With `STACKPROBE_BLESS=1` the same command
//! writes the page anew.

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;
use stackprobe::verdict::diagnosis::{Diagnosis, Weight};
use stackprobe::verdict::evidence::{Evidence, Facts};
use stackprobe::verdict::rules::Rules;

use super::rules;

/// One report.
struct Text {
    of: String,
    source: String,
    exit: i32,
    mpi: Option<(String, String)>,
    faults: Vec<String>,
    words: Vec<String>,
    said: String,
}

fn texts() -> Vec<Text> {
    let table: toml::Table = include_str!("texts.toml").parse().unwrap();
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
            said: string("text"),
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

#[test]
fn public_failures_are_told_and_nobody_is_blamed_wrongly() {
    let rules = rules();
    let (mut told, mut wrong, mut blamed) = (0, Vec::new(), Vec::new());
    let texts = texts();
    println!("{:62} {:28} fault", "what was reported", "diagnosis");
    for text in &texts {
        let best = best(&rules, text);
        let (id, fault) =
            best.as_ref().map_or(("none", "unknown"), |best| (best.id.as_str(), best.fault_word()));
        println!("{:62} {id:28} {fault}", text.of);
        if fault != "unknown" && !text.faults.iter().any(|right| right == fault) {
            blamed.push(format!("{}: {id} says {fault}, not {:?}", text.of, text.faults));
        }
        let said =
            best.as_ref().map(|best| format!("{} {} {}", best.id, best.cause, best.fix)).unwrap_or_default();
        let missing: Vec<_> =
            text.words.iter().filter(|words| !Regex::new(words).unwrap().is_match(&said)).collect();
        let fits = text.faults.iter().any(|right| right == fault);
        if best.is_some() && missing.is_empty() && fits {
            told += 1;
        } else {
            wrong.push(format!("{}: {id} ({fault}) does not say {missing:?} or {:?}", text.of, text.faults));
        }
    }
    println!("{told} of {} public failures are told, {} with a wrong fault", texts.len(), blamed.len());
    assert!(blamed.is_empty(), "{blamed:#?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
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
        let best = best(&rules, &text);
        let (id, fault) =
            best.as_ref().map_or(("none", "unknown"), |best| (best.id.as_str(), best.fault_word()));
        let sources: Vec<String> = text
            .source
            .split(" ; ")
            .map(|url| {
                let name = url.trim_start_matches("https://github.com/");
                format!("[{name}]({url})")
            })
            .collect();
        let _ = writeln!(page, "| {} | `{id}` | {fault} | {} |", cell(&text.of), sources.join(", "));
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

fn faults(rule: &stackprobe::verdict::rules::Rule) -> String {
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
