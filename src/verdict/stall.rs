//! What a command was doing that did not end in time: waiting, or working. Only that tells a hang from slowness; how many
//! ranks there were for how many CPUs does not.

use std::collections::BTreeMap;

use crate::run::process::Process;

/// Up to so many percent of one CPU are the bookkeeping of processes that wait.
const BOOKKEEPING: u64 = 5;
/// So many groups of processes are named in one line.
const NAMED: usize = 3;

/// How a tree of processes stood when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// What all of them used in the last moments, in percent of one CPU.
    pub busy: u64,
    /// How many of them used a CPU, or were ready to.
    pub wanting: u64,
}

impl Stall {
    /// What the processes of a hang tell; none where nothing was seen.
    #[must_use]
    pub fn of(hang: &[Process]) -> Option<Self> {
        if hang.iter().all(|process| process.busy.is_none()) {
            return None;
        }
        let busy = |process: &Process| u64::from(process.busy.unwrap_or(0));
        Some(Self {
            busy: hang.iter().map(busy).sum(),
            wanting: hang.iter().filter(|process| wants(process)).count() as u64,
        })
    }

    /// Nobody used a CPU or wanted one: it will stand so for ever.
    #[must_use]
    pub fn idle(self) -> bool {
        self.busy <= BOOKKEEPING && self.wanting == 0
    }
}

fn wants(process: &Process) -> bool {
    process.state == 'R' || process.busy.is_some_and(|busy| u64::from(busy) > BOOKKEEPING)
}

/// What they were doing, in one line: `hung, no CPU used: ring ×4 in futex_wait, mpirun in do_poll`.
#[must_use]
pub fn doing(hang: &[Process]) -> Option<String> {
    let stall = Stall::of(hang)?;
    let mut groups: BTreeMap<(String, String), (bool, usize)> = BTreeMap::new();
    for process in hang {
        let group = groups.entry((name(process), activity(process))).or_default();
        // Ranks first: what their launcher waits for are they.
        group.0 |= process.rank.is_some();
        group.1 += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (ranks, count))| (!*ranks, std::cmp::Reverse(*count)));
    let named = groups.iter().take(NAMED).map(|((name, activity), (_, count))| match count {
        1 => format!("{name} {activity}"),
        count => format!("{name} ×{count} {activity}"),
    });
    let mut named = named.collect::<Vec<_>>().join(", ");
    if groups.len() > NAMED {
        named.push_str(", and others");
    }
    Some(if stall.idle() {
        format!("hung, no CPU used: {named}")
    } else {
        format!("slow or looping, {} % of a CPU used to the end: {named}", stall.busy)
    })
}

fn name(process: &Process) -> String {
    let word = process.command.split(' ').next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word).to_owned()
}

fn activity(process: &Process) -> String {
    let place = process.wait.as_deref().map(|wait| format!(" in {wait}")).unwrap_or_default();
    match process.state {
        _ if wants(process) => "running".to_owned(),
        'D' => format!("blocked in the kernel{place}"),
        'T' | 't' => "stopped".to_owned(),
        'Z' | 'X' => "dead and not waited for".to_owned(),
        _ if place.is_empty() => "sleeping".to_owned(),
        _ => place.trim_start().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn process(command: &str, state: char, wait: Option<&str>, busy: u32, rank: Option<u32>) -> Process {
        Process {
            pid: 1,
            parent: 1,
            command: command.into(),
            state,
            wait: wait.map(str::to_owned),
            cpu: Duration::ZERO,
            busy: Some(busy),
            threads: 1,
            rank,
            open: Vec::new(),
        }
    }

    #[test]
    fn who_waits_is_hung_and_where_is_said_ranks_first() {
        let mut hang = vec![process("/opt/bin/mpirun -n 4", 'S', Some("do_poll"), 1, None)];
        hang.extend((0..4).map(|rank| process("./ring 1", 'S', Some("futex_wait"), 1, Some(rank))));
        assert!(Stall::of(&hang).unwrap().idle());
        assert_eq!(doing(&hang).unwrap(), "hung, no CPU used: ring ×4 in futex_wait, mpirun in do_poll");
        let server = [process("cat x", 'D', Some("rpc_wait_bit_killable"), 0, None)];
        assert_eq!(
            doing(&server).unwrap(),
            "hung, no CPU used: cat blocked in the kernel in rpc_wait_bit_killable"
        );
    }

    #[test]
    fn who_runs_or_waits_for_a_cpu_is_not_hung() {
        for process in [process("x", 'R', None, 0, None), process("x", 'S', None, 90, None)] {
            let stall = Stall::of(std::slice::from_ref(&process)).unwrap();
            assert!(!stall.idle() && stall.wanting == 1);
            assert!(doing(&[process]).unwrap().starts_with("slow or looping, "));
        }
    }

    #[test]
    fn what_was_not_watched_tells_nothing() {
        assert_eq!(Stall::of(&[]), None);
        let unwatched = Process { busy: None, ..process("x", 'S', None, 0, None) };
        assert_eq!(doing(&[unwatched]), None);
    }
}
