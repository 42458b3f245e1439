//! Values that were written as it suits them, and are read as words.

use toml::Spanned;
use toml::de::DeValue;

use super::{Table, Written, integer};

impl Table<'_> {
    /// The string, number or truth value under a key that is not known beforehand, or a list of them, as they would be
    /// typed.
    pub fn named_words(&mut self, key: &str) -> Option<Vec<Written<String>>> {
        let found = self.entries.get(key)?;
        let items: Vec<&Spanned<DeValue<'_>>> = match found.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => vec![found],
        };
        let mut words = Vec::new();
        for item in &items {
            let value = item.get_ref();
            let text = value.as_str().map(str::to_owned);
            let text = text.or_else(|| value.as_bool().map(|value| value.to_string()));
            match text.or_else(|| integer(value).map(|value| value.to_string())) {
                Some(value) => words.push(Written { value, span: item.span() }),
                None => self.wrong(key, "a string, a whole number, true or false, or a list of them", item),
            }
        }
        (words.len() == items.len()).then_some(words)
    }
}
