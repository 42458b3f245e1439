//! What a diagnosis is made from: the output and the end of a process, and what is known about the pod around it.
//!
//! Text alone does not decide: a bus error in a pod whose `/dev/shm` is full is the pod's fault, the same line with
//! plenty of it free is the stack's. So every fact has three values: true, false and *not known*, and nothing is
//! concluded from a fact that is not known.

use std::borrow::Cow;

use crate::pod;
use crate::verdict::stall::Stall;

/// Everything that is known of one process that went wrong.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What it wrote, standard output and standard error together; head and tail where it was huge. Of a program
    /// that reached its end and names what failed, only that: what passed may have provoked errors on purpose.
    pub output: &'a [u8],
    /// Its exit status, if it ended by itself.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its time was over and it was killed.
    pub timed_out: bool,
    /// What it was doing then; none where nobody looked.
    pub stall: Option<Stall>,
    /// It is known to have reached its own end: what it then calls wrong is no consequence of a warning before.
    pub finished: bool,
    /// It was started through an MPI launcher, whose exit status it is.
    pub launched: bool,
    /// How many ranks were asked for.
    pub ranks: Option<u32>,
    /// Family and version of the MPI that was loaded: `("openmpi", "5.0.11")`.
    pub mpi: Option<(&'a str, &'a str)>,
    /// Family and version of the compiler that was loaded: `("gcc", "12.2.0")`.
    pub compiler: Option<(&'a str, &'a str)>,
    /// What is known of the pod.
    pub facts: &'a Facts,
}

impl<'a> Evidence<'a> {
    /// Output alone, with nothing else known but `facts`.
    #[must_use]
    pub fn new(output: &'a [u8], facts: &'a Facts) -> Self {
        Self {
            output,
            exit: None,
            signal: None,
            timed_out: false,
            stall: None,
            finished: false,
            launched: false,
            ranks: None,
            mpi: None,
            compiler: None,
            facts,
        }
    }
}

/// What is known of the pod; `None` is *not known*. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `/dev/shm` exists.
    pub shm_exists: Option<bool>,
    /// A file can be made and written in `/dev/shm`.
    pub shm_writable: Option<bool>,
    /// `/dev/shm` is a tmpfs.
    pub shm_tmpfs: Option<bool>,
    /// Size of `/dev/shm`.
    pub shm_total: Option<u64>,
    /// Free in `/dev/shm` before the process began.
    pub shm_free: Option<u64>,
    /// What the process needs of `/dev/shm`, as its probe says or as its ranks make it.
    pub shm_needed: Option<u64>,
    /// The memory limit of the pod.
    pub memory_limit: Option<u64>,
    /// Processes that the kernel killed for want of memory while this one ran.
    pub oom_kills: Option<u64>,
    /// How often the limit of processes was hit while this one ran.
    pub pids_limit_hits: Option<u64>,
    /// CPUs that the pod may use: affinity and quota, whichever is less, rounded up.
    pub cpus: Option<u64>,
    /// The user id has an entry in the password database.
    pub uid_named: Option<bool>,
    /// The pod runs as root.
    pub root: Option<bool>,
    /// A file can be made in the home folder of the process.
    pub home_writable: Option<bool>,
    /// A file can be made in the folder for temporary files.
    pub tmp_writable: Option<bool>,
    /// A program can be run from the folder for temporary files.
    pub tmp_executable: Option<bool>,
    /// Free where temporary files go.
    pub tmp_free: Option<u64>,
    /// `ssh` is on the path.
    pub ssh_found: Option<bool>,
    /// How many files a process may hold open.
    pub open_files: Option<u64>,
    /// How much address space a process may have.
    pub address_space: Option<u64>,
    /// How much stack a process may have.
    pub stack_limit: Option<u64>,
    /// Seconds of CPU time that the pod lets a process use.
    pub cpu_limit: Option<u64>,
    /// Seconds of CPU time that the process and all below it used.
    pub cpu_used: Option<u64>,
    /// How large a file the pod lets a process write.
    pub file_size_limit: Option<u64>,
    /// System calls that were tried and refused.
    pub denied: Vec<String>,
    /// System calls that were tried and worked.
    pub allowed: Vec<String>,
    /// Variables of the pod that reached the process and can mislead an MPI (`SLURM_JOB_ID`, `PMI_PORT`).
    pub leaked: Option<Vec<String>>,
}

impl Facts {
    /// What holds for every process of a pod, whatever it is and needs.
    #[must_use]
    pub fn of(pod: &pod::facts::Facts) -> Self {
        let mut facts = Self {
            memory_limit: pod.memory,
            cpus: Some(u64::from(pod.cpus)),
            root: Some(pod.uid == 0),
            ..Self::default()
        };
        let Some(found) = &pod.found else { return facts };
        let shm = &found.shm;
        facts.shm_exists = shm.barred.is_none().then_some(shm.exists);
        // A full one takes no file either, and is not what is called unwritable.
        facts.shm_writable = (shm.writable || !shm.exists || shm.free > 0).then_some(shm.writable);
        facts.shm_tmpfs = shm.exists.then_some(shm.tmpfs);
        facts.shm_total = shm.exists.then_some(shm.total);
        facts.uid_named = found.user.named;
        facts.tmp_writable = found.tmp.writable;
        facts.tmp_executable = found.tmp.executable;
        facts.tmp_free = found.tmp.free;
        facts.open_files = found.limits.open_files;
        facts.address_space = found.limits.address_space;
        facts.stack_limit = found.limits.stack;
        facts.cpu_limit = found.limits.cpu_time;
        facts.file_size_limit = found.limits.file_size;
        facts.denied = found.calls.refused().map(|(name, _)| name.to_owned()).collect();
        facts.allowed = found.calls.allowed().map(str::to_owned).collect();
        facts
    }
}

type Flag = fn(&Evidence<'_>) -> Option<bool>;
type Number = fn(&Evidence<'_>) -> Option<u64>;

/// Every yes-or-no word of the vocabulary of [`crate::verdict::condition`].
pub(super) const FLAGS: [(&str, Flag); 13] = [
    ("shm-exists", |e| e.facts.shm_exists),
    ("shm-writable", |e| e.facts.shm_writable),
    ("shm-tmpfs", |e| e.facts.shm_tmpfs),
    ("uid-named", |e| e.facts.uid_named),
    ("root", |e| e.facts.root),
    ("home-writable", |e| e.facts.home_writable),
    ("tmp-writable", |e| e.facts.tmp_writable),
    ("tmp-executable", |e| e.facts.tmp_executable),
    ("ssh-found", |e| e.facts.ssh_found),
    ("timed-out", |e| Some(e.timed_out)),
    ("idle", |e| e.stall.map(Stall::idle)),
    ("launched", |e| Some(e.launched)),
    ("silent", |e| Some(e.output.trim_ascii().is_empty())),
];

/// Every number of the vocabulary.
pub(super) const NUMBERS: [(&str, Number); 19] = [
    ("shm-total", |e| e.facts.shm_total),
    ("shm-free", |e| e.facts.shm_free),
    ("shm-needed", |e| e.facts.shm_needed),
    ("memory-limit", |e| e.facts.memory_limit),
    ("oom-kills", |e| e.facts.oom_kills),
    ("pids-limit-hits", |e| e.facts.pids_limit_hits),
    ("tmp-free", |e| e.facts.tmp_free),
    ("cpus", |e| e.facts.cpus),
    ("cpu-busy", |e| e.stall.map(|stall| stall.busy)),
    ("cpu-wanted", |e| e.stall.map(|stall| stall.wanting)),
    ("open-files", |e| e.facts.open_files),
    ("address-space", |e| e.facts.address_space),
    ("stack-limit", |e| e.facts.stack_limit),
    ("cpu-limit", |e| e.facts.cpu_limit),
    ("cpu-used", |e| e.facts.cpu_used),
    ("file-size-limit", |e| e.facts.file_size_limit),
    ("ranks", |e| e.ranks.map(u64::from)),
    ("exit", |e| e.exit.and_then(|exit| u64::try_from(exit).ok())),
    ("signal", |e| e.signal.and_then(|signal| u64::try_from(signal).ok())),
];

/// What a signal is called by those who write rules and read reports, without `SIG`.
#[must_use]
pub fn signal_name(signal: i32) -> Cow<'static, str> {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| Cow::Owned(signal.to_string()), |known| Cow::Borrowed(&known.as_str()[3..]))
}
