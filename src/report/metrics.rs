//! Prometheus' text format, for the textfile collector of its node exporter.
//!
//! Labels have few values: a stack of 450 toolchains has as many series as one of 15. Which check is red stands in the
//! other reports; an alert only needs to know that one is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::report::account::Account;
use crate::report::counts::Counts;
use crate::report::report_file::ReportFile;
use crate::report::summary;
use crate::verdict::check::Outcome;

/// `metrics.prom`.
pub struct Metrics;

const OUTCOMES: [Outcome; 4] = [Outcome::Passed, Outcome::Skipped, Outcome::Error, Outcome::Failed];

/// What is known of one suite.
#[derive(Default)]
struct Suite {
    counts: Counts,
    seconds: f64,
}

impl ReportFile for Metrics {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn file(&self) -> &'static str {
        "metrics.prom"
    }

    fn render(&self, account: &Account, _: bool) -> io::Result<Vec<u8>> {
        let mut suites: BTreeMap<&str, Suite> = BTreeMap::new();
        let mut toolchains: BTreeMap<&str, Counts> = BTreeMap::new();
        for case in account.cases() {
            let suite = suites.entry(&case.owed.suite).or_default();
            suite.counts.add(case);
            suite.seconds += case.seconds;
            toolchains.entry(&case.owed.toolchain).or_default().add(case);
        }
        let mut text = String::new();
        let metrics = [
            ("checks", "Checks of a suite, by outcome.", checks(&suites)),
            ("flaky_cases", "Cases of a suite that passed, but not at once.", flaky(&suites)),
            ("case_seconds", "Seconds that the cases of a suite took, added up.", seconds(&suites)),
            ("toolchains", "Toolchains, by the worst outcome under each.", worst(&toolchains)),
            (
                "exit_code",
                "Exit code of `stackprobe report` for these results.",
                one(&summary::exit(account).code()),
            ),
            ("runs", "Runs that these results are of.", one(&account.pods.len())),
            ("started_timestamp_seconds", "When the last of these runs began.", started(account)),
        ];
        for (name, help, samples) in metrics {
            head(&mut text, name, help, &samples)?;
        }
        Ok(text.into_bytes())
    }
}

/// Labels in braces, if there are any, and a value.
type Sample = (String, String);

fn checks(suites: &BTreeMap<&str, Suite>) -> Vec<Sample> {
    // Also the outcomes that no check has: an alert on a series that is not there never fires.
    let of = |(name, suite): (&&str, &Suite)| {
        let name = escaped(name);
        OUTCOMES.map(|outcome| {
            let count = suite.counts.with(outcome).to_string();
            (format!("{{suite=\"{name}\",outcome=\"{outcome}\"}}"), count)
        })
    };
    suites.iter().flat_map(of).collect()
}

fn flaky(suites: &BTreeMap<&str, Suite>) -> Vec<Sample> {
    of_each(suites, |suite| suite.counts.flaky.to_string())
}

fn seconds(suites: &BTreeMap<&str, Suite>) -> Vec<Sample> {
    of_each(suites, |suite| format!("{:.3}", suite.seconds))
}

fn of_each(suites: &BTreeMap<&str, Suite>, value: impl Fn(&Suite) -> String) -> Vec<Sample> {
    suites.iter().map(|(name, suite)| (format!("{{suite=\"{}\"}}", escaped(name)), value(suite))).collect()
}

fn worst(toolchains: &BTreeMap<&str, Counts>) -> Vec<Sample> {
    let of = |outcome| {
        let count = toolchains.values().filter(|counts| counts.worst() == outcome).count();
        (format!("{{outcome=\"{outcome}\"}}"), count.to_string())
    };
    OUTCOMES.map(of).into()
}

fn one(value: &impl ToString) -> Vec<Sample> {
    vec![(String::new(), value.to_string())]
}

/// Nothing where no run says it, as JUnit of another harness may.
fn started(account: &Account) -> Vec<Sample> {
    let times = account.pods.iter().filter_map(|pod| OffsetDateTime::parse(&pod.plan.started, &Rfc3339).ok());
    times.max().map_or_else(Vec::new, |time| one(&time.unix_timestamp()))
}

fn head(text: &mut String, name: &str, help: &str, samples: &[Sample]) -> io::Result<()> {
    if samples.is_empty() {
        return Ok(());
    }
    let mut write = || {
        write!(text, "# HELP stackprobe_{name} {help}\n# TYPE stackprobe_{name} gauge\n")?;
        samples.iter().try_for_each(|(labels, value)| writeln!(text, "stackprobe_{name}{labels} {value}"))
    };
    write().map_err(io::Error::other)
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::account::{Pod, Told};
    use crate::report::record::{CaseRecord, Owed};
    use crate::verdict::check::Check;

    fn case(suite: &str, toolchain: &str, seconds: f64, checks: Vec<Check>) -> Told {
        let owed = Owed {
            id: format!("{suite}.{toolchain}"),
            suite: suite.to_owned(),
            probe: "probe".to_owned(),
            toolchain: toolchain.to_owned(),
            ranks: None,
            file: String::new(),
            line: 0,
        };
        let mut case = CaseRecord::absent(&owed, "", Outcome::Error, "");
        (case.checks, case.seconds) = (checks, seconds);
        Told { case, pod: 0, repro: false }
    }

    #[test]
    fn every_outcome_of_every_suite_is_a_series_and_no_label_grows_with_the_stack() {
        let red = || vec![Check::passed("one"), Check::not_passed("two", Outcome::Failed, "exit", "1")];
        let mut pod = Pod::nowhere("here");
        pod.plan.started = "2027-01-31T00:00:10Z".to_owned();
        let told = vec![
            case("mpi", "gcc/12 openmpi/5", 1.25, red()),
            case("mpi", "gcc/12 mpich/4", 0.5, vec![Check::passed("one")]),
            case("a \"b\\c\"\n", "gcc/12", 0.0, vec![Check::passed("one")]),
        ];
        let account = Account { pods: vec![pod], told, notes: Vec::new() };
        let text = String::from_utf8(Metrics.render(&account, false).unwrap()).unwrap();
        let expected = r#"# HELP stackprobe_checks Checks of a suite, by outcome.
# TYPE stackprobe_checks gauge
stackprobe_checks{suite="a \"b\\c\"\n",outcome="passed"} 1
stackprobe_checks{suite="a \"b\\c\"\n",outcome="skipped"} 0
stackprobe_checks{suite="a \"b\\c\"\n",outcome="error"} 0
stackprobe_checks{suite="a \"b\\c\"\n",outcome="failed"} 0
stackprobe_checks{suite="mpi",outcome="passed"} 2
stackprobe_checks{suite="mpi",outcome="skipped"} 0
stackprobe_checks{suite="mpi",outcome="error"} 0
stackprobe_checks{suite="mpi",outcome="failed"} 1
"#;
        assert!(text.starts_with(expected), "{text}");
        for line in [
            "stackprobe_case_seconds{suite=\"mpi\"} 1.750",
            "stackprobe_toolchains{outcome=\"passed\"} 2",
            "stackprobe_toolchains{outcome=\"failed\"} 1",
            "stackprobe_exit_code 1",
            "stackprobe_runs 1",
            "stackprobe_started_timestamp_seconds 1801353610",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}: {text}");
        }
        assert!(!text.contains("gcc/12"));
    }

    #[test]
    fn what_is_not_known_is_no_series() {
        let text = String::from_utf8(Metrics.render(&Account::default(), false).unwrap()).unwrap();
        assert!(!text.contains("started") && !text.contains("stackprobe_checks"), "{text}");
        assert!(text.contains("stackprobe_exit_code"), "{text}");
    }
}
