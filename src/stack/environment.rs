//! An environment as data: captured once for each toolchain, replayed exactly for every case.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Names and values; a name that is absent is unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn inherited() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// Reads `NAME=VALUE` entries that end in NUL, as `env -0` and `/proc/PID/environ` write them.
    #[must_use]
    pub fn from_nul_separated(bytes: &[u8]) -> Self {
        let entries = bytes.split(|byte| *byte == 0).filter_map(|entry| {
            // A name may not be empty, but may begin with `=`.
            let split = 1 + entry.get(1..)?.iter().position(|byte| *byte == b'=')?;
            Some((
                OsString::from_vec(entry[..split].to_vec()),
                OsString::from_vec(entry[split + 1..].to_vec()),
            ))
        });
        Self { variables: entries.collect() }
    }

    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The value of `name` as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Sets `name`.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Unsets `name`.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Unsets every variable for which `go` says so, and names them.
    pub fn unset_where(&mut self, go: impl Fn(&str, &str) -> bool) -> Vec<String> {
        let mut gone = Vec::new();
        self.variables.retain(|name, value| {
            let name = name.to_string_lossy();
            let goes = go(&name, &value.to_string_lossy());
            if goes {
                gone.push(name.into_owned());
            }
            !goes
        });
        gone
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The folders of a path-like variable, in order; empty entries are left out.
    #[must_use]
    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        let value = self.get(name).unwrap_or_default();
        std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// The colon-separated words of a variable such as `LOADEDMODULES`.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<String> {
        let value = self.text(name).unwrap_or_default();
        value.split(':').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// What turns `base` into this: names with their new value, or none where they are unset.
    pub fn since<'e>(&'e self, base: &'e Self) -> impl Iterator<Item = (&'e OsStr, Option<&'e OsStr>)> {
        let set = self
            .iter()
            .filter(|(name, value)| base.variables.get(*name).map(OsString::as_os_str) != Some(*value));
        let unset = base.variables.keys().filter(|name| !self.variables.contains_key(*name));
        set.map(|(name, value)| (name, Some(value))).chain(unset.map(|name| (name.as_os_str(), None)))
    }

    /// How many bytes a process needs for it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.variables.iter().map(|(name, value)| name.as_bytes().len() + value.as_bytes().len() + 2).sum()
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(entries: I) -> Self {
        Self { variables: entries.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_value_survives() {
        let environment = Environment::from_nul_separated(b"A=1\0B=x=y\nz \"'`$\0E=\0\xff=\xfe\0broken\0");
        assert_eq!(environment.text("A").unwrap(), "1");
        assert_eq!(environment.text("B").unwrap(), "x=y\nz \"'`$");
        assert_eq!(environment.text("E").unwrap(), "");
        assert_eq!(environment.iter().count(), 4);
    }

    #[test]
    fn a_difference_knows_what_was_unset() {
        let base = Environment::from_nul_separated(b"A=1\0B=2\0C=3\0");
        let loaded = Environment::from_nul_separated(b"A=1\0B=9\0D=4\0");
        let changes: Vec<(String, Option<String>)> = loaded
            .since(&base)
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.map(|v| v.to_string_lossy().into_owned()))
            })
            .collect();
        let expected = [
            ("B".to_owned(), Some("9".to_owned())),
            ("D".to_owned(), Some("4".to_owned())),
            ("C".to_owned(), None),
        ];
        assert_eq!(changes, expected);
    }
}
