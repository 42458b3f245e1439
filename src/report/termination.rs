//! One line for whoever only sees the pod: `kubectl describe pod` and Argo's node message.
//!
//! The kubelet makes `/dev/termination-log`; 4 KiB of it reach the pod's status, divided by its containers. Where the
//! file is absent nobody reads it, and that is no fault.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use crate::report::account::Account;
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// Longest line, in bytes.
const LONGEST: usize = 256;

/// `FAIL 3/41 error=0 first=mpi/allreduce gcc/14.2.0 openmpi/5.0.6: cause`.
#[must_use]
pub fn message(account: &Account) -> String {
    let of = |wanted| account.cases().filter(|case| case.outcome() == wanted).count();
    let (failed, error) = (of(Outcome::Failed), of(Outcome::Error));
    let total = account.told.len();
    let worst = match (failed, error) {
        (0, 0) => return format!("PASS {total}/{total}"),
        (0, _) => Outcome::Error,
        _ => Outcome::Failed,
    };
    let word = if failed > 0 { "FAIL" } else { "UNKNOWN" };
    let mut text = format!("{word} {}/{total} error={error}", failed + error);
    if let Some(first) = account.cases().find(|case| case.outcome() == worst) {
        let owed = &first.owed;
        let why = first.diagnosis().map_or_else(
            || first.first_fault().map(|check| check.reason.clone()).unwrap_or_default(),
            |diagnosis| format!("{} ({}, fault: {})", diagnosis.cause, diagnosis.id, diagnosis.fault),
        );
        let why = line(&why, 200);
        let _ = write!(text, " first={}/{} {}: {why}", owed.suite, owed.probe, owed.toolchain);
    }
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}

/// Writes the message where Kubernetes looks for it, if it looks.
pub fn write(account: &Account) {
    let path = std::env::var_os("STACKPROBE_TERMINATION_LOG")
        .map_or_else(|| PathBuf::from("/dev/termination-log"), PathBuf::from);
    if let Ok(mut file) = OpenOptions::new().write(true).truncate(true).open(path) {
        let _ = file.write_all(message(account).as_bytes());
    }
}
