//! What an exit status means: launchers of MPI each have their own code, and the same number says different things.
//!
//! 15 from Open MPI is a program's `exit(15)`; from MPICH it is "an MPI call failed" and never a SIGTERM; Intel MPI
//! says 255 whatever killed a rank. The table is data, `[[status]]` in `test-suites/diagnoses/`.

use crate::constant::packed;
use crate::document::Table;
use crate::verdict::condition::{Condition, conditions};
use crate::verdict::evidence::{Evidence, signal_name};

/// What some exit statuses mean, under some conditions.
#[derive(Debug)]
pub struct Status {
    when: Vec<Condition>,
    exits: Vec<i32>,
    /// A status of this base plus N is signal N.
    base: Option<i32>,
    means: String,
}

pub(super) fn read(table: &mut Table<'_>) -> Option<Status> {
    let when = conditions(table);
    // The ranges of the two keys fit.
    let number = |number: i64| packed(i32::try_from(number).ok(), "a number of a status");
    let exits = table.numbers("exit", 0..=255).unwrap_or_default();
    let exits: Vec<i32> = exits.into_iter().map(|exit| number(exit.value)).collect();
    let base = table.number("signal-base", 1..=191).map(|base| number(base.value));
    if exits.is_empty() == base.is_none() {
        table.fault("a status needs either `exit` or `signal-base`", table.span());
    }
    let means = table.needed_string("means")?;
    Some(Status { when, exits, base, means: means.value })
}

impl Status {
    /// The signal that `exit` stands for, if this entry says so.
    fn signal(&self, exit: i32) -> Option<i32> {
        let signal = exit - self.base?;
        nix::sys::signal::Signal::try_from(signal).is_ok().then_some(signal)
    }

    fn speaks_of(&self, exit: i32) -> bool {
        self.exits.contains(&exit) || self.signal(exit).is_some()
    }
}

/// All of them, those of later sources first.
#[derive(Debug, Default)]
pub struct Statuses(Vec<Status>);

impl Statuses {
    /// Takes the entries of one more source.
    pub(super) fn add(&mut self, entries: Vec<Status>) {
        self.0.splice(0..0, entries);
    }

    /// How the process ended, in words: `exit status 139: a rank was killed by SEGV`. `None` if it ended well.
    #[must_use]
    pub fn ending(&self, evidence: &Evidence<'_>) -> Option<String> {
        if evidence.timed_out {
            return Some("killed at its time limit".to_owned());
        }
        if let Some(signal) = evidence.signal {
            return Some(format!("killed by {}", signal_name(signal)));
        }
        let exit = evidence.exit.filter(|exit| *exit != 0)?;
        let status = self.status(evidence, exit);
        Some(match status {
            Some(status) => {
                let signal = status.signal(exit).map(signal_name).unwrap_or_default();
                format!("exit status {exit}: {}", status.means.replace("{signal}", &signal))
            }
            None => format!("exit status {exit}"),
        })
    }

    /// The signal that ended the process, or the rank that its launcher speaks of, if that is certain.
    #[must_use]
    pub fn signal(&self, evidence: &Evidence<'_>) -> Option<i32> {
        evidence.signal.or_else(|| {
            let exit = evidence.exit?;
            self.status(evidence, exit)?.signal(exit)
        })
    }

    fn status(&self, evidence: &Evidence<'_>, exit: i32) -> Option<&Status> {
        self.0.iter().find(|status| {
            status.speaks_of(exit) && status.when.iter().all(|condition| condition.holds(evidence))
        })
    }
}
