//! A history in plain words, and as data.

use std::fmt::Write as _;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::entry::Entry;
use super::track::{Rate, Times, Track};
use crate::report::text::{line, many};
use crate::verdict::check::Outcome;

/// So many of the last runs are drawn.
const DRAWN: usize = 30;
/// Characters of a line.
const SHORT: usize = 200;

/// What is told of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Told<'t> {
    /// Its suite.
    pub suite: &'t str,
    /// Its probe.
    pub probe: &'t str,
    /// MPI ranks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// Its toolchain.
    pub toolchain: &'t str,
    /// How many runs are known.
    pub runs: usize,
    /// What became of the last.
    pub last: Option<Outcome>,
    /// When it passed last.
    pub last_green: Option<&'t str>,
    /// In how many runs it was flaky.
    pub flaky: Rate,
    /// How long it takes when it passes.
    pub times: Option<Times>,
    /// By which factor the last run was slower than chance makes it.
    pub slower: Option<f64>,
    /// Checks that did not pass in the last run.
    pub red: &'t [String],
}

impl<'t> Told<'t> {
    /// Of these runs; none if there is none.
    #[must_use]
    pub fn new(track: &'t Track) -> Option<Self> {
        let last = track.runs.last()?;
        Some(Self {
            suite: &last.suite,
            probe: &last.probe,
            ranks: last.ranks,
            toolchain: &last.toolchain,
            runs: track.runs.len(),
            last: Some(last.outcome),
            last_green: track.last_green().map(|entry| entry.at.as_str()),
            flaky: track.flakes(),
            times: track.times(),
            slower: track.slower(),
            red: &last.red,
        })
    }
}

/// These cases as lines.
#[must_use]
pub fn render(tracks: &[&Track], now: OffsetDateTime) -> String {
    let mut text = String::new();
    for track in tracks {
        let Some(told) = Told::new(track) else { continue };
        let ranks = told.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
        let _ = writeln!(text, "{}/{}{ranks} [{}]", told.suite, told.probe, told.toolchain);
        let _ = write!(text, "  {}  {}", draw(&track.runs), many(told.runs, "run"));
        if let Some(times) = told.times {
            let _ = write!(text, ", {:.2} s ± {:.2}", times.median, times.spread);
        }
        if told.flaky.count > 0 {
            let _ = write!(
                text,
                ", flaky in {} of {} ({:.0}–{:.0} %)",
                told.flaky.count,
                told.flaky.of,
                told.flaky.least * 100.0,
                told.flaky.most * 100.0
            );
        }
        if let Some(factor) = told.slower {
            let _ = write!(text, ", now {factor:.1} × as long");
        }
        text.push('\n');
        if told.last != Some(Outcome::Passed) {
            let green = match track.last_green() {
                Some(green) => format!("last green {} under {}", ago(&green.at, now), green.toolchain),
                None => "never green".to_owned(),
            };
            let red = if told.red.is_empty() { String::new() } else { format!(": {}", told.red.join(", ")) };
            let last = told.last.map(|outcome| outcome.to_string()).unwrap_or_default();
            let _ = writeln!(text, "  {last}{}; {green}", line(&red, SHORT));
        }
    }
    text
}

/// A letter for each of the last runs: `.` passed, `F` failed, `E` error, `s` skipped, `~` passed, but not at once.
fn draw(runs: &[Entry]) -> String {
    let last = runs.len().saturating_sub(DRAWN);
    runs[last..]
        .iter()
        .map(|run| match run.outcome {
            Outcome::Passed if !run.flaky.is_empty() => '~',
            Outcome::Passed => '.',
            Outcome::Failed => 'F',
            Outcome::Error => 'E',
            Outcome::Skipped => 's',
        })
        .collect()
}

/// `3 days ago`. What lies ahead, by a clock that went back, is given as it stands.
fn ago(at: &str, now: OffsetDateTime) -> String {
    let Ok(then) = OffsetDateTime::parse(at, &Rfc3339) else { return at.to_owned() };
    let seconds = (now - then).whole_seconds();
    let (count, unit) = match seconds {
        ..0 => return at.to_owned(),
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{} ago", many(usize::try_from(count).unwrap_or_default(), unit))
}
