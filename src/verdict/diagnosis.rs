//! Why it failed, and whose fault it is.
//!
//! One pass over the normalised output finds the patterns of all rules whose words are in it; only those are tried.
//! What comes first is what is nearest to the root: a full `/dev/shm` before the rank that died of it, and that
//! before the launcher's banner about a rank that died. A fault is only named where it is certain.

use serde::Serialize;

use crate::verdict::evidence::Evidence;
use crate::verdict::normalise::Plain;
use crate::verdict::rule::{Rule, placeholders};
use crate::verdict::rules::Rules;
use crate::verdict::terms::{Blame, Layer, Weight};

/// One reason for a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The rule that says so.
    pub id: String,
    /// Whose fault; `None` where that is not certain, which files and reports call `unknown`.
    #[serde(serialize_with = "word_of_fault")]
    pub fault: Option<Blame>,
    /// Where it is broken.
    pub layer: Layer,
    /// One line on what is wrong.
    pub cause: String,
    /// One line on what to do.
    pub fix: String,
    /// Whether another try of the same pod may end otherwise.
    pub retry: bool,
    /// The line of the output that told.
    pub matched: Option<String>,
    /// Seen, but not the reason, and so nobody's fault.
    pub noise: bool,
}

impl Diagnosis {
    /// The word for whose fault it is: `unknown` where that is not certain.
    #[must_use]
    pub fn fault_word(&self) -> &'static str {
        self.fault.map_or(UNKNOWN, Blame::word)
    }
}

/// Nobody's fault for certain.
const UNKNOWN: &str = "unknown";

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn word_of_fault<S: serde::Serializer>(fault: &Option<Blame>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(fault.map_or(UNKNOWN, Blame::word))
}

/// Where a rule was recognised.
struct Sighting<'r> {
    rule: &'r Rule,
    weight: Weight,
    start: usize,
    end: usize,
    /// What the groups of its pattern captured.
    captured: Vec<(String, String)>,
}

impl Rules {
    /// Why it failed: the best answer first, noise last. Empty is an honest *unknown*.
    #[must_use]
    pub fn diagnose(&self, evidence: &Evidence<'_>) -> Vec<Diagnosis> {
        let plain = Plain::new(evidence.output);
        let evidence = &Evidence { signal: self.statuses.signal(evidence), ..*evidence };
        let may = self.may_be_in(&plain.text);
        let mut index = 0;
        let mut sightings = Vec::new();
        for rule in self.iter() {
            let first = index;
            index += rule.patterns.len();
            if rule.preflight || !rule.when.iter().all(|condition| condition.holds(evidence)) {
                continue;
            }
            if rule.patterns.is_empty() {
                let weight = weight(rule, evidence);
                sightings.push(Sighting {
                    rule,
                    weight,
                    start: usize::MAX,
                    end: usize::MAX,
                    captured: Vec::new(),
                });
                continue;
            }
            let seen = (first..index).filter(|index| may[*index]);
            let seen = seen.filter_map(|index| sight(rule, index - first, &plain, evidence));
            sightings.extend(seen.min_by_key(|sighting| sighting.start));
        }
        sightings.sort_by_key(|seen| (seen.weight, seen.rule.layer, seen.start));
        sightings.into_iter().map(|seen| seen.diagnosis(&plain, evidence)).collect()
    }
}

fn weight(rule: &Rule, evidence: &Evidence<'_>) -> Weight {
    if rule.weight == Weight::Warning && evidence.finished { Weight::Noise } else { rule.weight }
}

fn sight<'r>(rule: &'r Rule, pattern: usize, plain: &Plain, evidence: &Evidence<'_>) -> Option<Sighting<'r>> {
    let regex = rule.patterns.get(pattern)?.regex()?;
    let captures = regex.captures(plain.text.as_bytes())?;
    let whole = captures.get(0)?;
    let named = regex
        .capture_names()
        .flatten()
        .filter_map(|name| {
            let group = captures.name(name)?;
            Some((name.to_owned(), String::from_utf8_lossy(group.as_bytes()).into_owned()))
        })
        .collect();
    let weight = weight(rule, evidence);
    Some(Sighting { rule, weight, start: whole.start(), end: whole.end(), captured: named })
}

impl Sighting<'_> {
    fn diagnosis(self, plain: &Plain, evidence: &Evidence<'_>) -> Diagnosis {
        let rule = self.rule;
        let judgement = rule
            .faults
            .iter()
            .find(|judgement| judgement.when.iter().all(|condition| condition.holds(evidence)));
        let noise = self.weight == Weight::Noise;
        let matched = (self.end > self.start).then(|| plain.lines_around(self.start, self.end));
        let fault = judgement.filter(|_| !noise).and_then(|judgement| judgement.blame);
        Diagnosis {
            id: rule.id.clone(),
            fault,
            layer: rule.layer,
            cause: fill(&rule.cause, &self.captured),
            fix: fill(&rule.fix, &self.captured),
            retry: rule.retry(fault),
            matched,
            noise,
        }
    }
}

/// The longest captured text that a cause or a fix repeats, in characters.
const REPEATED: usize = 160;

/// Puts what was captured in the place of its name.
fn fill(text: &str, captured: &[(String, String)]) -> String {
    let mut filled = text.to_owned();
    for name in placeholders(text) {
        let value = captured.iter().find(|(known, _)| known == name).map_or("?", |(_, value)| value);
        let value: String = value.chars().take(REPEATED).collect();
        filled = filled.replace(&format!("{{{name}}}"), &value);
    }
    filled
}
