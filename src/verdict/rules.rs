//! `test-suites/diagnoses/*.toml` and the `[[diagnosis]]` tables of a site file: why things fail, as data.
//!
//! [`Rules::parse`] reads them and tells every fault at its place. What only compiling every pattern can show, and
//! whether each rule recognises its own samples, is told by [`Rules::prove`]: our tests call it for the rules that
//! are shipped, a run calls it for those of a site. So a run in which nothing fails compiles nothing.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder, SetMatches};

use crate::document::{self, Table, Written};
use crate::error::{Error, Fault, Kind, Source};
use crate::suite::embedded;
use crate::verdict::check::Diagnosed;
use crate::verdict::condition::Condition;
use crate::verdict::diagnosis::{Blame, Layer, Weight};
use crate::verdict::normalise::Plain;
use crate::verdict::status::{self, Status};
use crate::verdict::telling::{self, Telling, Tellings};

/// Bytes of states that matching all patterns at once may come to know; then it begins anew.
const AUTOMATON: usize = 8 << 20;

/// All rules, later sources overriding earlier ones by id.
#[derive(Debug, Default)]
pub struct Rules {
    all: Vec<Rule>,
    pub(super) statuses: Vec<Status>,
    /// Which lines of an output say what went wrong.
    pub tellings: Tellings,
    set: OnceLock<Mutex<RegexSet>>,
}

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
    span: Range<usize>,
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
    /// The compiled pattern; `None` if it cannot be compiled, which [`Rules::prove`] tells.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| build(&self.text).ok()).as_ref()
    }
}

/// Bytes, not letters: the patterns are ASCII, and Unicode classes would take most of the time to compile.
fn build(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).build()
}

/// The rules that are part of the binary.
#[must_use]
pub fn shipped() -> Vec<Source> {
    let names = embedded::SUITES.below("diagnoses").map(|(name, _)| format!("diagnoses/{name}"));
    names.map(|name| embedded::table(&name)).collect()
}

impl Rules {
    /// Reads the rules of `sources`. Other tables of those files are left to other readers.
    ///
    /// # Errors
    /// All faults of all sources.
    pub fn parse(sources: &[Source]) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let mut rules = Self::default();
        for source in sources {
            let read = document::read(source, |root| {
                root.any_key();
                let found: Vec<Rule> = root.tables("diagnosis", rule).into_iter().flatten().collect();
                twice(root, &found);
                let statuses: Vec<Status> =
                    root.tables("status", status::read).into_iter().flatten().collect();
                let tellings: Vec<Telling> =
                    root.tables("telling", telling::read).into_iter().flatten().collect();
                (found, statuses, tellings)
            });
            match read {
                Ok((found, statuses, tellings)) => {
                    rules.all.retain(|old| found.iter().all(|new| new.id != old.id));
                    rules.all.extend(found);
                    // Later sources are asked first.
                    rules.statuses.splice(0..0, statuses);
                    rules.tellings.add(tellings);
                }
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(Error::of(Kind::Data, faults)) }
    }

    /// Every rule, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.all.iter()
    }

    /// The rule of this id.
    #[must_use]
    pub fn explain(&self, id: &str) -> Option<&Rule> {
        self.all.iter().find(|rule| rule.id == id)
    }

    /// Which patterns match, of all patterns of all rules in the order of [`Rules::iter`]. They are compiled as one when
    /// something failed for the first time.
    ///
    /// One text at a time, by a copy that is dropped with the states that it came to know: each thread would else keep
    /// megabytes of them for as long as the run lasts, and little fails.
    pub(super) fn seen_in(&self, text: &str) -> SetMatches {
        let set = self.set.get_or_init(|| Mutex::new(self.compiled()));
        let set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let matches = RegexSet::clone(&set).matches(text.as_bytes());
        drop(set);
        matches
    }

    fn compiled(&self) -> RegexSet {
        let patterns: Vec<&str> =
            self.all.iter().flat_map(|rule| &rule.patterns).map(|pattern| pattern.text.as_str()).collect();
        let build = |patterns: &[&str]| {
            RegexSetBuilder::new(patterns)
                .unicode(false)
                .size_limit(64 << 20)
                .dfa_size_limit(AUTOMATON)
                .build()
        };
        // A pattern that cannot be compiled matches nothing, and takes none of the others with it.
        build(&patterns).unwrap_or_else(|_| {
            let sound: Vec<&str> =
                patterns.iter().map(|text| self::build(text).map_or(r"[^\s\S]", |_| *text)).collect();
            build(&sound).unwrap_or_else(|_| RegexSet::empty())
        })
    }

    /// Compiles every pattern and tries every sample.
    ///
    /// # Errors
    /// Patterns that cannot be compiled, samples that no pattern matches, patterns that match no sample, and
    /// `{names}` that a pattern does not capture.
    pub fn prove(&self) -> Result<(), Error> {
        let mut faults: Vec<Fault> = self.tellings.unreadable().collect();
        for rule in &self.all {
            let samples: Vec<Plain> =
                rule.samples.iter().map(|sample| Plain::new(sample.as_bytes())).collect();
            for pattern in &rule.patterns {
                let fault = |what: String| Fault::new(what).at(&rule.source, pattern.span.clone());
                let regex = match build(&pattern.text) {
                    Ok(regex) => regex,
                    Err(error) => {
                        faults.push(fault(format!(
                            "cannot read the pattern: {}",
                            last_line(&error.to_string())
                        )));
                        continue;
                    }
                };
                for name in placeholders(&rule.cause).chain(placeholders(&rule.fix)) {
                    if !regex.capture_names().flatten().any(|known| known == name) {
                        faults.push(
                            fault(format!(
                                "`{}` speaks of `{{{name}}}`, which this pattern does not capture",
                                rule.id
                            ))
                            .hint(format!("write the group as (?<{name}>…)")),
                        );
                    }
                }
                if !samples.iter().any(|sample| regex.is_match(sample.text.as_bytes())) {
                    faults.push(fault(format!("no sample of `{}` is matched by this pattern", rule.id)));
                }
            }
            let matched = |sample: &Plain| {
                rule.patterns
                    .iter()
                    .filter_map(Pattern::regex)
                    .any(|regex| regex.is_match(sample.text.as_bytes()))
            };
            for (text, _) in rule.samples.iter().zip(&samples).filter(|(_, sample)| !matched(sample)) {
                faults.push(
                    Fault::new(format!("no pattern of `{}` matches its sample `{text}`", rule.id))
                        .at(&rule.source, rule.span.clone()),
                );
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::of(Kind::Data, faults)) }
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

/// The names in braces of a cause or a fix.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
            .then_some(name)
    })
}

fn twice(root: &mut Table<'_>, rules: &[Rule]) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        if !seen.insert(&rule.id) {
            root.fault(format!("there are two diagnoses called `{}`", rule.id), rule.span.clone());
        }
    }
}

fn rule(table: &mut Table<'_>) -> Option<Rule> {
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

pub(super) fn conditions(table: &mut Table<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for text in table.one_or_more_strings("when").unwrap_or_default() {
        match Condition::parse_all(&text.value) {
            Ok(more) => conditions.extend(more),
            Err(fault) => table.fault(fault, text.span),
        }
    }
    conditions
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
