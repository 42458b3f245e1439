//! Short calls whose answer is needed whole, such as Lmod's: bounded in time and size, killed with all they started.

use std::path::Path;
use std::time::Duration;

use super::command::{Command, Limits};
use super::execute::{Capture, execute};
use super::outcome::Ended;
use super::output::Stream;
use crate::error::{Error, Kind};
use crate::pod::devices::null_is_there;
use crate::pod::signals::Stop;
use crate::stack::lmod::{Answer, Call};

/// No answer is larger; the rest is dropped. Spider's JSON of 10,000 modules is some 4 MB.
const LARGEST: usize = 64 << 20;

/// Starts `call` and waits for its answer. It runs below a supervisor like every case, so a hanging Lmod is ended.
///
/// # Errors
/// A call that could not be started, took longer than `limit`, or was interrupted.
pub fn call(call: &Call, limit: Duration, tmp: &Path, stop: &Stop) -> Result<Answer, Error> {
    bounded(call, limit, None, tmp, stop)
}

/// As [`call`], and with a limit of CPU time: what reaches it has answered only in part.
///
/// # Errors
/// Those of [`call`].
pub fn bounded(
    call: &Call,
    limit: Duration,
    cpu: Option<Duration>,
    tmp: &Path,
    stop: &Stop,
) -> Result<Answer, Error> {
    null_is_there()?;
    let command = Command {
        argv: call.argv.clone(),
        env: call.environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        dir: tmp.to_path_buf(),
        tmp: tmp.to_path_buf(),
        limits: Limits { wall: limit, cpu, grace: Duration::from_secs(1), ..Limits::default() },
    };
    let mut capture = Capture::new("/dev/null");
    capture.head = 0;
    capture.tail = 0;
    let mut answer = Answer::default();
    let executed = execute(&command, &capture, stop, &mut |stream, chunk| {
        let kept = match stream {
            Stream::Stdout => &mut answer.stdout,
            Stream::Stderr => &mut answer.stderr,
        };
        let room = LARGEST.saturating_sub(kept.len()).min(chunk.len());
        kept.extend_from_slice(&chunk[..room]);
    })?;
    let program = call.argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    match executed.ended {
        Ended::Exit(code) => answer.success = code == 0,
        Ended::Timeout => {
            return Err(Error::new(
                Kind::Pod,
                format!("`{program}` gave no answer within {} s", limit.as_secs()),
            ));
        }
        Ended::Interrupted => return Err(Error::new(Kind::Pod, "interrupted")),
        // Lost: somebody has killed the supervisor, and most often that is the kernel, for want of memory.
        Ended::Lost(why) => return Err(Error::new(Kind::Pod, why)),
        Ended::NotStarted { what: why, .. } => return Err(Error::new(Kind::Unfit, why)),
        Ended::Signal(_) | Ended::Limit(_) => {}
    }
    Ok(answer)
}
