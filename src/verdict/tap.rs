//! TAP 14, read as it comes: 400 MB of output cost no more memory than its checks.
//!
//! Only what no healthy probe writes is refused: a second plan (two programs wrote one stream, as N singletons of a
//! wrong launcher do), numbers or names given twice, checks beyond or short of the plan, and a stream without a plan.

use std::collections::BTreeSet;

use crate::verdict::check::{Check, Outcome};

/// No line that counts is longer; the rest of one is dropped.
const LINE: usize = 64 << 10;
/// No probe has more checks; more are a fault.
const CHECKS: usize = 20_000;
/// No YAML block is longer.
const BLOCK: usize = 16 << 10;

/// Reads chunks, gives checks.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    plan: Option<(usize, String)>,
    checks: Vec<Check>,
    numbers: BTreeSet<usize>,
    names: BTreeSet<String>,
    block: Option<String>,
    faults: Vec<String>,
    bailed: Option<String>,
}

/// What a whole stream said.
#[derive(Debug)]
pub struct Stream {
    /// Its checks, in order.
    pub checks: Vec<Check>,
    /// What is wrong with the stream itself, each in one line.
    pub faults: Vec<String>,
    /// Why the probe gave up (`Bail out! why`).
    pub bailed: Option<String>,
    /// Why the probe skipped itself as a whole (`1..0 # SKIP why`).
    pub skipped: Option<String>,
}

impl Reader {
    /// Takes a chunk of stdout, cut anywhere.
    pub fn add(&mut self, chunk: &[u8]) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            }
        }
    }

    /// Ends the stream.
    #[must_use]
    pub fn finish(mut self) -> Stream {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        }
        let mut skipped = None;
        match &self.plan {
            None if self.checks.is_empty() => self.fault("no TAP on stdout: neither a plan nor a check"),
            None => self.fault("no plan: the probe ended before it could say how many checks it owes"),
            Some((0, why)) if self.checks.is_empty() && !why.is_empty() => skipped = Some(why.clone()),
            Some((0, _)) => self.fault("the plan 1..0 needs a reason: `1..0 # SKIP why`"),
            Some((planned, _)) if *planned != self.checks.len() => {
                let what = format!("{planned} checks planned, {} seen", self.checks.len());
                self.fault(what);
            }
            Some(_) => {}
        }
        Stream { checks: self.checks, faults: self.faults, bailed: self.bailed, skipped }
    }

    fn fault(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.faults.len() < 20 && !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    fn take(&mut self, line: &str) {
        if let Some(block) = &mut self.block {
            if line.trim() == "..." {
                let block = self.block.take().unwrap_or_default();
                self.describe(&block);
            } else if block.len() < BLOCK {
                block.push_str(line.strip_prefix("  ").unwrap_or(line));
                block.push('\n');
            }
            return;
        }
        if line == "  ---" && !self.checks.is_empty() {
            self.block = Some(String::new());
        } else if let Some(rest) = line.strip_prefix("not ok").filter(|rest| is_rest(rest)) {
            self.check(false, rest);
        } else if let Some(rest) = line.strip_prefix("ok").filter(|rest| is_rest(rest)) {
            self.check(true, rest);
        } else if let Some(rest) = line.strip_prefix("1..") {
            self.take_plan(rest);
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            let why = why.trim();
            let why = if why.is_empty() { "the probe bailed out and did not say why" } else { why };
            self.bailed.get_or_insert_with(|| why.to_owned());
        }
    }

    fn take_plan(&mut self, rest: &str) {
        let (count, directive) = rest.split_once('#').unwrap_or((rest, ""));
        let Ok(count) = count.trim().parse::<usize>() else { return };
        let why = directive.trim().strip_prefix("SKIP").unwrap_or_default().trim().to_owned();
        if self.plan.is_some() {
            self.fault("a second plan: more than one program wrote this stream");
        } else {
            self.plan = Some((count, why));
        }
    }

    fn check(&mut self, ok: bool, rest: &str) {
        let rest = rest.trim_start();
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest[..digits].parse::<usize>().ok();
        let rest = rest[digits..].trim_start().trim_start_matches('-').trim_start();
        let (name, directive) = directive(rest);
        let number = number.unwrap_or(self.checks.len() + 1);
        if !self.numbers.insert(number) {
            self.fault(format!("check {number} was given twice"));
        }
        let mut name = name.trim().to_owned();
        if name.is_empty() {
            name = format!("check {number}");
        }
        if self.checks.len() >= CHECKS {
            self.fault(format!("more than {CHECKS} checks"));
            return;
        }
        if !self.names.insert(name.clone()) {
            self.fault(format!("the check `{name}` was given twice"));
            return;
        }
        let word = directive.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let why = directive.get(word.len()..).unwrap_or_default().trim();
        self.checks.push(match word.as_str() {
            "SKIP" | "SKIPPED" => Check::not_passed(name, Outcome::Skipped, "probe.skip", skip_reason(why)),
            // What is known not to work yet is not a reason to go red, and not a reason to go green.
            "TODO" if !ok => Check::not_passed(name, Outcome::Skipped, "probe.todo", format!("to do: {why}")),
            _ if ok => Check::passed(name),
            _ => Check::not_passed(name, Outcome::Failed, "tap.not-ok", "not ok"),
        });
    }

    /// Takes a YAML block: `message:` is the reason of a check that failed, the whole block its detail.
    fn describe(&mut self, block: &str) {
        let Some(check) = self.checks.last_mut() else { return };
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.map(|line| line.trim().trim_matches(['\'', '"']).to_owned()).filter(|line| !line.is_empty())
        };
        if check.outcome == Outcome::Failed
            && let Some(message) = value("message")
        {
            check.reason = message;
        }
        check.millis = value("duration_ms").and_then(|text| text.split('.').next()?.parse().ok());
        block.trim_end().clone_into(&mut check.detail);
    }
}

fn is_rest(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

fn skip_reason(why: &str) -> String {
    if why.is_empty() { "the probe gave no reason".to_owned() } else { why.to_owned() }
}

/// Splits at the first `#` that follows a space and is not escaped.
fn directive(text: &str) -> (String, &str) {
    let split = text.match_indices('#').find(|(at, _)| *at == 0 || text[..*at].ends_with(' '));
    let (name, directive) = split.map_or((text, ""), |(at, _)| (&text[..at], text[at + 1..].trim()));
    (name.replace("\\#", "#"), directive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Stream {
        let mut reader = Reader::default();
        reader.add(text.as_bytes());
        reader.finish()
    }

    #[test]
    fn checks_skips_and_reasons() {
        let stream = read(
            "TAP version 14\n1..4\nok 1 - a\nnoise\nnot ok 2 - b\n  ---\n  message: 'sum is 3, wanted 4'\n  \
             duration_ms: 12.5\n  ...\nok 3 - c # SKIP standard 3.1\nnot ok 4 - d # TODO later\n",
        );
        assert_eq!(stream.faults, Vec::<String>::new());
        let seen: Vec<_> =
            stream.checks.iter().map(|c| (c.name.as_str(), c.outcome, c.reason.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("a", Outcome::Passed, ""),
                ("b", Outcome::Failed, "sum is 3, wanted 4"),
                ("c", Outcome::Skipped, "standard 3.1"),
                ("d", Outcome::Skipped, "to do: later")
            ]
        );
        assert_eq!(stream.checks[1].millis, Some(12));
    }

    #[test]
    fn singletons_of_a_wrong_launcher_are_seen() {
        let stream = read("1..1\nok 1 - a\n1..1\nok 1 - a\n");
        assert_eq!(
            stream.faults,
            [
                "a second plan: more than one program wrote this stream",
                "check 1 was given twice",
                "the check `a` was given twice"
            ]
        );
    }

    #[test]
    fn a_stream_that_is_not_whole_is_seen() {
        assert_eq!(read("1..2\nok 1 - a\n").faults, ["2 checks planned, 1 seen"]);
        assert_eq!(read("ok 1 - a\n").faults.len(), 1);
        assert_eq!(read("hello\n").faults, ["no TAP on stdout: neither a plan nor a check"]);
        assert_eq!(read("1..0\n").faults.len(), 1);
        assert_eq!(read("Bail out! no memory\n1..1\nok\n").bailed.unwrap(), "no memory");
        assert_eq!(read("Bail out!\n").bailed.unwrap(), "the probe bailed out and did not say why");
        assert_eq!(read("1..0 # SKIP no pip\n").skipped.as_deref(), Some("no pip"));
    }

    #[test]
    fn okay_is_no_check() {
        assert_eq!(read("1..1\nokay then\nok\n").checks.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_cuts_do_not_matter(bytes: Vec<u8>, cut in 0_usize..100) {
            let mut whole = Reader::default();
            whole.add(&bytes);
            let cut = cut.min(bytes.len());
            let mut parts = Reader::default();
            parts.add(&bytes[..cut]);
            parts.add(&bytes[cut..]);
            prop_assert_eq!(whole.finish().checks, parts.finish().checks);
        }
    }
}
