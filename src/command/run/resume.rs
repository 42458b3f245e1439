//! `--resume`: what an earlier run into the same results directory has told, with all that it depends on as it is now.

use std::collections::BTreeMap;

use rayon::prelude::*;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::cli::Run;
use crate::ledger::{Keys, SIZE};
use crate::plan::asked::Asked;
use crate::plan::cases::{Case, Plan};
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::report::console::note;
use crate::report::record::{CaseRecord, INTERRUPTED, OVER_BUDGET};
use crate::report::results;
use crate::report::text::many;
use crate::suite::module_name::Wanted;
use crate::suite::site::Site;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::KNOWN;

/// The cases that need not be run, and the plan without them. A line says how many are run again, and why.
pub(super) fn resume(
    flags: &Run,
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    keys: &Keys<'_>,
    asked: &[Asked],
    extra: &[Wanted],
    mut plan: Plan,
) -> (Vec<CaseRecord>, Plan) {
    if !flags.resume {
        return (Vec::new(), plan);
    }
    let mut earlier = match results::read(&flags.select.results) {
        Ok((_, done, _)) => done,
        Err(error) => {
            note(&format!("nothing to resume: {}: everything is run", error.what()));
            return (Vec::new(), plan);
        }
    };
    let today = OffsetDateTime::now_utc().date();
    let judge = |case: &Case, record: Option<CaseRecord>| -> Result<CaseRecord, String> {
        let record = record.ok_or("not done yet")?;
        // What could not be determined is missing, whatever is written of it: that run asked for another try.
        // So is what was not begun because enough was seen, or for want of time.
        let told = |check: &Check| {
            check.outcome != Outcome::Error && ![INTERRUPTED, OVER_BUDGET].contains(&check.kind.as_str())
        };
        if !record.checks.iter().all(told) {
            return Err("could not be determined".to_owned());
        }
        if record.inputs.is_empty() {
            return Err("what they depended on was not written down".to_owned());
        }
        let suite = &catalogue.suites[case.suite];
        let Ok(toolchain) = stack.load_for(suite, &asked[case.toolchain], extra) else {
            return Err("their modules do not load".to_owned());
        };
        let key =
            keys.of(case, toolchain).map_err(|why| format!("what they depend on cannot be known: {why}"))?;
        if let Some(changed) = changed(&record, &key.inputs) {
            return Err(changed);
        }
        if is_over(&catalogue.site, &record, today) {
            return Err("a known issue has run out".to_owned());
        }
        Ok(record)
    };
    let pairs: Vec<(Case, Option<CaseRecord>)> = plan
        .cases
        .into_iter()
        .map(|case| (earlier.remove(&case.id), case))
        .map(|(record, case)| (case, record))
        .collect();
    let judged: Vec<(Case, Result<CaseRecord, String>)> = pairs
        .into_par_iter()
        .map(|(case, record)| {
            let judged = judge(&case, record);
            (case, judged)
        })
        .collect();
    let (mut done, mut again) = (Vec::new(), BTreeMap::<String, usize>::new());
    plan.cases = Vec::new();
    for (case, judged) in judged {
        match judged {
            Ok(record) => done.push(record),
            Err(why) => {
                *again.entry(why).or_default() += 1;
                plan.cases.push(case);
            }
        }
    }
    let mut reasons: Vec<(String, usize)> = again.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons = reasons.into_iter().map(|(why, count)| format!("; {count} run again: {why}"));
    note(&format!("resume: {} kept{}", many(done.len(), "case"), reasons.collect::<String>()));
    (done, plan)
}

/// Which parts are others than they were. How large the pod is counts where not all has passed: too little of something
/// may be why.
fn changed(record: &CaseRecord, now: &BTreeMap<String, String>) -> Option<String> {
    let whole = record.checks.iter().all(|check| check.outcome == Outcome::Passed);
    let names = record.inputs.keys().chain(now.keys().filter(|name| !record.inputs.contains_key(*name)));
    let changed: Vec<&str> = names
        .filter(|name| !(whole && *name == SIZE) && record.inputs.get(*name) != now.get(*name))
        .map(|name| match name.as_str() {
            "binary" => "stackprobe",
            "site" => "the site file",
            "pod" => "the pod",
            "probe" => "the probe",
            "modules" => "the modules",
            "installs" => "the installs",
            "launcher" => "the launcher",
            "index" => "the package index",
            "stack" => "the stack",
            SIZE => "the size of the pod",
            other => other,
        })
        .collect();
    (!changed.is_empty()).then(|| format!("other than it was: {}", changed.join(", ")))
}

/// Whether it was excused by an issue that was known then and excuses nothing today.
fn is_over(site: &Site, record: &CaseRecord, today: Date) -> bool {
    let excused = record.checks.iter().any(|check| check.kind == KNOWN);
    let then = OffsetDateTime::parse(&record.started, &Rfc3339).map_or(Date::MIN, OffsetDateTime::date);
    excused && site.known.iter().filter_map(|known| known.until).any(|until| then <= until && until < today)
}
