//! `stackprobe doctor`: whether this pod is fit for what is selected, before anything of it runs.

mod demands;
mod line;
mod name;
mod pod;
mod print;
mod scheduler;
mod shm;
mod stack;

use std::time::{Duration, Instant};

use crate::cli::{self, Format};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::catalogue::Catalogue;
use crate::pod::facts::Facts;
use crate::run::scheduler::{Around, around};
use crate::stack::environment::Environment;
use crate::verdict::fitness;
use crate::verdict::rules::{Rules, shipped};
use line::{Level, Line};

/// Everything that is told.
struct Examination {
    facts: Facts,
    lines: Vec<Line>,
    rules: Rules,
    /// Without Lmod's start.
    took: Duration,
    lmod: Option<Duration>,
}

/// Looks and tells.
///
/// # Errors
/// What is wrong with the command line, a suite or the site file.
pub fn doctor(flags: &cli::Doctor) -> Result<Exit, Error> {
    let begun = Instant::now();
    // First, while this process has no other thread.
    let facts = Facts::gather();
    let catalogue = Catalogue::load(&flags.select.suite_folders, flags.select.site.as_ref())?;
    let demands = demands::demands(&catalogue, &flags.select)?;
    let rules = rules(&catalogue)?;
    let tmp = std::env::temp_dir();
    let able = fitness::ANYTHING.iter().all(|demand| demand.unmet(&facts, &tmp).is_none());
    let (health, mut lines, took) = std::thread::scope(|scope| {
        let ask = || std::thread::Builder::new().spawn_scoped(scope, || stack::lmod(&catalogue)).ok();
        let asked = able.then(ask).flatten();
        let around = around(&tmp);
        let leaked = leaked(&catalogue, &around);
        let mut lines = pod::lines(&facts, &demands, &leaked);
        lines.extend(scheduler::line(&around));
        lines.push(pod::ssh(std::env::var_os("PATH").as_deref()));
        lines.push(stack::mounts());
        let took = begun.elapsed();
        let health = asked.and_then(|asked| asked.join().ok());
        (health, lines, took)
    });
    let lmod = health.as_ref().and_then(|health| health.took);
    lines.push(
        health.map_or_else(
            || Line::new("lmod", "not asked: nothing can be started here"),
            |health| health.line,
        ),
    );
    let unfit = lines.iter().flat_map(|line| &line.findings).filter(|finding| finding.level == Level::Unfit);
    let retry = |id| rules.explain(id).is_none_or(|rule| rule.retry(rule.blame()));
    let cures: Vec<bool> = unfit.map(|finding| retry(finding.id)).collect();
    let examination = Examination { facts, lines, rules, took, lmod };
    match flags.format {
        Format::Text => print::text(&examination)?,
        Format::Json => print::json(&examination)?,
    }
    Ok(if cures.is_empty() { Exit::Passed } else { Exit::untold(cures) })
}

/// The catalogue of diagnoses, with the site's own.
fn rules(catalogue: &Catalogue) -> Result<Rules, Error> {
    Rules::parse(&shipped().into_iter().chain(catalogue.site.source.clone()).collect::<Vec<_>>())
}

/// Variables of a scheduler, an MPI or a Service that no case sees, because they are taken away first.
fn leaked(catalogue: &Catalogue, around: &Around) -> Vec<String> {
    let inherited = catalogue.families.inherited();
    let environment = Environment::inherited();
    let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    let all = environment.iter().map(|(name, value)| (text(name), text(value)));
    all.filter(|(name, value)| {
        inherited.is_scrubbed(name, value)
            && (inherited.misleads(name) || value.contains("://"))
            && !around.keeps(&catalogue.launchers, name)
    })
    .map(|(name, _)| name)
    .collect()
}
