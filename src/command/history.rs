//! `stackprobe history`: how each case went before.

use std::fmt::Write as _;

use globset::{Glob, GlobMatcher};
use serde_json::json;
use time::OffsetDateTime;

use crate::cli::{Answer, History};
use crate::error::{Error, Fault, Kind};
use crate::exit::Exit;
use crate::history::page::page;
use crate::history::text::{Told, render};
use crate::history::{Track, file};
use crate::report::print::{answer, print, to_json};
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
    let history = file::known(path)?;
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
        let has = many(history.tracks.len(), "case");
        let rest =
            if history.left_out > 0 { format!("; {}", history.words_on_left_out()) } else { String::new() };
        return Err(Error::new(Kind::Nothing, format!("`{}` tells of no such case", path.display()))
            .hint(format!("it has {has}{rest}")));
    }
    tracks.sort_by_cached_key(|track| {
        let last = track.runs.last().map(|run| run.outcome);
        let red = last == Some(Outcome::Failed) || last == Some(Outcome::Error);
        std::cmp::Reverse((red, track.flakes().count > 0, track.slower().is_some()))
    });
    let out = flags.out.as_deref();
    match flags.format {
        Answer::Json => {
            let cases: Vec<Told<'_>> = tracks.iter().filter_map(|track| Told::new(track)).collect();
            let value = json!({"format": 1, "cases": cases, "left_out": history.left_out});
            answer(&to_json(&value)?, out)?;
        }
        Answer::Html => answer(&page(&tracks, &history), out)?,
        Answer::Text => {
            let mut text = render(&tracks, OffsetDateTime::now_utc());
            if history.left_out > 0 {
                let _ = writeln!(text, "note: {}", history.words_on_left_out());
            }
            match out {
                None => print(&text)?,
                Some(_) => answer(&text, out)?,
            }
        }
    }
    Ok(Exit::Passed)
}
