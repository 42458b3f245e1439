//! The flags that choose suites and toolchains.

use std::path::PathBuf;

use clap::Args;

use crate::suite::select::ShardChoice;

/// Which modules make a toolchain.
#[derive(Args, Debug, Clone, Default)]
pub struct Modules {
    /// A compiler module, by a version prefix or a glob; each makes toolchains of its own
    #[arg(long, value_name = "FAMILY/VERSION", env = "STACKPROBE_CC", value_delimiter = ' ')]
    pub cc: Vec<String>,
    /// An MPI module, by a version prefix or a glob; each makes toolchains of its own
    #[arg(long, value_name = "FAMILY/VERSION", env = "STACKPROBE_MPI", value_delimiter = ' ')]
    pub mpi: Vec<String>,
    /// A runtime module (python, r, matlab), by a version prefix or a glob; each makes toolchains of its own
    #[arg(long, value_name = "FAMILY/VERSION", env = "STACKPROBE_RUNTIME", value_delimiter = ' ')]
    pub runtime: Vec<String>,
    /// A further module to load beside those of every toolchain; may be repeated
    #[arg(long = "module", value_name = "NAME/VERSION", env = "STACKPROBE_MODULE", value_delimiter = ' ')]
    pub others: Vec<String>,
}

/// Which suites under which toolchains.
#[derive(Args, Debug, Clone, Default)]
pub struct Select {
    /// Suites or probes, as SUITE or SUITE/PROBE; `*` and `?` match [default: all]
    #[arg(value_name = "SUITE[/PROBE]")]
    pub suites: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub modules: Modules,
    /// Every toolchain of the stack that --cc, --mpi and --runtime leave
    #[arg(long, env = "STACKPROBE_ALL")]
    pub all: bool,
    /// Suites or probes to leave out, as SUITE or SUITE/PROBE; may be repeated
    #[arg(long, value_name = "SUITE[/PROBE]", env = "STACKPROBE_EXCLUDE", value_delimiter = ' ')]
    pub exclude: Vec<String>,
    /// Only what this expression takes, such as 'suite(mpi) & !tag(slow) & cc(gcc/12)'; of several, one is enough
    ///
    /// Functions: suite, probe, tag, cc, mpi, runtime, toolchain, all, none; names may hold `*` and `?`. Operators: `&`
    /// or `and`, `|` or `or`, `!` or `not`, parentheses. One that names modules asks for the whole stack where neither
    /// --cc, --mpi nor --runtime does. docs/select.md tells all of it.
    #[arg(long = "filter", short = 'E', value_name = "EXPRESSION", env = "STACKPROBE_FILTER")]
    pub filters: Vec<String>,
    /// Only what was not green in the last run into --results, or in these results; its toolchains are taken from there
    #[arg(long, value_name = "RESULTS", num_args = 0..=1, require_equals = true)]
    pub failed: Option<Option<PathBuf>>,
    /// Only probes with this tag; of several, one is enough
    #[arg(long = "tag", value_name = "TAG", env = "STACKPROBE_TAG", value_delimiter = ' ')]
    pub tags: Vec<String>,
    /// Only every Nth part of the plan, the Ith of them, counted from 1; job/N: the one of this pod of an Indexed Job
    #[arg(long, value_name = "I/N", env = "STACKPROBE_SHARD")]
    pub shard: Option<ShardChoice>,
    /// Part the plan so that all parts take about as long, by the times in this plan of `list --history`
    #[arg(long, value_name = "PLAN", env = "STACKPROBE_BALANCE")]
    pub balance: Option<PathBuf>,
    /// A folder of suites, added to the built-in ones or in their place; may be repeated
    #[arg(long = "suites", value_name = "DIR", env = "STACKPROBE_SUITES", value_delimiter = ':')]
    pub suite_folders: Vec<PathBuf>,
    /// Where results go, and where --failed looks
    #[arg(long, value_name = "DIR", env = "STACKPROBE_RESULTS", default_value = "results")]
    pub results: PathBuf,
    /// The site's own judgement: families, launchers, known issues
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
}
