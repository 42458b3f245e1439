//! `stackprobe diagnose`: why the run failed that wrote this log, and whose fault it is.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use serde_json::json;

use crate::cli::{Diagnose, Format};
use crate::error::{Error, Kind, Source};
use crate::exit::Exit;
use crate::pod;
use crate::report::print::{not_json, print, print_json};
use crate::run::output::Keeper;
use crate::run::scheduler::around;
use crate::stack::environment::Environment;
use crate::stack::family::Families;
use crate::stack::launcher::Launchers;
use crate::suite::embedded;
use crate::suite::module_name::Module;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::evidence::{Evidence, Facts};
use crate::verdict::fitness::shared_memory_for;
use crate::verdict::rules::{Rules, shipped};

/// How much of the beginning and of the end of a log is looked at, each in bytes.
const LOOKED_AT: usize = 8 << 20;

/// Reads the log and prints what it tells.
///
/// # Errors
/// A log that cannot be read; faults of the site's rules.
pub fn diagnose(flags: &Diagnose) -> Result<Exit, Error> {
    let rules = rules(flags.site.as_deref())?;
    let output = log(&flags.log)?;
    let families = Families::parse(&embedded::table("toolchains.toml"))
        .map_err(|faults| Error::of(Kind::Internal, faults))?;
    let module = flags.mpi.as_deref().map(Module::new);
    let mpi = module.as_ref().map(|module| (families.canonical(&module.family), module.version.as_str()));
    // What is known about this pod says nothing about another one that wrote the log.
    let facts = if flags.here { here(&families, mpi, flags.ranks)? } else { Facts::default() };
    let evidence = Evidence {
        exit: flags.exit,
        signal: flags.signal,
        timed_out: flags.timed_out,
        launched: mpi.is_some(),
        ranks: flags.ranks,
        mpi,
        ..Evidence::new(&output, &facts)
    };
    let found = rules.diagnose(&evidence);
    let ending = rules.statuses.ending(&evidence);
    match flags.format {
        Format::Json => {
            let found = serde_json::to_value(&found).map_err(|error| not_json(&error))?;
            print_json(&json!({ "ending": ending, "diagnoses": found }))?;
        }
        Format::Text => print(&text(&found, ending.as_deref()))?,
    }
    Ok(Exit::Passed)
}

/// What this pod is, as far as it was so when the log was written.
fn here(families: &Families, mpi: Option<(&str, &str)>, ranks: Option<u32>) -> Result<Facts, Error> {
    let pod = pod::facts::Facts::gather();
    let environment = Environment::inherited();
    let launchers = Launchers::parse(&embedded::table("launchers.toml"))
        .map_err(|faults| Error::of(Kind::Internal, faults))?;
    let around = around(&std::env::temp_dir());
    let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    let all = environment.iter().map(|(name, value)| (text(name), text(value)));
    let leaked = all
        .filter(|(name, value)| families.inherited().is_scrubbed(name, value))
        .map(|(name, _)| name)
        .filter(|name| !around.keeps(&launchers, name));
    let mut facts = Facts { leaked: Some(leaked.collect()), ..Facts::of(&pod) };
    // What is free now tells nothing of what was free then, but it was never more than there is in all.
    let needed = mpi.and(ranks).map(shared_memory_for);
    let total = facts.shm_total.filter(|total| needed.is_some_and(|needed| *total < needed));
    if total.is_some() {
        (facts.shm_free, facts.shm_needed) = (total, needed);
    }
    Ok(facts)
}

fn rules(site: Option<&Path>) -> Result<Rules, Error> {
    let mut sources = shipped();
    if let Some(path) = site {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
        let source = Source::new(path, text);
        Rules::parse(std::slice::from_ref(&source))?.prove()?;
        sources.push(source);
    }
    Rules::parse(&sources)
}

fn log(path: &Path) -> Result<Vec<u8>, Error> {
    let cannot = |error: &std::io::Error| Error::io(Kind::Usage, "read", path, error);
    let mut reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| cannot(&error))?)
    };
    let mut keeper = Keeper::new(LOOKED_AT, LOOKED_AT);
    let mut chunk = vec![0; 64 << 10];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => keeper.add(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot(&error)),
        }
    }
    let kept = keeper.finish();
    let mut output = kept.head;
    output.push(b'\n');
    output.extend(kept.tail);
    Ok(output)
}

fn text(found: &[Diagnosis], ending: Option<&str>) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    if let Some(ending) = ending {
        line(ending.to_owned());
    }
    let reasons = found.iter().filter(|diagnosis| !diagnosis.noise);
    if reasons.clone().next().is_none() {
        line("unknown: no rule knows a reason for this".to_owned());
        line("  hint: give --exit and --mpi as well, if they are known".to_owned());
    }
    for (index, diagnosis) in reasons.enumerate() {
        if index == 1 {
            line("also seen, probably as a consequence:".to_owned());
        }
        line(format!(
            "{} (fault: {}, layer: {})",
            diagnosis.id,
            diagnosis.fault_word(),
            diagnosis.layer.word()
        ));
        line(format!("  cause  {}", diagnosis.cause));
        line(format!("  fix    {}", diagnosis.fix));
        if !diagnosis.retry {
            line("  retry  does not help".to_owned());
        }
        if let Some(matched) = &diagnosis.matched {
            line(format!("  seen   {matched}"));
        }
    }
    for diagnosis in found.iter().filter(|diagnosis| diagnosis.noise) {
        line(format!("harmless: {} ({})", diagnosis.cause, diagnosis.id));
    }
    text
}
