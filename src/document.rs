//! A TOML file written by a person, read so that *all* its faults can be told at once, each at its place.
//!
//! serde stops at the first unknown key or wrong type. Here every read of a key leaves a fault behind instead of
//! stopping, and what was never asked for is an unknown key. The caller collects the faults of many files and
//! reports them together.

mod nearest;

pub use nearest::nearest;

mod words;

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Fault, Source};

/// A value and the bytes that it was written in.
#[derive(Clone, Debug)]
pub struct Written<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Range<usize>,
}

/// One table of a document. Every read marks its key as known; `finish` faults the rest.
pub struct Table<'d> {
    source: &'d Source,
    entries: &'d DeTable<'d>,
    span: Range<usize>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

/// Parses `source` and hands its root table to `read`. Syntax errors come as faults, too.
///
/// # Errors
/// All faults of the file, in the order in which they stand in it.
pub fn read<T>(source: &Source, read: impl FnOnce(&mut Table<'_>) -> T) -> Result<T, Vec<Fault>> {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let mut faults: Vec<Fault> = errors
        .iter()
        .map(|error| Fault::new(lower(error.message())).at(source, error.span().unwrap_or(0..0)))
        .collect();
    let mut table = Table::new(source, root.get_ref(), 0..0);
    let value = read(&mut table);
    if faults.is_empty() {
        faults = table.finish();
    }
    if faults.is_empty() {
        return Ok(value);
    }
    faults.sort_by_key(|fault| fault.place.as_ref().map_or(0, |place| place.span.start));
    Err(faults)
}

fn lower(message: &str) -> String {
    message.split('\n').next().unwrap_or_default().trim_end_matches('.').to_owned()
}

impl<'d> Table<'d> {
    fn new(source: &'d Source, table: &'d DeTable<'d>, span: Range<usize>) -> Self {
        Self { source, entries: table, span, known: Vec::new(), faults: Vec::new() }
    }

    /// The header of this table, for faults about the table as a whole.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The file that this table stands in.
    #[must_use]
    pub fn source(&self) -> &'d Source {
        self.source
    }

    /// Leaves a fault behind.
    pub fn fault(&mut self, what: impl Into<String>, span: Range<usize>) {
        self.faults.push(Fault::new(what).at(self.source, span));
    }

    /// Leaves a fault behind that was made elsewhere.
    pub fn leave_fault(&mut self, fault: Fault, span: Range<usize>) {
        self.faults.push(fault.at(self.source, span));
    }

    /// Leaves a fault with advice behind.
    pub fn fault_with_hint(&mut self, what: impl Into<String>, span: Range<usize>, hint: impl Into<String>) {
        self.faults.push(Fault::new(what).at(self.source, span).hint(hint));
    }

    /// All keys of this table, in the order of the file; marks none as known.
    pub fn keys(&self) -> impl Iterator<Item = Written<String>> + use<'d> {
        let mut keys: Vec<_> = self
            .entries
            .keys()
            .map(|key| Written { value: key.get_ref().to_string(), span: key.span() })
            .collect();
        keys.sort_by_key(|key| key.span.start);
        keys.into_iter()
    }

    /// Whether there is such a key, whatever its value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    fn get(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.entries.get(key)
    }

    fn wrong(&mut self, key: &str, wanted: &str, found: &Spanned<DeValue<'_>>) {
        let what = format!("`{key}` must be {wanted}, found {}", article(found.get_ref().type_str()));
        self.fault(what, found.span());
    }

    /// A string.
    pub fn string(&mut self, key: &'static str) -> Option<Written<String>> {
        let found = self.get(key)?;
        if let Some(text) = found.get_ref().as_str() {
            return Some(Written { value: text.to_owned(), span: found.span() });
        }
        self.wrong(key, "a string", found);
        None
    }

    /// A string that must be there.
    pub fn needed_string(&mut self, key: &'static str) -> Option<Written<String>> {
        if !self.entries.contains_key(key) {
            self.known.push(key);
            self.fault(format!("`{key}` is missing"), self.span());
            return None;
        }
        self.string(key)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let found = self.get(key)?;
        let value = found.get_ref().as_bool();
        if value.is_none() {
            self.wrong(key, "true or false", found);
        }
        value
    }

    /// A whole number from `range`.
    pub fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Written<i64>> {
        let found = self.get(key)?;
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        match integer(found.get_ref()) {
            Some(value) if range.contains(&value) => Some(Written { value, span: found.span() }),
            Some(value) => {
                self.fault(format!("`{key}` must be {wanted}, found {value}"), found.span());
                None
            }
            None => {
                self.wrong(key, &wanted, found);
                None
            }
        }
    }

    /// A number, whole or not.
    pub fn decimal(&mut self, key: &'static str) -> Option<Written<f64>> {
        let found = self.get(key)?;
        let written = match found.get_ref() {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            other => integer(other).and_then(|value| i32::try_from(value).ok()).map(f64::from),
        };
        let Some(value) = written.filter(|value| value.is_finite()) else {
            self.wrong(key, "a number", found);
            return None;
        };
        Some(Written { value, span: found.span() })
    }

    /// One whole number or a list of them, each from `range`.
    pub fn numbers(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Vec<Written<i64>>> {
        let found = self.get(key)?;
        let items: Vec<&Spanned<DeValue<'_>>> = match found.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => vec![found],
        };
        let mut numbers = Vec::new();
        for item in items {
            if let Some(value) = integer(item.get_ref()).filter(|value| range.contains(value)) {
                numbers.push(Written { value, span: item.span() });
            } else {
                let what =
                    format!("`{key}` must hold whole numbers from {} to {}", range.start(), range.end());
                self.fault(what, item.span());
            }
        }
        Some(numbers)
    }

    /// A list of strings.
    pub fn strings(&mut self, key: &'static str) -> Option<Vec<Written<String>>> {
        let found = self.get(key)?;
        if found.get_ref().as_array().is_none() {
            self.wrong(key, "a list of strings", found);
            return None;
        }
        Some(self.items(key, found))
    }

    /// A string, or a list of them.
    pub fn one_or_more_strings(&mut self, key: &'static str) -> Option<Vec<Written<String>>> {
        let found = self.get(key)?;
        Some(self.items(key, found))
    }

    fn items(&mut self, key: &str, found: &Spanned<DeValue<'_>>) -> Vec<Written<String>> {
        let items: Vec<&Spanned<DeValue<'_>>> = match found.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => vec![found],
        };
        let mut strings = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => strings.push(Written { value: text.to_owned(), span: item.span() }),
                None => self.wrong(key, "a string or a list of strings", item),
            }
        }
        strings
    }

    /// A table whose values are all strings, such as `env`.
    pub fn string_table(&mut self, key: &'static str) -> Option<Vec<(Written<String>, Written<String>)>> {
        let found = self.get(key)?;
        let Some(table) = found.get_ref().as_table() else {
            self.wrong(key, "a table of strings", found);
            return None;
        };
        let mut entries = Vec::new();
        for (name, value) in table {
            match value.get_ref().as_str() {
                Some(text) => entries.push((
                    Written { value: name.get_ref().to_string(), span: name.span() },
                    Written { value: text.to_owned(), span: value.span() },
                )),
                None => self.wrong(name.get_ref(), "a string", value),
            }
        }
        entries.sort_by_key(|(name, _)| name.span.start);
        Some(entries)
    }

    /// A table, read by `read`; its faults join this table's.
    pub fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Table<'_>) -> T) -> Option<T> {
        let found = self.get(key)?;
        self.inner(key, found, read)
    }

    /// The table under a key that is not known beforehand, such as the name of a capability.
    pub fn named_table<T>(&mut self, key: &str, read: impl FnOnce(&mut Table<'_>) -> T) -> Option<T> {
        let found = self.entries.get(key)?;
        self.inner(key, found, read)
    }

    /// The string under a key that is not known beforehand, if it is one.
    #[must_use]
    pub fn named_string(&self, key: &str) -> Option<Written<String>> {
        let found = self.entries.get(key)?;
        found.get_ref().as_str().map(|text| Written { value: text.to_owned(), span: found.span() })
    }

    /// The string, or list of strings, under a key that is not known beforehand.
    pub fn named_strings(&mut self, key: &str) -> Vec<Written<String>> {
        self.entries.get(key).map(|found| self.items(key, found)).unwrap_or_default()
    }

    fn inner<T>(
        &mut self,
        key: &str,
        found: &'d Spanned<DeValue<'d>>,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> Option<T> {
        let Some(table) = found.get_ref().as_table() else {
            self.wrong(key, "a table", found);
            return None;
        };
        let mut inner = Table::new(self.source, table, found.span());
        let value = read(&mut inner);
        self.faults.extend(inner.finish());
        Some(value)
    }

    /// A list of tables (`[[key]]`), each read by `read`.
    pub fn tables<T>(&mut self, key: &'static str, mut read: impl FnMut(&mut Table<'_>) -> T) -> Vec<T> {
        let Some(found) = self.get(key) else { return Vec::new() };
        let Some(array) = found.get_ref().as_array() else {
            self.wrong(key, &format!("a list of tables ([[{key}]])"), found);
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in array {
            values.extend(self.inner(key, item, &mut read));
        }
        values
    }

    /// Takes a key as known that another reader of the same file will read.
    pub fn leave(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Takes every key of this table as known: for tables whose keys are names.
    pub fn any_key(&mut self) {
        self.known.push("*");
    }

    fn finish(mut self) -> Vec<Fault> {
        if self.known.contains(&"*") {
            return self.faults;
        }
        let known: BTreeSet<&str> = self.known.iter().copied().collect();
        for key in self.keys() {
            if !known.contains(key.value.as_str()) {
                let hint = match nearest(&key.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("keys are: {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
                };
                self.fault_with_hint(format!("unknown key `{}`", key.value), key.span, hint);
            }
        }
        self.faults
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_file_are_told_at_once() {
        let source = Source::new("x.toml", "nam = \"a\"\nranks = \"four\"\n[env]\nA = 1\n");
        let faults = read(&source, |table| {
            table.needed_string("name");
            table.number("ranks", 1..=9);
            table.string_table("env");
        })
        .unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "`name` is missing",
                "unknown key `nam`",
                "`ranks` must be a whole number from 1 to 9, found a string",
                "`A` must be a string, found an integer"
            ]
        );
        assert_eq!(faults[1].hint.as_deref(), Some("did you mean `name`?"));
    }

    #[test]
    fn every_syntax_error_has_a_place() {
        let source = Source::new("x.toml", "a = \nb = [1,\n");
        let faults = read(&source, |_| ()).unwrap_err();
        assert!(faults.len() >= 2, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.place.is_some()));
    }
}
