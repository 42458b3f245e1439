//! JUnit XML as its readers really read it: Jenkins, GitLab, GitHub actions, Azure, Allure.
//!
//! junit-report writes the elements; one pass behind it adds what that crate has no word for (counts of skipped,
//! totals, wall-clock times, properties, flaky attempts, lines) and turns CDATA into escaped text, which is the one
//! form that all readers take. Every string is cleaned before it goes in.
//!
//! Flat suites only (nested ones vanish in GitLab and Allure), one outcome and at most one `system-out` for a case
//! (two lose the whole report in GitLab), messages of one line, repeated as the first line of the text, because GitLab
//! shows no `message`.

use std::collections::BTreeMap;
use std::io::Write;

use junit_report::{Duration, OffsetDateTime, Report, TestCaseBuilder, TestSuiteBuilder};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use time::format_description::well_known::Rfc3339;

use crate::report::record::{CaseRecord, PlanRecord};
use crate::report::text::{clean, head_and_tail, line};
use crate::verdict::check::{Check, Outcome};

/// Longest `message`: GitHub's checks and most tables cut there.
const MESSAGE: usize = 200;
/// Output that goes into the XML with a failure; the whole is in the log.
const HEAD: usize = 4 << 10;
const TAIL: usize = 12 << 10;

/// One `testsuite`: the cases of a suite under a toolchain.
struct Group<'r> {
    name: String,
    cases: Vec<&'r CaseRecord>,
}

/// What the second pass adds to one element.
#[derive(Default)]
struct Extra {
    attributes: Vec<(&'static str, String)>,
    properties: Vec<(String, String)>,
    flaky: Vec<Check>,
}

/// Renders the whole report. `strict` keeps to `junit-10.xsd`, which knows fewer attributes.
///
/// # Errors
/// Only what the XML writers say, as text.
pub fn render(plan: &PlanRecord, cases: &[CaseRecord], strict: bool) -> Result<Vec<u8>, String> {
    let groups = groups(cases);
    let mut report = Report::new();
    let mut extras: Vec<(Extra, Vec<Extra>)> = Vec::new();
    let mut total = Counts::default();
    let begun = OffsetDateTime::parse(&plan.started, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    for group in &groups {
        let mut suite = TestSuiteBuilder::new(&group.name);
        suite.set_timestamp(begun);
        let mut counts = Counts::default();
        let mut inner = Vec::new();
        for case in &group.cases {
            counts.seconds += case.seconds;
            for (place, check) in case.checks.iter().enumerate() {
                counts.add(check);
                suite.add_testcase(testcase(case, check, place == 0));
                inner.push(case_extra(case, check, place == 0, strict));
            }
        }
        total.join(&counts);
        extras.push((suite_extra(plan, group, &counts, strict), inner));
        report.add_testsuite(suite.build());
    }
    let mut raw = Vec::new();
    report.write_xml(&mut raw).map_err(|error| error.to_string())?;
    let mut root = total.attributes();
    root.insert(0, ("name", "stackprobe".to_owned()));
    if strict {
        root.retain(|(name, _)| *name != "skipped");
    } else {
        root.push(("timestamp", plan.started.clone()));
    }
    decorate(&raw, root, extras)
}

fn groups(cases: &[CaseRecord]) -> Vec<Group<'_>> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases {
        let key = (case.owed.suite.as_str(), case.owed.toolchain.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Group { name: clean(&format!("{} {}", key.0, key.1)), cases: Vec::new() });
            groups.len() - 1
        });
        groups[place].cases.push(case);
    }
    groups
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    seconds: f64,
}

impl Counts {
    fn add(&mut self, check: &Check) {
        self.tests += 1;
        match check.outcome {
            Outcome::Passed => {}
            Outcome::Skipped => self.skipped += 1,
            Outcome::Error => self.errors += 1,
            Outcome::Failed => self.failures += 1,
        }
    }

    fn join(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.seconds += other.seconds;
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(self.seconds)),
        ]
    }
}

/// Three decimals: more are refused by `junit-10.xsd`.
fn seconds(value: f64) -> String {
    format!("{:.3}", value.max(0.0))
}

/// How the check is called in tables that show one column of names.
fn name(case: &CaseRecord, check: &Check) -> String {
    let ranks = case.owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    clean(&format!("{}{ranks} [{}]", check.name, case.owed.toolchain))
}

fn testcase(case: &CaseRecord, check: &Check, first: bool) -> junit_report::TestCase {
    let name = name(case, check);
    let took = check.millis.map_or(if first { case.seconds } else { 0.0 }, |millis| {
        std::time::Duration::from_millis(millis).as_secs_f64()
    });
    let took = Duration::seconds_f64(took.max(0.0));
    let kind = match &case.diagnosis {
        Some(diagnosis) if matches!(check.outcome, Outcome::Error | Outcome::Failed) => diagnosis.id.as_str(),
        _ if check.kind.is_empty() => "failure",
        _ => check.kind.as_str(),
    };
    let kind = clean(kind);
    let message = message(case, check);
    let mut built = match check.outcome {
        Outcome::Passed => TestCaseBuilder::success(&name, took),
        Outcome::Skipped => TestCaseBuilder::skipped_with_cause(&name, &kind, &message),
        Outcome::Error => TestCaseBuilder::error(&name, took, &kind, &message),
        Outcome::Failed => TestCaseBuilder::failure(&name, took, &kind, &message),
    };
    built.set_classname(&clean(&format!("{}.{}", case.owed.suite, case.owed.probe)));
    if matches!(check.outcome, Outcome::Error | Outcome::Failed) {
        built.set_trace(&cdata(&trace(case, check, &message)));
        if !case.log.is_empty() {
            built.set_system_out(&cdata(&clean(&format!("[[ATTACHMENT|{}]]", case.log))));
        }
    }
    built.build()
}

fn message(case: &CaseRecord, check: &Check) -> String {
    match &case.diagnosis {
        Some(diagnosis) if matches!(check.outcome, Outcome::Error | Outcome::Failed) => {
            line(&format!("{} ({}: {})", check.reason, diagnosis.fault, diagnosis.cause), MESSAGE)
        }
        _ => line(&check.reason, MESSAGE),
    }
}

fn trace(case: &CaseRecord, check: &Check, message: &str) -> String {
    let mut text = format!("{message}\n");
    let mut add = |part: &str| {
        if !part.trim().is_empty() {
            text.push_str(part.trim_end());
            text.push('\n');
        }
    };
    if check.reason.chars().count() > MESSAGE {
        add(&check.reason);
    }
    add(&check.detail);
    if let Some(diagnosis) = &case.diagnosis {
        add(&format!("diagnosis: {} (fault: {})", diagnosis.id, diagnosis.fault));
        add(&format!("cause: {}", diagnosis.cause));
        add(&format!("fix: {}", diagnosis.fix));
    }
    for command in &case.commands {
        add(&format!("$ {}  # {}, {:.2} s", command.command, command.ended, command.seconds));
    }
    add(&head_and_tail(&case.output, HEAD, TAIL));
    add(&format!("{}:{}", case.owed.file, case.owed.line));
    clean(&text)
}

/// junit-report writes text as raw CDATA, which `]]>` would end.
fn cdata(text: &str) -> String {
    text.replace("]]>", "]]]]><![CDATA[>")
}

fn case_extra(case: &CaseRecord, check: &Check, first: bool, strict: bool) -> Extra {
    let mut extra = Extra::default();
    if first {
        extra.flaky.clone_from(&case.earlier);
    }
    if !strict {
        extra.attributes.push(("file", clean(&case.owed.file)));
        extra.attributes.push(("line", case.owed.line.to_string()));
        if matches!(check.outcome, Outcome::Error | Outcome::Failed) {
            if let Some(command) = case.commands.last() {
                extra.properties.push(("command".to_owned(), line(&command.command, 1000)));
            }
            if let Some(diagnosis) = &case.diagnosis {
                extra.properties.push(("diagnosis".to_owned(), diagnosis.id.clone()));
                extra.properties.push(("fault".to_owned(), diagnosis.fault.clone()));
            }
        }
    }
    extra
}

fn suite_extra(plan: &PlanRecord, group: &Group<'_>, counts: &Counts, strict: bool) -> Extra {
    let mut attributes = counts.attributes();
    attributes.push(("hostname", clean(&plan.pod.host)));
    let started =
        group.cases.iter().map(|case| case.started.as_str()).filter(|started| !started.is_empty()).min();
    attributes.push(("timestamp", started.unwrap_or(&plan.started).to_owned()));
    if strict {
        attributes.retain(|(name, _)| *name != "hostname" || !plan.pod.host.is_empty());
    }
    let mut properties = BTreeMap::from([
        ("stackprobe.version".to_owned(), plan.stackprobe.clone()),
        ("host".to_owned(), plan.pod.host.clone()),
        ("cpus".to_owned(), plan.pod.cpus.to_string()),
        ("uid".to_owned(), plan.pod.uid.to_string()),
    ]);
    let optional = [
        ("node", plan.pod.node.clone()),
        ("image", plan.pod.image.clone()),
        ("memory.bytes", plan.pod.memory.map(|bytes| bytes.to_string())),
        ("shm.free.bytes", plan.pod.shm.map(|bytes| bytes.to_string())),
        ("lmod", (!plan.lmod.is_empty()).then(|| plan.lmod.clone())),
    ];
    for (name, value) in optional {
        properties.extend(value.map(|value| (name.to_owned(), value)));
    }
    // The same for every case of a toolchain: modules, prefixes.
    for case in &group.cases {
        for (name, value) in &case.properties {
            properties.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let properties = properties.into_iter().map(|(name, value)| (clean(&name), line(&value, 1000))).collect();
    Extra { attributes, properties, flaky: Vec::new() }
}

/// The second pass.
fn decorate(
    raw: &[u8],
    root: Vec<(&'static str, String)>,
    extras: Vec<(Extra, Vec<Extra>)>,
) -> Result<Vec<u8>, String> {
    let mut reader = Reader::from_reader(raw);
    let mut writer = Writer::new_with_indent(Vec::with_capacity(raw.len() * 2), b' ', 1);
    let mut root = Some(root);
    let mut suites = extras.into_iter();
    let mut cases = Vec::new().into_iter();
    let mut pending: Option<Extra> = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Eof => break,
            Event::Decl(_) => writer
                .get_mut()
                .write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
                .map_err(|error| error.to_string())?,
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == b"testsuites" => {
                write(&mut writer, Event::Start(with(&start, root.take().unwrap_or_default())?))?;
                if suites.len() == 0 {
                    write(&mut writer, Event::End(BytesEnd::new("testsuites")))?;
                }
            }
            Event::Start(start) if start.name().as_ref() == b"testsuite" => {
                let (suite, inner) = suites.next().unwrap_or_default();
                cases = inner.into_iter();
                let mut attributes = suite.attributes;
                attributes.insert(0, ("package", String::new()));
                let mut start = with(&start, attributes)?;
                start = without_empty(&start)?;
                write(&mut writer, Event::Start(start))?;
                write_properties(&mut writer, &suite.properties)?;
            }
            Event::Empty(start) if start.name().as_ref() == b"testcase" => {
                let extra = cases.next().unwrap_or_default();
                let element = with(&start, extra.attributes.clone())?;
                if extra.properties.is_empty() && extra.flaky.is_empty() {
                    write(&mut writer, Event::Empty(element))?;
                } else {
                    write(&mut writer, Event::Start(element))?;
                    write_properties(&mut writer, &extra.properties)?;
                    write_flaky(&mut writer, &extra.flaky, "flakyFailure")?;
                    write(&mut writer, Event::End(BytesEnd::new("testcase")))?;
                }
            }
            Event::Start(start) if start.name().as_ref() == b"testcase" => {
                let extra = cases.next().unwrap_or_default();
                write(&mut writer, Event::Start(with(&start, extra.attributes.clone())?))?;
                write_properties(&mut writer, &extra.properties)?;
                pending = Some(extra);
            }
            Event::Empty(start) if start.name().as_ref() == b"skipped" => {
                // GitLab shows the text of an element, never its message.
                let message = attribute(&start, "message")?;
                write(&mut writer, Event::Start(with(&start, Vec::new())?))?;
                write(&mut writer, Event::Text(BytesText::new(&message)))?;
                write(&mut writer, Event::End(BytesEnd::new("skipped")))?;
            }
            Event::End(end) if matches!(end.name().as_ref(), b"failure" | b"error" | b"skipped") => {
                write(&mut writer, Event::End(end.into_owned()))?;
                if let Some(extra) = pending.take() {
                    write_flaky(&mut writer, &extra.flaky, "rerunFailure")?;
                }
            }
            Event::CData(data) => {
                let text = String::from_utf8_lossy(&data).into_owned();
                write(&mut writer, Event::Text(BytesText::new(&text)))?;
            }
            other => write(&mut writer, other.into_owned())?,
        }
    }
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn write(writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> Result<(), String> {
    writer.write_event(event).map_err(|error| error.to_string())
}

/// The element with these attributes set; times are cut to three decimals.
fn with(start: &BytesStart<'_>, set: Vec<(&'static str, String)>) -> Result<BytesStart<'static>, String> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let mut element = BytesStart::new(name);
    let mut values: Vec<(String, String)> = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = unescape(&attribute)?;
        let value = match (key.as_str(), value.parse::<f64>()) {
            ("time", Ok(time)) => seconds(time),
            _ => value,
        };
        values.push((key, value));
    }
    for (key, value) in set {
        match values.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => values.push((key.to_owned(), value)),
        }
    }
    for (key, value) in &values {
        element.push_attribute((key.as_str(), value.as_str()));
    }
    Ok(element)
}

/// `package=""` would be shown as a package of that name.
fn without_empty(start: &BytesStart<'_>) -> Result<BytesStart<'static>, String> {
    let mut element = BytesStart::new(String::from_utf8_lossy(start.name().as_ref()).into_owned());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if !attribute.value.is_empty() {
            element.push_attribute(attribute);
        }
    }
    Ok(element)
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let found = start.try_get_attribute(name).map_err(|error| error.to_string())?;
    found.map_or_else(|| Ok(String::new()), |attribute| unescape(&attribute))
}

fn unescape(attribute: &Attribute<'_>) -> Result<String, String> {
    let text = String::from_utf8_lossy(&attribute.value);
    quick_xml::escape::unescape(&text).map(std::borrow::Cow::into_owned).map_err(|error| error.to_string())
}

fn write_properties(writer: &mut Writer<Vec<u8>>, properties: &[(String, String)]) -> Result<(), String> {
    if properties.is_empty() {
        return Ok(());
    }
    write(writer, Event::Start(BytesStart::new("properties")))?;
    for (name, value) in properties {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", name.as_str()));
        property.push_attribute(("value", value.as_str()));
        write(writer, Event::Empty(property))?;
    }
    write(writer, Event::End(BytesEnd::new("properties")))
}

fn write_flaky(writer: &mut Writer<Vec<u8>>, earlier: &[Check], element: &'static str) -> Result<(), String> {
    for check in earlier {
        let mut start = BytesStart::new(element);
        let message = line(&format!("{}: {}", check.name, check.reason), MESSAGE);
        start.push_attribute(("message", message.as_str()));
        start.push_attribute(("type", clean(&check.kind).as_str()));
        write(writer, Event::Start(start))?;
        write(writer, Event::Text(BytesText::new(&clean(&format!("{message}\n{}", check.detail)))))?;
        write(writer, Event::End(BytesEnd::new(element)))?;
    }
    Ok(())
}
