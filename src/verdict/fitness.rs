//! Whether a pod has what a case needs, told before the case runs. Pure.
//!
//! `stackprobe doctor` asks this of a whole selection, `run` of each case before it starts it.

use std::path::Path;

use crate::pod::calls::{Answer, Calls};
use crate::pod::facts::{Facts, Found, size};
use crate::pod::shm::SharedMemory;
use crate::stack::launcher::Profile;
use crate::suite::requirement::{Need, Resource, amount};
use crate::suite::template::Placeholder;
use crate::suite::{Action, Probe};
use crate::verdict::tight::{ADDRESSES, DATA, FILES, STACKS, less, tight};
use crate::verdict::unfit::Unfit;

/// One thing that is needed of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// `/proc`, `/dev/null`, threads: nothing runs without.
    Basics,
    /// Folders can be made where temporary files go.
    Stage,
    /// A program can be started from there.
    Program,
    /// Address-space randomisation can be switched off, or is none that a sanitizer minds. Docker's and containerd's
    /// default profiles refuse to switch it off.
    Layout,
    /// Shared memory for so many ranks, each of which needs so many bytes of it.
    SharedMemory {
        /// Ranks of one launch.
        ranks: u32,
        /// Bytes for each, as the launcher's profile says.
        per_rank: u64,
    },
    /// 127.0.0.1.
    Loopback,
    /// Files that a process may hold open.
    OpenFiles(u64),
    /// Bytes of address space of a process.
    AddressSpace(u64),
    /// Processes and threads that can still be started.
    Processes(u64),
    /// Bytes of stack of a process.
    Stack(u64),
    /// Seconds of CPU time of a process.
    CpuTime(u64),
    /// Bytes of a file that is written; all that ranks share may be one.
    FileSize(u64),
    /// What a probe's `requires` counts.
    Amount(Amount),
}

/// `shm >= 64MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    /// Of what.
    pub resource: Resource,
    /// Bytes, or a count.
    pub at_least: u64,
}

/// Files that a supervisor and a compiler hold open, and a launcher besides those for its ranks. Measured: 24 are too
/// few to start a case.
const OPEN_FILES: u64 = 32;

/// Bytes of address space of any program of ours. Measured: with 256 MiB there is not always enough to tell why
/// something failed.
const ADDRESS_SPACE: u64 = 512 << 20;

/// Bytes of data of any program of ours. Measured: of 20 MiB our own threads may take all.
const LEAST_DATA: u64 = 64 << 20;

/// Our own threads, a supervisor, a compiler driver and what it starts.
const PROCESSES: u64 = 6;

/// Bytes of stack of any program of ours. Measured: of 128 KiB our own arguments take all, and threads of others are
/// given as much as this by default.
const STACK: u64 = 1 << 20;

/// Seconds of CPU time of a compiler, of a rank, and of this process, which serves a whole run.
const CPU_TIME: u64 = 60;

/// Bytes of the largest file that a compiler writes, or the shared memory of the ranks of one small launch.
const FILE_SIZE: u64 = 64 << 20;

/// Bits by which mappings may be moved about without getting into the way of a sanitizer's shadow memory: the default of
/// x86-64 before some distributions raised it to 32.
pub const BEARABLE: u32 = 28;

/// Whether this pod keeps programs from switching address-space randomisation off.
#[must_use]
pub fn layout_is_kept(facts: &Facts) -> bool {
    let answer = facts.found.as_ref().and_then(|found| found.calls.answer("personality"));
    answer.is_some_and(|answer| answer != Answer::Allowed)
}

/// What stackprobe itself and every program that it starts need.
pub const ANYTHING: [Demand; 8] = [
    Demand::Basics,
    Demand::Stage,
    Demand::OpenFiles(OPEN_FILES),
    Demand::AddressSpace(ADDRESS_SPACE),
    Demand::Processes(PROCESSES),
    Demand::Stack(STACK),
    Demand::CpuTime(CPU_TIME),
    Demand::FileSize(FILE_SIZE),
];

/// The smallest `/dev/shm` that holds this many ranks of any MPI that was measured: what container runtimes give by
/// default, and 8 MiB for each rank.
#[must_use]
pub fn shared_memory_for(ranks: u32) -> u64 {
    (64 << 20).max((8 << 20) * u64::from(ranks))
}

/// What a probe needs. `profile` is how its MPI is launched, where that is known.
#[must_use]
pub fn demands(probe: &Probe, profile: Option<&Profile>, ranks: Option<u32>) -> Vec<Demand> {
    let mut demands = Vec::new();
    if !matches!(probe.action, Action::Native(_)) {
        demands.extend(ANYTHING);
    }
    let runs_own =
        matches!(&probe.action, Action::Run(run) if run.placeholders().any(|used| used == Placeholder::Exe));
    if runs_own {
        demands.push(Demand::Program);
    }
    if !probe.aslr {
        demands.push(Demand::Layout);
    }
    if let Some(profile) = profile.filter(|_| probe.uses(Placeholder::Mpirun)) {
        let ranks = ranks.unwrap_or(1);
        demands.push(Demand::SharedMemory { ranks, per_rank: profile.shm });
        demands.push(Demand::FileSize(FILE_SIZE.max(profile.shm.saturating_mul(u64::from(ranks)))));
        demands.extend(profile.loopback.then_some(Demand::Loopback));
        let files = profile.open_files.saturating_mul(u64::from(ranks));
        demands.push(Demand::OpenFiles(OPEN_FILES.saturating_add(files)));
        demands.extend((profile.address_space > 0).then_some(Demand::AddressSpace(profile.address_space)));
        let started = profile.threads.saturating_mul(u64::from(ranks) + 1);
        demands.push(Demand::Processes(PROCESSES.saturating_add(started)));
    }
    demands.extend(probe.requires.iter().filter_map(|requirement| match requirement.need {
        Need::Pod { resource, at_least } => Some(Demand::Amount(Amount { resource, at_least })),
        _ => None,
    }));
    demands
}

impl Demand {
    /// Why it is not met, if it is known not to be. Cases are staged below `stage`.
    #[must_use]
    pub fn unmet(&self, facts: &Facts, stage: &Path) -> Option<Unfit> {
        if let Self::Amount(wanted) = self {
            return wanted.unmet(facts, stage);
        }
        let found = facts.found.as_ref()?;
        match self {
            Self::Basics => basics(found),
            Self::Stage => (found.tmp.writable == Some(false)).then(|| {
                let path = found.tmp.path.display().to_string();
                Unfit { id: "tmp-unwritable", what: found.tmp.not_writable(&path) }
            }),
            Self::Program => (found.tmp.executable == Some(false)).then(|| Unfit {
                id: "tmp-noexec",
                what: format!("no program can be started from {}", found.tmp.path.display()),
            }),
            Self::Layout => refused(&found.calls, "personality", "seccomp-personality")
                .filter(|_| found.kernel.mmap_rnd_bits.is_none_or(|bits| bits > BEARABLE)),
            Self::SharedMemory { ranks, per_rank } => shared_memory(&found.shm, *ranks, *per_rank),
            Self::Loopback => (found.network.loopback == Some(false)).then(|| Unfit {
                id: "net-no-interface",
                what: "127.0.0.1 cannot be used: the interface lo is down or missing".to_owned(),
            }),
            Self::OpenFiles(wanted) => less(found.limits.open_files, *wanted).map(|have| Unfit {
                id: "open-files-too-few",
                what: format!("a process may hold {have} files open (ulimit -n), {wanted} are needed"),
            }),
            Self::AddressSpace(wanted) => tight(ADDRESSES, found.limits.address_space, *wanted)
                .or_else(|| tight(DATA, found.limits.data, (*wanted).min(LEAST_DATA))),
            Self::Processes(wanted) => less(found.limits.room_for_processes(), *wanted).map(|have| Unfit {
                id: "processes-too-few",
                what: format!("{have} more processes and threads may be started, {wanted} are needed"),
            }),
            Self::Stack(wanted) => tight(STACKS, found.limits.stack, *wanted),
            Self::CpuTime(wanted) => less(found.limits.cpu_time, *wanted).map(|have| Unfit {
                id: "cpu-time-too-short",
                what: format!("a process may use {have} s of CPU time (ulimit -t), {wanted} s are needed"),
            }),
            Self::FileSize(wanted) => tight(FILES, found.limits.file_size, *wanted),
            Self::Amount(_) => None,
        }
    }
}

impl Demand {
    /// How much of it a pod spec would ask for; empty where no number mends it.
    #[must_use]
    pub fn quantity(&self) -> String {
        match self {
            Self::SharedMemory { ranks, per_rank } => {
                mebibytes(shared_memory_for(*ranks).max(per_rank.saturating_mul(u64::from(*ranks))))
            }
            Self::Amount(Amount { resource: Resource::Cpus, at_least }) => at_least.to_string(),
            Self::Amount(Amount { at_least, .. })
            | Self::AddressSpace(at_least)
            | Self::Stack(at_least)
            | Self::FileSize(at_least) => mebibytes(*at_least),
            Self::OpenFiles(count) | Self::Processes(count) | Self::CpuTime(count) => count.to_string(),
            _ => String::new(),
        }
    }
}

/// As Kubernetes writes sizes: `128Mi`.
#[must_use]
pub fn mebibytes(bytes: u64) -> String {
    format!("{}Mi", bytes.div_ceil(1 << 20))
}

impl Amount {
    fn unmet(self, facts: &Facts, stage: &Path) -> Option<Unfit> {
        let Self { resource, at_least } = self;
        let (name, id) = match resource {
            Resource::Shm => ("/dev/shm", "shm-too-small"),
            Resource::Memory => ("memory", "memory-too-small"),
            Resource::Cpus => ("CPUs", "cpus-too-few"),
            Resource::Disk => ("disk", "disk-too-small"),
        };
        let id = match (&facts.found, resource) {
            (Some(found), Resource::Shm) => state(&found.shm)
                .map_or_else(|| if found.shm.total >= at_least { "shm-full" } else { id }, |(id, _)| id),
            // Another try may find more room on a disk that has it.
            (_, Resource::Disk) if size(stage).is_some_and(|size| size >= at_least) => "disk-low",
            _ => id,
        };
        let wanted = amount(resource, at_least);
        match facts.amount(resource, stage) {
            Some(have) if have >= at_least => None,
            Some(have) => Some(Unfit {
                id,
                what: format!("{name}: there is {}, {wanted} needed", amount(resource, have)),
            }),
            None => Some(Unfit {
                id,
                what: format!("{name}: this pod does not say how much there is, {wanted} needed"),
            }),
        }
    }
}

fn basics(found: &Found) -> Option<Unfit> {
    if !found.kernel.proc {
        return Some(Unfit { id: "proc-missing", what: "/proc is not mounted".to_owned() });
    }
    if !found.kernel.null {
        return Some(Unfit {
            id: "null-missing",
            what: "/dev/null is not a device that can be read and written".to_owned(),
        });
    }
    refused(&found.calls, "clone3", "seccomp-clone3")
}

fn refused(calls: &Calls, call: &str, id: &'static str) -> Option<Unfit> {
    let what = match calls.answer(call)? {
        Answer::Allowed => return None,
        answer => format!("{call} {}", told(answer)),
    };
    Some(Unfit { id, what })
}

/// What came of a system call, after its name.
#[must_use]
pub fn told(answer: Answer) -> String {
    match answer {
        Answer::Allowed => "is allowed".to_owned(),
        Answer::Refused(errno) => format!("is refused ({:?})", nix::errno::Errno::from_raw(errno)),
        Answer::Killed => "kills who calls it".to_owned(),
    }
}

/// What is wrong with `/dev/shm` whoever uses it.
fn state(shm: &SharedMemory) -> Option<(&'static str, String)> {
    if let Some(barred) = &shm.barred {
        return Some(("shm-not-writable", barred.clone()));
    }
    if !shm.exists {
        return Some(("shm-missing-by-facts", "there is no /dev/shm".to_owned()));
    }
    if shm.read_only {
        return Some(("shm-readonly", "/dev/shm is mounted read-only".to_owned()));
    }
    // A tmpfs without a free page still takes an empty file, one without a free inode does not.
    if !shm.writable && shm.free > 0 {
        return Some(("shm-not-writable", "no file can be made in /dev/shm".to_owned()));
    }
    None
}

fn shared_memory(shm: &SharedMemory, ranks: u32, per_rank: u64) -> Option<Unfit> {
    if let Some((id, what)) = state(shm) {
        return Some(Unfit { id, what });
    }
    let size = |bytes| amount(Resource::Shm, bytes);
    let least = shared_memory_for(ranks);
    let needed = per_rank.saturating_mul(u64::from(ranks));
    if shm.total < least.max(needed) {
        let wanted = size(least.max(needed));
        let what = format!("/dev/shm has {}, {ranks} ranks need {wanted}", size(shm.total));
        return Some(Unfit { id: "shm-too-small", what });
    }
    (shm.free < needed).then(|| Unfit {
        id: "shm-full",
        what: format!(
            "/dev/shm has {} free of {}, {ranks} ranks need {}: {} files are in it",
            size(shm.free),
            size(shm.total),
            size(needed),
            shm.entries
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn unfit(shm: &SharedMemory, ranks: u32) -> Option<&'static str> {
        shared_memory(shm, ranks, 11 * MIB).map(|unfit| unfit.id)
    }

    #[test]
    fn shared_memory_is_judged_by_what_is_wrong_with_it() {
        let well = SharedMemory {
            exists: true,
            barred: None,
            tmpfs: true,
            read_only: false,
            writable: true,
            total: 64 * MIB,
            free: 63 * MIB,
            entries: 3,
        };
        assert_eq!(unfit(&well, 4), None, "what runtimes give by default holds four ranks");
        assert_eq!(unfit(&well, 6), Some("shm-too-small"), "six of 11 MiB do not fit");
        assert_eq!(unfit(&SharedMemory { total: u64::MAX, free: u64::MAX, ..well.clone() }, 999), None);
        assert_eq!(unfit(&SharedMemory { free: 43 * MIB, ..well.clone() }, 4), Some("shm-full"));
        assert_eq!(unfit(&SharedMemory { free: 0, writable: false, ..well.clone() }, 4), Some("shm-full"));
        assert_eq!(unfit(&SharedMemory { total: 63 * MIB, ..well.clone() }, 1), Some("shm-too-small"));
        assert_eq!(unfit(&SharedMemory { read_only: true, ..well.clone() }, 1), Some("shm-readonly"));
        assert_eq!(unfit(&SharedMemory { writable: false, ..well }, 1), Some("shm-not-writable"));
        assert_eq!(unfit(&SharedMemory::default(), 1), Some("shm-missing-by-facts"));
    }

    #[test]
    fn what_is_not_known_is_not_unfit() {
        let facts = Facts { found: Some(Found::default()), ..Facts::default() };
        for demand in [
            Demand::Program,
            Demand::Layout,
            Demand::Loopback,
            Demand::OpenFiles(1),
            Demand::AddressSpace(1),
            Demand::Processes(1),
            Demand::Stack(1),
            Demand::CpuTime(1),
            Demand::FileSize(1),
        ] {
            assert_eq!(demand.unmet(&facts, Path::new("/")), None, "{demand:?}");
        }
    }

    #[test]
    fn a_requirement_that_cannot_be_told_is_not_met() {
        let wanted = Demand::Amount(Amount { resource: Resource::Memory, at_least: 1 });
        let unfit = wanted.unmet(&Facts::default(), Path::new("/")).unwrap();
        assert_eq!(unfit.id, "memory-too-small");
        assert!(unfit.what.contains("does not say"), "{}", unfit.what);
    }
}
