//! One check as a `testcase`: what junit-report writes of it, and what is added.

use junit_report::{Duration, TestCaseBuilder};

use super::extra::{Extra, MESSAGE};
use crate::report::account::Pod;
use crate::report::record::CaseRecord;
use crate::report::text::{clean, head_and_tail, line};
use crate::verdict::check::{Check, Outcome};

/// How the check is called in tables that show one column of names.
fn name(case: &CaseRecord, check: &Check) -> String {
    let ranks = case.owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    let toolchain = &case.owed.toolchain;
    let toolchain = if toolchain.is_empty() { String::new() } else { format!(" [{toolchain}]") };
    clean(&format!("{}{ranks}{toolchain}", check.name))
}

pub(super) fn testcase(
    case: &CaseRecord,
    check: &Check,
    first: bool,
    output: usize,
) -> junit_report::TestCase {
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
pub(super) fn case_extra(
    case: &CaseRecord,
    check: &Check,
    first: bool,
    pod: Option<&Pod>,
    strict: bool,
) -> Extra {
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
