//! `stackprobe __watch SECONDS`: ends what a shell of ours runs, the shell itself if need be, once it takes too long.
//!
//! What Lmod answers may have the shell run anything. The shell starts this beside it and kills it when it is done.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};

use super::tree;
use crate::stack::lmod::{SAYS, WATCH};

/// The hidden first argument that asks for it.
pub const ARGUMENT: &str = WATCH;
/// How long the shell may go on once what it waited for is gone.
const GRACE: Duration = Duration::from_secs(1);

/// Watches the shell that started this.
#[must_use]
pub fn main() -> ExitCode {
    let seconds: Option<u64> = std::env::args().nth(2).and_then(|word| word.parse().ok());
    let shell = getppid();
    // A shell that is gone needs nobody; where the system cannot tell, its supervisor ends us.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    let Some(seconds) = seconds else { return ExitCode::FAILURE };
    std::thread::sleep(Duration::from_secs(seconds));
    let late = format!("what it has the shell run did not end within {seconds} s: killed");
    let mut killed = children(shell);
    say(&format!("{late} {}", names(&killed)));
    for _ in 0..2 {
        for pid in killed {
            // What is gone already cannot be killed, and needs not be.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::sleep(GRACE);
        killed = children(shell);
    }
    if getppid() == shell {
        // It may have ended just now.
        let _ = kill(shell, Signal::SIGKILL);
    }
    ExitCode::SUCCESS
}

/// All that the shell has started, but for this.
fn children(shell: Pid) -> Vec<i32> {
    let own = Pid::this().as_raw();
    tree::descendants(shell.as_raw()).into_iter().filter(|pid| *pid != own).collect()
}

fn names(pids: &[i32]) -> String {
    let names: Vec<String> = pids.iter().filter_map(|pid| Some(tree::stat(*pid)?.name)).collect();
    if names.is_empty() { "the shell".to_owned() } else { names.join(", ") }
}

fn say(what: &str) {
    // Where stderr is closed nobody wants to know.
    let _ = writeln!(io::stderr(), "{SAYS}{what}");
}
