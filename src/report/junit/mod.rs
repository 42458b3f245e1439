//! JUnit XML as its readers really read it: Jenkins, GitLab, GitHub actions, Azure, Allure.
//!
//! junit-report writes the elements; one pass behind it adds what that crate has no word for (counts of skipped,
//! totals, wall-clock times, properties, flaky attempts, lines) and turns CDATA into escaped text, which is the one
//! form that all readers take. Every string is cleaned before it goes in.
//!
//! Flat suites only (nested ones vanish in GitLab and Allure), one outcome and at most one `system-out` for a case
//! (two lose the whole report in GitLab), messages of one line, repeated as the first line of the text, because GitLab
//! shows no `message`.

mod case;
mod counts;
mod decorate;
mod extra;
mod suite;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use junit_report::{OffsetDateTime, Report, TestSuiteBuilder};
use quick_xml::events::{BytesStart, Event};
use time::format_description::well_known::Rfc3339;

use crate::report::account::{Account, Pod, Told};
use crate::report::report_file::ReportFile;
use crate::report::text::clean;
use crate::verdict::check::Outcome;
use case::{case_extra, testcase};
use counts::Counts;
use extra::Extra;
use suite::suite_extra;

/// Bytes of output that go into the XML with a failure; the whole is in the log.
const OUTPUT: usize = 16 << 10;
const LEAST: usize = 1 << 10;
/// Bytes of output of all failures together: GitLab refuses a file of more than 30 MB.
const ALL: usize = 12 << 20;

/// The report of an account that may still grow. `strict` keeps to `junit-10.xsd`, which knows fewer attributes.
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

/// What the first pass leaves to the second.
struct Written {
    raw: Vec<u8>,
    suite: Extra,
    cases: Vec<Extra>,
    counts: Counts,
}

/// `junit.xml`.
pub struct Junit;

impl ReportFile for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn file(&self) -> &'static str {
        "junit.xml"
    }

    fn is_usual(&self) -> bool {
        true
    }

    fn render(&self, account: &Account, strict: bool) -> io::Result<Vec<u8>> {
        let mut xml = Vec::new();
        Testsuites::new(account, strict).write(account, &mut xml)?;
        Ok(xml)
    }
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
                suite.render(account, id, started, self.strict, output)?;
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
        id: usize,
        started: &str,
        strict: bool,
        output: usize,
    ) -> io::Result<()> {
        let Written { raw, suite, cases, counts } = self.write(account, id, started, strict, output)?;
        // It is kept until a case of the suite changes, or the run ends.
        self.xml = Some(decorate::decorate(&raw, suite, cases)?.into_boxed_slice());
        self.counts = counts;
        Ok(())
    }

    /// What junit-report writes of it, and what is to be added.
    fn write(
        &self,
        account: &Account,
        id: usize,
        started: &str,
        strict: bool,
        output: usize,
    ) -> io::Result<Written> {
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
                extras.push(case_extra(case, check, place == 0, pod, strict));
            }
        }
        let pods: Vec<&Pod> = pods.iter().filter_map(|pod| account.pods.get(*pod)).collect();
        let mut own = suite_extra(&pods, &told, &counts, started);
        own.attributes.push(("id", id.to_string()));
        let mut report = Report::new();
        report.add_testsuite(suite.build());
        let mut raw = Vec::new();
        report.write_xml(&mut raw).map_err(io::Error::other)?;
        Ok(Written { raw, suite: own, cases: extras, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::record::{CaseRecord, Owed};
    use crate::verdict::check::Check;

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
                String::from_utf8(Junit.render(&account, false).unwrap()).unwrap()
            );
        }
    }

    /// `cargo test --release --lib second_pass -- --ignored --nocapture` prints it.
    #[test]
    #[ignore = "a measurement"]
    fn what_the_second_pass_costs() {
        let mut account = Account { pods: vec![Pod::nowhere("n1")], ..Account::default() };
        for number in 0..3000 {
            let mut told = case(&format!("suite-{}", number % 100), &format!("probe-{number}"));
            let check = |place: usize| match place {
                9 if number % 10 == 0 => Check::not_passed("c", Outcome::Failed, "exit", "wrong sum"),
                place => Check::passed(format!("check number {place}")),
            };
            told.case.checks = (0..10).map(check).collect();
            told.case.output = "a line of output\n".repeat(100);
            account.told.push(told);
        }
        let mut suites = Testsuites::new(&account, false);
        for _ in 0..5 {
            let begun = std::time::Instant::now();
            let first: Vec<Written> = suites
                .suites
                .iter()
                .map(|suite| suite.write(&account, 0, "", false, OUTPUT).unwrap())
                .collect();
            let (one, begun) = (begun.elapsed(), std::time::Instant::now());
            let bytes: usize = first
                .into_iter()
                .map(|written| decorate::decorate(&written.raw, written.suite, written.cases).unwrap().len())
                .sum();
            println!("30000 checks, {bytes} bytes: first pass {one:?}, second {:?}", begun.elapsed());
        }
        suites.write(&account, &mut Vec::new()).unwrap();
    }
}
