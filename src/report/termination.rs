//! One line for those who only see the pod: `kubectl describe pod` and Argo's node message. Where a pod spec is what must
//! change, the part of it that does stands below.
//!
//! The kubelet makes `/dev/termination-log`; 4 KiB of it reach the pod's status, divided by its containers. Where the
//! file is absent nobody reads it, and that is no fault.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::exit::Exit;
use crate::report::account::Account;
use crate::report::mask::mask;
use crate::report::record::CaseRecord;
use crate::report::summary;
use crate::report::text::line;
use crate::verdict::check::{Check, Outcome};

/// Longest line, in bytes.
const LONGEST: usize = 256;
/// Bytes of the line and the YAML below it: a quarter of what the kubelet reads, for a pod of several containers.
const WHOLE: usize = 1024;

/// Whether this process has written its message.
static SAID: AtomicBool = AtomicBool::new(false);

/// `FAIL 3/41 error=0 first=mpi/allreduce gcc/14.2.0 openmpi/5.0.6: cause`.
#[must_use]
pub fn message(account: &Account) -> String {
    let of = |wanted| account.cases().filter(|case| case.outcome() == wanted).count();
    let (failed, error) = (of(Outcome::Failed), of(Outcome::Error));
    let total = account.told.len();
    let worst = match (failed, error) {
        (0, 0) if summary::exit(account) == Exit::Nothing => {
            return format!("UNTESTED 0/{total}: every check was skipped");
        }
        (0, 0) if summary::exit(account) == Exit::Unknown => {
            let left = account.cases().filter(|case| case.is_unfinished()).count();
            return format!("UNKNOWN {left}/{total}: so many were not begun");
        }
        (0, 0) => {
            let left = account.cases().filter(|case| case.is_over_budget()).count();
            let more = if left > 0 { format!(" over-budget={left}") } else { String::new() };
            return format!("PASS {}/{total}{more}", total - left);
        }
        (0, _) => Outcome::Error,
        _ => Outcome::Failed,
    };
    let word = match summary::exit(account) {
        _ if failed > 0 => "FAIL",
        Exit::Unfit => "UNFIT",
        Exit::Nothing => "UNTESTED",
        _ => "UNKNOWN",
    };
    let mut text = format!("{word} {}/{total} error={error}", failed + error);
    // What no retry cures is what somebody has to act on.
    let first = account.cases().filter(|case| case.outcome() == worst);
    let first =
        first.min_by_key(|case| worst == Outcome::Error && case.first_fault().is_none_or(Check::retry));
    if let Some(first) = first {
        let owed = &first.owed;
        let why = first.diagnosis().map_or_else(
            || first.first_fault().map(Check::told).unwrap_or_default(),
            |diagnosis| format!("{} ({}, fault: {})", diagnosis.cause, diagnosis.id, diagnosis.fault),
        );
        let why = line(&why, 200);
        let _ = write!(text, " first={}/{} {}: {why}", owed.suite, owed.probe, owed.toolchain);
    }
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    let spec = first.and_then(CaseRecord::diagnosis).map_or("", |diagnosis| diagnosis.spec.as_str());
    if !spec.is_empty() && text.len() + 1 + spec.len() <= WHOLE {
        let _ = write!(text, "\n{spec}");
    }
    text
}

/// Writes the message of these results where Kubernetes looks for it, if it looks.
pub fn write(account: &Account) {
    say(&message(account));
}

/// Writes why a command ended without a result. Results that were written already have said it better.
pub fn fail(error: &Error) {
    if !SAID.load(Ordering::Relaxed) {
        let what = error.faults.first().map_or("", |fault| fault.what.as_str());
        say(&format!("ERROR: {}", line(what, LONGEST)));
    }
}

/// Writes a message there.
pub fn say(message: &str) {
    SAID.store(true, Ordering::Relaxed);
    let path = std::env::var_os("STACKPROBE_TERMINATION_LOG")
        .map_or_else(|| PathBuf::from("/dev/termination-log"), PathBuf::from);
    if let Ok(mut file) = OpenOptions::new().write(true).truncate(true).open(path) {
        // A second telling of what stands in the results: there is none outside of Kubernetes.
        let _ = file.write_all(mask(message).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::account::Told;
    use crate::report::record::{OVER_BUDGET, Owed};

    fn account(outcomes: &[(&str, Outcome, &str)]) -> Account {
        let told = outcomes.iter().map(|(probe, outcome, reason)| {
            let owed = Owed {
                id: (*probe).to_owned(),
                suite: "mpi".into(),
                probe: (*probe).to_owned(),
                toolchain: "gcc/12.2.0 openmpi/5.0.11".into(),
                ranks: None,
                file: String::new(),
                line: 0,
            };
            Told { case: CaseRecord::absent(&owed, "x", *outcome, reason), pod: 0, repro: false }
        });
        Account { told: told.collect(), ..Account::default() }
    }

    #[test]
    fn the_stacks_first_failure_is_told_before_what_could_not_be_told() {
        let cases = [
            ("a", Outcome::Passed, ""),
            ("b", Outcome::Error, "no shm"),
            ("c", Outcome::Failed, "wrong\nsum"),
            ("d", Outcome::Failed, "later"),
        ];
        let told = message(&account(&cases));
        assert_eq!(told, "FAIL 3/4 error=1 first=mpi/c gcc/12.2.0 openmpi/5.0.11: wrong sum");
        assert!(message(&account(&cases[..2])).starts_with("UNKNOWN 1/2 error=1 first=mpi/b "));
        assert_eq!(message(&account(&cases[..1])), "PASS 1/1");
        let mut part = account(&[("a", Outcome::Passed, ""), ("b", Outcome::Skipped, "over budget")]);
        part.told[1].case.checks[0].kind = OVER_BUDGET.into();
        assert_eq!(message(&part), "PASS 1/2 over-budget=1");
    }

    #[test]
    fn one_line_of_at_most_256_bytes_whatever_the_letters() {
        for letter in ["x", "é", "漢", "🙂"] {
            for more in 0..8 {
                let told =
                    message(&account(&[("a", Outcome::Failed, &("y".repeat(more) + &letter.repeat(300)))]));
                assert!(told.len() <= LONGEST && told.len() > LONGEST - 8, "{} {told}", told.len());
                assert!(!told.contains('\n'));
            }
        }
    }
}
