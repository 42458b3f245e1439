//! JUnit of other harnesses, such as `spack test run --log-format junit`, and our own where only that was kept.
//!
//! The file is not trusted: a document type is refused whole, because only it can declare entities; size, number of
//! test cases and length of each text have a limit. A file that ends in the middle keeps what it tells, and the rest is
//! an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::error::reason;
use crate::report::account::Pod;
use crate::report::merge::Part;
use crate::report::record::{CaseRecord, Owed};
use crate::report::text::{clean, head_and_tail, line};
use crate::verdict::check::{Check, Outcome};

/// Largest file that is read. GitLab takes 30 MB.
const LIMIT: u64 = 32 << 20;
/// Most test cases of one file.
const MOST: usize = 200_000;
/// Longest text of a test case that is kept, from its beginning and its end.
const HEAD: usize = 8 << 10;
const TAIL: usize = 16 << 10;
/// Longest name.
const NAME: usize = 300;

/// Reads a JUnit file.
///
/// # Errors
/// Why it is left out: it cannot be read, is too large, is not JUnit, or declares a document type.
pub fn read(path: &Path) -> Result<Part, String> {
    let size = fs::metadata(path).map_err(|error| reason(&error))?.len();
    if size > LIMIT {
        return Err(format!("it has {} MiB, at most {} are read", size >> 20, LIMIT >> 20));
    }
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut document = Document::new(&stem(path));
    let left_out = document.read(BufReader::new(file))?;
    let mut pod = Pod::nowhere(&document.host);
    pod.folder = path.to_path_buf();
    pod.plan.pod.host.clone_from(&document.host);
    pod.plan.started.clone_from(&document.started);
    let file = path.display().to_string();
    let mut owed = Vec::new();
    let mut done = BTreeMap::new();
    for mut case in document.cases {
        // Not one case of another file, however it is called.
        case.owed.id = format!("{file}#{}", owed.len());
        owed.push(case.owed.clone());
        done.insert(case.owed.id.clone(), case);
    }
    Ok(Part {
        pod,
        owed,
        done,
        repro: BTreeSet::new(),
        left_out: left_out.into_iter().collect(),
        writer: None,
    })
}

/// What the file is about: its name, or its folder's where the name says nothing.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    match folder {
        Some(folder) if matches!(stem.as_str(), "junit" | "report" | "results" | "test-results") => folder,
        _ => stem,
    }
}

/// A document while it is read.
struct Document {
    stem: String,
    ours: bool,
    host: String,
    started: String,
    suites: Vec<Suite>,
    case: Option<Case>,
    /// Elements that are open and that we do not look into.
    text: Option<Text>,
    cases: Vec<CaseRecord>,
    places: HashMap<(String, String, String, Option<u32>), usize>,
    count: usize,
}

#[derive(Default)]
struct Suite {
    name: String,
    started: String,
    toolchain: String,
    promised: usize,
    seen: usize,
}

struct Case {
    class: String,
    name: String,
    seconds: f64,
    outcome: Outcome,
    kind: String,
    message: String,
    told: String,
    output: String,
}

/// Where the text of an open element goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Told,
    Output,
}

impl Document {
    fn new(stem: &str) -> Self {
        Self {
            stem: line(stem, NAME),
            ours: false,
            host: String::new(),
            started: String::new(),
            suites: Vec::new(),
            case: None,
            text: None,
            cases: Vec::new(),
            places: HashMap::new(),
            count: 0,
        }
    }

    /// Reads to the end. What it gives is told of what is missing.
    fn read(&mut self, input: impl BufRead) -> Result<Option<String>, String> {
        let mut reader = Reader::from_reader(input);
        reader.config_mut().allow_dangling_amp = true;
        let mut buffer = Vec::new();
        let mut open = 0_usize;
        let mut root = false;
        loop {
            buffer.clear();
            let event = match reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) if self.count > 0 => {
                    return Ok(Some(format!("it breaks at byte {}: {error}", reader.error_position())));
                }
                Err(error) => return Err(format!("no XML at byte {}: {error}", reader.error_position())),
            };
            match event {
                Event::DocType(_) => {
                    return Err("it declares a document type; entities are never resolved".to_owned());
                }
                Event::Start(start) => {
                    open += 1;
                    self.start(&start, &mut root)?;
                }
                Event::Empty(start) => {
                    self.start(&start, &mut root)?;
                    self.end(start.name().as_ref());
                }
                Event::End(end) => {
                    open = open.saturating_sub(1);
                    self.end(end.name().as_ref());
                }
                Event::Text(text) => self.add(&String::from_utf8_lossy(&text)),
                Event::CData(text) => self.add(&String::from_utf8_lossy(&text)),
                Event::GeneralRef(entity) => {
                    let name = String::from_utf8_lossy(&entity).into_owned();
                    match (entity.resolve_char_ref(), resolve_predefined_entity(&name)) {
                        (Ok(Some(letter)), _) => self.add(letter.encode_utf8(&mut [0; 4])),
                        (_, Some(text)) => self.add(text),
                        _ => self.add(&format!("&{name};")),
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
            if self.count > MOST {
                return Ok(Some(format!("it has more than {MOST} test cases; the rest is left out")));
            }
        }
        match (root, open) {
            (false, _) => Err("it is not JUnit: it has neither `testsuites` nor `testsuite`".to_owned()),
            (true, 0) => Ok(None),
            (true, _) => Ok(Some("it ends in the middle".to_owned())),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, root: &mut bool) -> Result<(), String> {
        let name = start.name();
        if !*root {
            *root = matches!(name.as_ref(), b"testsuites" | b"testsuite");
            if !*root {
                return Err("it is not JUnit: it begins with neither `testsuites` nor `testsuite`".to_owned());
            }
            self.ours = name.as_ref() == b"testsuites" && attribute(start, b"name") == "stackprobe";
        }
        match name.as_ref() {
            b"testsuite" => self.suite(start),
            b"property" => self.property(start),
            b"testcase" => {
                self.text = None;
                self.case = Some(Case {
                    class: attribute(start, b"classname"),
                    name: attribute(start, b"name"),
                    seconds: attribute(start, b"time").replace(',', "").parse().unwrap_or(0.0),
                    outcome: Outcome::Passed,
                    kind: String::new(),
                    message: String::new(),
                    told: String::new(),
                    output: String::new(),
                });
            }
            b"failure" | b"error" | b"skipped" => self.outcome(start),
            b"system-out" | b"system-err" => self.text = Some(Text::Output),
            _ => self.text = None,
        }
        Ok(())
    }

    fn suite(&mut self, start: &BytesStart<'_>) {
        let mut suite = Suite {
            name: attribute(start, b"name"),
            started: attribute(start, b"timestamp"),
            promised: attribute(start, b"tests").parse().unwrap_or(0),
            ..Suite::default()
        };
        if self.ours
            && let Some((name, toolchain)) = suite.name.split_once(' ')
        {
            (suite.name, suite.toolchain) = (name.to_owned(), toolchain.to_owned());
        }
        if self.host.is_empty() {
            self.host = attribute(start, b"hostname");
        }
        if self.started.is_empty() {
            self.started.clone_from(&suite.started);
        }
        self.suites.push(suite);
    }

    /// Spack says in properties what the specs were built with: `gcc@12.2.0`, `gcc@=12.2.0`.
    fn property(&mut self, start: &BytesStart<'_>) {
        if let Some(suite) = self.suites.last_mut()
            && suite.toolchain.is_empty()
            && self.case.is_none()
            && attribute(start, b"name") == "compiler"
        {
            suite.toolchain = attribute(start, b"value").replacen("@=", "@", 1).replacen('@', "/", 1);
        }
    }

    fn outcome(&mut self, start: &BytesStart<'_>) {
        let Some(case) = &mut self.case else { return };
        let outcome = match start.name().as_ref() {
            b"failure" => Outcome::Failed,
            b"error" => Outcome::Error,
            _ => Outcome::Skipped,
        };
        self.text = Some(Text::Told);
        if outcome > case.outcome {
            case.outcome = outcome;
            case.kind = attribute(start, b"type");
            case.message = attribute(start, b"message");
        }
    }

    fn add(&mut self, text: &str) {
        let (Some(case), Some(place)) = (&mut self.case, self.text) else { return };
        let kept = match place {
            Text::Told => &mut case.told,
            Text::Output => &mut case.output,
        };
        kept.push_str(text);
        if kept.len() > 4 * (HEAD + TAIL) {
            *kept = head_and_tail(kept, HEAD, TAIL);
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"testcase" => {
                if let Some(case) = self.case.take() {
                    self.keep(&case);
                }
                self.text = None;
            }
            b"testsuite" => {
                if let Some(suite) = self.suites.pop() {
                    self.close(&suite);
                }
            }
            _ => self.text = None,
        }
    }

    fn keep(&mut self, case: &Case) {
        self.count += 1;
        for suite in &mut self.suites {
            suite.seen += 1;
        }
        let (suite, toolchain, started) = match self.suites.last() {
            Some(suite) => (suite.name.clone(), suite.toolchain.clone(), suite.started.clone()),
            None => Default::default(),
        };
        let (suite, probe, name, ranks) = if self.ours {
            let probe = case.class.strip_prefix(&format!("{suite}.")).unwrap_or(&case.class).to_owned();
            let name = case.name.strip_suffix(&format!(" [{toolchain}]")).unwrap_or(&case.name).to_owned();
            match name
                .rsplit_once(" n=")
                .and_then(|(name, ranks)| Some((name.to_owned(), ranks.parse().ok()?)))
            {
                Some((name, ranks)) => (suite, probe, name, Some(ranks)),
                None => (suite, probe, name, None),
            }
        } else {
            let probe = if case.class.is_empty() { suite } else { case.class.clone() };
            (self.stem.clone(), probe, case.name.clone(), None)
        };
        let key = (suite, probe, toolchain, ranks);
        let place = *self.places.entry(key).or_insert_with_key(|(suite, probe, toolchain, ranks)| {
            let owed = Owed {
                id: String::new(),
                suite: suite.clone(),
                probe: probe.clone(),
                toolchain: toolchain.clone(),
                ranks: *ranks,
                file: String::new(),
                line: 0,
            };
            let mut record = CaseRecord::absent(&owed, "", Outcome::Passed, "");
            record.checks.clear();
            record.started.clone_from(&started);
            self.cases.push(record);
            self.cases.len() - 1
        });
        let check = check(case, name);
        let record = &mut self.cases[place];
        record.seconds +=
            check.millis.map_or(0.0, |millis| std::time::Duration::from_millis(millis).as_secs_f64());
        record.checks.push(check);
    }

    /// A suite that promised more than it holds was cut short by whoever wrote it.
    fn close(&mut self, suite: &Suite) {
        if suite.seen < suite.promised {
            let why = format!("{} test cases promised, {} seen", suite.promised, suite.seen);
            let case = Case {
                class: suite.name.clone(),
                name: "case".to_owned(),
                seconds: 0.0,
                outcome: Outcome::Error,
                kind: "lost".to_owned(),
                message: why,
                told: String::new(),
                output: String::new(),
            };
            self.suites.push(Suite {
                name: suite.name.clone(),
                toolchain: suite.toolchain.clone(),
                ..Suite::default()
            });
            self.keep(&case);
            self.suites.pop();
        }
    }
}

fn check(case: &Case, name: String) -> Check {
    let told = clean(case.told.trim());
    let reason =
        if case.message.trim().is_empty() { told.lines().next().unwrap_or_default() } else { &case.message };
    let reason = line(reason, NAME);
    let mut check = Check::passed(if name.is_empty() { "(no name)".to_owned() } else { name });
    let millis = std::time::Duration::try_from_secs_f64(case.seconds).unwrap_or_default().as_millis();
    check.millis = Some(u64::try_from(millis).unwrap_or(u64::MAX));
    check.outcome = case.outcome;
    if case.outcome == Outcome::Passed {
        return check;
    }
    check.kind = line(&case.kind, NAME);
    check.reason = if reason.is_empty() { "no reason given".to_owned() } else { reason };
    let output = clean(case.output.trim());
    let detail = if output.is_empty() { told } else { format!("{told}\n{output}") };
    check.detail = head_and_tail(detail.trim(), HEAD, TAIL);
    check
}

fn attribute(start: &BytesStart<'_>, wanted: &[u8]) -> String {
    let mut attributes = start.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == wanted);
    let Some(found) = found else { return String::new() };
    let raw = String::from_utf8_lossy(&found.value).into_owned();
    let text = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
    line(&text, NAME)
}
