//! Standard output: what a verb was asked for. An answer that does not get out is an error, for a file or a pipe that
//! holds half of it is taken for the whole.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::atomic::write_atomic;
use crate::error::{Error, Kind, reason, size_limit};
use crate::report::mask::mask;
use crate::report::mask::record::document;

/// Prints a text without the secrets in it, in colours where they are wanted.
///
/// # Errors
/// Standard output that is full or closed.
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    out.write_all(mask(text).as_bytes()).and_then(|()| out.flush()).map_err(|error| cannot(&error))
}

/// Prints bytes as they are.
///
/// # Errors
/// Standard output that is full or closed.
pub fn print_raw(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| cannot(&error))
}

/// Gives an answer from which secrets have been taken: into this file, whole or not at all, else to standard output.
///
/// # Errors
/// A file that cannot be written; standard output that is full or closed.
pub fn answer(text: &str, out: Option<&Path>) -> Result<(), Error> {
    match out {
        Some(path) => {
            write_atomic(path, text.as_bytes()).map_err(|error| Error::place("write", path, &error))
        }
        None => print_raw(text.as_bytes()),
    }
}

/// Prints a value as JSON.
///
/// # Errors
/// A value that JSON cannot hold; standard output that is full or closed.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print_raw(to_json(value)?.as_bytes())
}

/// A value as the lines of JSON that are printed.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn to_json(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| document(text) + "\n").map_err(|error| not_json(&error))
}

/// The error for a value that cannot be written as JSON.
#[must_use]
pub fn not_json(error: &serde_json::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot write the answer as JSON: {error}"))
        .hint("please report it; the text format has the same answer")
}

fn cannot(error: &io::Error) -> Error {
    let what = format!("cannot write to standard output: {}", reason(error));
    match size_limit(error) {
        Some(hint) => Error::new(Kind::Unfit, what).hint(hint),
        None => Error::new(Kind::Pod, what),
    }
}
