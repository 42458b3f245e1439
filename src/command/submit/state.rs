//! How the tasks of a job are, in SLURM's own words. Pure.

use std::collections::BTreeMap;

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// `RUNNING`, `TIMEOUT`.
    pub(super) word: String,
    /// `TimeLimit`; empty where SLURM gives none.
    pub(super) reason: String,
    /// The node; empty before it has one.
    pub(super) node: String,
}

/// The states in which a task still may run or run again.
const OPEN: [&str; 14] = [
    "PENDING",
    "RUNNING",
    "CONFIGURING",
    "COMPLETING",
    "SUSPENDED",
    "REQUEUED",
    "REQUEUE_HOLD",
    "REQUEUE_FED",
    "RESIZING",
    "SIGNALING",
    "STAGE_OUT",
    "STOPPED",
    "RESV_DEL_HOLD",
    "SPECIAL_EXIT",
];

impl State {
    /// Whether nothing more comes of it.
    pub(super) fn is_over(&self) -> bool {
        !OPEN.contains(&self.word.as_str())
    }

    /// Whether its program ended by itself, green or red.
    pub(super) fn ran_to_its_end(&self) -> bool {
        matches!(self.word.as_str(), "COMPLETED" | "FAILED")
    }

    /// The same, with why it had not started before, where it was ended without ever starting.
    pub(super) fn after(self, before: Option<&Self>) -> Self {
        let waited =
            before.filter(|before| self.reason.is_empty() && self.node.is_empty() && before.node.is_empty());
        match waited {
            Some(before) => Self { reason: before.reason.clone(), ..self },
            None => self,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.word)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        if self.node.is_empty() { Ok(()) } else { write!(f, " on {}", self.node) }
    }
}

/// What `squeue --array --format` of [`FORMAT`] says: the state of each task by its index.
pub(super) fn states(said: &str) -> BTreeMap<u32, State> {
    let state = |line: &str| {
        let mut fields = line.trim().split('|');
        let index = fields.next()?.parse().ok()?;
        let mut field = || match fields.next().unwrap_or_default().trim() {
            "None" | "N/A" | "(null)" => String::new(),
            word => word.to_owned(),
        };
        let (word, reason, node) = (field(), field(), field());
        (!word.is_empty()).then_some((index, State { word, reason, node }))
    };
    said.lines().filter_map(state).collect()
}

/// Index, state, reason, node.
pub(super) const FORMAT: &str = "%K|%T|%r|%N";

/// The id in what `sbatch --parsable` says, which warnings may come before: `17`, or `17;cluster`.
pub(super) fn job_id(said: &str) -> Option<&str> {
    said.lines().rev().find_map(|line| {
        let id = line.trim().split(';').next()?;
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read_with_slurms_reason() {
        let found = states("1|RUNNING|None|n1\n2|TIMEOUT|TimeLimit|n2\n3|PENDING|Resources|\n\nnonsense\n");
        assert_eq!(found.len(), 3);
        assert_eq!(found[&2].to_string(), "TIMEOUT (TimeLimit) on n2");
        assert!(found[&2].is_over() && !found[&1].is_over() && !found[&3].is_over());
        let cancelled = State { word: "CANCELLED".to_owned(), ..State::default() };
        assert_eq!(cancelled.clone().after(Some(&found[&3])).to_string(), "CANCELLED (Resources)");
        assert_eq!(cancelled.after(Some(&found[&1])).to_string(), "CANCELLED");
        assert_eq!(found[&3].to_string(), "PENDING (Resources)");
    }

    #[test]
    fn the_id_is_found_behind_warnings() {
        assert_eq!(job_id("sbatch: warning: 12 things\n17\n"), Some("17"));
        assert_eq!(job_id("17;cluster\n"), Some("17"));
        assert_eq!(job_id("Submitted nothing\n"), None);
    }
}
