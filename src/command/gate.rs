//! `stackprobe gate`: may this stack go live?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::atomic::write_atomic;
use crate::cli::{Format, Gate};
use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, Source};
use crate::exit::Exit;
use crate::gate::policy::Policy;
use crate::gate::{Evidence, Verdict, text};
use crate::history::file;
use crate::notify::Message;
use crate::plan::basis::changed;
use crate::release::evidence::{baseline, digest as results_digest};
use crate::report::gather::{gather, parts};
use crate::report::junit::Junit;
use crate::report::merge::merge;
use crate::report::print::{print, print_json, to_json};
use crate::report::report_file::ReportFile as _;
use crate::report::results::read_plan;
use crate::report::seal::Seal;
use crate::report::termination;
use crate::suite::site::Site;

/// Reads everything, judges and tells.
///
/// # Errors
/// A plan, policy, baseline or site file that cannot be read, results none of which can, files that cannot be written.
pub fn gate(flags: &Gate) -> Result<Exit, Error> {
    let beside = flags.out.as_deref().and_then(Path::parent);
    let notify = flags.notices.read(beside)?;
    let mut faults = Vec::new();
    let mut keep = |error: Error| {
        faults.extend(error.faults.clone());
        error.kind
    };
    let plan = read_plan(&flags.plan).map_err(&mut keep);
    let policy = policy(flags.policy.as_deref()).map_err(&mut keep);
    let site = flags.site.as_deref().map(site_file).transpose().map_err(&mut keep);
    let before = |named: &PathBuf| {
        baseline(named).and_then(|folder| gather(std::slice::from_ref(&folder), &folder, None))
    };
    let baseline = flags.baseline.as_ref().map(before);
    let baseline = baseline.transpose().map_err(&mut keep);
    // Nothing is written where the results lie: no report there is ours to leave out.
    let history = flags.history.as_deref().map(file::known).transpose().map_err(&mut keep);
    let read = parts(&flags.results, Path::new("")).map_err(&mut keep);
    let (plan, policy, site, baseline, history, (parts, unread)) =
        match (plan, policy, site, baseline, history, read) {
            (Ok(plan), Ok(policy), Ok(site), Ok(baseline), Ok(history), Ok(read)) => {
                (plan, policy, site, baseline, history, read)
            }
            (plan, policy, site, baseline, history, read) => {
                let kinds = [plan.err(), policy.err(), site.err(), baseline.err(), history.err(), read.err()];
                let kind = kinds.into_iter().flatten().next().unwrap_or(Kind::Usage);
                return Err(Error::of(kind, faults));
            }
        };
    let seals: Vec<_> =
        parts.iter().map(|part| part.pod.folder.is_dir().then(|| Seal::check(&part.pod.folder))).collect();
    let merged = merge(parts.clone(), &unread, None);
    let changed = plan.basis.as_ref().and_then(|basis| changed(basis));
    let mut digests = BTreeMap::from([
        ("plan".to_owned(), digest(&flags.plan)?),
        ("results".to_owned(), results_digest(seals.iter().flatten().flatten())),
    ]);
    if let Some(source) = &policy.source {
        digests.insert("policy".to_owned(), hex(&sha256(source.text.as_bytes())));
    }
    let evidence = Evidence {
        plan: &plan,
        parts: &parts,
        seals: &seals,
        unread: &unread,
        merged: &merged,
        baseline: baseline.as_ref(),
        history: history.as_ref(),
        policy: &policy,
        site: site.as_ref(),
        changed: changed.as_deref(),
        now: OffsetDateTime::now_utc(),
    };
    let verdict = Verdict::new(&evidence, digests);
    if let Some(path) = &flags.out {
        write(path, to_json(&verdict)?.as_bytes())?;
    }
    if let Some(path) = &flags.junit {
        let xml = Junit
            .render(&text::account(&verdict), false)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        write(path, &xml)?;
    }
    match flags.format {
        Format::Text => print(&text::render(&verdict))?,
        Format::Json => print_json(&verdict)?,
    }
    termination::say(&text::message(&verdict));
    if let Some(notify) = notify {
        notify.tell(&Message::of_verdict(&verdict, &flags.results[0]));
    }
    Ok(verdict.exit())
}

fn site_file(path: &Path) -> Result<Site, Error> {
    Site::parse(&Site::read(path)?).map_err(|faults| Error::of(Kind::Data, faults))
}

fn policy(path: Option<&Path>) -> Result<Policy, Error> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
    Policy::parse(&Source::new(path, text)).map_err(|faults| Error::of(Kind::Data, faults))
}

fn digest(path: &PathBuf) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
    Ok(hex(&sha256(&bytes)))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomic(path, bytes).map_err(|error| Error::place("write", path, &error))
}
