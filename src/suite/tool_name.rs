//! Names of tools that only tables and suites know: `julia` in `tools = { julia = ["julia"] }` and `{tool:julia}`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The name of such a tool. Interned for the life of the process, so that it is as cheap to copy as the placeholders
/// that are known beforehand: there are as many names as tables and suites write down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName(&'static str);

/// What a name may be, for error messages.
pub const RULE: &str = "a lower-case letter, then letters, digits, `-`, `_` or `+`";

impl ToolName {
    /// The name, if it is one: see [`RULE`].
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_+".contains(&byte);
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(letter) {
            return None;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Some(Self(known));
        }
        let name: &'static str = Box::leak(name.into());
        names.insert(name);
        Some(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_one_and_what_is_no_name_is_none() {
        let (one, other) = (ToolName::new("julia"), ToolName::new(&String::from("julia")));
        assert!(one.is_some() && one == other && one != ToolName::new("julia-1"));
        for wrong in ["", "Julia", "1x", "a b", "a/b", "é"] {
            assert_eq!(ToolName::new(wrong), None, "{wrong}");
        }
    }
}
