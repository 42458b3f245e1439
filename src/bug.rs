//! A bug of stackprobe itself: it is told, and everything ends at once.
//!
//! A panic in one thread must not leave a run that goes on half blind and ends green. Whatever panics ends the process:
//! every finished case is on disk by then, and each supervisor sees that the harness is gone and ends its case. So
//! nothing ever unwinds, and the binary carries no tables for it.

use std::panic::{self, PanicHookInfo};
use std::process;

use crate::error::{Error, Kind};
use crate::report::console;

/// From now on a panic anywhere ends the process, as a fault of our own.
pub fn end_at_panic() {
    panic::set_hook(Box::new(|panic| {
        let error = told(panic);
        console::error(&error);
        #[allow(clippy::exit, reason = "nobody above a panic can be told")]
        process::exit(error.exit().code().into())
    }));
}

fn told(panic: &PanicHookInfo<'_>) -> Error {
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
    Error::new(Kind::Internal, format!("stackprobe itself is broken: {what}{place}"))
        .hint("please report it; `stackprobe report DIR` tells what was found so far, `run --resume` goes on from there")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, id};

    use super::*;

    /// Tells the process that panics from the one that looks.
    const PANICS: &str = "STACKPROBE_TEST_PANICS";

    #[test]
    fn a_panic_in_any_thread_ends_the_process_as_a_fault_of_our_own() {
        if std::env::var(PANICS).is_ok_and(|parent| parent != id().to_string()) {
            end_at_panic();
            std::thread::scope(|scope| {
                scope.spawn(|| panic!("two and two are {}", 5));
                std::thread::park();
            });
        }
        let this = "bug::tests::a_panic_in_any_thread_ends_the_process_as_a_fault_of_our_own";
        let panicking = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(PANICS, id().to_string())
            .output()
            .unwrap();
        assert_eq!(panicking.status.code(), Some(70));
        let told = String::from_utf8(panicking.stderr).unwrap();
        assert!(
            told.contains("error: stackprobe itself is broken: two and two are 5 (src/bug.rs:"),
            "{told}"
        );
    }
}
