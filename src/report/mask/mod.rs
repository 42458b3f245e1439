//! What nobody may read in a report: by its name, by its shape, and by its value wherever it stands.
//!
//! A report leaves the pod: it is kept by CI, mailed, shown to people who may not see the site's passwords. Names decide
//! (`PIP_INDEX_PASSWORD=…`, `--token …`, `"api_key": "…"`), shapes that are secrets wherever they stand, and the values
//! of this process's environment whose names or shapes are those of a secret, in every form in which programs write
//! them. The names and the shapes are a table, `test-suites/secrets.toml`, to which a site adds its own. A name such as
//! `key` alone decides nothing, because probes say `key=3` of quite harmless things.

mod find;
mod keys;
mod known;
mod names;
pub mod record;
mod span;
mod table;
mod tool;
mod value;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::ops::Range;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use keys::Keys;
use known::Known;
use names::{Sure, fits};
use table::Table;

pub use span::MASK;

use crate::constant::packed;
use crate::run::output::Pass;
use crate::suite::embedded::SUITES;

/// Everything that is known of secrets.
#[derive(Clone, Debug)]
struct Secrets {
    table: Arc<Table>,
    known: Known,
}

static SECRETS: LazyLock<RwLock<Arc<Secrets>>> = LazyLock::new(|| {
    let mut secrets = Secrets { table: Arc::new(table(&[], &[])), known: Known::default() };
    let own: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    secrets.learn(own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // `--index-url https://me:x@host`: what a flag was given is as secret as a variable.
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    secrets.learn([("", words.join(" ").as_str())]);
    RwLock::new(Arc::new(secrets))
});

fn table(names: &[String], patterns: &[String]) -> Table {
    Table::new(packed(SUITES.text("secrets.toml"), "secrets.toml"), names, patterns)
}

fn secrets() -> Arc<Secrets> {
    Arc::clone(&SECRETS.read().unwrap_or_else(PoisonError::into_inner))
}

fn change(how: impl FnOnce(&mut Secrets)) {
    let mut all = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    how(Arc::make_mut(&mut all));
}

impl Secrets {
    fn learn<'v>(&mut self, variables: impl IntoIterator<Item = (&'v str, &'v str)>) {
        let mut new = false;
        for (name, value) in variables {
            if let Some(sure) = self.table.names.sure(name) {
                new |= self.known.add(sure, value);
                continue;
            }
            for line in value.lines() {
                let mut spans = Vec::new();
                find::find(&self.table, line, &mut spans);
                for span in spans {
                    let text = &line[span];
                    let secret = text.split_once(':').map(|(_, secret)| secret);
                    for text in [Some(text), secret].into_iter().flatten() {
                        new |= self.known.add(Sure::Yes, text);
                    }
                }
            }
        }
        if new {
            self.known.compile();
        }
    }
}

/// From now on names that match one of `names`, and what matches one of `patterns`, are secret, too.
pub fn extend(names: &[String], patterns: &[String]) {
    if !names.is_empty() || !patterns.is_empty() {
        change(|secrets| secrets.table = Arc::new(table(names, patterns)));
    }
}

/// From now on what is secret of these variables is masked wherever its value appears.
pub fn learn<'v>(variables: impl IntoIterator<Item = (&'v OsStr, &'v OsStr)>) {
    let variables: Vec<(Cow<'_, str>, Cow<'_, str>)> = variables
        .into_iter()
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()))
        .collect();
    change(|secrets| secrets.learn(variables.iter().map(|(name, value)| (&**name, &**value))));
}

/// Masks a text that comes in parts, each of whole lines.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    keys: Keys,
}

impl Lines {
    /// Where secrets stand in some whole lines: in order, none within another.
    pub fn spans(&mut self, text: &str) -> Vec<Range<usize>> {
        let secrets = secrets();
        let mut spans: Vec<Range<usize>> = secrets.known.find(text).collect();
        if self.keys.is_inside() || secrets.table.may_name(text) || secrets.table.may_show(text) {
            self.by_line(&secrets, text, &mut spans);
        }
        merged(text, spans)
    }

    /// The bytes without the secrets in them. What is no UTF-8 stays as it is, unless there is a secret beside it.
    pub fn bytes<'t>(&mut self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        let text = String::from_utf8_lossy(bytes);
        match self.mask(&text) {
            Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
        }
    }

    fn by_line(&mut self, secrets: &Secrets, text: &str, spans: &mut Vec<Range<usize>>) {
        let mut at = 0;
        let mut found = Vec::new();
        for whole in text.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            let inside = self.keys.is_inside();
            let (named, shaped) = (secrets.table.may_name(line), secrets.table.may_show(line));
            if inside || named || shaped {
                if !inside && keys::ends_private(line) {
                    before_end(text, at, spans);
                }
                spans.extend(self.keys.line(line).map(|place| at + place.start..at + place.end));
            }
            if named || shaped {
                find::find(&secrets.table, line, &mut found);
                spans.extend(found.drain(..).map(|place| at + place.start..at + place.end));
            }
            at += whole.len();
        }
    }

    /// The lines without the secrets in them.
    pub fn mask<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        for span in spans {
            masked.push_str(&text[at..span.start]);
            masked.push_str(MASK);
            at = span.end;
        }
        masked.push_str(&text[at..]);
        Cow::Owned(masked)
    }
}

/// A key whose beginning was cut off.
fn before_end(text: &str, at: usize, spans: &mut Vec<Range<usize>>) {
    let count = keys::lines_before(text[..at].lines());
    let mut end = at;
    for line in text[..at].lines().rev().take(count) {
        let start = end - 1 - line.len().min(end - 1);
        spans.push(start..start + line.len());
        end = start;
    }
}

/// In order, none within another, and lines of one key as one.
fn merged(text: &str, mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last)
                if span.start <= last.end
                    || text[last.end..span.start].bytes().all(|byte| byte == b'\n' || byte == b'\r') =>
            {
                last.end = last.end.max(span.end);
            }
            _ => merged.push(span),
        }
    }
    merged
}

/// The text without the secrets in it.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    Lines::default().mask(text)
}

/// Whether a variable of this name and value is secret.
#[must_use]
pub fn is_secret(name: &str, value: &str) -> bool {
    secrets().table.names.sure(name).is_some_and(|sure| fits(sure, value)) || !spans(value).is_empty()
}

/// Where secrets stand in a text.
#[must_use]
pub fn spans(text: &str) -> Vec<Range<usize>> {
    Lines::default().spans(text)
}

/// Where secrets stand in the words of a command, each seen with those before it: a flag and its value are two words.
#[must_use]
pub fn words(words: &[String]) -> Vec<Vec<Range<usize>>> {
    let joined = words.join(" ").replace('\n', " ");
    let spans = spans(&joined);
    let mut at = 0;
    words
        .iter()
        .map(|word| {
            let (start, end) = (at, at + word.len());
            at = end + 1;
            let mut own = self::spans(word);
            for span in spans.iter().filter(|span| span.start < end && start < span.end) {
                let from = span.start.max(start) - start;
                // Blanks in a word end its value only where words are joined.
                let to = if span.start >= start
                    && word.get(span.end.min(end) - start..).is_some_and(|rest| rest.starts_with(' '))
                {
                    word.len()
                } else {
                    span.end.min(end) - start
                };
                own.push(from..to);
            }
            merged(word, own)
        })
        .collect()
}

/// Masks one stream of output as it comes.
#[must_use]
pub fn stream() -> Pass {
    let mut lines = Lines::default();
    Box::new(move |bytes| lines.bytes(bytes))
}

#[cfg(test)]
mod tests;
