//! JUnit XML as its readers really read it: Jenkins, GitLab, GitHub actions, Azure, Allure.
//!
//! junit-report writes the elements; one pass behind it adds what that crate has no word for (counts of skipped,
//! totals, wall-clock times, properties, flaky attempts, lines) and turns CDATA into escaped text, which is the one
//! form that all readers take. Every string is cleaned before it goes in.
//!
//! Flat suites only (nested ones vanish in GitLab and Allure), one outcome and at most one `system-out` for a case
//! (two lose the whole report in GitLab), messages of one line, repeated as the first line of the text, because GitLab
//! shows no `message`.

mod counts;
mod decorate;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};

use junit_report::{Duration, OffsetDateTime, Report, TestCaseBuilder, TestSuiteBuilder};
use quick_xml::events::{BytesStart, Event};
use time::format_description::well_known::Rfc3339;

use crate::report::account::{Account, Pod, Told};
use crate::report::record::CaseRecord;
use crate::report::text::{clean, head_and_tail, line};
use crate::verdict::check::{Check, Outcome};
use counts::{Counts, seconds};

/// Longest `message`: GitHub's checks and most tables cut there.
const MESSAGE: usize = 200;
/// Bytes of output that go into the XML with a failure; the whole is in the log.
const OUTPUT: usize = 16 << 10;
const LEAST: usize = 1 << 10;
/// Bytes of output of all failures together: GitLab refuses a file of more than 30 MB.
const ALL: usize = 12 << 20;

/// The report of an account that may still grow.
///
/// Each `testsuite` is kept as it was rendered last, and rendered again only when one of its cases has changed: writing
/// the report of a long run once more costs little more than the bytes of it.
#[derive(Debug)]
pub struct Testsuites {
    strict: bool,
    suites: Vec<Testsuite>,
    /// Bytes of output that a failure may show.
    output: usize,
}

/// The cases of a suite under a toolchain.
#[derive(Debug)]
struct Testsuite {
    name: String,
    /// Places in the account.
    places: Vec<usize>,
    counts: Counts,
    /// None if a case has changed since.
    xml: Option<Box<[u8]>>,
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
/// Only what the XML writers say.
pub fn render(account: &Account, strict: bool) -> io::Result<Vec<u8>> {
    let mut xml = Vec::new();
    Testsuites::new(account, strict).write(account, &mut xml)?;
    Ok(xml)
}

impl Testsuites {
    /// Sorts the cases into suites; nothing is rendered yet.
    #[must_use]
    pub fn new(account: &Account, strict: bool) -> Self {
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        let mut suites: Vec<Testsuite> = Vec::new();
        for (place, case) in account.cases().enumerate() {
            let key = (case.owed.suite.as_str(), case.owed.toolchain.as_str());
            let suite = *known.entry(key).or_insert_with(|| {
                let name = clean(format!("{} {}", key.0, key.1).trim_end());
                suites.push(Testsuite { name, places: Vec::new(), counts: Counts::default(), xml: None });
                suites.len() - 1
            });
            suites[suite].places.push(place);
        }
        Self { strict, suites, output: OUTPUT }
    }

    /// The case at this place of the account has changed.
    pub fn changed(&mut self, place: usize) {
        // The cases of a suite stand in the order of the plan.
        if let Some(suite) = self.suites.iter_mut().find(|suite| suite.places.binary_search(&place).is_ok()) {
            suite.xml = None;
        }
    }

    /// Writes the report as the account is now.
    ///
    /// # Errors
    /// Those of `to`, and what the XML writers say.
    pub fn write(&mut self, account: &Account, to: &mut impl Write) -> io::Result<()> {
        let checks = account.cases().flat_map(|case| &case.checks);
        let reds = checks.filter(|check| check.outcome > Outcome::Skipped).count();
        let output = (ALL / reds.max(1)).clamp(LEAST, OUTPUT);
        if output != self.output {
            self.output = output;
            self.suites.iter_mut().for_each(|suite| suite.xml = None);
        }
        let started =
            account.pods.iter().map(|pod| pod.plan.started.as_str()).filter(|started| !started.is_empty());
        let started = started.min().unwrap_or_default();
        let mut total = Counts::default();
        for (id, suite) in self.suites.iter_mut().enumerate() {
            if suite.xml.is_none() {
                suite.render(account, (id, started), (self.strict, output))?;
            }
            total.join(&suite.counts);
        }
        let mut root = BytesStart::new("testsuites").with_attributes([("name", "stackprobe")]);
        for (name, value) in total.attributes().iter().filter(|(name, _)| !self.strict || *name != "skipped")
        {
            root.push_attribute((*name, value.as_str()));
        }
        if !self.strict && !started.is_empty() {
            root.push_attribute(("timestamp", started));
        }
        to.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        quick_xml::Writer::new(&mut *to).write_event(Event::Start(root))?;
        for xml in self.suites.iter().filter_map(|suite| suite.xml.as_ref()) {
            to.write_all(b"\n")?;
            to.write_all(xml)?;
        }
        to.write_all(b"\n</testsuites>\n")
    }
}

impl Testsuite {
    fn render(
        &mut self,
        account: &Account,
        (id, started): (usize, &str),
        (strict, output): (bool, usize),
    ) -> io::Result<()> {
        let begun = OffsetDateTime::parse(started, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let told: Vec<&Told> = self.places.iter().filter_map(|place| account.told.get(*place)).collect();
        let pods: BTreeSet<usize> = told.iter().map(|told| told.pod).collect();
        let mut suite = TestSuiteBuilder::new(&self.name);
        suite.set_timestamp(begun);
        let mut counts = Counts::default();
        let mut extras = Vec::new();
        for told in &told {
            let case = &told.case;
            counts.seconds += case.seconds;
            let pod = account.pods.get(told.pod).filter(|_| pods.len() > 1);
            for (place, check) in case.checks.iter().enumerate() {
                counts.add(check);
                suite.add_testcase(testcase(case, check, place == 0, output));
                extras.push(case_extra(case, check, place == 0, (pod, strict)));
            }
        }
        let pods: Vec<&Pod> = pods.iter().filter_map(|pod| account.pods.get(*pod)).collect();
        let mut own = suite_extra(&pods, &told, &counts, started);
        own.attributes.push(("id", id.to_string()));
        let mut report = Report::new();
        report.add_testsuite(suite.build());
        let mut raw = Vec::new();
        report.write_xml(&mut raw).map_err(io::Error::other)?;
        drop(report);
        // It is kept until a case of the suite changes, or the run ends.
        self.xml = Some(decorate::decorate(&raw, own, extras)?.into_boxed_slice());
        self.counts = counts;
        Ok(())
    }
}

/// How the check is called in tables that show one column of names.
fn name(case: &CaseRecord, check: &Check) -> String {
    let ranks = case.owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    let toolchain = &case.owed.toolchain;
    let toolchain = if toolchain.is_empty() { String::new() } else { format!(" [{toolchain}]") };
    clean(&format!("{}{ranks}{toolchain}", check.name))
}

fn testcase(case: &CaseRecord, check: &Check, first: bool, output: usize) -> junit_report::TestCase {
    let name = name(case, check);
    let took = check.millis.map_or(if first { case.seconds } else { 0.0 }, |millis| {
        std::time::Duration::from_millis(millis).as_secs_f64()
    });
    let took = Duration::seconds_f64(took.max(0.0));
    let kind = match &check.diagnosis {
        Some(diagnosis) if matches!(check.outcome, Outcome::Error | Outcome::Failed) => diagnosis.id.as_str(),
        _ if check.kind.is_empty() => "failure",
        _ => check.kind.as_str(),
    };
    let kind = clean(kind);
    let message = message(check);
    let mut built = match check.outcome {
        Outcome::Passed => TestCaseBuilder::success(&name, took),
        Outcome::Skipped => TestCaseBuilder::skipped_with_cause(&name, &kind, &message),
        Outcome::Error => TestCaseBuilder::error(&name, took, &kind, &message),
        Outcome::Failed => TestCaseBuilder::failure(&name, took, &kind, &message),
    };
    built.set_classname(&clean(&format!("{}.{}", case.owed.suite, case.owed.probe)));
    if matches!(check.outcome, Outcome::Error | Outcome::Failed) {
        built.set_trace(&cdata(&trace(case, check, &message, output)));
        if !case.log.is_empty() {
            built.set_system_out(&cdata(&clean(&format!("[[ATTACHMENT|{}]]", case.log))));
        }
    }
    built.build()
}

fn message(check: &Check) -> String {
    match &check.diagnosis {
        Some(diagnosis) if matches!(check.outcome, Outcome::Error | Outcome::Failed) => {
            let told = format!("{} ({}: {})", check.reason, diagnosis.fault, diagnosis.cause);
            let command =
                if check.command.is_empty() { String::new() } else { format!("; {}", check.command) };
            line(&format!("{told}{command}"), MESSAGE)
        }
        _ => line(&check.told(), MESSAGE),
    }
}

fn trace(case: &CaseRecord, check: &Check, message: &str, output: usize) -> String {
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
    add(&check.command);
    add(&check.detail);
    if let Some(diagnosis) = &check.diagnosis {
        add(&format!("diagnosis: {} (fault: {})", diagnosis.id, diagnosis.fault));
        add(&format!("cause: {}", diagnosis.cause));
        add(&format!("fix: {}", diagnosis.fix));
        if check.outcome == Outcome::Error {
            add(&format!("retry: {}", diagnosis.cure()));
        }
        add(&diagnosis.spec);
    }
    for command in &case.commands {
        add(&format!("$ {}  # {}, {:.2} s", command.command, command.ended, command.seconds));
    }
    add(&head_and_tail(&case.output, output / 4, output - output / 4));
    if !case.owed.file.is_empty() {
        add(&format!("{}:{}", case.owed.file, case.owed.line));
    }
    clean(&text)
}

/// junit-report writes text as raw CDATA, which `]]>` would end.
fn cdata(text: &str) -> String {
    text.replace("]]>", "]]]]><![CDATA[>")
}

/// `pod` is given where the suite ran in several.
fn case_extra(case: &CaseRecord, check: &Check, first: bool, (pod, strict): (Option<&Pod>, bool)) -> Extra {
    let mut extra = Extra::default();
    if first {
        extra.flaky.clone_from(&case.earlier);
    }
    if !strict {
        if !case.owed.file.is_empty() {
            extra.attributes.push(("file", clean(&case.owed.file)));
            extra.attributes.push(("line", case.owed.line.to_string()));
        }
        if matches!(check.outcome, Outcome::Error | Outcome::Failed) {
            if let Some(command) = case.commands.last() {
                extra.properties.push(("command".to_owned(), line(&command.command, 1000)));
            }
            if let Some(diagnosis) = &check.diagnosis {
                extra.properties.push(("diagnosis".to_owned(), diagnosis.id.clone()));
                extra.properties.push(("fault".to_owned(), diagnosis.fault.clone()));
                if check.outcome == Outcome::Error {
                    extra.properties.push(("retry".to_owned(), diagnosis.cure().to_owned()));
                }
            }
            extra.properties.extend(pod.map(|pod| ("pod".to_owned(), line(&pod.name, 200))));
        }
    }
    extra
}

fn suite_extra(pods: &[&Pod], told: &[&Told], counts: &Counts, begun: &str) -> Extra {
    let mut attributes = counts.attributes();
    let hosts: BTreeSet<&str> =
        pods.iter().map(|pod| pod.plan.pod.host.as_str()).filter(|host| !host.is_empty()).collect();
    if let (Some(host), 1) = (hosts.first(), hosts.len()) {
        attributes.push(("hostname", clean(host)));
    }
    let started =
        told.iter().map(|told| told.case.started.as_str()).filter(|started| !started.is_empty()).min();
    let started = started.unwrap_or(begun);
    if !started.is_empty() {
        attributes.push(("timestamp", clean(started)));
    }
    let mut properties: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for pod in pods {
        let facts = &pod.plan.pod;
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let seen = [
            ("stackprobe.version", known(&pod.plan.stackprobe)),
            ("host", known(&facts.host)),
            ("cpus", Some(facts.cpus.to_string())),
            ("uid", Some(facts.uid.to_string())),
            ("node", facts.node.clone()),
            ("image", facts.image.clone()),
            ("memory.bytes", facts.memory.map(|bytes| bytes.to_string())),
            ("shm.free.bytes", facts.shm.map(|bytes| bytes.to_string())),
            ("lmod", known(&pod.plan.lmod)),
        ];
        for (name, value) in seen {
            properties.entry(name).or_default().extend(value);
        }
    }
    // The same for every case of a toolchain: modules, prefixes.
    for told in told {
        for (name, value) in &told.case.properties {
            let values = properties.entry(name).or_default();
            if values.is_empty() {
                values.insert(value.clone());
            }
        }
    }
    let properties = properties
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| (clean(name), line(&Vec::from_iter(values).join(", "), 1000)))
        .collect();
    Extra { attributes, properties, flaky: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::record::Owed;

    fn case(suite: &str, id: &str) -> Told {
        let owed = Owed {
            id: id.into(),
            suite: suite.into(),
            probe: id.into(),
            toolchain: "gcc/12".into(),
            ranks: None,
            file: String::new(),
            line: 0,
        };
        Told { case: CaseRecord::absent(&owed, "owed", Outcome::Error, "not run yet"), pod: 0, repro: false }
    }

    #[test]
    fn a_report_that_grew_is_the_one_that_would_be_rendered_anew() {
        let mut account = Account { pods: vec![Pod::nowhere("n1")], ..Account::default() };
        account.told =
            [("mpi", "a"), ("compiler", "b"), ("mpi", "c")].map(|(suite, id)| case(suite, id)).into();
        let mut growing = Testsuites::new(&account, false);
        growing.write(&account, &mut Vec::new()).unwrap();
        for place in [2, 0, 1] {
            account.told[place].case.checks = vec![Check::passed("x"), Check::passed("y")];
            growing.changed(place);
            let mut xml = Vec::new();
            growing.write(&account, &mut xml).unwrap();
            assert_eq!(
                String::from_utf8(xml).unwrap(),
                String::from_utf8(render(&account, false).unwrap()).unwrap()
            );
        }
    }
}
