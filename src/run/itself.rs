//! Another call of this program, as a person would make it.

use std::process::{Command, Stdio};

use crate::error::{Error, Kind, reason};
use crate::exit::Exit;

/// Calls this program with these arguments, its answer going to standard error, and says how it ended.
///
/// # Errors
/// A program that cannot be started.
pub fn call(arguments: &[String], environment: &[(&str, &str)]) -> Result<Exit, Error> {
    let cannot = |error: &std::io::Error| {
        Error::new(Kind::Pod, format!("cannot start stackprobe: {}", reason(error))).hint("is /proc mounted?")
    };
    let mut command = Command::new("/proc/self/exe");
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null()).stdout(std::io::stderr());
    let status = command.status().map_err(|error| cannot(&error))?;
    Ok(match status.code() {
        Some(0) => Exit::Passed,
        Some(code) => Exit::Of(u8::try_from(code).unwrap_or(u8::MAX)),
        None => Exit::Internal,
    })
}
