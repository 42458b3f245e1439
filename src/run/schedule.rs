//! Who runs when: as many tasks side by side as the pod has CPUs, the heavy ones by the CPUs that they need.
//!
//! There are two allowances of the pod's CPUs. Runs draw on one by their slots, so two MPI programs never fight for
//! the same cores and their times mean something. What prepares (loading modules, compiling) draws on the other,
//! because it fills the time in which a launcher waits. Fillers do so as well: runs that start no launcher or that wait
//! more than they compute, and what prepares them. They draw on the second allowance while another run has slots of the
//! first or waits for them. A task may bring further tasks when it ends: a loaded toolchain its builds, a build its
//! runs. What is nearest to a result goes first, so that results come early and little lies staged.

use std::num::NonZeroU32;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Which allowance a task draws on, and how near to a result it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Loading modules: a slot for preparing.
    Load,
    /// Building: a slot for preparing.
    Build,
    /// Running: this many slots; more than there are count as all.
    Run(u32),
}

/// Runs that may be ready for each slot before nothing more is prepared: what is ready fills the stage and memory.
const AHEAD: usize = 4;

/// Something to do.
pub struct Task<'t> {
    /// What it takes.
    pub share: Share,
    /// Whether it is, or prepares, a run that may fill the time in which launchers wait.
    pub filler: bool,
    /// Does it, and gives the tasks that follow from it.
    pub work: Box<dyn FnOnce() -> Vec<Task<'t>> + Send + 't>,
}

impl<'t> Task<'t> {
    /// A task of this share.
    pub fn new(share: Share, work: impl FnOnce() -> Vec<Self> + Send + 't) -> Self {
        Self { share, filler: false, work: Box::new(work) }
    }

    /// The same task, as a filler or not.
    #[must_use]
    pub fn filler(self, filler: bool) -> Self {
        Self { filler, ..self }
    }

    fn runs(&self) -> bool {
        matches!(self.share, Share::Run(_))
    }
}

/// What a task has drawn from an allowance.
#[derive(Clone, Copy)]
enum Drawn {
    Preparing,
    Running { slots: u32, filler: bool },
}

struct Queue<'t> {
    waiting: Vec<Task<'t>>,
    preparing: u32,
    running: u32,
    /// Of those running, the ones that are no fillers.
    launched: u32,
    busy: u32,
}

/// Does `tasks` and all that follow from them, drawing on `slots`.
///
/// Tasks of one share are taken in the order in which they came.
pub fn carry_out(tasks: Vec<Task<'_>>, slots: NonZeroU32) {
    let slots = slots.get();
    let queue = Queue { waiting: tasks, preparing: 0, running: 0, launched: 0, busy: 0 };
    let (queue, changed) = (Mutex::new(queue), Condvar::new());
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..slots.saturating_mul(2) {
            scope.spawn(|| {
                let mut held = lock();
                loop {
                    if let Some((task, drawn)) = held.next(slots) {
                        drop(held);
                        let follow = (task.work)();
                        held = lock();
                        held.give_back(drawn);
                        held.waiting.extend(follow);
                        changed.notify_all();
                    } else if held.waiting.is_empty() && held.busy == 0 {
                        break;
                    } else {
                        held = wait(&changed, held);
                    }
                }
            });
        }
    });
}

fn wait<'g, 't>(changed: &Condvar, held: MutexGuard<'g, Queue<'t>>) -> MutexGuard<'g, Queue<'t>> {
    changed.wait(held).unwrap_or_else(PoisonError::into_inner)
}

impl<'t> Queue<'t> {
    /// Takes the waiting task nearest to a result that fits, and says what it draws.
    ///
    /// A run that does not fit yet keeps its place: smaller runs behind it wait, too, or it would never start.
    fn next(&mut self, slots: u32) -> Option<(Task<'t>, Drawn)> {
        let first = |filler: bool| {
            self.waiting.iter().enumerate().find_map(|(place, task)| match task.share {
                Share::Run(wanted) if task.filler == filler => Some((place, wanted.clamp(1, slots))),
                _ => None,
            })
        };
        let (launch, filler) = (first(false), first(true));
        if let Some((place, cost)) = launch.or(filler)
            && self.running + cost <= slots
        {
            return Some(self.take(place, Drawn::Running { slots: cost, filler: launch.is_none() }));
        }
        if self.preparing == slots {
            return None;
        }
        let beside = filler.filter(|_| self.launched > 0 || launch.is_some());
        let place = self
            .to_prepare(false, slots)
            .or(beside.map(|(place, _)| place))
            .or_else(|| self.to_prepare(true, slots))?;
        Some(self.take(place, Drawn::Preparing))
    }

    /// What to prepare next of those that are fillers or of those that are not.
    fn to_prepare(&self, filler: bool, slots: u32) -> Option<usize> {
        let alike = || self.waiting.iter().filter(|task| task.filler == filler);
        if alike().filter(|task| task.runs()).count() >= AHEAD * slots as usize {
            return None;
        }
        let of = |share| self.waiting.iter().position(|task| task.filler == filler && task.share == share);
        of(Share::Build).or_else(|| of(Share::Load))
    }

    fn take(&mut self, place: usize, drawn: Drawn) -> (Task<'t>, Drawn) {
        match drawn {
            Drawn::Preparing => self.preparing += 1,
            Drawn::Running { slots, filler } => {
                self.running += slots;
                self.launched += u32::from(!filler);
            }
        }
        self.busy += 1;
        (self.waiting.remove(place), drawn)
    }

    fn give_back(&mut self, drawn: Drawn) {
        self.busy -= 1;
        match drawn {
            Drawn::Preparing => self.preparing -= 1,
            Drawn::Running { slots, filler } => {
                self.running -= slots;
                self.launched -= u32::from(!filler);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    fn slots(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn runs_never_take_more_slots_than_there_are() {
        let (now, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        let tasks = (0..40)
            .map(|index| {
                let cost = [1, 2, 3, 99][index % 4];
                let (now, most, done) = (&now, &most, &done);
                Task::new(Share::Run(cost), move || {
                    let held = now.fetch_add(cost.min(3), Ordering::SeqCst) + cost.min(3);
                    most.fetch_max(held, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(1));
                    now.fetch_sub(cost.min(3), Ordering::SeqCst);
                    done.fetch_add(1, Ordering::SeqCst);
                    Vec::new()
                })
            })
            .collect();
        carry_out(tasks, slots(3));
        assert_eq!(done.into_inner(), 40);
        assert!(most.into_inner() <= 3);
    }

    #[test]
    fn no_more_is_prepared_than_soon_will_run() {
        let (ready, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        let build = |_| {
            let (ready, most, done) = (&ready, &most, &done);
            Task::new(Share::Build, move || {
                most.fetch_max(ready.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                vec![Task::new(Share::Run(1), move || {
                    std::thread::sleep(Duration::from_millis(1));
                    ready.fetch_sub(1, Ordering::SeqCst);
                    done.fetch_add(1, Ordering::SeqCst);
                    Vec::new()
                })]
            })
        };
        carry_out((0..100).map(build).collect(), slots(1));
        assert_eq!(done.into_inner(), 100);
        // Those that wait, the one that runs, and the one that is being prepared.
        assert!(most.into_inner() <= u32::try_from(AHEAD).unwrap() + 2);
    }

    #[test]
    fn a_filler_runs_while_a_launcher_has_every_slot() {
        let (done, waited) = std::sync::mpsc::channel();
        let waited = Mutex::new(waited);
        let waited = &waited;
        // The launcher ends only once the filler, which is loaded, built and run meanwhile, has.
        let launched = Task::new(Share::Run(2), move || {
            assert!(waited.lock().unwrap().recv_timeout(Duration::from_mins(1)).is_ok());
            Vec::new()
        });
        let filler = Task::new(Share::Load, move || {
            let run = Task::new(Share::Run(1), move || {
                done.send(()).unwrap();
                Vec::new()
            });
            vec![Task::new(Share::Build, move || vec![run.filler(true)]).filler(true)]
        });
        carry_out(vec![launched, filler.filler(true)], slots(2));
    }

    #[test]
    fn fillers_alone_take_no_more_slots_than_there_are() {
        let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
        let tasks = (0..20)
            .map(|_| {
                let (now, most) = (&now, &most);
                Task::new(Share::Run(1), move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(1));
                    now.fetch_sub(1, Ordering::SeqCst);
                    Vec::new()
                })
                .filler(true)
            })
            .collect();
        carry_out(tasks, slots(1));
        assert_eq!(most.into_inner(), 1);
    }

    #[test]
    fn what_follows_is_done() {
        let done = AtomicU32::new(0);
        let tasks = vec![Task::new(Share::Load, || {
            let done = &done;
            (0..5)
                .map(|_| {
                    Task::new(Share::Build, move || {
                        vec![Task::new(Share::Run(2), move || {
                            done.fetch_add(1, Ordering::SeqCst);
                            Vec::new()
                        })]
                    })
                })
                .collect()
        })];
        carry_out(tasks, slots(2));
        assert_eq!(done.into_inner(), 5);
    }
}
