//! One `[[diagnosis]]`: how a reason is recognised, whose fault it is, and what to do. Pure.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use crate::document::{Table, Written};
use crate::error::Source;
use crate::verdict::check::Diagnosed;
use crate::verdict::condition::{Condition, conditions};
use crate::verdict::terms::{Blame, Layer, Weight};

/// Why something fails, and how one sees that it is this.
#[derive(Debug)]
pub struct Rule {
    /// Unique; what reports and `explain` call it.
    pub id: String,
    /// Where in the stack it is broken.
    pub layer: Layer,
    /// What it is worth beside others.
    pub weight: Weight,
    /// Whose fault it is: the first that holds; none that holds means *unknown*.
    pub faults: Vec<Judgement>,
    /// Any of these must be seen, if there are any.
    pub patterns: Vec<Pattern>,
    /// All of these must hold.
    pub when: Vec<Condition>,
    /// Found by looking at the pod before anything runs, never concluded from what a program did.
    pub preflight: bool,
    /// What of a pod spec mends it, in YAML; `{amount}` is what is needed.
    pub spec: Option<String>,
    /// Whether another try of the same pod may end otherwise, where that is not what its fault says.
    pub retry: Option<bool>,
    /// One line on what is wrong; `{name}` is what a pattern captured.
    pub cause: String,
    /// One line on what to do.
    pub fix: String,
    /// Texts that this rule is for.
    pub samples: Vec<String>,
    pub(super) source: Source,
    pub(super) span: Range<usize>,
}

/// `"pod if shm-free < shm-needed"`.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Whose fault; `None` is *unknown*.
    pub blame: Option<Blame>,
    /// If all of these hold.
    pub when: Vec<Condition>,
}

/// A pattern over normalised text.
#[derive(Debug)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    pub(super) span: Range<usize>,
    compiled: OnceLock<Option<Regex>>,
}

impl Rule {
    /// Whose fault it is, where that depends on nothing.
    #[must_use]
    pub fn blame(&self) -> Option<Blame> {
        self.faults.first().filter(|judgement| judgement.when.is_empty())?.blame
    }

    /// Whether another try of the same pod may end otherwise. What a pod is and how a test is called stay as they are;
    /// what is around a pod may be well again, and of what nobody knows nobody knows that it stays.
    #[must_use]
    pub fn retry(&self, fault: Option<Blame>) -> bool {
        self.retry.unwrap_or(!matches!(fault, Some(Blame::Pod | Blame::Harness)))
    }

    /// What of a pod spec mends it, with how much is needed. Without a size there is nothing to put into a spec that
    /// asks for one.
    #[must_use]
    pub fn spec(&self, amount: &str) -> Option<String> {
        let spec = self.spec.as_ref()?;
        (!amount.is_empty() || !spec.contains("{amount}")).then(|| spec.replace("{amount}", amount))
    }

    /// What to do: the fix, and below it what of a pod spec does it.
    #[must_use]
    pub fn advice(&self, amount: &str) -> String {
        let mut advice = self.fix.clone();
        for line in self.spec(amount).iter().flat_map(|spec| spec.lines()) {
            advice.push_str("\n    ");
            advice.push_str(line);
        }
        advice
    }

    /// The diagnosis of what was found by looking, without any output.
    #[must_use]
    pub fn found(&self, amount: &str) -> Diagnosed {
        let fault = self.blame();
        Diagnosed {
            id: self.id.clone(),
            fault: fault.map_or("unknown", Blame::word).to_owned(),
            cause: self.cause.clone(),
            fix: self.fix.clone(),
            retry: self.retry(fault),
            spec: self.spec(amount).unwrap_or_default(),
        }
    }
}

impl Pattern {
    /// The compiled pattern; `None` if it cannot be compiled, which [`super::rules::Rules::prove`] tells.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| build(&self.text).ok()).as_ref()
    }
}

/// Bytes of states that matching one pattern may come to know; then it begins anew. Each thread keeps its own.
const AUTOMATON: usize = 256 << 10;

/// Bytes, not letters: the patterns are ASCII, and Unicode classes would take most of the time to compile.
pub(super) fn build(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).dfa_size_limit(AUTOMATON).build()
}

/// The names in braces of a cause or a fix.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
            .then_some(name)
    })
}

/// Reads a `[[diagnosis]]`.
pub(super) fn read(table: &mut Table<'_>) -> Option<Rule> {
    let id = table.needed_string("id");
    if let Some(id) = &id
        && (id.value.is_empty()
            || !id
                .value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
    {
        table.fault("`id` must be of small letters, digits and dashes", id.span.clone());
    }
    let layer = word(table, "layer", &Layer::WORDS);
    let weight = if table.keys().any(|key| key.value == "weight") {
        word(table, "weight", &Weight::WORDS)
    } else {
        table.leave("weight");
        Some(Weight::Cause)
    };
    let faults = if weight == Some(Weight::Noise) { Vec::new() } else { judgements(table) };
    let patterns: Vec<Pattern> = table
        .one_or_more_strings("pattern")
        .unwrap_or_default()
        .into_iter()
        .map(|text| Pattern { text: text.value, span: text.span, compiled: OnceLock::new() })
        .collect();
    let when = conditions(table);
    let cause = sentence(table, "cause");
    let fix = sentence(table, "fix");
    let samples: Vec<String> =
        table.one_or_more_strings("sample").unwrap_or_default().into_iter().map(|text| text.value).collect();
    let preflight = table.boolean("preflight").unwrap_or(false);
    let spec = table.string("spec").map(|text| text.value.trim_end().to_owned());
    let retry = table.boolean("retry");
    if patterns.is_empty() && when.is_empty() && !preflight {
        table.fault("a diagnosis needs a `pattern`, or a `when`, or both", table.span());
    }
    if preflight && !(patterns.is_empty() && when.is_empty()) {
        table.fault("what is found before anything runs has no `pattern` and no `when`", table.span());
    }
    if patterns.is_empty() != samples.is_empty() {
        table.fault("a `pattern` needs a `sample` of what it is for, and the other way round", table.span());
    }
    let (source, span) =
        (table.source().clone(), id.as_ref().map_or_else(|| table.span(), |id| id.span.clone()));
    Some(Rule {
        id: id?.value,
        layer: layer?,
        weight: weight?,
        faults,
        patterns,
        when,
        preflight,
        spec,
        retry,
        cause: cause?,
        fix: fix?,
        samples,
        source,
        span,
    })
}

fn word<T: Copy>(table: &mut Table<'_>, key: &'static str, words: &[(&str, T)]) -> Option<T> {
    let found = table.needed_string(key)?;
    let value = words.iter().find(|(word, _)| *word == found.value).map(|(_, value)| *value);
    if value.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        table.fault(
            format!("`{key}` must be one of {}, found `{}`", known.join(", "), found.value),
            found.span,
        );
    }
    value
}

fn sentence(table: &mut Table<'_>, key: &'static str) -> Option<String> {
    let found = table.needed_string(key)?;
    if found.value.contains('\n') || found.value.trim().is_empty() {
        table.fault(format!("`{key}` must be one line"), found.span);
        return None;
    }
    Some(found.value)
}

fn judgements(table: &mut Table<'_>) -> Vec<Judgement> {
    let Some(texts) = table.one_or_more_strings("fault") else {
        if table.keys().all(|key| key.value != "fault") {
            table.fault("`fault` is missing", table.span());
        }
        return Vec::new();
    };
    let mut judgements = Vec::new();
    for text in texts {
        match judgement(&text) {
            Ok(judgement) => judgements.push(judgement),
            Err(fault) => table.fault(fault, text.span),
        }
    }
    judgements
}

fn judgement(text: &Written<String>) -> Result<Judgement, String> {
    let (word, when) = match text.value.split_once(" if ") {
        Some((word, conditions)) => (word, Condition::parse_all(conditions)?),
        None => (text.value.as_str(), Vec::new()),
    };
    let blame = match word.trim() {
        "unknown" => None,
        word => match Blame::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, blame)) => Some(*blame),
            None => return Err(format!("`{word}` must be stack, pod, site, harness or unknown")),
        },
    };
    Ok(Judgement { blame, when })
}
