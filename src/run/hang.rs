//! What the processes of a case are doing right now.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::unistd::{SysconfVar, sysconf};

use super::process::Process;
use super::socket::sockets;
use super::tree;

/// Command lines are cut at so many characters; enough to tell ranks and helpers apart.
const COMMAND: usize = 300;
/// So many processes are described: a report stays readable, and small, after a fork bomb.
const MOST: usize = 256;
/// So many open files are named for each process.
const OPEN: usize = 16;
/// How long a hang is watched: some two dozen ticks, so that bookkeeping and work differ by far.
const WATCH: Duration = Duration::from_millis(250);
/// Where launchers tell a process its rank: `PMIx` (Open MPI from 5 on), Open MPI, and PMI (MPICH, Intel MPI).
const RANK: [&str; 3] = ["PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"];

/// Describes these processes, the first of them if there are too many, without those that have ended meanwhile.
pub(super) fn explain(pids: &[i32]) -> Vec<Process> {
    pids.iter()
        .take(MOST)
        .filter_map({
            let (tick, mut networks) = (tick(), HashMap::new());
            move |&pid| describe(pid, tick, &mut networks)
        })
        .collect()
}

/// Describes the processes that `list` gives, and what each does with a CPU for a moment: that, and not what it used in
/// all, tells whether it stands.
pub(super) fn watch(list: impl Fn() -> Vec<i32>) -> Vec<Process> {
    let before: HashMap<i32, u64> =
        list().into_iter().take(MOST).filter_map(|pid| Some((pid, tree::stat(pid)?.ticks))).collect();
    let begun = Instant::now();
    std::thread::sleep(WATCH);
    let pids = list();
    let used: HashMap<i32, u64> = pids
        .iter()
        .take(MOST)
        .filter_map(|pid| {
            Some((*pid, tree::stat(*pid)?.ticks.saturating_sub(*before.get(pid).unwrap_or(&0))))
        })
        .collect();
    let watched = begun.elapsed().as_secs_f64();
    let mut processes = explain(&pids);
    for process in &mut processes {
        process.busy = used.get(&process.pid).map(|ticks| percent(*ticks, watched));
    }
    processes
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // hundreds, never negative
fn percent(ticks: u64, seconds: f64) -> u32 {
    (ticks as f64 * tick() / seconds * 100.0).round() as u32
}

/// Seconds.
fn tick() -> f64 {
    match sysconf(SysconfVar::CLK_TCK) {
        Ok(Some(ticks)) if ticks > 0 => 1.0 / f64::from(u32::try_from(ticks).unwrap_or(100)),
        _ => 0.01,
    }
}

/// The sockets of each network namespace that was met.
type Networks = HashMap<PathBuf, HashMap<u64, String>>;

#[allow(clippy::cast_precision_loss)] // a count of ticks: 2^52 of them are a million years
fn describe(pid: i32, tick: f64, networks: &mut Networks) -> Option<Process> {
    let stat = tree::stat(pid)?;
    Some(Process {
        pid,
        parent: stat.parent,
        command: command(pid).unwrap_or_else(|| format!("[{}]", stat.name)),
        state: stat.state,
        wait: wait(pid),
        cpu: Duration::from_secs_f64(stat.ticks as f64 * tick),
        busy: None,
        threads: stat.threads,
        rank: rank(pid),
        open: open(pid, networks),
    })
}

fn command(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> = bytes.split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
    let whole = words.join(" ");
    let whole = whole.trim_end();
    let mut line: String = whole.chars().take(COMMAND).collect();
    if line.len() < whole.len() {
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// The kernel functions that its threads wait in, the most frequent first.
fn wait(pid: i32) -> Option<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        // A thread that has ended, or one that we may not ask.
        let read = |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        let mut name = read("wchan");
        // `0` stands for "running" and for "not allowed to know"; then the number of the call says as much.
        if name.is_empty() || name == "0" {
            name = read("syscall")
                .split(' ')
                .next()
                .filter(|word| word.trim().parse::<u32>().is_ok())
                .map(|number| format!("system call {number}"))
                .unwrap_or_default();
        }
        if !name.is_empty() {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let names: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| if count == 1 { name } else { format!("{name} (×{count})") })
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn rank(pid: i32) -> Option<u32> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment);
    let value = |name: &str| {
        environment.split('\0').find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    RANK.iter().find_map(|name| value(name))
}

/// What it has open beyond its standard streams, in the order of the descriptors.
fn open(pid: i32, networks: &mut Networks) -> Vec<String> {
    let folder = format!("/proc/{pid}/fd");
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    let mut descriptors: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    descriptors.retain(|descriptor| *descriptor > 2);
    descriptors.sort_unstable();
    let mut open: Vec<String> = descriptors
        .into_iter()
        .filter_map(|descriptor| {
            let target = fs::read_link(format!("{folder}/{descriptor}")).ok()?;
            let target = target.to_string_lossy();
            if target.starts_with("anon_inode:") {
                // An epoll or an event: every MPI rank has them, and they tell nothing.
                return None;
            }
            let socket = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            let socket = socket.and_then(|inode| {
                let network = fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
                networks.entry(network).or_insert_with(|| sockets(pid)).get(&inode.parse().ok()?)
            });
            Some(format!("{descriptor} {}", socket.map_or(&*target, String::as_str)))
        })
        .collect();
    let more = open.len().saturating_sub(OPEN);
    if more > 0 {
        open.truncate(OPEN);
        open.push(format!("and {more} more"));
    }
    open
}
