//! How this process outlives limits of the pod that would end it before it could name them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGXCPU, SIGXFSZ};
use signal_hook::flag;

use super::limits;
use crate::error::{Error, Kind, reason};

/// The stack that the command line, its help above all, is read on. Measured: 128 KiB are too few.
const STACK: usize = 8 << 20;

/// Address space and data of which not even an error could be told in all cases. Measured: 8 MiB are too few.
const LEAST: u64 = 16 << 20;

/// A file that would become too large is an error of who writes it, and CPU time runs on to the hard limit: neither
/// ends this process without a word. Handled and not ignored: what is started does not inherit a handler.
///
/// # Errors
/// So little memory that nothing could be looked at; a kernel that refuses.
pub fn limits() -> Result<(), Error> {
    for (flag, limit) in [('v', limits::address_space()), ('d', limits::data())] {
        if let Some(bytes) = limit.filter(|bytes| *bytes < LEAST) {
            let (have, wanted) = (bytes >> 10, LEAST >> 20);
            let what = format!(
                "a process may have {have} KiB of memory (ulimit -{flag}), stackprobe needs {wanted} MiB to look"
            );
            return Err(Error::new(Kind::Unfit, what)
                .hint(format!("ulimit -{flag} unlimited in whatever starts stackprobe")));
        }
    }
    let noted = Arc::new(AtomicBool::new(false));
    for signal in [SIGXFSZ, SIGXCPU] {
        flag::register(signal, Arc::clone(&noted)).map_err(|error| {
            Error::new(Kind::Pod, format!("cannot handle signal {signal}: {}", reason(&error)))
        })?;
    }
    Ok(())
}

/// Does it on a stack that is large enough, whatever `ulimit -s` says.
pub fn small_stack<T: Send + 'static>(work: fn() -> T) -> T {
    let usual = limits::stack().is_none_or(|bytes| bytes >= limits::USUAL_STACK);
    if !usual
        && let Ok(thread) = std::thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(work)
        && let Ok(done) = thread.join()
    {
        return done;
    }
    work()
}
