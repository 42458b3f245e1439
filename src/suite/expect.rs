//! How a command must end, and what it must say.

use std::str::FromStr;

use nix::sys::signal::Signal;
use regex::{Regex, RegexBuilder};

use crate::constant::packed;
use crate::document::Table;

/// What must be seen of the last command.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// How it must end.
    pub end: End,
    /// Must match stdout.
    pub stdout: Option<Regex>,
    /// Must match stderr.
    pub stderr: Option<Regex>,
}

/// How a command must end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// With 0 under `exit`; as the protocol says under `tap`.
    #[default]
    AsUsual,
    /// With this exit status.
    Exit(i32),
    /// With any exit status but 0, or by a signal.
    NonZero,
    /// By this signal.
    Signal(i32),
}

/// Reads the `expect` of a probe.
pub(super) fn read(table: &mut Table<'_>) -> Expect {
    table
        .table("expect", |table| {
            let mut ends = Vec::new();
            // `exit` is a number or the word "nonzero", so it is read as whichever was written.
            let word = table.named_string("exit");
            if let Some(word) = word {
                // Read again as what it is, so that it counts as a known key.
                let _ = table.string("exit");
                if word.value == "nonzero" {
                    ends.push((End::NonZero, word.span));
                } else {
                    table.fault("`exit` must be a number from 0 to 255 or \"nonzero\"", word.span);
                }
            } else if let Some(exit) = table.number("exit", 0..=255) {
                ends.push((
                    End::Exit(packed(i32::try_from(exit.value).ok(), "a number up to 255")),
                    exit.span,
                ));
            }
            if let Some(signal) = table.string("signal") {
                match Signal::from_str(&format!("SIG{}", signal.value.trim_start_matches("SIG"))) {
                    Ok(known) => ends.push((End::Signal(known as i32), signal.span)),
                    Err(_) => table.fault(format!("there is no signal `{}`", signal.value), signal.span),
                }
            }
            if let [_, (_, second)] = ends.as_slice() {
                table.fault("`exit` and `signal` exclude each other", second.clone());
            }
            Expect {
                end: ends.into_iter().next().map_or(End::AsUsual, |(end, _)| end),
                stdout: regex(table, "stdout"),
                stderr: regex(table, "stderr"),
            }
        })
        .unwrap_or_default()
}

fn regex(table: &mut Table<'_>, key: &'static str) -> Option<Regex> {
    let written = table.string(key)?;
    match RegexBuilder::new(&written.value).multi_line(true).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            table.fault(format!("`{key}` is not a regular expression: {why}"), written.span);
            None
        }
    }
}
