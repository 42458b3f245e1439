//! Which processes are below this one, read from `/proc`.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::path::Path;

/// The fields of `/proc/PID/stat` that are used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) name: String,
    pub(super) state: char,
    pub(super) parent: i32,
    /// User and system time in clock ticks.
    pub(super) ticks: u64,
    pub(super) threads: u32,
    /// `PF_EXITING` of the kernel: its memory is gone or going, its files may still be open.
    exiting: bool,
}

impl Stat {
    /// Whether it only waits for its parent to ask how it ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether it is on its way out as a whole, or gone.
    pub(super) fn is_ending(&self) -> bool {
        self.has_ended() || (self.exiting && self.threads <= 1)
    }

    /// Whether a signal or a tracer has stopped it.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, 'T' | 't')
    }
}

/// `include/linux/sched.h`
const PF_EXITING: u64 = 0x4;

/// Reads `/proc/PID/stat`; `None` if there is no such process.
pub(super) fn stat(pid: i32) -> Option<Stat> {
    // A name may hold anything, even `) R 1`, and need not be UTF-8.
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Option<Stat> {
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Field numbers of proc_pid_stat(5), less the three that come before: state is 3, ppid 4, flags 9, utime 14,
    // stime 15, num_threads 20.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(14)? + number(15)?,
        threads: u32::try_from(number(20)?).ok()?,
        exiting: number(9)? & PF_EXITING != 0,
    })
}

/// Every descendant of `root`, parents before their children.
///
/// Complete only if nobody forks or ends meanwhile: whoever needs that stops the tree and looks again.
pub(super) fn descendants(root: i32) -> Vec<i32> {
    let mut found = Vec::new();
    walk(root, |pid| found.push(pid));
    found
}

/// Visits every descendant of `root`, each before its own children are looked for.
pub(super) fn walk(root: i32, visit: impl FnMut(i32)) {
    if Path::new("/proc/thread-self/children").exists() {
        visit_below(root, children, visit);
    } else {
        // A kernel without CONFIG_PROC_CHILDREN: one pass over all processes.
        let pairs: Vec<(i32, i32)> =
            all().into_iter().filter_map(|pid| Some((stat(pid)?.parent, pid))).collect();
        let children =
            |pid| pairs.iter().filter(|(parent, _)| *parent == pid).map(|(_, child)| *child).collect();
        visit_below(root, children, visit);
    }
}

fn visit_below(root: i32, children: impl Fn(i32) -> Vec<i32>, mut visit: impl FnMut(i32)) {
    let mut seen = HashSet::from([root]);
    let mut next = VecDeque::from([root]);
    while let Some(pid) = next.pop_front() {
        for child in children(pid) {
            if seen.insert(child) {
                visit(child);
                next.push_back(child);
            }
        }
    }
}

/// Each thread lists the children that it has started itself.
fn children(pid: i32) -> Vec<i32> {
    let threads = numbers(Path::new(&format!("/proc/{pid}/task")));
    threads
        .into_iter()
        .filter_map(|thread| fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")).ok())
        .flat_map(|list| {
            list.split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Every process that `/proc` shows.
pub(super) fn all() -> Vec<i32> {
    numbers(Path::new("/proc"))
}

fn numbers(folder: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_shifts_no_field() {
        let text = "7 (a) R (b c) S 3 7 7 0 -1 4194560 1 2 3 4 50 6 7 8 20 0 9 0 100 1 2 3";
        let stat = parse(text).unwrap();
        let wanted =
            Stat { name: "a) R (b c".into(), state: 'S', parent: 3, ticks: 56, threads: 9, exiting: false };
        assert_eq!(stat, wanted);
        assert_eq!(parse("7 (x"), None);
        assert_eq!(parse("7 (x) S"), None);
    }

    #[test]
    fn a_process_on_its_way_out_is_known_by_its_flags() {
        let stat = |flags: u32, threads: u32| {
            parse(&format!("7 (a) R 3 7 7 0 -1 {flags} 1 2 3 4 50 6 7 8 20 0 {threads} 0 100 1 2 3")).unwrap()
        };
        assert!(stat(0x0040_4004, 1).is_ending() && !stat(0x0040_4000, 1).is_ending());
        assert!(!stat(0x0040_4004, 2).is_ending(), "only its first thread ends");
    }

    #[test]
    fn a_tree_is_walked_parents_first_and_a_loop_ends() {
        let links = [(1, 2), (1, 3), (2, 4), (4, 1)];
        let children = |pid| links.iter().filter(|(p, _)| *p == pid).map(|(_, c)| *c).collect();
        let mut visited = Vec::new();
        visit_below(1, children, |pid| visited.push(pid));
        assert_eq!(visited, [2, 3, 4]);
    }

    #[test]
    fn this_process_has_a_parent() {
        let me = i32::try_from(std::process::id()).unwrap();
        let parent = stat(me).unwrap().parent;
        assert!(descendants(parent).contains(&me));
    }
}
