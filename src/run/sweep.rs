//! Kills what cases have left where their supervisor was killed first.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::remains::Remains;
use super::tree;

/// How long to try; see the supervisor, which has the same limit for the same reason.
const LIMIT: Duration = Duration::from_secs(10);

/// How long to wait until processes stand still; one that waits for a device does not.
const FREEZE: Duration = Duration::from_millis(100);

/// Kills every process whose environment says `name=value`, until there is none, and notes what they held.
pub(super) fn kill_tagged(name: &str, value: &OsStr, remains: &mut Remains) {
    let mark = [name.as_bytes(), b"=", value.as_bytes()].concat();
    kill_all(&|| tree::all().into_iter().filter(|pid| carries(*pid, &mark)).collect(), &mut |pids| {
        remains.claim(pids);
    });
}

/// Kills every process below this one, once no case runs any more: what a killed supervisor left and what has no mark,
/// because it had cleared its environment. Needs [`adopt_orphans`](crate::pod::init::adopt_orphans).
pub fn leave_nothing() {
    kill_all(&|| tree::descendants(Pid::this().as_raw()), &mut |_| {});
}

/// This is the one place that looks again and again instead of waiting for an event: these processes need not be below
/// us, so nobody tells when they end.
fn kill_all(find: &dyn Fn() -> Vec<i32>, frozen: &mut dyn FnMut(&[i32])) {
    let until = Instant::now() + LIMIT;
    let mut killed: Vec<i32> = Vec::new();
    loop {
        let mut found: Vec<i32> = Vec::new();
        loop {
            let new: Vec<i32> = find().into_iter().filter(|pid| !found.contains(pid)).collect();
            if new.is_empty() {
                break;
            }
            for &pid in &new {
                // It may have ended just now.
                let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
            }
            found.extend(new);
        }
        // One that is being torn down has no environment any more and still holds its files.
        let dying = killed.iter().any(|&pid| tree::stat(pid).is_some_and(|stat| !stat.has_ended()));
        if (found.is_empty() && !dying) || Instant::now() > until {
            return;
        }
        if !found.is_empty() {
            await_stop(&found);
            frozen(&found);
        }
        for &pid in &found {
            // It may have ended just now.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        killed.extend(found);
        std::thread::sleep(Duration::from_millis(2));
        for &pid in &killed {
            // Ours if the harness adopts orphans: then nobody else would reap it.
            let _ = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// Waits, for a short while, until all of these stand still. A stop takes effect when a process leaves the kernel: one
/// that was making a file has it open only afterwards, and nobody would be seen with that file.
fn await_stop(pids: &[i32]) {
    let until = Instant::now() + FREEZE;
    let runs = |pid: &i32| tree::stat(*pid).is_some_and(|stat| !stat.is_stopped() && !stat.is_ending());
    while pids.iter().any(runs) && Instant::now() < until {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn carries(pid: i32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|&byte| byte == 0).any(|entry| entry == mark))
}
