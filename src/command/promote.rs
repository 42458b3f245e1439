//! `stackprobe promote`: a stack goes live, whole or not at all.

use std::path::Path;

use serde_json::json;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::cli::Promote;
use crate::error::{Error, Fault, Kind};
use crate::exit::Exit;
use crate::release::manifest::is_name;
use crate::release::{Candidate, Judged, Manifest, Releases};
use crate::report::console::note;
use crate::report::print::print;
use crate::report::record::now;
use crate::run::itself;

/// Checks the candidate, writes the release, switches the ring, and goes back if the smoke run fails.
///
/// # Errors
/// A candidate that may not go, a folder of releases that cannot be changed.
pub fn promote(flags: &Promote) -> Result<Exit, Error> {
    let smoke = words(flags)?;
    let (candidate, mut faults) =
        Candidate::new(&flags.candidate, flags.gate.as_deref(), flags.plan.as_deref())?;
    let judged = if flags.results.is_empty() { Judged::default() } else { Judged::read(&flags.results)? };
    if !flags.results.is_empty() && candidate.digests.get("results") != Some(&judged.digest) {
        faults.push(
            Fault::new("the results that were given are not those that the gate judged")
                .hint("give --results what `stackprobe gate` was given, as the runs left it"),
        );
    }
    if let (None, false) = (&flags.force, faults.is_empty()) {
        return Err(Error::of(Kind::Stack, faults));
    }
    let (releases, told) = Releases::take(&flags.releases)?;
    if let Some(told) = told {
        note(&told);
    }
    let links: Vec<_> = releases.rings()?.into_iter().map(|(ring, _)| ring).collect();
    let links = links.iter().map(String::as_str).chain([flags.ring.as_str(), "current"]);
    let through = candidate.through(&links.map(|ring| releases.ring(ring)).collect::<Vec<_>>())?;
    if let Some(first) = through.first() {
        let what =
            format!("{} modulefiles lead through a link that is switched, such as {first}", through.len());
        return Err(Error::new(Kind::Stack, what)
            .hint("a running job would see another stack; write modulefiles with the absolute prefixes of the build"));
    }
    let previous = releases.leads(&flags.ring)?;
    let manifest = manifest(flags, &candidate, &previous)?;
    if let Ok(before) = Manifest::read(&releases.folder(&previous), &previous)
        && before.at > manifest.at
    {
        note(&format!(
            "the clock went back: {previous} went live at {}, and it is {} here; `prune` goes by these times",
            before.at, manifest.at
        ));
    }
    let id = manifest.id.clone();
    releases.may_log()?;
    releases.make(&manifest, candidate.plan.as_ref().map(|(_, text)| text.as_slice()), &judged)?;
    releases.switch(&flags.ring, &id)?;
    let ring = &flags.ring;
    let done = match smoke {
        Some(words) => through_the_link(&words, &releases, ring, &candidate),
        None => Ok(Exit::Passed),
    };
    let what = match &done {
        Ok(Exit::Passed) => None,
        Ok(exit) => Some(format!("the smoke run through {ring} ended with {}", exit.code())),
        Err(error) => Some(format!("the smoke run through {ring} could not be made: {}", error.what())),
    };
    if let Some(what) = what {
        releases.link(ring, &previous)?;
        releases.proved()?;
        releases.log(&json!({"at": now(), "what": "taken back", "ring": ring, "id": id, "why": what}));
        let back = if previous.is_empty() { "nothing, as before" } else { &previous };
        let smoked = releases.folder("").join(format!("../smoke/{id}"));
        return Err(Error::new(Kind::Stack, format!("{what}: {ring} leads to {back} again"))
            .hint(format!("see {}", smoked.display())));
    }
    releases.proved()?;
    releases.log(&json!({"at": now(), "what": "promoted", "ring": ring, "id": id, "from": previous,
        "by": manifest.by, "forced": manifest.forced}));
    let from = if previous.is_empty() { String::new() } else { format!(", after {previous}") };
    print(&format!("{ring} leads to {id}{from}\n"))?;
    Ok(Exit::Passed)
}

/// The smoke run that is asked for; all that is wrong with the flags.
fn words(flags: &Promote) -> Result<Option<Vec<String>>, Error> {
    let mut faults = Vec::new();
    if !is_name(&flags.ring) || ["releases", "smoke"].contains(&flags.ring.as_str()) {
        faults.push(Fault::new(format!("`{}` can be no ring", flags.ring)).hint("such as canary or current"));
    }
    if let Some(id) = flags.id.as_ref().filter(|id| !is_name(id)) {
        faults
            .push(Fault::new(format!("`{id}` can be no id")).hint("letters, digits, `.`, `-`, `_` and `+`"));
    }
    if flags.force.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        faults
            .push(Fault::new("--force wants a reason").hint("whoever reads the manifest wants to know why"));
    }
    let smoke = shell_words::split(&flags.smoke);
    if let Err(error) = &smoke {
        faults.push(Fault::new(format!("cannot read the words of --smoke: {error}")));
    }
    if !faults.is_empty() {
        return Err(Error::of(Kind::Usage, faults));
    }
    Ok(smoke.ok().filter(|words| !words.is_empty()))
}

fn manifest(flags: &Promote, candidate: &Candidate, previous: &str) -> Result<Manifest, Error> {
    let stamp = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = OffsetDateTime::now_utc().format(stamp);
    let time = time.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name);
    let manifest = Manifest {
        release: 0,
        id: flags.id.clone().unwrap_or(time),
        stack: candidate.stack.clone(),
        digests: candidate.digests.clone(),
        gate: candidate.gate.clone(),
        forced: flags.force.clone().unwrap_or_default(),
        previous: previous.to_owned(),
        by: format!("{} ({}) on {host}", user.unwrap_or_default(), nix::unistd::getuid()),
        at: now(),
        sum: String::new(),
    };
    manifest.sealed()
}

/// Runs as a user would who has only the link.
fn through_the_link(
    words: &[String],
    releases: &Releases,
    ring: &str,
    candidate: &Candidate,
) -> Result<Exit, Error> {
    let stack = releases.ring(ring).join("stack");
    let given = std::env::var("MODULEPATH").unwrap_or_default();
    let roots = candidate.plan.as_ref().map_or(given.as_str(), |(plan, _)| plan.modulepath.as_str());
    let moved: Vec<String> = roots
        .split(':')
        .map(|root| {
            let real = Path::new(root).canonicalize().unwrap_or_else(|_| root.into());
            let below = real.strip_prefix(&candidate.stack).map(|below| stack.join(below));
            below.map_or_else(|_| root.to_owned(), |path| path.display().to_string())
        })
        .collect();
    let id = releases.leads(ring)?;
    let results = releases.ring("smoke").join(&id);
    let mut all = vec!["run".to_owned()];
    all.extend(words.iter().cloned());
    all.extend(["--quiet".to_owned(), "--results".to_owned(), results.display().to_string()]);
    itself::call(&all, &[("MODULEPATH", &moved.join(":"))])
}
