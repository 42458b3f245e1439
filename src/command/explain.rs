//! `stackprobe explain`: what a suite or a probe checks and why, or what a diagnosis means.

use std::fmt::Write as _;

use crate::cli::Explain;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::plan::catalogue::Catalogue;
use crate::report::print::print;
use crate::suite::select::Selection;
use crate::verdict::rules::{Rules, shipped};

/// Prints the explanation.
///
/// # Errors
/// A name that no suite, probe or diagnosis has.
pub fn explain(flags: &Explain) -> Result<Exit, Error> {
    if let Some(rule) = Rules::parse(&shipped())?.explain(&flags.name) {
        print(&rule.to_string())?;
        return Ok(Exit::Passed);
    }
    let catalogue = Catalogue::load(&flags.suite_folders, None)?;
    let selection = Selection::new(std::slice::from_ref(&flags.name), &[], &catalogue.suites)
        .map_err(|error| Error { kind: Kind::Usage, ..error })?;
    let mut text = String::new();
    for suite in &catalogue.suites {
        for probe in suite.probes.iter().filter(|probe| selection.takes(suite, probe)) {
            let _ = writeln!(text, "{}/{}: {}", suite.name, probe.name, probe.summary);
            if !probe.why.is_empty() {
                let _ = writeln!(text, "  {}", probe.why.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            for command in probe.commands() {
                let _ = writeln!(text, "  $ {command}");
            }
            for requirement in &probe.requires {
                let _ = writeln!(text, "  requires {requirement}");
            }
            if probe.control {
                let _ = writeln!(text, "  a control: it must fail, which proves that the others can");
            }
            let _ = writeln!(text, "  {}:{}", suite.source.path.display(), probe.line);
        }
    }
    print(&text)?;
    Ok(Exit::Passed)
}
