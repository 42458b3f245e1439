//! What a run leaves that tested nothing: results that say so. An artifact must not be missing exactly when it matters.

use std::path::PathBuf;

use crate::cli::Run;
use crate::command::run::why::Why;
use crate::error::{Error, Kind};
use crate::plan::missing::Missing;
use crate::plan::request::Request;
use crate::pod::facts::Facts;
use crate::report::claim::Claim;
use crate::report::earlier::NOTHING_TESTED;
use crate::report::record::now;
use crate::report::record::{CaseRecord, FORMAT, Owed, PlanRecord, Selected};
use crate::report::results::Results;
use crate::report::termination;
use crate::suite::module_name::Wanted;
use crate::verdict::check::{Check, Diagnosed, Outcome, UNTESTED};
use path_fault::{PathFault, find};

const RUN: &str = NOTHING_TESTED.0;
const PREFLIGHT: &str = NOTHING_TESTED.1;

/// Writes results of one check: that nothing could be tested, and why. Nothing is written over what an earlier run left
/// that this one was to go on with, and nothing where the command line or a file is wrong.
pub(super) fn leave(flags: &Run, request: &Request, facts: &Facts, why: Option<&Why>, error: &Error) {
    if matches!(error.kind, Kind::Usage | Kind::Data)
        // One that cannot be looked at may be there.
        || (flags.resume && !matches!(find(&flags.select.results.join("plan.json")), Ok(None)))
    {
        return;
    }
    // Another run's results are not written over.
    let Ok(_claim) = Claim::take(&flags.select.results) else { return };
    let owed = owed(RUN, PREFLIGHT, &toolchain(request));
    let plan = PlanRecord {
        format: FORMAT,
        stackprobe: env!("CARGO_PKG_VERSION").to_owned(),
        started: now(),
        command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        pod: facts.clone(),
        lmod: String::new(),
        modulepath: std::env::var("MODULEPATH").unwrap_or_default(),
        shard: request.share.as_ref().map(|share| share.shard.to_string()).unwrap_or_default(),
        basis: None,
        selected: Selected::default(),
        cases: vec![owed.clone()],
    };
    let mut case = case(&owed, check(error, why));
    // What an earlier run found is worth more than that this one found nothing.
    if super::keep_earlier(flags).is_err() {
        return;
    }
    // Where nothing can be written, the error that is printed and the exit code are all there is.
    let Ok(mut results) = Results::begin(&flags.select.results, &plan, Vec::new(), flags.reports.order())
    else {
        return;
    };
    results.finish(&mut case);
    if results.end().is_ok() {
        termination::write(results.account());
    }
}

/// The toolchain that was asked for, in the words of whoever asked.
fn toolchain(request: &Request) -> String {
    let limits = &request.limits;
    let names = limits.compilers.iter().chain(&limits.mpis).chain(&limits.runtimes);
    names.map(Wanted::text).collect::<Vec<_>>().join(" ")
}

/// A case that is owed because somebody asked for it by name.
pub(super) fn owed(suite: &str, probe: &str, toolchain: &str) -> Owed {
    Owed {
        id: format!("{suite}.{probe}")
            .replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.', "-"),
        suite: suite.to_owned(),
        probe: probe.to_owned(),
        toolchain: toolchain.to_owned(),
        ranks: None,
        file: String::new(),
        line: 0,
    }
}

fn case(owed: &Owed, check: Check) -> CaseRecord {
    let mut case = CaseRecord::absent(owed, "", Outcome::Error, "");
    case.started = now();
    case.checks = vec![check];
    case
}

/// The error as a check: all that is wrong, with its cause and its fix.
fn check(error: &Error, why: Option<&Why>) -> Check {
    let what: Vec<&str> = error.faults.iter().map(|fault| fault.what.as_str()).collect();
    let hints: Vec<&str> = error.faults.iter().filter_map(|fault| fault.hint.as_deref()).collect();
    let (outcome, kind) = match error.kind {
        Kind::Stack => (Outcome::Failed, "stack"),
        Kind::Nothing => (Outcome::Error, UNTESTED),
        Kind::Internal => (Outcome::Error, "internal"),
        _ => (Outcome::Error, PREFLIGHT),
    };
    let check = Check::not_passed(PREFLIGHT, outcome, kind, what.join("; "));
    let rule = error.id.and_then(|id| why?.rules()?.explain(id));
    let hint = hints.join("; ");
    let diagnosis = match rule {
        Some(rule) => Diagnosed { retry: error.kind == Kind::Pod, ..rule.found("") },
        None if hint.is_empty() => return check,
        None => Diagnosed {
            id: kind.to_owned(),
            fault: fault(error.kind).to_owned(),
            cause: what.join("; "),
            fix: hint.clone(),
            retry: error.kind == Kind::Pod,
            spec: String::new(),
        },
    };
    Check { diagnosis: Some(Box::new(diagnosis)), ..check }.detail(hint)
}

fn fault(kind: Kind) -> &'static str {
    match kind {
        Kind::Stack => "stack",
        Kind::Pod | Kind::Unfit => "pod",
        Kind::Usage | Kind::Data | Kind::Nothing | Kind::Internal => "harness",
    }
}

/// The record of what of the module tree cannot be looked at: whatever is there is not tested.
pub(super) fn hidden(hidden: &[(PathBuf, PathFault)], why: &Why) -> Option<CaseRecord> {
    let (_, first) = hidden.first()?;
    let all: Vec<String> = hidden.iter().map(|(_, fault)| fault.to_string()).collect();
    let what = format!("what is not visible is not tested: {first}");
    let mut error = Error::new(Kind::Unfit, what.clone()).hint(first.hint().unwrap_or_default());
    if hidden.iter().all(|(_, fault)| fault.obstacle.may_pass()) {
        error.kind = Kind::Pod;
    }
    let check =
        Check::not_passed("modulefiles", Outcome::Error, "native.hidden", what).detail(all.join("\n"));
    Some(case(&owed(RUN, "modulefiles", ""), Check { diagnosis: why.of_error(&error), ..check }))
}

/// The records of what was asked for by name and has no case.
pub(super) fn records(missing: &[Missing]) -> Vec<CaseRecord> {
    missing
        .iter()
        .map(|missing| {
            let owed = owed(&missing.suite, &missing.probe, "");
            let check = Check::not_passed("toolchain", Outcome::Error, UNTESTED, missing.why.clone());
            let diagnosis = Diagnosed {
                id: UNTESTED.to_owned(),
                fault: "harness".to_owned(),
                cause: missing.why.clone(),
                fix: missing.fix.clone(),
                retry: false,
                spec: String::new(),
            };
            case(&owed, Check { diagnosis: Some(Box::new(diagnosis)), ..check })
        })
        .collect()
}
