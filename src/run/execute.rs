//! Runs one command below a supervisor, and drains what it says.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::command::Command;
use super::message::{Job, News, Order, Report};
use super::outcome::{Ended, Executed};
use super::output::{Filter, Keeper, Log, Stream};
use super::process::Process;
use super::remains::{Remains, SHARED_MEMORY};
use super::supervisor_pool::{Supervisor, SupervisorPool};
use super::text::Text;
use super::{oom, sweep};
use crate::error::{Error, Kind, reason};
use crate::pod::signals::Stop;

/// The variable that marks every process of a case, so that they are found even if their supervisor was killed.
pub(super) const TAG: &str = "STACKPROBE_CASE";

/// SIGKILL's time, and slack for a machine that swaps.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same once somebody has asked for a stop.
const IMPATIENCE: Duration = Duration::from_secs(5);

/// How output is kept.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Bytes of the beginning of each stream to keep in memory.
    pub head: usize,
    /// Bytes of the end of each stream to keep in memory.
    pub tail: usize,
    /// The case's log file, which grows with each command of the case.
    pub log: PathBuf,
    /// What the log says before the output, such as the command itself.
    pub heading: String,
    /// Bytes of output that go into the log file; more are counted and dropped, but for the last `tail`.
    pub log_cap: u64,
    /// What of its lines may go into the log file.
    pub filter: Filter,
    /// Who owns what the command starts.
    pub supervisors: Arc<SupervisorPool>,
    /// How much longer than the command's own limits the supervisor may take before the harness takes over.
    pub patience: Duration,
}

impl Capture {
    /// The defaults: 64 KiB of head and tail, 64 MiB of log, half a minute of patience.
    #[must_use]
    pub fn new(log: impl Into<PathBuf>) -> Self {
        Self {
            head: 64 << 10,
            tail: 64 << 10,
            log: log.into(),
            heading: String::new(),
            log_cap: 64 << 20,
            filter: || Box::new(|text| text.into()),
            supervisors: Arc::clone(&SUPERVISORS),
            patience: PATIENCE,
        }
    }
}

/// This very program, even if its file was replaced.
static SUPERVISORS: LazyLock<Arc<SupervisorPool>> =
    LazyLock::new(|| Arc::new(SupervisorPool::new("/proc/self/exe")));

/// Ends the supervisors that are idle: they are this process's children.
pub fn dismiss_supervisors() {
    SUPERVISORS.dismiss();
}

/// Runs `command` and returns when nothing of it is left: no process, no shared memory.
///
/// Every chunk of output is given to `lines` as it comes.
///
/// # Errors
/// If no supervisor can be started or the log file cannot be made: the pod's fault. A command that cannot be started
/// is no error but [`Ended::NotStarted`].
pub fn execute(
    command: &Command,
    capture: &Capture,
    stop: &Stop,
    lines: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Executed, Error> {
    let log = Log::open(&capture.log, &capture.heading, capture.log_cap, capture.tail, capture.filter)
        .map_err(|error| Error::io(Kind::Pod, "write", &capture.log, &error))?;
    let remains = Remains::before(Path::new(SHARED_MEMORY), &command.tmp);
    let killed = oom::kills();
    let tag = tag();
    let mut job = Job::new(command, remains.found());
    // This program may itself run in a case of another.
    job.env.retain(|(name, _)| name.as_ref() != TAG);
    job.env.push((Text(TAG.into()), Text(tag.clone())));
    let (supervisor, pipes) = capture.supervisors.start(&job).map_err(|error| {
        let program = capture.supervisors.program().display();
        Error::new(Kind::Pod, format!("cannot start the supervisor `{program}`: {}", reason(&error)))
            .hint("is /proc mounted, and are the limits on processes and open files high enough?")
    })?;
    let mut case = Case {
        supervisor,
        ordered: false,
        pipes: pipes.map(Some),
        kept: [Keeper::new(capture.head, capture.tail), Keeper::new(capture.head, capture.tail)],
        log,
        lines,
        hang: Vec::new(),
        remains,
        report: None,
    };
    let lost = |error: &io::Error| format!("cannot talk to the supervisor: {}", reason(error));
    let over = case.attend(command, stop, capture.patience).map_err(|error| lost(&error));
    let report = if let Some(report) = case.report.take() {
        *report
    } else {
        let status = case.supervisor.give_up();
        sweep::kill_tagged(TAG, &tag, &mut case.remains);
        case.drain();
        let why = over.err().unwrap_or_else(|| match &status {
            Ok(status) => format!("the supervisor ended without a report ({status})"),
            Err(error) => lost(error),
        });
        Report {
            ended: if stop.requested().is_some() { Ended::Interrupted } else { Ended::Lost(why) },
            wall: Duration::ZERO,
            user: Duration::ZERO,
            system: Duration::ZERO,
            peak_memory: 0,
            leaked: Vec::new(),
            remains: case.remains.remove().into_iter().map(|path| Text(path.into())).collect(),
            again: false,
        }
    };
    // An order to stop may have come too late for this command, and must not end the next.
    if report.again && !case.ordered {
        capture.supervisors.keep(case.supervisor);
    } else {
        case.supervisor.dismiss();
    }
    let mut note = String::new();
    list(&mut note, "at the deadline these processes were running", &case.hang);
    list(&mut note, "these processes outlived the command and were killed", &report.leaked);
    let [stdout, stderr] = case.kept.map(Keeper::finish);
    Ok(Executed {
        ended: report.ended,
        wall: report.wall,
        user: report.user,
        system: report.system,
        peak_memory: report.peak_memory,
        stdout,
        stderr,
        log: case.log.finish(&note),
        leaked: report.leaked,
        remains: report.remains.into_iter().map(|path| PathBuf::from(path.0)).collect(),
        hang: case.hang,
        oom_kills: oom::kills().zip(killed).map_or(0, |(after, before)| after.saturating_sub(before)),
    })
}

/// Different for every case of every harness on this machine, whatever the namespaces.
fn tag() -> OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{}.{count}", std::process::id(), now.as_nanos()).into()
}

fn list(note: &mut String, title: &str, processes: &[Process]) {
    if !processes.is_empty() {
        let _ = writeln!(note, "\n[stackprobe: {title}]");
        for process in processes {
            let _ = writeln!(note, "  {process}");
        }
    }
}

/// A running case as the harness sees it.
struct Case<'a> {
    supervisor: Supervisor,
    /// Whether the supervisor was ordered to end the command.
    ordered: bool,
    pipes: [Option<PipeReader>; 2],
    kept: [Keeper; 2],
    log: Log,
    lines: &'a mut dyn FnMut(Stream, &[u8]),
    hang: Vec<Process>,
    /// What was there before, and what the supervisor has seen the case hold.
    remains: Remains,
    report: Option<Box<Report>>,
}

impl Case<'_> {
    /// Drains and listens until the report is there or the supervisor is gone.
    fn attend(&mut self, command: &Command, stop: &Stop, patience: Duration) -> io::Result<()> {
        let limit = command.limits.wall + command.limits.grace + patience;
        let begun = Instant::now();
        let mut deadline = begun + limit;
        let mut told = [false; 2];
        let mut buffer = vec![0; 8 << 10];
        while self.report.is_none() && !self.supervisor.line.closed() {
            for (urgent, told) in told.iter_mut().enumerate() {
                let wanted = if urgent == 1 { stop.immediate() } else { stop.requested().is_some() };
                if wanted && !*told {
                    *told = true;
                    let grace =
                        if urgent == 1 { Duration::ZERO } else { command.limits.grace.min(stop.grace()) };
                    self.ordered = true;
                    self.supervisor.line.say(&Order::Stop(grace))?;
                    // Whoever asked has a deadline of their own, and a case may have stopped its supervisor.
                    deadline = deadline.min(Instant::now() + grace + patience.min(IMPATIENCE));
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited = begun.elapsed().as_secs_f64();
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no word for {waited:.1} s")));
            }
            let (spoken, output) = {
                let mut fds = vec![PollFd::new(self.supervisor.line.as_fd(), PollFlags::POLLIN)];
                fds.extend(stop.pollable(told));
                let first = fds.len();
                fds.extend(
                    self.pipes.iter().flatten().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)),
                );
                match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
                    Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
                let ready = |fd: &PollFd| fd.revents().is_some_and(|events| !events.is_empty());
                (ready(&fds[0]), fds[first..].iter().any(ready))
            };
            if output {
                self.read(&mut buffer);
            }
            if spoken {
                self.supervisor.line.listen()?;
                while let Some(news) = self.supervisor.line.next()? {
                    match news {
                        News::Hang(hang) => self.hang = hang,
                        News::Holds(holdings) => self.remains.believe(holdings),
                        News::Gone(report) => self.report = Some(report),
                    }
                }
            }
        }
        drop(buffer);
        self.drain();
        Ok(())
    }

    /// Reads once from each stream that has something; whether any had.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        let mut any = false;
        for (index, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let Some(pipe) = &mut self.pipes[index] else { continue };
            match pipe.read(buffer) {
                Ok(count) if count > 0 => {
                    any = true;
                    self.kept[index].add(&buffer[..count]);
                    self.log.add(stream, &buffer[..count]);
                    (self.lines)(stream, &buffer[..count]);
                }
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // The end, or a pipe that cannot be read any more, which comes to the same.
                _ => self.pipes[index] = None,
            }
        }
        any
    }

    /// Takes what is in the pipes. Not until their end: a process outside the case may hold one open.
    fn drain(&mut self) {
        let mut buffer = vec![0; 8 << 10];
        while self.read(&mut buffer) {}
    }
}
