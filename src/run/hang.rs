//! What the processes of a case are doing right now.

use std::fs;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};

use super::process::Process;
use super::tree;

/// Command lines are cut at so many characters; enough to tell ranks and helpers apart.
const COMMAND: usize = 300;

/// Describes each of these processes, leaving out those that have ended meanwhile.
pub(super) fn explain(pids: &[i32]) -> Vec<Process> {
    let tick = match sysconf(SysconfVar::CLK_TCK) {
        Ok(Some(ticks)) if ticks > 0 => 1.0 / f64::from(u32::try_from(ticks).unwrap_or(100)),
        _ => 0.01,
    };
    pids.iter().filter_map(|&pid| describe(pid, tick)).collect()
}

#[allow(clippy::cast_precision_loss)] // a count of ticks: 2^52 of them are a million years
fn describe(pid: i32, tick: f64) -> Option<Process> {
    let stat = tree::stat(pid)?;
    Some(Process {
        pid,
        parent: stat.parent,
        command: command(pid).unwrap_or_else(|| format!("[{}]", stat.name)),
        state: stat.state,
        wait: wait(pid),
        cpu: Duration::from_secs_f64(stat.ticks as f64 * tick),
        threads: stat.threads,
        rank: None,
        open: Vec::new(),
    })
}

fn command(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> =
        bytes.trim_ascii_end().split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
    let whole = words.join(" ");
    let whole = whole.trim_end();
    let mut line: String = whole.chars().take(COMMAND).collect();
    if line.len() < whole.len() {
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// `0` stands for "running" or "not allowed to know".
fn wait(pid: i32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/wchan")).ok()?;
    (!name.is_empty() && name != "0").then_some(name)
}
