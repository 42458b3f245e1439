//! Cases that took longer or shorter than the others did.
//!
//! Two runs are two points, and a busy node is slower altogether. So the factor of a case is held against the factors of
//! all cases: what is further from their median than five times their median deviation stands out. A single case
//! may still be slow by chance, and so a case of which a history knows enough runs is held against those instead.

use serde::Serialize;

use super::pairs::Pair;
use crate::history::{History, Times};
use crate::verdict::check::Outcome;

/// Seconds: shorter cases are all start-up.
const LEAST: f64 = 0.5;
/// Fewer cases have no median worth the name.
const ENOUGH: usize = 8;
/// Median deviations from the median.
const FAR: f64 = 5.0;
/// A factor below this is no news, however even the others are.
const FACTOR: f64 = 1.5;
/// So many are worth reading.
const MOST: usize = 10;

/// A case that took longer or shorter than the others did.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pace {
    /// The case.
    pub id: String,
    /// Seconds before: those of the first run, or the median of the earlier runs that a history knows.
    pub before: f64,
    /// Seconds now.
    pub after: f64,
    /// The factor, less that of the median case: above 1 is slower.
    pub factor: f64,
    /// Of how many earlier runs `before` is the median; none where it is of the first run alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
}

impl Pace {
    /// What it was held against.
    #[must_use]
    pub fn held_against(&self) -> String {
        self.runs.map_or_else(
            || "two runs only: it may be chance".to_owned(),
            |runs| format!("the median of {runs} runs"),
        )
    }
}

/// A case that passed at once in both runs and takes more than its start.
struct Timed<'a> {
    id: &'a str,
    before: f64,
    after: f64,
    /// How long it took before, where a history knows enough.
    known: Option<Times>,
}

/// The factor of the median case, and what stands out.
pub(super) fn paces(pairs: &[Pair<'_>], history: Option<&History>) -> (Option<f64>, Vec<Pace>) {
    let timed: Vec<Timed<'_>> = pairs.iter().filter_map(|pair| timed(pair, history)).collect();
    let logs: Vec<f64> = timed.iter().map(|case| (case.after / case.before).ln()).collect();
    let enough = timed.len() >= ENOUGH;
    let middle = if enough { median(logs.clone()) } else { 0.0 };
    let spread = median(logs.iter().map(|log| (log - middle).abs()).collect());
    let far = (FAR * spread).max(FACTOR.ln());
    let judge = |case: &Timed<'_>, log: f64| {
        let id = case.id.to_owned();
        match case.known {
            // A node that is slower altogether is no news of one case.
            Some(known) => known.deviation(case.after / middle.exp()).map(|factor| Pace {
                id,
                before: known.median,
                after: case.after,
                factor,
                runs: Some(known.runs),
            }),
            None => (enough && (log - middle).abs() > far).then(|| Pace {
                id,
                before: case.before,
                after: case.after,
                factor: (log - middle).exp(),
                runs: None,
            }),
        }
    };
    let mut paces: Vec<Pace> = timed.iter().zip(&logs).filter_map(|(case, log)| judge(case, *log)).collect();
    paces.sort_by(|a, b| b.factor.ln().abs().total_cmp(&a.factor.ln().abs()));
    paces.truncate(MOST);
    (enough.then(|| middle.exp()), paces)
}

fn timed<'a>(pair: &Pair<'a>, history: Option<&History>) -> Option<Timed<'a>> {
    let (before, after) = pair.both()?;
    let both = [before.case, after.case];
    let told = both.iter().all(|case| case.outcome() == Outcome::Passed && case.earlier.is_empty());
    let long = both.iter().any(|case| case.seconds >= LEAST);
    let ran = both.iter().all(|case| case.seconds > 0.0);
    let owed = &after.case.owed;
    let known = history.and_then(|history| {
        let track = history.track(&owed.suite, &owed.probe, owed.ranks, &owed.toolchain)?;
        track.times_before(&after.case.started).filter(Times::is_enough)
    });
    (told && long && ran).then_some(Timed {
        id: owed.id.as_str(),
        before: before.case.seconds,
        after: after.case.seconds,
        known,
    })
}

/// Of one or more numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
