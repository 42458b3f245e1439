//! Cases that took longer or shorter than the others did.
//!
//! Two runs are two points, and a busy node is slower altogether. So the factor of a case is held against the factors of
//! all cases: what is further from their median than five times their median deviation stands out. A single case
//! may still be slow by chance.

use serde::Serialize;

use super::pairs::Pair;
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
    /// Seconds before.
    pub before: f64,
    /// Seconds now.
    pub after: f64,
    /// The factor, less that of the median case: above 1 is slower.
    pub factor: f64,
}

/// The factor of the median case, and what stands out.
pub(super) fn paces(pairs: &[Pair<'_>]) -> (Option<f64>, Vec<Pace>) {
    let timed: Vec<(&str, f64, f64)> = pairs
        .iter()
        .filter_map(|pair| {
            let (before, after) = pair.both()?;
            let both = [before.case, after.case];
            let told = both.iter().all(|case| case.outcome() == Outcome::Passed && case.earlier.is_empty());
            let long = both.iter().any(|case| case.seconds >= LEAST);
            let ran = both.iter().all(|case| case.seconds > 0.0);
            (told && long && ran).then_some((
                after.case.owed.id.as_str(),
                before.case.seconds,
                after.case.seconds,
            ))
        })
        .collect();
    if timed.len() < ENOUGH {
        return (None, Vec::new());
    }
    let logs: Vec<f64> = timed.iter().map(|(_, before, after)| (after / before).ln()).collect();
    let middle = median(logs.clone());
    let spread = median(logs.iter().map(|log| (log - middle).abs()).collect());
    let far = (FAR * spread).max(FACTOR.ln());
    let mut paces: Vec<Pace> = timed
        .into_iter()
        .zip(&logs)
        .filter(|(_, log)| (*log - middle).abs() > far)
        .map(|((id, before, after), log)| Pace {
            id: id.to_owned(),
            before,
            after,
            factor: (log - middle).exp(),
        })
        .collect();
    paces.sort_by(|a, b| b.factor.ln().abs().total_cmp(&a.factor.ln().abs()));
    paces.truncate(MOST);
    (Some(middle.exp()), paces)
}

/// Of one or more numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
