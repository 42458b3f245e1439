//! Which system calls this pod refuses, found by making them.
//!
//! A seccomp profile may answer with an error or kill who asks, so a child makes the calls, one after the other, and
//! says of each what came of it; where it dies, another child goes on behind the call that killed it. None of the calls
//! changes anything that outlives the child.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use serde::{Deserialize, Serialize};

pub use answer::Answer;
use harmless::{CALLS, Call};

mod answer;
mod harmless;

/// What was tried. A call that is not here could not be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Calls {
    answers: BTreeMap<String, Answer>,
}

/// The call by which one rank reads the memory of another.
pub const READ_OTHERS: &str = "process_vm_readv";

impl Calls {
    /// Tries every call.
    #[must_use]
    pub fn try_all() -> Self {
        let mut answers = BTreeMap::new();
        let mut next = 0;
        while let Some(rest) = CALLS.get(next..).filter(|rest| !rest.is_empty()) {
            let Some((told, killed)) = in_child(rest) else { break };
            for (call, answer) in rest.iter().zip(&told) {
                answers.insert(call.name.to_owned(), call.judge(*answer));
            }
            next += told.len();
            if !killed {
                break;
            }
            if let Some(call) = CALLS.get(next) {
                answers.insert(call.name.to_owned(), Answer::Killed);
            }
            next += 1;
        }
        if let Some(answer) = read_sibling() {
            answers.insert(READ_OTHERS.to_owned(), answer);
        }
        Self { answers }
    }

    /// What came of `call`, if it was tried.
    #[must_use]
    pub fn answer(&self, call: &str) -> Option<Answer> {
        self.answers.get(call).copied()
    }

    /// Calls that were refused, with what was answered.
    pub fn refused(&self) -> impl Iterator<Item = (&str, Answer)> {
        let all = self.answers.iter().map(|(name, answer)| (name.as_str(), *answer));
        all.filter(|(_, answer)| *answer != Answer::Allowed)
    }

    /// Calls that worked.
    pub fn allowed(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().filter(|(_, answer)| **answer == Answer::Allowed).map(|(name, _)| name.as_str())
    }

    /// How many were tried.
    #[must_use]
    pub fn count(&self) -> usize {
        self.answers.len()
    }
}

/// Whether [`Calls`] tries this call.
#[must_use]
pub fn is_tried(name: &str) -> bool {
    name == READ_OTHERS || CALLS.iter().any(|call| call.name == name)
}

/// Every call that is tried.
pub fn tried() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|call| call.name).chain([READ_OTHERS])
}

/// Has a child make the calls: the error numbers of those that it came to, and whether the next one killed it.
fn in_child(calls: &[Call]) -> Option<(Vec<i32>, bool)> {
    let (mut child, output) = child(|mut output| {
        for call in calls {
            let errno = (call.make)();
            if output.write_all(&errno.to_ne_bytes()).is_err() {
                return;
            }
        }
    })?;
    let told = numbers(output);
    let killed = child.wait() == Some(Signal::SIGSYS);
    Some((told, killed))
}

/// Has one child read the memory of another, which is what ranks are to each other: a parent may read its child's
/// where Yama forbids it to others.
fn read_sibling() -> Option<Answer> {
    // A value that is at the same place in both children, as both are copies of this process.
    let cookie: [u8; 8] = (u64::from(std::process::id()) ^ 0x5350_524f_4245_0001).to_ne_bytes();
    let place = std::hint::black_box(&cookie);
    let (hold, release) = pipe2(OFlag::O_CLOEXEC).ok()?;
    let (hold, release) = (File::from(hold), File::from(release));
    let (mut rank, _output) = child(|_| {
        // Its own copy of the other end would keep it waiting.
        drop_copy(&release);
        let _ = (&hold).read(&mut [0]);
    })?;
    let (mut reader, output) = child(|mut output| {
        let errno = harmless::read_memory(rank.pid, place);
        // No answer is one as well: the call could not be tried.
        let _ = output.write_all(&errno.to_ne_bytes());
    })?;
    let told = numbers(output);
    let killed = reader.wait() == Some(Signal::SIGSYS);
    drop(release);
    rank.end();
    match told.first() {
        Some(0) => Some(Answer::Allowed),
        Some(errno) => Some(Answer::Refused(*errno)),
        None => killed.then_some(Answer::Killed),
    }
}

fn drop_copy(file: &File) {
    use std::os::fd::AsRawFd as _;
    // SAFETY: this is a child that only reads one byte and ends by `_exit`: nobody uses or closes this descriptor again.
    #[allow(unsafe_code)]
    unsafe {
        libc::close(file.as_raw_fd());
    }
}

fn numbers(mut output: File) -> Vec<i32> {
    let mut bytes = Vec::new();
    // What was read before an error is as good.
    let _ = output.read_to_end(&mut bytes);
    bytes.as_chunks::<4>().0.iter().map(|chunk| i32::from_ne_bytes(*chunk)).collect()
}

/// A child that is not waited for yet.
struct Child {
    pid: Pid,
    gone: bool,
}

impl Child {
    /// The signal that ended it, if one did.
    fn wait(&mut self) -> Option<Signal> {
        loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                Ok(WaitStatus::Signaled(_, signal, _)) => {
                    self.gone = true;
                    return Some(signal);
                }
                _ => {
                    self.gone = true;
                    return None;
                }
            }
        }
    }

    fn end(&mut self) {
        if !self.gone {
            // It may have ended by itself; its number is not given away before it is waited for.
            let _ = kill(self.pid, Signal::SIGKILL);
            self.wait();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// Seconds after which a call that a broker answers (gVisor, a notifying seccomp filter) is given up.
const PATIENCE: u32 = 3;

/// Starts a copy of this process that does `work`, which writes to the file that is returned.
fn child(work: impl FnOnce(File)) -> Option<(Child, File)> {
    let (input, output): (OwnedFd, OwnedFd) = pipe2(OFlag::O_CLOEXEC).ok()?;
    // SAFETY: until it ends, the child makes system calls on memory of its own and neither allocates nor takes a lock,
    // so it does not matter what other threads held at this moment.
    #[allow(unsafe_code)]
    match unsafe { fork() }.ok()? {
        ForkResult::Parent { child } => {
            drop(output);
            Some((Child { pid: child, gone: false }, File::from(input)))
        }
        ForkResult::Child => {
            drop(input);
            harmless::prepare(PATIENCE);
            work(File::from(output));
            // SAFETY: `_exit` runs nothing of what this copy has inherited.
            unsafe { libc::_exit(0) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_gets_an_answer() {
        let calls = Calls::try_all();
        for name in tried() {
            assert!(calls.answer(name).is_some(), "{name}");
        }
        assert_eq!(calls.answer("faccessat2"), Some(Answer::Allowed), "{calls:?}");
    }

    #[test]
    fn what_kills_is_told_and_the_rest_is_tried_all_the_same() {
        fn dies() -> i32 {
            let _ = nix::sys::signal::raise(Signal::SIGSYS);
            0
        }
        let call = |name, make| Call { name, make, absent_is_well: false, also_well: 0 };
        let (told, killed) = in_child(&[call("a", || 1), call("b", dies), call("c", || 2)]).unwrap();
        assert_eq!((told, killed), (vec![1], true));
        let (told, killed) = in_child(&[call("c", || 2)]).unwrap();
        assert_eq!((told, killed), (vec![2], false));
    }

    #[test]
    fn memory_of_a_process_that_is_none_cannot_be_read() {
        assert_eq!(harmless::read_memory(Pid::from_raw(i32::MAX), &[1; 8]), libc::ESRCH);
    }
}
