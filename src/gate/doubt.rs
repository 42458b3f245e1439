//! Whether the results are of this stack, by this judgement, and from after the stack was changed last.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::evidence::Evidence;
use super::owed::{is_tested, name, ours};
use super::reason::Reason;
use crate::report::basis::Basis;
use crate::report::merge::Part;
use crate::report::record::CaseRecord;
use crate::report::text::many;

/// So far the clocks of two machines may lie apart.
const SKEW: time::Duration = time::Duration::minutes(5);

const ANEW: &str = "plan and run against the stack that is to go live, with one stackprobe and one site file";

/// Every reason of this kind.
pub(super) fn reasons(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let basis = evidence.plan.basis.as_deref();
    match basis {
        None => {
            let what = "the plan does not say which stack and which judgement it was made from";
            let hint = "make it with this stackprobe: `stackprobe list --all --format json --out plan.json`";
            reasons.push(Reason::no("unknown-stack", what, Vec::new(), hint));
        }
        Some(basis) if basis.modulefiles.is_empty() && !evidence.plan.cases.is_empty() => {
            let what = "the plan names no modulefile: which stack it is of is not known";
            let hint =
                "make it where the stack can be read: `stackprobe list --all --format json --out plan.json`";
            reasons.push(Reason::no("unknown-stack", what, Vec::new(), hint));
        }
        Some(_) => {}
    }
    if let Some(basis) = basis {
        reasons.extend(judgement(evidence, basis));
        reasons.extend(stack(evidence, basis));
        reasons.extend(older(evidence, basis));
    }
    if let Some(changed) = evidence.changed.filter(|changed| !changed.is_empty()) {
        let what = format!("the stack was changed after the plan was made: {}", many(changed.len(), "file"));
        reasons.push(Reason::no("changed-since", what, changed.to_vec(), ANEW));
    }
    reasons.extend(times(evidence));
    reasons
}

/// The runs that tested something, each with what it was made from.
fn tested<'e>(evidence: &Evidence<'e>) -> impl Iterator<Item = (&'e Part, Option<&'e Basis>)> {
    let tested = |part: &Part| part.done.values().flat_map(|case| &case.checks).any(is_tested);
    ours(evidence)
        .map(|(part, _)| part)
        .filter(move |part| tested(part))
        .map(|part| (part, part.pod.plan.basis.as_deref()))
}

fn judgement(evidence: &Evidence<'_>, basis: &Basis) -> Vec<Reason> {
    let (mut binary, mut site) = (Vec::new(), Vec::new());
    let suites: BTreeSet<&str> = evidence.plan.cases.iter().map(|owed| owed.suite.as_str()).collect();
    for (part, theirs) in tested(evidence) {
        let folder = part.pod.folder.display();
        let Some(theirs) = theirs else {
            binary.push(format!("{folder}: it does not say by which stackprobe it was made"));
            continue;
        };
        if theirs.binary != basis.binary || theirs.binary.is_empty() {
            let (version, planned) = (&part.pod.plan.stackprobe, &evidence.plan.stackprobe);
            binary.push(format!(
                "{folder}: {version} ({}), planned by {planned} ({})",
                theirs.binary, basis.binary
            ));
        }
        if theirs.site != basis.site {
            let shown = |digest: &str| if digest.is_empty() { "none".to_owned() } else { digest.to_owned() };
            site.push(format!(
                "{folder}: site file {}, planned with {}",
                shown(&theirs.site),
                shown(&basis.site)
            ));
        }
        let other = suites.iter().filter(|suite| theirs.suites.get(**suite) != basis.suites.get(**suite));
        site.extend(other.map(|suite| format!("{folder}: the suite {suite} is another")));
    }
    let today = evidence.site.map(|site| {
        site.source.as_ref().map(|source| crate::digest::hex(&crate::digest::sha256(source.text.as_bytes())))
    });
    if let Some(Some(today)) = today
        && !today.starts_with(&basis.site)
    {
        site.push(format!("the site file that was given is {}, planned with {}", &today[..16], basis.site));
    }
    let mut reasons = Vec::new();
    if !binary.is_empty() {
        let what = format!("{} of another stackprobe than the plan", many(binary.len(), "run"));
        reasons.push(Reason::no("other-binary", what, binary, ANEW));
    }
    if !site.is_empty() {
        let what = "results judged by another site file or other suites than the plan";
        reasons.push(Reason::no("other-judgement", what, site, ANEW));
    }
    reasons
}

fn stack(evidence: &Evidence<'_>, basis: &Basis) -> Vec<Reason> {
    let installs: BTreeSet<&str> = basis.modulefiles.values().map(|file| file.install.as_str()).collect();
    let knows_installs = installs.iter().any(|install| !install.is_empty());
    let mut lines = Vec::new();
    for (part, theirs) in tested(evidence) {
        let folder = part.pod.folder.display();
        let (planned, ran) = (&evidence.plan.modulepath, &part.pod.plan.modulepath);
        if planned != ran {
            lines.push(format!("{folder}: MODULEPATH is {ran}, planned {planned}"));
        }
        let Some(theirs) = theirs else {
            lines.push(format!("{folder}: it does not say which modulefiles it met"));
            continue;
        };
        if theirs.modulefiles.is_empty() {
            lines.push(format!("{folder}: it does not say which modulefiles it met"));
        }
        for (path, ran) in &theirs.modulefiles {
            match basis.modulefiles.get(path) {
                None => lines.push(format!("{folder}: {path}, which the plan does not know")),
                Some(planned) if planned.text != ran.text || ran.text.is_empty() => {
                    lines.push(format!("{folder}: {path} is not as it was planned"));
                }
                Some(planned)
                    if ![&ran.install, &planned.install].iter().any(|hash| hash.is_empty())
                        && ran.install != planned.install =>
                {
                    lines.push(format!(
                        "{folder}: {path} was install {}, planned {}",
                        ran.install, planned.install
                    ));
                }
                Some(_) => {}
            }
        }
        for (path, ran) in &theirs.books {
            if basis.books.get(path).is_some_and(|planned| planned != ran) {
                lines.push(format!("{folder}: {path} is not as it was planned"));
            }
        }
        if knows_installs {
            let mut unknown: BTreeSet<String> = BTreeSet::new();
            for case in part.done.values() {
                let met = case.properties.get("spack.hashes").map_or("", String::as_str).split(' ');
                unknown.extend(
                    met.filter_map(|entry| Some((entry, entry.rsplit_once('/')?.1)))
                        .filter(|(_, hash)| !installs.contains(hash))
                        .map(|(entry, _)| {
                            format!("{folder}: {entry}, an install that the plan does not know")
                        }),
                );
            }
            lines.extend(unknown);
        }
    }
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Reason::no("other-stack", "results of another stack than the plan", lines, ANEW)]
}

fn older(evidence: &Evidence<'_>, basis: &Basis) -> Vec<Reason> {
    let Some(touched) = moment(&basis.touched) else { return Vec::new() };
    let lines: Vec<String> = cases(evidence)
        .filter(|case| moment(&case.started).is_some_and(|started| started < touched))
        .map(|case| format!("{}: {}", name(&case.owed), case.started))
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let what = format!(
        "{} older than the stack, which was changed at {}",
        many(lines.len(), "result"),
        basis.touched
    );
    vec![Reason::no("older", what, lines, "run again: what was tested is not what is there now")]
}

fn times(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut odd = Vec::new();
    let mut old = Vec::new();
    for case in cases(evidence) {
        match moment(&case.started) {
            None => odd.push(format!("{}: it began at `{}`", name(&case.owed), case.started)),
            Some(started) if started > evidence.now + SKEW => {
                odd.push(format!(
                    "{}: it began at {}, which is still to come",
                    name(&case.owed),
                    case.started
                ));
            }
            Some(started) if evidence.policy.max_age.is_some_and(|age| started < evidence.now - age) => {
                old.push(format!("{}: {}", name(&case.owed), case.started));
            }
            Some(_) => {}
        }
    }
    for (part, seal) in ours(evidence) {
        let (Ok(seal), Some(began)) = (seal, moment(&part.pod.plan.started)) else { continue };
        if moment(&seal.ended).is_none_or(|ended| ended < began) {
            let folder = part.pod.folder.display();
            odd.push(format!("{folder}: it began at {} and ended at {}", part.pod.plan.started, seal.ended));
        }
    }
    if let Some(touched) = evidence.plan.basis.as_ref().and_then(|basis| moment(&basis.touched))
        && touched > evidence.now + SKEW
    {
        odd.push(format!("the stack was changed at {touched}, which is still to come"));
    }
    let mut reasons = Vec::new();
    if !odd.is_empty() {
        let hint = "set the clocks of the nodes and of the file server, and run again";
        reasons.push(Reason::unknown(
            "clock",
            "times that cannot be: which came first is not known",
            odd,
            hint,
        ));
    }
    if !old.is_empty() {
        let what = format!("{} older than `max-age` of the policy", many(old.len(), "result"));
        reasons.push(Reason::no("too-old", what, old, "run again"));
    }
    reasons
}

/// What was run by ourselves and answered.
fn cases<'e>(evidence: &Evidence<'e>) -> impl Iterator<Item = &'e CaseRecord> {
    ours(evidence).flat_map(|(part, _)| part.done.values()).filter(|case| case.checks.iter().any(is_tested))
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
