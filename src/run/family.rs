//! The command and all that descends from it: watched while it runs, ended when it must, and never left alive.
//!
//! Everybody here wakes on events: a child's end, an order or the death of the harness, a signal, the deadline.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGIO, SIGQUIT, SIGTERM};

use super::command::Limits;
use super::message::{Job, Line, News, Order, Report};
use super::outcome::Ended;
use super::process::Process;
use super::remains::Remains;
use super::text::Text;
use super::{hang, limits, tree};
use crate::pod::reap::{Used, reap};
use crate::pod::wake::Wake;

/// How long what a command started may outlive it before that is a leak.
///
/// Measured with five MPIs, 12 launches each, without any such time: only after `MPI_Abort`, and only under MPICH
/// (4.0.2: 11 of 12, 5.0.2: 9 of 12), do the proxy and the ranks end a moment after `mpiexec`. With 50 ms none was
/// left in 180 launches, at a load of 5 on two cores. It is spent only where something is left.
const SETTLE: Duration = Duration::from_millis(50);

/// How long SIGKILL may take. Only a process that is stuck in the kernel needs longer, and nobody can end that one.
const KILL: Duration = Duration::from_secs(10);

/// How long a stop may take to be in effect. Only who waits in the kernel for a disk takes longer.
const FREEZE: Duration = Duration::from_millis(20);

/// How long a tree that changes all the time is chased before the rest of it is killed. A process that forks and ends
/// without a pause was caught within 0.1 s.
const CHASE: Duration = Duration::from_secs(1);

/// Why the watch over a running command ends.
enum Cause {
    /// The command has ended.
    Over,
    /// Its time is over.
    Deadline,
    /// Somebody wants it to end, with this grace.
    Asked(Duration),
    /// The harness is dead.
    Orphaned,
}

/// The command and all that descends from it.
pub(super) struct Family {
    pub(super) line: Line,
    children: Wake,
    asked: Wake,
    main: i32,
    ended: Option<(ExitStatus, Instant)>,
    alive: bool,
    used: Used,
    remains: Option<Remains>,
    /// That there may be something new in shared memory.
    news: Wake,
}

impl Family {
    pub(super) fn new(line: Line) -> io::Result<Self> {
        prctl::set_child_subreaper(true)?;
        let children = Wake::on(&[SIGCHLD])?;
        let asked = Wake::on(&[SIGTERM, SIGINT, SIGHUP, SIGQUIT])?;
        let news = Wake::on(&[SIGIO])?;
        SigSet::empty().thread_set_mask()?;
        let used = Used::default();
        Ok(Self { line, children, asked, main: 0, ended: None, alive: false, used, remains: None, news })
    }

    /// Waits for a command to own and for its standard output and error. None if the harness wants no more, is gone,
    /// or somebody asks this process to end.
    pub(super) fn next_job(&mut self) -> io::Result<Option<(Job, [OwnedFd; 2])>> {
        loop {
            if let Some(job) = self.line.next()? {
                return Ok(self.line.take_received().try_into().ok().map(|streams| (job, streams)));
            }
            if self.line.closed() {
                return Ok(None);
            }
            let mut fds =
                [self.asked.as_fd(), self.line.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            sleep(&mut fds, None)?;
            if fds[0].revents().is_some_and(|events| !events.is_empty()) {
                return Ok(None);
            }
            self.line.listen()?;
        }
    }

    /// Forgets the command before, and asks to hear of what the next one leaves in shared memory.
    pub(super) fn prepare(&mut self, remains: Remains) {
        (self.ended, self.alive, self.used) = (None, true, Used::default());
        self.remains = Some(remains.watch());
    }

    /// Watches the command `main` until it is over, then ends all that is left of it.
    pub(super) fn own(&mut self, main: i32, limits: &Limits, started: Instant) -> io::Result<Report> {
        self.main = main;
        let cause = self.watch(started + limits.wall, limits.grace)?;
        let wall = self.ended.map_or_else(|| started.elapsed(), |(_, at)| at - started);
        let mut leaked = Vec::new();
        match cause {
            Cause::Over => leaked = self.leaks()?,
            Cause::Deadline => {
                let hang = hang::watch(|| tree::descendants(own_pid()));
                // A harness that has died meanwhile is noticed below.
                let _ = self.line.say(&News::Hang(hang));
                self.terminate(limits.grace)?;
            }
            Cause::Asked(grace) => self.terminate(grace)?,
            Cause::Orphaned => {}
        }
        let stuck = self.kill()?;
        let again = stuck.is_empty() && !matches!(cause, Cause::Orphaned);
        leaked.retain(|process| stuck.iter().all(|other| other.pid != process.pid));
        leaked.extend(stuck);
        let Used { user, system, peak_memory } = self.used;
        let ended = match (cause, self.ended) {
            (Cause::Over, Some((status, _))) => limits::judge(status, limits, user + system),
            (Cause::Deadline, _) => Ended::Timeout,
            _ => Ended::Interrupted,
        };
        let remains = self.remains.take().map(|mut remains| remains.remove()).unwrap_or_default();
        Ok(Report {
            ended,
            wall,
            user,
            system,
            peak_memory,
            leaked,
            remains: remains.into_iter().map(|path| Text(path.into())).collect(),
            again,
        })
    }

    fn watch(&mut self, deadline: Instant, grace: Duration) -> io::Result<Cause> {
        loop {
            if self.ended.is_some() {
                return Ok(Cause::Over);
            }
            let woken = self.wait(deadline)?;
            if self.ended.is_some() {
                return Ok(Cause::Over);
            }
            match woken {
                Woken::Orphaned => return Ok(Cause::Orphaned),
                Woken::Order(Order::Stop(grace)) => return Ok(Cause::Asked(grace)),
                Woken::Signal => return Ok(Cause::Asked(grace)),
                Woken::Late => return Ok(Cause::Deadline),
                Woken::Child => {}
            }
        }
    }

    /// What outlives the command, after a moment for what is just ending.
    fn leaks(&mut self) -> io::Result<Vec<Process>> {
        let until = Instant::now() + SETTLE;
        while self.alive && !matches!(self.wait(until)?, Woken::Late | Woken::Orphaned) {}
        // The dead child of a leaked process leaks nothing itself.
        let living = |pids: &[i32]| {
            let mut processes = hang::explain(pids);
            processes.retain(|process| process.state != 'Z');
            processes
        };
        let leaked = living(&tree::descendants(own_pid()));
        if leaked.is_empty() && self.alive {
            // One that forks and ends all the time is gone before it can be described.
            return Ok(living(&self.freeze()?));
        }
        Ok(leaked)
    }

    /// Asks the whole tree to end, and waits until it has or its grace is over.
    fn terminate(&mut self, grace: Duration) -> io::Result<()> {
        for pid in self.freeze()? {
            signal(pid, Signal::SIGTERM);
            // What is stopped cannot handle a signal.
            signal(pid, Signal::SIGCONT);
        }
        let mut until = Instant::now() + grace;
        while self.alive {
            match self.wait(until)? {
                Woken::Late | Woken::Orphaned => break,
                Woken::Order(Order::Stop(grace)) => until = until.min(Instant::now() + grace),
                Woken::Child | Woken::Signal => {}
            }
        }
        Ok(())
    }

    /// Stops the whole tree, however it forks, and notes what shared memory it holds.
    ///
    /// A process with a pending stop cannot complete a fork, and each is stopped before its children are looked for. One
    /// that ended before its stop reached it may have left a child that the walk has missed, so only a walk that finds
    /// nobody new, after which all are stopped and nobody has ended, has found everybody.
    fn freeze(&mut self) -> io::Result<Vec<i32>> {
        let (begun, mut settled) = (Instant::now(), None);
        let (mut frozen, mut dead) = (HashSet::new(), HashSet::new());
        while begun.elapsed() < CHASE {
            // Each one that has ended makes the next walk longer, and a fast one would get away.
            self.reap()?;
            dead.retain(|&pid| tree::stat(pid).is_some_and(|stat| stat.has_ended()));
            let known = frozen.len();
            tree::walk(own_pid(), |pid| {
                if !dead.contains(&pid) && frozen.insert(pid) {
                    signal(pid, Signal::SIGSTOP);
                }
            });
            let mut changed = frozen.len() > known;
            let mut running = false;
            frozen.retain(|&pid| {
                let stat = tree::stat(pid).filter(|stat| !stat.has_ended());
                running |= stat.as_ref().is_some_and(|stat| !stat.is_stopped());
                if stat.is_none() {
                    dead.insert(pid);
                    changed = true;
                }
                stat.is_some()
            });
            if changed {
                settled = None;
                continue;
            }
            let since = *settled.get_or_insert_with(Instant::now);
            if !running || since.elapsed() > FREEZE {
                break;
            }
            // A stop takes effect when the process next looks, and nobody tells of those that are not our own children.
            std::thread::sleep(Duration::from_micros(200));
        }
        let frozen: Vec<i32> = frozen.into_iter().collect();
        self.claim(&frozen);
        Ok(frozen)
    }

    /// Kills whatever is left; what even then does not die.
    ///
    /// Frozen first, they can neither restart who was killed nor make shared memory that nobody was seen with.
    fn kill(&mut self) -> io::Result<Vec<Process>> {
        let until = Instant::now() + KILL;
        while self.alive {
            let stopped = self.freeze()?;
            for &pid in &stopped {
                signal(pid, Signal::SIGKILL);
            }
            // Wait for their ends, and look again for one that changed its parent during the walk.
            let round = Instant::now() + Duration::from_millis(20);
            while self.alive && Instant::now() < round {
                self.wait_for_child(round)?;
            }
            if Instant::now() > until {
                return Ok(hang::explain(&tree::descendants(own_pid())));
            }
        }
        Ok(Vec::new())
    }

    /// Sleeps until something happens, and reaps whoever has ended.
    fn wait(&mut self, until: Instant) -> io::Result<Woken> {
        if let Some(order) = self.line.next()? {
            return Ok(Woken::Order(order));
        }
        let [news, children, asked, line] = {
            let fds = [self.news.as_fd(), self.children.as_fd(), self.asked.as_fd(), self.line.as_fd()];
            let mut fds = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            sleep(&mut fds, Some(until))?;
            fds.map(|fd| fd.revents().is_some_and(|events| !events.is_empty()))
        };
        // Before anything else: whoever made the new entry may be about to end.
        if news {
            self.news.heard()?;
            self.claim(&tree::descendants(own_pid()));
        }
        if children {
            self.children.heard()?;
            self.reap()?;
        }
        if asked {
            self.asked.heard()?;
            return Ok(Woken::Signal);
        }
        if line {
            self.line.listen()?;
            if let Some(order) = self.line.next()? {
                return Ok(Woken::Order(order));
            }
            if self.line.closed() {
                return Ok(Woken::Orphaned);
            }
        }
        Ok(if Instant::now() >= until { Woken::Late } else { Woken::Child })
    }

    fn claim(&mut self, pids: &[i32]) {
        if let Some(remains) = &mut self.remains {
            let holdings = remains.claim(pids);
            if !holdings.is_empty() {
                // A harness that has died meanwhile is noticed where it is listened to.
                let _ = self.line.say(&News::Holds(holdings));
            }
        }
    }

    fn wait_for_child(&mut self, until: Instant) -> io::Result<()> {
        sleep(&mut [PollFd::new(self.children.as_fd(), PollFlags::POLLIN)], Some(until))?;
        self.children.heard()?;
        self.reap()
    }

    /// Every child here is the case's, by birth or adopted: nobody else waits for one.
    fn reap(&mut self) -> io::Result<()> {
        loop {
            match reap() {
                Ok(Some((pid, status, used))) => {
                    self.used.add(used);
                    if pid == self.main {
                        self.ended = Some((status, Instant::now()));
                    }
                }
                Ok(None) => return Ok(()),
                Err(Errno::ECHILD) => {
                    self.alive = false;
                    return Ok(());
                }
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What ended a sleep.
enum Woken {
    Child,
    Signal,
    Order(Order),
    Orphaned,
    Late,
}

/// Sleeps until one of these can be read, or it is late.
fn sleep(fds: &mut [PollFd], until: Option<Instant>) -> io::Result<()> {
    let timeout = until.map_or(PollTimeout::NONE, |until| {
        // Rounded up, or the last millisecond would be spent spinning.
        let left = until.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    });
    match poll(fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A process that is gone already, or not ours to signal, is no reason to stop.
fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

fn own_pid() -> i32 {
    Pid::this().as_raw()
}
