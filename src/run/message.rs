//! What harness and supervisor say to each other: one JSON document a line, over one socket.
//!
//! A job's line brings the command's standard output and error along (`SCM_RIGHTS`): each command has pipes of its own,
//! so that nothing an earlier one has left behind can write into them.

use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::command::{Command, Limits};
use super::outcome::Ended;
use super::process::Process;
use super::remains::{Found, Holdings};
use super::text::Text;

/// The first argument that makes this program a supervisor.
pub const ARGUMENT: &str = "__supervise";

/// A command for the supervisor, which serves one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) argv: Vec<Text>,
    pub(super) env: Vec<(Text, Text)>,
    pub(super) dir: Text,
    pub(super) tmp: Text,
    /// What was there before, so that the supervisor need not look again.
    pub(super) there: Found,
    pub(super) limits: Limits,
}

impl Job {
    pub(super) fn new(command: &Command, there: Found) -> Self {
        Self {
            argv: command.argv.iter().map(|word| Text(word.clone())).collect(),
            env: command.env.iter().map(|(name, value)| (Text(name.clone()), Text(value.clone()))).collect(),
            dir: Text(command.dir.clone().into()),
            tmp: Text(command.tmp.clone().into()),
            there,
            limits: command.limits.clone(),
        }
    }
}

/// What the harness says while a command runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// End the case: SIGTERM, this time, SIGKILL.
    Stop(Duration),
}

/// What the supervisor says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// The deadline has come; this is the tree as it hangs. Sent before anything is killed.
    Hang(Vec<Process>),
    /// The case was seen holding these in shared memory. A supervisor that is killed has said so before: the processes
    /// may end before the harness can look at them.
    Holds(Holdings),
    /// The tree is gone, and the supervisor is ready for the next job.
    Gone(Box<Report>),
}

/// What the supervisor found out, once nothing of the case is left.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) ended: Ended,
    pub(super) wall: Duration,
    pub(super) user: Duration,
    pub(super) system: Duration,
    pub(super) peak_memory: u64,
    pub(super) leaked: Vec<Process>,
    pub(super) remains: Vec<Text>,
    /// Whether nothing is left, so that the supervisor can serve another job.
    pub(super) again: bool,
}

/// How many descriptors one message can bring.
const DESCRIPTORS: usize = 2;

/// One end of the socket.
#[derive(Debug)]
pub(super) struct Line {
    stream: UnixStream,
    pending: Vec<u8>,
    received: Vec<OwnedFd>,
    closed: bool,
}

impl Line {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, pending: Vec::new(), received: Vec::new(), closed: false }
    }

    /// Whether the other side is gone.
    pub(super) fn closed(&self) -> bool {
        self.closed
    }

    /// Says something; blocks while the other side is slow.
    pub(super) fn say(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(message)?;
        bytes.push(b'\n');
        self.stream.write_all(&bytes)
    }

    /// Says something, and hands over copies of these descriptors with it.
    pub(super) fn say_with(
        &mut self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(message)?;
        bytes.push(b'\n');
        let descriptors: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let sent = sendmsg::<()>(
            self.stream.as_raw_fd(),
            &[io::IoSlice::new(&bytes)],
            &[ControlMessage::ScmRights(&descriptors)],
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        self.stream.write_all(&bytes[sent..])
    }

    /// The descriptors that came since the last call, in their order.
    pub(super) fn take_received(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.received)
    }

    /// Reads once, which blocks if there is nothing, and notes if the other side is gone.
    pub(super) fn listen(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.read(&mut buffer) {
            Ok(0) => self.closed = true,
            Ok(count) => self.pending.extend_from_slice(&buffer[..count]),
            // Died with our message unread: as gone as by a clean end.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.closed = true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut control = cmsg_space!([i32; DESCRIPTORS]);
        let mut parts = [io::IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(
            self.stream.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        for part in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(descriptors) = part {
                // SAFETY: the kernel has just made these descriptors for this process, and nobody else knows them.
                #[allow(unsafe_code)]
                let owned = descriptors.into_iter().map(|raw| unsafe { OwnedFd::from_raw_fd(raw) });
                self.received.extend(owned);
            }
        }
        Ok(message.bytes)
    }

    /// The next whole message among what was read.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line: Vec<u8> = self.pending.drain(..=end).collect();
        Ok(Some(serde_json::from_slice(&line)?))
    }
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_and_an_end_is_noticed() {
        let (here, there) = UnixStream::pair().unwrap();
        let (mut here, mut there) = (Line::new(here), Line::new(there));
        here.say(&"a").unwrap();
        here.say(&"b\nc").unwrap();
        drop(here);
        while !there.closed() {
            there.listen().unwrap();
        }
        assert_eq!(there.next::<String>().unwrap().as_deref(), Some("a"));
        assert_eq!(there.next::<String>().unwrap().as_deref(), Some("b\nc"));
        assert_eq!(there.next::<String>().unwrap(), None);
    }
}
