//! How a signal wakes somebody who sleeps in `poll`.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::low_level::pipe;

/// Can be read from once any of its signals has come. A handler, unlike a mask, is not inherited by who is started.
#[derive(Debug)]
pub(crate) struct Wake {
    stream: UnixStream,
}

impl Wake {
    /// Handles these signals from now on.
    pub(crate) fn on(signals: &[i32]) -> io::Result<Self> {
        let (stream, told) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        for &signal in signals {
            pipe::register(signal, told.try_clone()?)?;
        }
        Ok(Self { stream })
    }

    /// Whether one has come since this was last asked.
    pub(crate) fn heard(&mut self) -> io::Result<bool> {
        let mut any = false;
        let mut buffer = [0; 256];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(any),
                Ok(_) => any = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(any),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal, raise};
    use signal_hook::consts::SIGURG;

    use super::*;

    #[test]
    fn a_signal_is_heard_once() {
        let mut wake = Wake::on(&[SIGURG]).unwrap();
        assert!(!wake.heard().unwrap());
        raise(Signal::SIGURG).unwrap();
        assert!(wake.heard().unwrap());
        assert!(!wake.heard().unwrap());
    }
}
