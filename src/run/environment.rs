//! `stackprobe __environment`: writes its environment, NUL-separated.
//!
//! The bash that has evaluated Lmod's answer becomes this program, so no `env` of the image under test, which may lack
//! `-0` or be missing, stands between the modules and us.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use super::execute::TAG;

/// The hidden first argument that asks for it.
pub const ARGUMENT: &str = "__environment";

/// Writes every variable as `NAME=VALUE`, each followed by NUL: all but the mark of the call that evaluates modules. A
/// case has a mark of its own, and a launcher that finds two hands on one of them, perhaps the wrong one.
#[must_use]
pub fn main() -> ExitCode {
    let mut text = Vec::new();
    for (name, value) in std::env::vars_os().filter(|(name, _)| name != TAG) {
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
        text.push(0);
    }
    match std::io::stdout().write_all(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
