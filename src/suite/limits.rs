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

/// A key that holds a duration of more than nothing.
pub(super) fn duration(table: &mut Table<'_>, key: &'static str) -> Option<Duration> {
    let found = humantime::parse_duration;
    read(table, key, "a duration such as 60s or 5m", |text| found(text).ok().filter(|time| !time.is_zero()))
}

fn bytes(table: &mut Table<'_>, key: &'static str) -> Option<u64> {
    read(table, key, "a size such as 512MiB or 2GiB", |text| size(text).filter(|bytes| *bytes > 0))
}

fn read<T>(
    table: &mut Table<'_>,
    key: &'static str,
    wanted: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let Written { value, span } = table.string(key)?;
    let found = parse(&value);
    if found.is_none() {
        table.fault(format!("`{key}` must be {wanted}, found `{value}`"), span);
    }
    found
}
