//! `stackprobe history`: how each case went before.

use std::fmt::Write as _;

use globset::{Glob, GlobMatcher};
use serde_json::json;
use time::OffsetDateTime;

use crate::cli::{Format, History};
use crate::error::{Error, Fault, Kind};
use crate::exit::Exit;
use crate::history::text::{Told, render};
use crate::history::{Track, file};
use crate::report::print::{print, print_json};
use crate::report::text::many;
use crate::verdict::check::Outcome;

/// Prints what the file tells of the cases that were asked for.
///
/// # Errors
/// A file that is not there or cannot be read, patterns that cannot be read, nothing that matches.
pub fn history(flags: &History) -> Result<Exit, Error> {
    let mut faults = Vec::new();
    let mut glob = |pattern: &str| {
        let glob = Glob::new(pattern).map(|glob| glob.compile_matcher());
        glob.map_err(|error| {
            faults.push(Fault::new(format!("cannot read the pattern `{pattern}`: {}", error.kind())));
        })
        .ok()
    };
    let toolchain = glob(&flags.toolchain);
    let probes: Vec<(Option<GlobMatcher>, Option<GlobMatcher>)> = flags
        .probes
        .iter()
        .map(|text| text.split_once('/').unwrap_or((text, "*")))
        .map(|(suite, probe)| (glob(suite), glob(probe)))
        .collect();
    if !faults.is_empty() {
        return Err(Error::of(Kind::Usage, faults));
    }
    let path = &flags.history;
    std::fs::metadata(path).map_err(|error| {
        Error::io(Kind::Usage, "read", path, &error).hint("`stackprobe run --history FILE` begins one")
    })?;
    let history = file::read(path)?;
    let matches =
        |glob: &Option<GlobMatcher>, text: &str| glob.as_ref().is_some_and(|glob| glob.is_match(text));
    let asked = |suite: &str, probe: &str| {
        probes.is_empty() || probes.iter().any(|(s, p)| matches(s, suite) && matches(p, probe))
    };
    let wanted = history
        .tracks
        .iter()
        .filter(|((suite, probe, _, label), _)| asked(suite, probe) && matches(&toolchain, label));
    let mut tracks: Vec<&Track> = wanted.map(|(_, track)| track).collect();
    if tracks.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("`{}` tells of no such case", path.display()))
            .hint(format!("it has {}", many(history.tracks.len(), "case"))));
    }
    tracks.sort_by_cached_key(|track| {
        let last = track.runs.last().map(|run| run.outcome);
        let red = last == Some(Outcome::Failed) || last == Some(Outcome::Error);
        std::cmp::Reverse((red, track.flakes().count > 0, track.slower().is_some()))
    });
    match flags.format {
        Format::Json => {
            let cases: Vec<Told<'_>> = tracks.iter().filter_map(|track| Told::new(track)).collect();
            print_json(&json!({"format": 1, "cases": cases, "left_out": history.left_out}))?;
        }
        Format::Text => {
            let mut text = render(&tracks, OffsetDateTime::now_utc());
            if history.left_out > 0 {
                let lines = many(history.left_out, "line");
                let _ = writeln!(text, "note: {lines} left out: cut short, or of something else");
            }
            print(&text)?;
        }
    }
    Ok(Exit::Passed)
}
