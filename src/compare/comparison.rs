//! What differs between two runs.

use serde::Serialize;

use super::change::{self, Change, Turn};
use super::fidelity::{self, Fidelity};
use super::pace::{self, Pace};
use super::pairs;
use super::reason::{self, Reason};
use crate::exit::Exit;
use crate::history::History;
use crate::report::account::{Account, INPUT};
use crate::report::text::many;

/// What differs between two runs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// Raised when the reader of an older shape would be misled.
    pub format: u32,
    /// Cases that both runs hold.
    pub paired: usize,
    /// Checks that turned out otherwise, the worst turn first.
    pub changes: Vec<Change>,
    /// What goes with the cases that turned red, the most telling difference first; empty if none did.
    pub reasons: Vec<Reason>,
    /// What all cases that turned red have in common, if anything: `under gcc/12.2.0, as are 12 others`.
    pub shared: Option<String>,
    /// Cases that took longer or shorter than the others did, the largest factor first.
    pub paces: Vec<Pace>,
    /// By how much the median case is slower in the second run: 1.0 is as fast.
    pub median_pace: Option<f64>,
    /// What behaves differently in the place of the second run; none where the places do not differ.
    pub fidelity: Option<Fidelity>,
    /// Inputs that could not be read, and why: what they hold is not compared, and that is never green.
    pub unread: Vec<String>,
    /// What a reader must know of the inputs before trusting the comparison.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Compares two accounts; a history knows how long cases took before.
    #[must_use]
    pub fn new(before: &Account, after: &Account, history: Option<&History>) -> Self {
        let pairs = pairs::pair(before, after);
        let mut changes = change::changes(&pairs);
        changes.sort_by_key(|change| change.turn);
        let (median_pace, paces) = pace::paces(&pairs, history);
        let told = |when: &str, account: &Account| {
            account.notes.iter().map(|note| format!("{when}: {note}")).collect::<Vec<_>>()
        };
        let unread = |when: &str, account: &Account| {
            let inputs = account.cases().filter(|case| case.owed.suite == INPUT);
            let checks = inputs.flat_map(|case| &case.checks);
            checks.map(|check| format!("{when}: {}: {}", check.name, check.reason)).collect::<Vec<_>>()
        };
        let cut = |when: &str, account: &Account| {
            let cases: Vec<_> =
                account.cases().filter(|case| case.is_cut() && case.owed.suite != INPUT).collect();
            let first = cases.first()?;
            let (owed, why) = (&first.owed, &first.checks.first()?.reason);
            let some = many(cases.len(), "case");
            let such = format!("{}/{} [{}]", owed.suite, owed.probe, owed.toolchain);
            Some(format!("{when}: {some} without a result, such as {such}: {why}"))
        };
        let mut unread = [unread("before", before), unread("after", after)].concat();
        unread.extend(cut("before", before).into_iter().chain(cut("after", after)));
        let notes = [told("before", before), told("after", after)].concat();
        Self {
            format: 1,
            paired: pairs.iter().filter(|pair| pair.both().is_some()).count(),
            reasons: reason::reasons(&pairs),
            shared: reason::shared(&pairs),
            fidelity: fidelity::fidelity((before, after), &pairs, &paces),
            changes,
            paces,
            median_pace,
            unread,
            notes,
        }
    }

    /// How many checks took this turn.
    #[must_use]
    pub fn count(&self, turn: Turn) -> usize {
        self.changes.iter().filter(|change| change.turn == turn).count()
    }

    /// 1 if a check newly failed, 3 if the runs have no case in common, 75 if a check newly ended in an error or an
    /// input could not be read.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.count(Turn::NewlyFailed) > 0 {
            Exit::Failed
        } else if self.paired == 0 {
            Exit::Nothing
        } else if self.count(Turn::NewlyUnknown) > 0 || !self.unread.is_empty() {
            Exit::Unknown
        } else {
            Exit::Passed
        }
    }
}
