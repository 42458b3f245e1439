//! Who is shot, with what and when; the same again for the same seed.

use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A generator of Steele, Lea and Flood ("Fast splittable pseudorandom number generators", 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Any time before `limit`.
    pub(super) fn before(&mut self, limit: Duration) -> Duration {
        let limit = u64::try_from(limit.as_micros()).unwrap().max(1);
        Duration::from_micros(self.next() % limit)
    }
}

/// What is done to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shot {
    /// SIGKILL to the harness.
    Kill,
    /// SIGTERM to the harness.
    Stop,
    /// SIGTERM to the harness, and once more.
    StopTwice,
    /// SIGKILL to one of its supervisors.
    Supervisor,
    /// SIGKILL to the first process of the container, and so to all in it.
    Container,
    /// SIGTERM to the first process of the container.
    StopContainer,
    /// SIGKILL to the harness that the first process of the container serves.
    InContainer,
}

impl Shot {
    pub(super) const ALL: [Self; 7] = [
        Self::Kill,
        Self::Stop,
        Self::Supervisor,
        Self::Container,
        Self::StopContainer,
        Self::InContainer,
        Self::StopTwice,
    ];

    /// Whether the run is the first process of a PID namespace.
    pub(super) fn in_container(self) -> bool {
        matches!(self, Self::Container | Self::StopContainer | Self::InContainer)
    }

    /// Whether it asks for an orderly end.
    pub(super) fn asks(self) -> bool {
        matches!(self, Self::Stop | Self::StopTwice | Self::StopContainer)
    }

    /// Fires at a run that was just started; when, unless there was nobody left to be hit.
    pub(super) fn fire(self, run: &mut Child, after: Duration, random: &mut Random) -> Option<Instant> {
        std::thread::sleep(after);
        let started = i32::try_from(run.id()).unwrap();
        // `unshare`, the first process, the harness.
        let harness = || if self.in_container() { child(child(started)?) } else { Some(started) };
        let target = match self {
            Self::Kill | Self::Stop | Self::StopTwice => Some(started),
            Self::Container | Self::StopContainer => patiently(run, || child(started)),
            Self::InContainer => patiently(run, harness),
            Self::Supervisor => patiently(run, || {
                let all = children(harness()?);
                let place = usize::try_from(random.next()).unwrap_or(0) % all.len().max(1);
                all.get(place).copied()
            }),
        };
        let target = target?;
        let signal = if self.asks() { Signal::SIGTERM } else { Signal::SIGKILL };
        if run.try_wait().unwrap().is_some() || kill(Pid::from_raw(target), signal).is_err() {
            return None;
        }
        let fired = Instant::now();
        if self == Self::StopTwice {
            // Two within a tenth of a second are one wish.
            std::thread::sleep(Duration::from_millis(120) + random.before(Duration::from_millis(300)));
            if run.try_wait().unwrap().is_none() {
                let _ = kill(Pid::from_raw(target), signal);
            }
        }
        Some(fired)
    }
}

/// Looks until there is a target or the run is over.
fn patiently(run: &mut Child, mut find: impl FnMut() -> Option<i32>) -> Option<i32> {
    while run.try_wait().unwrap().is_none() {
        if let Some(target) = find() {
            return Some(target);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    None
}

fn child(pid: i32) -> Option<i32> {
    children(pid).first().copied()
}

fn children(pid: i32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}
