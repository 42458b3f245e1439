//! TAP 14, read as it comes: 400 MB of output cost no more memory than its checks.
//!
//! By the words of <https://testanything.org/tap-version-14-specification.html>; `tap/streams.toml` says what each of
//! them comes to. Where they leave a choice, no stream is green by accident: numbers given twice, numbers outside of the
//! plan, a second plan or one amid the checks (two programs wrote one stream, as N singletons of a wrong launcher do) and
//! a subtest that says `ok` of checks that are not are faults. Lines that are no TAP are none.

mod line;
#[cfg(test)]
mod streams;

use std::collections::{BTreeMap, BTreeSet};

use crate::verdict::check::{Check, Outcome};
use line::{Line, Point};

/// No line that counts is longer; the rest of one is dropped.
const LINE: usize = 64 << 10;
/// No probe has more checks; more are a fault.
const CHECKS: usize = 20_000;
/// No YAML block is longer.
const BLOCK: usize = 16 << 10;
/// No probe has more to say beside its checks.
const OBSERVATIONS: usize = 32;
/// No subtests are deeper.
const DEPTH: usize = 16;

/// Reads chunks, gives checks.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed behind it ends no line of its own.
    returned: bool,
    document: Document,
}

/// One TAP document: the stream, or a subtest of it.
#[derive(Debug, Default)]
struct Document {
    plan: Option<(usize, String)>,
    /// A plan behind the checks ends them.
    ended: bool,
    points: usize,
    checks: Vec<Check>,
    numbers: BTreeSet<usize>,
    names: BTreeSet<String>,
    block: Option<String>,
    /// The last line that counts was a test point: a YAML block may follow.
    described: bool,
    observed: BTreeMap<String, String>,
    faults: Vec<String>,
    bail: Option<String>,
    /// `# Subtest: name`.
    announced: Option<String>,
    child: Option<Box<Document>>,
    depth: usize,
}

/// What a whole stream said.
#[derive(Debug)]
pub struct Stream {
    /// Its checks, in order.
    pub checks: Vec<Check>,
    /// What the probe saw beside its checks (`# observed NAME: VALUE`); of two with one name the last.
    pub observed: BTreeMap<String, String>,
    /// What is wrong with the stream itself, each in one line.
    pub faults: Vec<String>,
    /// Why the probe gave up (`Bail out! why`). What is missing after that is no news.
    pub bailed: Option<String>,
    /// Why the probe skipped itself as a whole (`1..0 # SKIP why`).
    pub skipped: Option<String>,
}

impl Reader {
    /// Takes a chunk of stdout, cut anywhere.
    pub fn add(&mut self, chunk: &[u8]) {
        for part in chunk.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let returned = std::mem::take(&mut self.returned);
            if returned && part == b"\n" {
                continue;
            }
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.returned = part.ends_with(b"\r");
            if self.returned || part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    /// Ends the stream.
    #[must_use]
    pub fn finish(mut self) -> Stream {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.document.finish()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        self.document.take(line.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}'));
    }
}

impl Document {
    fn fault(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.faults.len() < 20 && !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    /// Takes a line, without the indentation of this document.
    fn take(&mut self, line: &str) {
        if self.bail.is_some() || self.takes_block(line) {
            return;
        }
        if let Some(inner) = line.strip_prefix("    ") {
            return self.take_inner(inner);
        }
        let read = Line::read(line);
        if !matches!(read, Line::Aside | Line::Observed(..)) {
            self.described = matches!(read, Line::Point(_));
        }
        match read {
            // What stands between a subtest and the check that ends it is no TAP.
            Line::Version(_) | Line::Plan { .. } | Line::Subtest(_) if self.child.is_some() => {}
            Line::Version(13 | 14) | Line::Aside | Line::Other => {}
            Line::Version(version) => {
                self.fault(format!("TAP version {version} is not known: 13 and 14 are"));
            }
            Line::Observed(name, value) => {
                if self.observed.len() < OBSERVATIONS || self.observed.contains_key(&name) {
                    self.observed.insert(name, value);
                }
            }
            Line::Plan { count, reason } => self.take_plan(count, reason),
            Line::Point(point) => {
                self.end_subtest(&point);
                self.take_point(point);
            }
            Line::Bail(why) => self.bail = Some(why),
            // Only what follows makes it one.
            Line::Subtest(name) => self.announced = Some(name),
        }
    }

    /// Whether the line belongs to a YAML block. Each of its lines is indented by two; one that is not was written by
    /// somebody who never closed it.
    fn takes_block(&mut self, line: &str) -> bool {
        let Some(block) = &mut self.block else {
            let begins = line == "  ---" && self.described;
            if begins {
                self.block = Some(String::new());
            }
            return begins;
        };
        let inner = line.strip_prefix("  ");
        if line == "  ..." || (inner.is_none() && !line.trim().is_empty()) {
            let block = self.block.take().unwrap_or_default();
            self.describe(&block);
            self.described = false;
            return inner.is_some();
        }
        if block.len() < BLOCK {
            block.push_str(inner.unwrap_or_default());
            block.push('\n');
        }
        true
    }

    fn take_inner(&mut self, line: &str) {
        let read = Line::read(line.trim_start_matches("    "));
        let tap = !matches!(read, Line::Aside | Line::Observed(..) | Line::Other);
        let begun = self.child.is_some();
        if self.depth >= DEPTH || !(begun || tap) {
            return;
        }
        let depth = self.depth + 1;
        let child = self.child.get_or_insert_with(|| Box::new(Self { depth, ..Self::default() }));
        child.take(line);
        self.described = false;
        // It ends the whole stream.
        self.bail.clone_from(&child.bail);
    }

    /// The test point that ends a subtest says what came of it; it must not say `ok` of what is not.
    fn end_subtest(&mut self, point: &Point) {
        let announced = self.announced.take();
        let Some(child) = self.child.take() else { return };
        if let Some(name) = announced.as_ref().filter(|name| **name != point.description) {
            let name = if name.is_empty() { "without a name".to_owned() } else { format!("`{name}`") };
            self.fault(format!("the subtest {name} is not ended by a check of its name"));
        }
        if !point.ok || point.directive.is_some() {
            return;
        }
        // Without a plan it may be any text that is indented; what is announced is a subtest.
        let whole = announced.is_some() || child.plan.is_some();
        let stream = child.finish();
        // A subtest that bails out has ended the stream.
        let failed = stream.checks.iter().find(|check| check.outcome == Outcome::Failed);
        let why = failed.map(|check| format!("{}: {}", check.name, check.reason));
        if let Some(why) = why.or_else(|| stream.faults.into_iter().next().filter(|_| whole)) {
            let name = &point.description;
            self.fault(format!("the subtest `{name}` says ok, and what is in it does not: {why}"));
        }
    }

    fn take_plan(&mut self, count: usize, reason: String) {
        if self.plan.is_some() {
            self.fault("a second plan: more than one program wrote this stream");
            return;
        }
        self.ended = self.points > 0;
        self.plan = Some((count, reason));
    }

    fn take_point(&mut self, point: Point) {
        self.points += 1;
        if self.ended {
            self.fault("a check behind the plan that ended them: more than one program wrote this stream");
        }
        let free = || (self.points..=CHECKS * 2).find(|number| !self.numbers.contains(number));
        let number = point.number.or_else(free).unwrap_or(self.points);
        if !self.numbers.insert(number) {
            self.fault(format!("check {number} was given twice"));
        }
        if self.checks.len() >= CHECKS {
            self.fault(format!("more than {CHECKS} checks"));
            return;
        }
        let mut name = point.description;
        if name.is_empty() {
            name = format!("check {number}");
        }
        // Descriptions may repeat; what CI calls a check may not.
        if self.names.contains(&name) {
            let mut again = (self.points..).map(|count| format!("{name} ({count})"));
            name = again.find(|name| !self.names.contains(name)).unwrap_or(name);
        }
        self.names.insert(name.clone());
        self.checks.push(match (point.directive, point.ok) {
            (Some(skip), _) if !skip.todo => {
                Check::not_passed(name, Outcome::Skipped, "probe.skip", skip_reason(&skip.reason))
            }
            // What is known not to work yet is not a reason to go red, and not a reason to go green.
            (Some(todo), false) => {
                Check::not_passed(name, Outcome::Skipped, "probe.todo", to_do(&todo.reason))
            }
            (Some(todo), true) => Check::passed(name).detail(format!("{}, and passes", to_do(&todo.reason))),
            (None, true) => Check::passed(name),
            (None, false) => Check::not_passed(name, Outcome::Failed, "tap.not-ok", "not ok"),
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

    fn finish(mut self) -> Stream {
        if let Some(block) = self.block.take() {
            self.describe(&block);
        }
        let mut skipped = None;
        if let Some(why) = self.bail.take() {
            let why =
                if why.is_empty() { "the probe bailed out and did not say why".to_owned() } else { why };
            return Stream {
                checks: self.checks,
                observed: self.observed,
                faults: self.faults,
                bailed: Some(why),
                skipped,
            };
        }
        match self.plan.take() {
            None if self.points == 0 => self.fault("no TAP on stdout: neither a plan nor a check"),
            None => self.fault("no plan: the probe ended before it could say how many checks it owes"),
            Some((0, why)) if self.points == 0 => skipped = Some(skip_reason(&why)),
            Some((planned, _)) => {
                if planned != self.points {
                    self.fault(format!("{planned} checks planned, {} seen", self.points));
                }
                let outside = self.numbers.iter().find(|number| !(1..=planned).contains(*number));
                if let Some(number) = outside.filter(|_| planned > 0) {
                    self.fault(format!("check {number} is not in the plan 1..{planned}"));
                }
            }
        }
        Stream { checks: self.checks, observed: self.observed, faults: self.faults, bailed: None, skipped }
    }
}

fn skip_reason(why: &str) -> String {
    if why.is_empty() { "the probe gave no reason".to_owned() } else { why.to_owned() }
}

fn to_do(why: &str) -> String {
    if why.is_empty() { "to do".to_owned() } else { format!("to do: {why}") }
}
