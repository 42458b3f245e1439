//! What a person sees while a run works: a line for every case, and on a terminal what is running now. The only printer
//! besides the verbs' own output.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use anstream::stderr;
use anstyle::{AnsiColor, Style};

use crate::error::Error;
use crate::report::level::StatusLevel;
use crate::report::live::Live;
use crate::report::mask::mask;
use crate::report::record::CaseRecord;
use crate::report::text::{line, many, no_command};
use crate::verdict::check::{Check, Outcome};

/// Prints as cases finish.
#[derive(Debug)]
pub struct Console {
    total: usize,
    done: usize,
    level: StatusLevel,
    live: Option<Arc<Live>>,
    /// Of the last case that was printed: its toolchain and why it did not pass, if so.
    reason: Option<(String, String)>,
}

/// The colour of an outcome.
#[must_use]
pub fn style(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Passed => AnsiColor::Green,
        Outcome::Skipped => AnsiColor::Cyan,
        Outcome::Error => AnsiColor::Yellow,
        Outcome::Failed => AnsiColor::Red,
    };
    colour.on_default()
}

impl Console {
    /// A run of `total` cases, `done` of which are over already, and what shows those that are running.
    #[must_use]
    pub fn new(total: usize, done: usize, level: StatusLevel, live: Option<Arc<Live>>) -> Self {
        Self { total, done, level, live, reason: None }
    }

    /// Prints lines of text.
    pub fn say(&self, text: &str) {
        if let Some(live) = &self.live {
            live.print(text);
        } else {
            say(text);
        }
    }

    /// A case takes longer than it should. A live view shows that itself.
    pub fn slow(&self, label: &str, seconds: f64) {
        if self.live.is_some() || self.level < StatusLevel::Slow {
            return;
        }
        let width = 2 * self.total.to_string().len() + 1;
        let yellow = AnsiColor::Yellow.on_default();
        let text = format!("{:width$} {yellow}   slow{yellow:#} {seconds:>6.0} s  {label}, still", "");
        self.say(&no_command(&mask(&text)));
    }

    /// A case is over. `said` is what its commands said, if that is to be shown; `slow`, whether it was called so.
    pub fn case(&mut self, record: &CaseRecord, said: &str, slow: bool) {
        self.done += 1;
        let outcome = record.outcome();
        if let Some(live) = &self.live {
            live.ended(record);
        }
        if StatusLevel::of(record, slow) > self.level {
            return;
        }
        let owed = &record.owed;
        let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
        let width = self.total.to_string().len();
        let style = style(outcome);
        let tries = match (record.is_flaky(), record.earlier.is_empty()) {
            (true, _) => " (flaky)",
            (false, false) => " (tried again)",
            (false, true) => "",
        };
        let mut text = format!(
            "{:>width$}/{} {style}{outcome:>7}{style:#} {:>6.2} s  {}/{}{ranks} [{}] {}{tries}",
            self.done,
            self.total,
            record.seconds,
            owed.suite,
            owed.probe,
            owed.toolchain,
            counts(record),
        );
        let told =
            record.first_fault().or_else(|| record.checks.iter().find(|_| outcome == Outcome::Skipped));
        let reason = told.map(|check| (owed.toolchain.clone(), reason_of(check, 2 * width + 2)));
        match &reason {
            // A toolchain that does not load would say so a hundred times.
            Some(_) if reason == self.reason => text.push_str(": as above"),
            Some((_, reason)) => {
                let _ = write!(text, "\n{}{reason}", " ".repeat(2 * width + 2));
            }
            None => {}
        }
        self.reason = reason;
        for line in mask(said).lines() {
            let _ = write!(text, "\n  | {line}");
        }
        self.say(&no_command(&text));
    }
}

/// What the tool said, and below it the command that said it.
fn reason_of(check: &Check, indent: usize) -> String {
    let reason = format!("{}: {}", check.name, line(&check.reason, 300));
    if check.command.is_empty() || check.told() == check.command {
        return format!("{}: {}", check.name, line(&check.told(), 300));
    }
    format!("{reason}\n{}  {}", " ".repeat(indent), line(&check.command, 300))
}

/// `12 checks`, `2 failed, 10 passed of 12 checks`.
fn counts(record: &CaseRecord) -> String {
    let all = many(record.checks.len(), "check");
    let words = [Outcome::Failed, Outcome::Error, Outcome::Passed, Outcome::Skipped].map(|outcome| {
        let count = record.checks.iter().filter(|check| check.outcome == outcome).count();
        (outcome, count)
    });
    let told: Vec<String> = words
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    if record.outcome() == Outcome::Passed && told.len() == 1 {
        all
    } else {
        format!("{} of {all}", told.join(", "))
    }
}

/// Tells what a person should know, in one line, and what is no error.
pub fn note(text: &str) {
    let yellow = AnsiColor::Yellow.on_default();
    say(&format!("{yellow}note{yellow:#}: {}", line(&mask(text), 1000)));
}

/// Tells of an error, once, at the end of a command.
pub fn error(error: &Error) {
    let red = AnsiColor::Red.on_default();
    for fault in &error.faults {
        let text = fault.to_string();
        let text = mask(&text);
        match text.strip_prefix("error:") {
            Some(rest) => say(&format!("{red}error{red:#}:{rest}")),
            None => say(&text),
        }
    }
}

/// Writes lines to standard error, without the secrets in them. If that fails there is nobody left to say so to, and what is said here is only a view
/// of what the results and the exit code hold.
pub fn say(text: &str) {
    let mut terminal = stderr().lock();
    let _ = writeln!(terminal, "{}", mask(text)).and_then(|()| terminal.flush());
}
