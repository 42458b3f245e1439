//! `stackprobe list`: the same selection, printed instead of run.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use crate::cli::{Format, List};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::history::file;
use crate::plan::catalogue::Catalogue;
use crate::plan::missing::{nothing, unmet};
use crate::plan::owed::{plan, record};
use crate::plan::request::Request;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::signals::Stop;
use crate::report::console::note;
use crate::report::mask;
use crate::report::print::{answer, to_json};
use crate::report::text::many;
use crate::run::root::Root;
use crate::suite::select::Selection;

/// Prints the plan; without any toolchain asked for, the suites and their probes.
///
/// # Errors
/// Those of `run` before its first case.
pub fn list(flags: &List) -> Result<Exit, Error> {
    let catalogue = Catalogue::load(&flags.select.suite_folders, flags.select.site.as_ref())?;
    let request = Request::new(&flags.select, &catalogue)?;
    if !request.has_toolchains() {
        suites(flags, &catalogue, &request.selection)?;
        return Ok(Exit::Passed);
    }
    let stop = Arc::new(Stop::unheard()?);
    let root = Root::new(false)?;
    let stack = Stack::open(&catalogue, root.path(), &stop, request.all)?;
    let (asked, plan, missing) = plan(&catalogue, &stack, &request)?;
    let mut record = record(&catalogue, &stack, &asked, &plan, &request, &Facts::gather());
    mask::record::plan(&mut record);
    if let (Some(path), Some(basis)) = (&flags.history, &mut record.basis) {
        let owed: BTreeSet<&str> = record.cases.iter().map(|owed| owed.id.as_str()).collect();
        let mut seconds = file::read(path)?.seconds();
        seconds.retain(|id, _| owed.contains(id.as_str()));
        basis.seconds = seconds;
    }
    if let Some(unmet) = unmet(&catalogue, &asked, &request) {
        note(&unmet);
    }
    let text = match flags.format {
        Format::Json => to_json(&record)?,
        Format::Text => {
            let mut text = String::new();
            for owed in &record.cases {
                let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
                let _ = writeln!(text, "{}/{}{ranks} [{}]", owed.suite, owed.probe, owed.toolchain);
            }
            mask::mask(&format!("{text}{}\n", many(record.cases.len(), "case"))).into_owned()
        }
    };
    answer(&text, flags.out.as_deref())?;
    if missing.is_empty() {
        return Ok(Exit::Passed);
    }
    // `run` would do the rest, and end like this as well.
    Err(nothing(&missing, &asked, &catalogue, &request))
}

fn suites(flags: &List, catalogue: &Catalogue, selection: &Selection) -> Result<(), Error> {
    let (mut json, mut text) = (Vec::new(), String::new());
    let listed = catalogue.suites.iter().flat_map(|suite| {
        suite
            .probes
            .iter()
            .filter(|probe| selection.takes(suite, probe))
            .map(|probe| probe.name.chars().count())
    });
    let width = listed.max().unwrap_or(0);
    for suite in &catalogue.suites {
        let probes: Vec<_> = suite.probes.iter().filter(|probe| selection.takes(suite, probe)).collect();
        if probes.is_empty() {
            continue;
        }
        if flags.format == Format::Text {
            let _ = writeln!(text, "{}: {}", suite.name, suite.summary);
        }
        for probe in probes {
            match flags.format {
                Format::Text => {
                    let control = if probe.control { " (control)" } else { "" };
                    let _ = writeln!(text, "  {:width$} {}{control}", probe.name, probe.summary);
                }
                Format::Json => json.push(json!({
                    "suite": suite.name, "probe": probe.name, "summary": probe.summary, "tags": probe.tags,
                    "control": probe.control, "file": suite.source.path.to_string_lossy(), "line": probe.line,
                })),
            }
        }
    }
    if width == 0 {
        let what = format!("nothing is selected by {}", selection.narrowing());
        return Err(
            Error::new(Kind::Nothing, what).hint("`stackprobe list` prints every suite and its probes")
        );
    }
    let text = match flags.format {
        Format::Text => mask::mask(&text).into_owned(),
        Format::Json => to_json(&json)?,
    };
    answer(&text, flags.out.as_deref())
}
