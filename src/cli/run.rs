//! The flags of `stackprobe run`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::codes::{self, after};
use super::notify::Notices;
use super::progress::Progress;
use super::reports::Reports;
use super::select::Select;
use crate::suite::limits::{self, Limits};

/// `stackprobe run`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(RUN_EXAMPLES, codes::RUN))]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Run {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub select: Select,
    /// How many earlier runs into the same results directory to keep, as DIR/earlier/1 and so on; 0 keeps none
    #[arg(long, value_name = "N", env = "STACKPROBE_EARLIER", default_value_t = 10, value_parser = earlier)]
    pub earlier: usize,
    /// How ranks are started in an allocation of SLURM: srun-pmix, srun-pmi2, srun-none or mpirun [default: the first that
    /// both SLURM and the MPI can; docs/slurm.md]
    #[arg(long, value_name = "NAME", env = "STACKPROBE_LAUNCHER")]
    pub launcher: Option<String>,
    /// CPU slots to use [default: the CPUs of this pod or allocation]
    #[arg(long, value_name = "N", env = "STACKPROBE_JOBS", value_parser = jobs)]
    pub jobs: Option<NonZeroU32>,
    /// Limit of every command, in place of its own
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_TIMEOUT", value_parser = some_time)]
    pub timeout: Option<Duration>,
    /// Limit on the CPU time of each process of a case, in place of its own [`ulimit -t`]
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_CPU_TIME", value_parser = some_time)]
    pub cpu_time: Option<Duration>,
    /// Limit on the memory of a case, in place of its own
    ///
    /// Where control groups can be made here, it is on all processes of a case together, pages of /dev/shm included.
    /// Kubernetes mounts them read-only by default: then it is on the address space of each process [`ulimit -v`], which
    /// also counts what is reserved and never touched. Sanitizers, CUDA, Java, Go and Intel MPI reserve gigabytes to
    /// terabytes and fail under any useful limit of this kind; no kernel tells that it was hit, so the case says it only
    /// where its output does.
    #[arg(long, value_name = "SIZE", env = "STACKPROBE_MEMORY", value_parser = some_bytes)]
    pub memory: Option<u64>,
    /// Limit on the size of each file that a case writes, in /dev/shm too, in place of its own [`ulimit -f`]
    #[arg(long, value_name = "SIZE", env = "STACKPROBE_FILE_SIZE", value_parser = some_bytes)]
    pub file_size: Option<u64>,
    /// How often to try a case again that could not be determined, or that failed where its probe allows it, and then no more
    /// often than that [default: as often as the probe says]
    #[arg(long, value_name = "N", env = "STACKPROBE_RETRIES", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: Option<u32>,
    /// Begin nothing more once a case has failed or could not be determined; what was not run then is not green
    #[arg(long, conflicts_with = "max_fail")]
    pub fail_fast: bool,
    /// The same once so many have
    #[arg(long, value_name = "N", env = "STACKPROBE_MAX_FAIL", value_parser = some_cases)]
    pub max_fail: Option<NonZeroUsize>,
    /// Run only what tells most in this time: what never ran, has changed, was red or flaky, or has not run for long
    ///
    /// Times and outcomes are those of --history. Each toolchain has at least one smoke case. What is left out is skipped,
    /// with that reason, and the gate does not take it for tested.
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_BUDGET", value_parser = some_time)]
    pub budget: Option<Duration>,
    /// How long running cases have to end once asked to stop
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_GRACE", default_value = "20s", value_parser = limits::time)]
    pub grace: Duration,
    /// Run only what an earlier run into the same results directory did not finish or could not tell
    #[arg(long, env = "STACKPROBE_RESUME")]
    pub resume: bool,
    /// Skip what passed, by this ledger, with all that it depends on as it is now; then add what passes to it
    #[arg(long, value_name = "LEDGER", env = "STACKPROBE_SINCE")]
    pub since: Option<PathBuf>,
    /// Append outcome and time of each case to this history when the run ends
    #[arg(long, value_name = "FILE", env = "STACKPROBE_HISTORY")]
    pub history: Option<PathBuf>,
    /// Keep the staged folders of all cases
    #[arg(long, env = "STACKPROBE_KEEP")]
    pub keep: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub reports: Reports,
    /// Bytes of the beginning and of the end of each output to keep in memory
    #[arg(long, value_name = "SIZE", env = "STACKPROBE_OUTPUT", default_value = "64KiB", value_parser = kept)]
    pub output: u64,
    /// Bytes of output of one command to keep on disk; the rest is counted and dropped
    #[arg(long, value_name = "SIZE", env = "STACKPROBE_LOG", default_value = "64MiB", value_parser = limits::amount)]
    pub log: u64,
    /// A real index of Python packages in place of ours [also: `PIP_INDEX_URL`]
    #[arg(long, value_name = "URL", env = "STACKPROBE_INDEX_URL")]
    pub index_url: Option<String>,
    /// A real CRAN mirror in place of ours
    #[arg(long, value_name = "URL", env = "STACKPROBE_CRAN")]
    pub cran: Option<String>,
    /// Stop at the first failure and wait, for `kubectl exec` and `stackprobe shell`; SIGUSR1 or Enter goes on
    #[arg(long, env = "STACKPROBE_DEBUG_PAUSE")]
    pub debug_pause: bool,
    /// Print the commands of each case and what they said as it ends; with --quiet, of those that did not pass
    #[arg(long, short, env = "STACKPROBE_VERBOSE")]
    pub verbose: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub notices: Notices,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub progress: Progress,
}

const RUN_EXAMPLES: &str = "\
Examples:
  stackprobe run mpi --cc gcc/12 --mpi openmpi/5            one suite under one toolchain
  stackprobe run mpi/collectives --cc gcc/12 --mpi '*'      one probe under every MPI of a compiler
  stackprobe run --all --site site.toml                     the whole stack, known issues left out
  stackprobe run --all --shard 2/8 --results /results/2     one of eight pods
  stackprobe run --all --resume                             what an earlier run did not come to
  stackprobe run --all --budget 10m --history h.jsonl       what tells most in ten minutes
  stackprobe run --failed                                   again what was not green
  stackprobe run -E 'suite(mpi) & tag(smoke) & !probe(spawn) & cc(gcc/12)' --fail-fast
                                                            an expression selects; stop at the first red
  stackprobe run mpi --cc gcc/12 --mpi openmpi/5 --debug-pause
                                                            stop at the first failure, to look around

Results: plan.json, cases/, logs/, junit.xml and report.html in --results. A case that failed leaves
cases/ID/repro.sh, and `stackprobe shell results/cases/ID` opens it.";

impl Run {
    /// How many cases may end badly before no more are begun.
    #[must_use]
    pub fn most_failures(&self) -> Option<usize> {
        if self.fail_fast { Some(1) } else { self.max_fail.map(NonZeroUsize::get) }
    }

    /// The limits that are asked for every case.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { cpu_time: self.cpu_time, memory: self.memory, file_size: self.file_size }
    }
}

/// As many slots as a suite may ask for.
fn jobs(text: &str) -> Result<NonZeroU32, String> {
    let fits = |jobs: &NonZeroU32| jobs.get() <= 4096;
    text.parse().ok().filter(fits).ok_or_else(|| format!("wanted a number from 1 to 4096, found `{text}`"))
}

/// As many as a volume holds.
fn earlier(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= 100_000);
    count.ok_or_else(|| format!("wanted a number from 0 to 100000, found `{text}`"))
}

fn some_time(text: &str) -> Result<Duration, String> {
    limits::time(text).and_then(limits::some)
}

fn some_cases(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| format!("wanted a number of cases from 1, found `{text}`"))
}

fn some_bytes(text: &str) -> Result<u64, String> {
    limits::amount(text).and_then(limits::some)
}

/// What is kept in memory, for each case that runs.
fn kept(text: &str) -> Result<u64, String> {
    let bytes = limits::amount(text)?;
    if bytes > 1 << 30 { Err(format!("wanted at most 1 GiB, found `{text}`")) } else { Ok(bytes) }
}
