//! `stackprobe explain`: what a suite or a probe checks and why, or what a diagnosis means.

use anstream::{print, println};

use crate::cli::Explain;
use crate::command::catalogue::Catalogue;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::suite::select::Selection;
use crate::verdict::rules::{Rules, shipped};

/// Prints the explanation.
///
/// # Errors
/// A name that no suite, probe or diagnosis has.
pub fn explain(flags: &Explain) -> Result<Exit, Error> {
    if let Some(rule) = Rules::parse(&shipped())?.explain(&flags.name) {
        print!("{rule}");
        return Ok(Exit::Passed);
    }
    let catalogue = Catalogue::load(&flags.suite_folders, None)?;
    let selection = Selection::new(std::slice::from_ref(&flags.name), &[], &catalogue.suites)
        .map_err(|error| Error { kind: Kind::Usage, ..error })?;
    for suite in &catalogue.suites {
        for probe in suite.probes.iter().filter(|probe| selection.takes(suite, probe)) {
            println!("{}/{}: {}", suite.name, probe.name, probe.summary);
            if !probe.why.is_empty() {
                println!("  {}", probe.why.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            for command in probe.commands() {
                println!("  $ {command}");
            }
            for requirement in &probe.requires {
                println!("  requires {requirement}");
            }
            if probe.control {
                println!("  a control: it must fail, which proves that the others can");
            }
            println!("  {}:{}", suite.source.path.display(), probe.line);
        }
    }
    Ok(Exit::Passed)
}
