//! Every stream of `streams.toml` comes to what stands there, however it is cut.

use proptest::prelude::*;
use serde::Deserialize;

use super::{Reader, Stream};
use crate::verdict::check::{Check, Outcome};

#[derive(Deserialize)]
struct Table {
    stream: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    text: String,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    faults: Vec<String>,
    bailed: Option<String>,
    skipped: Option<String>,
    case: String,
}

fn table() -> Vec<Row> {
    toml::from_str::<Table>(include_str!("streams.toml")).unwrap().stream
}

fn read(chunks: &[&[u8]]) -> Stream {
    let mut reader = Reader::default();
    for chunk in chunks {
        reader.add(chunk);
    }
    reader.finish()
}

fn words(check: &Check) -> String {
    let reason = if check.reason.is_empty() { String::new() } else { format!(": {}", check.reason) };
    format!("{} {}{reason}", check.outcome, check.name)
}

/// What a case comes to by its stream, if its program ended as it should.
fn case(stream: &Stream) -> Outcome {
    let of = |wanted| stream.checks.iter().any(|check| check.outcome == wanted);
    match stream {
        Stream { faults, bailed, .. } if !faults.is_empty() || bailed.is_some() => Outcome::Failed,
        _ if of(Outcome::Failed) => Outcome::Failed,
        _ if of(Outcome::Passed) => Outcome::Passed,
        _ => Outcome::Skipped,
    }
}

#[test]
fn every_stream_comes_to_what_the_words_of_tap_14_say() {
    let table = table();
    assert!(table.len() >= 60, "{}", table.len());
    let mut wrong = Vec::new();
    for wanted in &table {
        let stream = read(&[wanted.text.as_bytes()]);
        let checks: Vec<String> = stream.checks.iter().map(words).collect();
        let faults = stream.faults.len() == wanted.faults.len()
            && stream.faults.iter().zip(&wanted.faults).all(|(seen, wanted)| seen.contains(wanted.as_str()));
        if checks != wanted.checks
            || !faults
            || stream.skipped != wanted.skipped
            || stream.bailed != wanted.bailed
            || case(&stream).to_string() != wanted.case
        {
            let Stream { faults, bailed, skipped, .. } = stream;
            wrong.push(format!("{}: {checks:?} {faults:?} {bailed:?} {skipped:?}", wanted.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_probe_saw_is_kept_and_nothing_is_judged_by_it() {
    let text = "TAP version 14\n# observed transport: shared memory\n1..1\n# observed single copy: none seen\nok 1 - a\n\
                # observed transport: tcp sockets\n# observed: nothing\n# observed UPPER: x\n# observed empty: \n# Observed a: b\n\
                    # observed indented: no\n# observed tab: a\tb\n";
    let text = text.replacen("# observed indented", "    # observed indented", 1);
    let stream = read(&[text.as_bytes()]);
    let seen: Vec<(&str, &str)> =
        stream.observed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(seen, [("single copy", "none seen"), ("transport", "tcp sockets")]);
    assert!(stream.faults.is_empty() && stream.checks.len() == 1, "{stream:?}");
    // A flood is none.
    let lines: Vec<String> =
        (0..5000).map(|number| format!("# observed {}: x", "a ".repeat(number % 20) + "b")).collect();
    let flood = lines.join("\n");
    assert!(read(&[flood.as_bytes()]).observed.len() <= super::OBSERVATIONS);
    let long = format!("# observed a: {}\n1..0 # SKIP x\n", "x".repeat(5000));
    assert!(read(&[long.as_bytes()]).observed.is_empty());
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    for wanted in table() {
        let text = wanted.text.as_bytes();
        let whole = read(&[text]);
        for at in 0..text.len() {
            let parts = read(&[&text[..at], &text[at..]]);
            assert_eq!(parts.checks, whole.checks, "{} at {at}", wanted.name);
            assert_eq!(parts.faults, whole.faults, "{} at {at}", wanted.name);
        }
    }
}

#[test]
fn checks_without_end_are_a_fault_and_no_flood() {
    let text = "ok 1 - a\n".repeat(super::CHECKS + 50);
    let stream = read(&[text.as_bytes()]);
    assert_eq!(stream.checks.len(), super::CHECKS);
    assert!(stream.faults.iter().any(|fault| fault.contains("more than")), "{:?}", stream.faults);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_cuts_do_not_matter(bytes: Vec<u8>, cut in 0_usize..100) {
        let cut = cut.min(bytes.len());
        prop_assert_eq!(read(&[&bytes]).checks, read(&[&bytes[..cut], &bytes[cut..]]).checks);
    }

    #[test]
    fn no_lines_panic_and_a_failure_is_never_green(lines in proptest::collection::vec(
        prop_oneof![
            "( {0,9})(not )?ok( [0-9]{1,2})?( - [a-z#\\\\ ]{0,8})?",
            "( {4})?1\\.\\.[0-9]", "  ---", "  \\.\\.\\.", "# Subtest(: a)?", "[ -~]{0,9}",
        ], 0..12)) {
        let text = lines.join("\n");
        let stream = read(&[text.as_bytes()]);
        let failed = |line: &String| line.starts_with("not ok") && !line.to_lowercase().contains('#');
        if lines.iter().any(failed) {
            prop_assert_eq!(case(&stream), Outcome::Failed);
        }
    }
}
