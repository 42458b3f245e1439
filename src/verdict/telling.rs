//! The line of an output that says what went wrong, in the words of the tool that wrote it.
//!
//! `exit status 1` and a command tell nobody anything. What compilers, linkers, loaders, package tools, launchers and
//! libraries write when they give up is a table, `[[telling]]` in `test-suites/diagnoses/`: which lines are the reason,
//! which only say that something before them failed, and which are never it. Pure.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::document::Table;
use crate::error::{Fault, Source};
use crate::verdict::normalise::Plain;
use crate::verdict::terms::Weight;

/// The longest line that is told, in characters.
const TOLD: usize = 300;
/// Lines at either end of an output that are looked at: what went wrong is told where it begins or where it ends.
const LOOKED_AT: usize = 4000;

/// One way of saying it.
#[derive(Debug)]
pub struct Telling {
    patterns: Vec<(String, Range<usize>)>,
    weight: Weight,
    last: bool,
    join: usize,
    source: Source,
}

/// All ways of saying it, those of later sources first.
#[derive(Debug, Default)]
pub struct Tellings {
    all: Vec<Telling>,
    set: OnceLock<(RegexSet, Vec<usize>)>,
}

/// A line that tells.
struct Line {
    entry: usize,
    place: usize,
}

pub(super) fn read(table: &mut Table<'_>) -> Option<Telling> {
    table.needed_string("of");
    let patterns = table.one_or_more_strings("pattern").unwrap_or_default();
    if patterns.is_empty() {
        table.fault("a telling line needs a `pattern`", table.span());
    }
    let weight = table.needed_string("weight")?;
    let known = [Weight::Cause, Weight::General, Weight::Wrapper, Weight::Noise];
    let Some(found) = known.into_iter().find(|known| known.word() == weight.value) else {
        table.fault("`weight` must be one of cause, general, wrapper, noise", weight.span);
        return None;
    };
    let take = table.string("take").map_or_else(|| "first".to_owned(), |take| take.value);
    if !["first", "last"].contains(&take.as_str()) {
        table.fault("`take` must be first or last", table.span());
    }
    let join = table.number("join", 1..=10).map_or(0, |join| usize::try_from(join.value).unwrap_or(0));
    let patterns = patterns.into_iter().map(|pattern| (pattern.value, pattern.span)).collect();
    Some(Telling { patterns, weight: found, last: take == "last", join, source: table.source().clone() })
}

/// As in the rules: the patterns are ASCII.
fn build(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).build()
}

impl Tellings {
    /// Takes the entries of one more source.
    pub(super) fn add(&mut self, entries: Vec<Telling>) {
        self.all.splice(0..0, entries);
        self.set = OnceLock::new();
    }

    /// Compiles every pattern: those that cannot be.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = Fault> {
        self.all.iter().flat_map(|telling| {
            telling.patterns.iter().filter_map(|(text, span)| {
                let why = build(text).err()?.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let what = format!("cannot read the pattern: {why}");
                Some(Fault::new(what).at(&telling.source, span.clone()))
            })
        })
    }

    /// The patterns of all entries as one, and which entry each belongs to.
    fn set(&self) -> &(RegexSet, Vec<usize>) {
        self.set.get_or_init(|| {
            let all = || {
                let entries = self.all.iter().enumerate();
                entries.flat_map(|(entry, telling)| {
                    telling.patterns.iter().map(move |(text, _)| (entry, text.as_str()))
                })
            };
            let set = RegexSetBuilder::new(all().map(|(_, text)| text)).unicode(false).build();
            (set.unwrap_or_else(|_| RegexSet::empty()), all().map(|(entry, _)| entry).collect())
        })
    }

    /// The first line of `output` that says what went wrong. `None` where no line does.
    #[must_use]
    pub fn first(&self, output: &[u8]) -> Option<String> {
        self.best(&Plain::new(output)).map(|(_, told)| told)
    }

    /// As [`Tellings::of`], but only lines that certainly say what went wrong.
    #[must_use]
    pub fn sure(&self, outputs: &[&[u8]]) -> Option<String> {
        let best = outputs.iter().filter_map(|output| self.best(&Plain::new(output)));
        best.filter(|(weight, _)| *weight == Weight::Cause).map(|(_, told)| told).next()
    }

    /// Of several outputs of one program the line that tells best; of equally good ones that of the earlier output.
    /// Where none tells, the last line of the first output, if it is a sentence: what a program says on stderr before
    /// it gives up.
    #[must_use]
    pub fn of(&self, outputs: &[&[u8]]) -> Option<String> {
        let plain: Vec<Plain> = outputs.iter().map(|output| Plain::new(output)).collect();
        let best = plain.iter().filter_map(|plain| self.best(plain)).min_by_key(|(weight, _)| *weight);
        best.map(|(_, told)| told).or_else(|| {
            let last = plain.first()?.lines().filter(|line| self.entry(line).is_none()).last()?;
            is_sentence(last).then(|| cut(last))
        })
    }

    fn entry(&self, line: &str) -> Option<usize> {
        let (set, entries) = self.set();
        set.matches(line.as_bytes()).iter().next().and_then(|pattern| entries.get(pattern).copied())
    }

    fn best(&self, plain: &Plain) -> Option<(Weight, String)> {
        let lines: Vec<&str> = plain.lines().collect();
        let gap = LOOKED_AT..lines.len().saturating_sub(LOOKED_AT).max(LOOKED_AT);
        let mut told: Vec<Line> = Vec::new();
        let mut opened = false;
        for (place, line) in lines.iter().enumerate().filter(|(place, _)| !gap.contains(place)) {
            let Some(mut entry) = self.entry(line).filter(|_| !is_binary(line)) else { continue };
            if is_rule(line) {
                // A block has a line before it and one behind it; what its first line says decides what it is worth.
                opened = !opened;
                let Some(first) = lines.get(place + 1).filter(|_| opened) else { continue };
                let own = self.entry(first).filter(|own| self.all[*own].weight >= Weight::Wrapper);
                entry = own.unwrap_or(entry);
            }
            if self.all[entry].weight == Weight::Noise {
                continue;
            }
            match told.iter_mut().find(|line| line.entry == entry) {
                Some(line) if self.all[entry].last => line.place = place,
                Some(_) => {}
                None => told.push(Line { entry, place }),
            }
        }
        let line = told.iter().min_by_key(|line| (self.all[line.entry].weight, line.place))?;
        Some((self.all[line.entry].weight, self.text(line, &lines)))
    }

    /// The line with those that belong to it, or what its pattern captures of them.
    fn text(&self, line: &Line, lines: &[&str]) -> String {
        let telling = &self.all[line.entry];
        let start = if is_rule(lines[line.place]) { line.place + 1 } else { line.place };
        let mut text = lines.get(start).copied().unwrap_or_default().to_owned();
        for more in lines.iter().skip(start + 1).take(telling.join) {
            let ended = text.ends_with(['.', '!', '?', ';']);
            // An exception that has said its message is not continued by the next one.
            let message = telling.last && text.contains(": ") && !text.ends_with(':');
            if ended || message || is_rule(more) || text.len() + more.len() > TOLD {
                break;
            }
            if self.entry(more).is_some_and(|other| self.all[other].weight >= Weight::Wrapper) {
                break;
            }
            text.push(' ');
            text.push_str(more);
        }
        let captured = telling.patterns.iter().filter_map(|(text, _)| build(text).ok()).find_map(|regex| {
            let found = regex.captures(text.as_bytes())?.name("told")?;
            Some(String::from_utf8_lossy(found.as_bytes()).into_owned())
        });
        cut(captured.as_deref().unwrap_or(&text))
    }
}

/// Whether much of a line was no text.
fn is_binary(line: &str) -> bool {
    line.chars().filter(|letter| *letter == char::REPLACEMENT_CHARACTER).count() * 16 > line.len()
}

/// The line before and behind the help texts of Open MPI and PRRTE.
fn is_rule(line: &str) -> bool {
    line.len() >= 60 && line.bytes().all(|byte| byte == b'-')
}

/// Three words or more, and nothing that no one would write.
fn is_sentence(line: &str) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_graphic());
    line.split(' ').filter(is_word).count() >= 3
        && line.chars().all(|letter| letter == ' ' || letter.is_ascii_graphic())
}

fn cut(line: &str) -> String {
    let line = line.trim();
    if line.chars().count() <= TOLD {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(TOLD - 1).collect();
    cut.push('…');
    cut
}
