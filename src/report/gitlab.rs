//! What GitLab shows in a job's log: sections that are folded until somebody opens them. Pure.
//!
//! GitLab has no command for annotations; what it shows beside the log comes from files, of which `junit.xml` is one.

use std::fmt::Write as _;

use crate::report::account::Account;
use crate::report::cause::causes;
use crate::report::text::{clean, head_and_tail, line};

/// Causes that get a section.
const TOLD: usize = 20;
/// Bytes of output in a section.
const OUTPUT: usize = 16 << 10;

/// A folded section for every cause, with the output of its first case. `now` is in seconds since 1970.
#[must_use]
pub fn sections(account: &Account, now: u64) -> String {
    let mut text = String::new();
    for (index, cause) in causes(account).iter().take(TOLD).enumerate() {
        let Some(red) = cause.reds.first() else { continue };
        let owed = &red.told.case.owed;
        let case = format!("{}/{} {} [{}]", owed.suite, owed.probe, red.check.name, owed.toolchain);
        let header = line(&format!("{}: {case}: {}", cause.outcome, cause.title), 200);
        let name = format!("stackprobe_{}", index + 1);
        let _ = writeln!(text, "\u{1b}[0Ksection_start:{now}:{name}[collapsed=true]\r\u{1b}[0K{header}");
        if let Some(diagnosis) = cause.diagnosis {
            let _ = writeln!(
                text,
                "{}\n{}\n{}, fault: {}\nfix: {}",
                clean(&red.check.reason),
                clean(&diagnosis.cause),
                diagnosis.id,
                diagnosis.fault,
                clean(&diagnosis.fix)
            );
            if !diagnosis.spec.is_empty() {
                let _ = writeln!(text, "{}", clean(&diagnosis.spec));
            }
        }
        for command in &red.told.case.commands {
            let _ = writeln!(text, "$ {}\n{}", clean(&command.command), command.ended);
        }
        let output = if red.told.case.output.is_empty() { &red.check.detail } else { &red.told.case.output };
        let output = clean(output);
        let _ = writeln!(text, "{}", head_and_tail(&output, OUTPUT / 4, OUTPUT / 4 * 3).trim_end());
        let _ = writeln!(text, "\u{1b}[0Ksection_end:{now}:{name}\r\u{1b}[0K");
    }
    text
}
