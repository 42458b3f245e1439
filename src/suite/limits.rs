//! What a command of a probe may use, as a suite or a person asks for it.

use std::time::Duration;

use crate::document::{Table, Written};
use crate::suite::requirement::size;

/// Limits besides that of the wall clock. None: not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// CPU time of each process.
    pub cpu_time: Option<Duration>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of each file that is written.
    pub file_size: Option<u64>,
}

impl Limits {
    /// These, and `others` where these set none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            cpu_time: self.cpu_time.or(others.cpu_time),
            memory: self.memory.or(others.memory),
            file_size: self.file_size.or(others.file_size),
        }
    }

    /// The keys `cpu-time`, `memory` and `file-size`.
    pub(super) fn read(table: &mut Table<'_>) -> Self {
        Self {
            cpu_time: duration(table, "cpu-time"),
            memory: bytes(table, "memory"),
            file_size: bytes(table, "file-size"),
        }
    }
}

/// Nobody waits longer, and no clock of an operating system overflows by it.
const LONGEST: Duration = Duration::from_hours(366 * 24);
/// More than any machine has.
const LARGEST: u64 = 1 << 50;

/// A duration as a person writes it, nothing included.
///
/// # Errors
/// What was wanted.
pub fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|_| format!("wanted a duration such as 60s or 5m, found `{text}`"))?;
    if time > LONGEST {
        return Err(format!("wanted at most 366 days, found `{text}`"));
    }
    Ok(time)
}

/// A size as a person writes it, nothing included.
///
/// # Errors
/// What was wanted.
pub fn amount(text: &str) -> Result<u64, String> {
    let fits = |bytes: &u64| *bytes <= LARGEST;
    match size(text) {
        Some(bytes) if fits(&bytes) => Ok(bytes),
        // Digits and nothing else: more than 64 bits hold.
        found if found.is_some() || is_huge(text) => Err(format!("wanted at most 1024 TiB, found `{text}`")),
        _ => Err(format!("wanted a size such as 512MiB or 2GiB, found `{text}`")),
    }
}

fn is_huge(text: &str) -> bool {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let known = ["", "KiB", "MiB", "GiB", "TiB"].contains(&unit);
    known && !digits.is_empty() && digits.trim().bytes().all(|digit| digit.is_ascii_digit())
}

/// The same, where nothing would leave nothing.
///
/// # Errors
/// What was wanted.
pub fn some<T: PartialEq + Default>(found: T) -> Result<T, String> {
    if found == T::default() { Err("wanted more than nothing".to_owned()) } else { Ok(found) }
}

/// A key that holds a duration of more than nothing.
pub(super) fn duration(table: &mut Table<'_>, key: &'static str) -> Option<Duration> {
    read(table, key, |text| time(text).and_then(some))
}

fn bytes(table: &mut Table<'_>, key: &'static str) -> Option<u64> {
    read(table, key, |text| amount(text).and_then(some))
}

fn read<T>(table: &mut Table<'_>, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
    let Written { value, span } = table.string(key)?;
    match parse(&value) {
        Ok(found) => Some(found),
        Err(fault) => {
            table.fault(format!("`{key}`: {fault}"), span);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_no_machine_has_and_nobody_waits_for_is_refused_and_says_the_bound() {
        for text in ["99999999999999h", "367d", "18446744073709551615s"] {
            assert!(time(text).unwrap_err().contains("366 days"), "{text}");
        }
        for text in ["1025TiB", "99999999999TiB", "99999999999999999999999", "18446744073709551615"] {
            assert!(amount(text).unwrap_err().contains("1024 TiB"), "{text}");
        }
        for text in ["", "-1s", "soon", "99999999999999999999999999999999h"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!((time("366d"), amount("1024TiB")), (Ok(LONGEST), Ok(LARGEST)));
    }

    proptest! {
        #[test]
        fn no_text_is_taken_beyond_the_bounds(text in "[0-9.+-]{0,25}(ns|us|ms|s|m|h|d|w|M|y|KiB|MiB|GiB|TiB|PiB|)") {
            prop_assert!(time(&text).is_ok_and(|time| time <= LONGEST) || time(&text).is_err());
            prop_assert!(amount(&text).is_ok_and(|bytes| bytes <= LARGEST) || amount(&text).is_err());
        }
    }
}
