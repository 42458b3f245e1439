//! Every flag and its help. No logic, and no default that means something by itself.

mod about;
mod codes;
mod compare;
mod config;
mod format;
mod gate;
mod history;
mod mutate;
mod notify;
mod progress;
mod release;
mod reports;
mod run;
mod select;
mod stack;
mod submit;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::suite::limits;

pub use about::{Completions, Explain, Manual};
use codes::after;
pub use compare::{Answer, Compare};
pub use config::{About, Config};
pub use format::Format;
pub use gate::Gate;
pub use history::History;
pub use mutate::Mutate;
pub use notify::{Form, Notices};
pub use progress::Progress;
pub use release::{Promote, Prune, Releases, Rollback};
pub use reports::Reports;
pub use run::Run;
pub use select::{Modules, Select};
pub use stack::{OfStack, StackCheck, StackVerb};
pub use submit::{Scheduler, Submit};

/// Does this software stack really work, here?
///
/// Loads the Lmod modules of a compiler, an MPI or a runtime, compiles and runs probes under them, and says check by
/// check what works, in JUnit and in plain words.
#[derive(Debug, Parser)]
#[command(name = "stackprobe", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// The file of settings [default: stackprobe.toml here, in a folder above, or beside the site file]
    #[arg(long, value_name = "FILE", env = "STACKPROBE_CONFIG", global = true)]
    pub config: Option<OsString>,
    /// Whether to colour what is printed; auto: on a terminal, unless the environment says no
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        env = "STACKPROBE_COLOR",
        default_value_t,
        global = true,
        hide_possible_values = true
    )]
    pub color: clap::ColorChoice,
    /// The profile of the file of settings
    #[arg(long, value_name = "NAME", env = "STACKPROBE_PROFILE", global = true)]
    pub profile: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe run mpi --cc gcc/12 --mpi openmpi/5    one toolchain
  stackprobe run compiler mpi --all                 the whole stack
  stackprobe list mpi --all --format json           what that would run
  stackprobe report pods/* --out all                one report of many pods

Exit codes: 0 passed, 1 a check failed, 2 usage, 3 nothing selected, 70 our own fault,
75 could not tell (another try may), 78 cannot tell here (the pod spec or the site must change),
130 and 143 asked to stop.";

/// The verbs, one a file in `command/`.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "made once, at the start")]
pub enum Verb {
    /// Run suites under toolchains and write JUnit
    Run(Run),
    /// Print what `run` with the same arguments would run
    List(List),
    /// Print every toolchain of the stack
    Discover(Discover),
    /// Tell whether this pod is fit for what `run` with the same arguments would run
    Doctor(Doctor),
    /// One JUnit, one page and one summary of the results of one or many pods
    Report(Report),
    /// Print what differs between two runs, and which change goes with what turned red
    Compare(Compare),
    /// Tell in one word whether a stack may go live, from results, plan and policy
    Gate(Gate),
    /// Print how each case went before: its last runs, how often it is flaky, how long it takes
    History(History),
    /// Let a stack go live: a link that is switched whole, and back if a smoke run through it fails
    Promote(Promote),
    /// Let what was live before be live again
    Rollback(Rollback),
    /// Print every release, where each ring leads and who uses it
    Releases(Releases),
    /// Remove old releases that nobody needs
    Prune(Prune),
    /// Hold what Spack says of a stack against what is there, without Spack
    Stack(StackVerb),
    /// Tell from the log of any run why it failed, whose fault it is and what to do
    Diagnose(Diagnose),
    /// A shell inside a toolchain, or inside a case that failed, as it ran
    Shell(Shell),
    /// Run the same plan as a job of SLURM, and merge what its tasks leave
    Submit(Submit),
    /// Attack the loaded MPI with seeded faults, and tell which the suites would catch
    Mutate(Mutate),
    /// Tell what a suite or a probe checks and why, or what a diagnosis means
    Explain(Explain),
    /// Print every setting, and where it came from
    Config(Config),
    /// Print what a shell needs to complete commands and flags
    Completions(Completions),
    /// Write man pages
    Man(Manual),
}

/// `stackprobe list`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(LIST_EXAMPLES, codes::LIST))]
pub struct List {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub select: Select,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write into the JSON how long each case takes by this history, for `run --shard I/N --balance`
    #[arg(long, value_name = "FILE", env = "STACKPROBE_HISTORY")]
    pub history: Option<PathBuf>,
}

const LIST_EXAMPLES: &str = "\
Examples:
  stackprobe list                                 every suite and its probes
  stackprobe list mpi --cc gcc/12 --mpi openmpi   the cases that such a run has
  stackprobe list --all --format json --out plan.json
                                                  what all pods together owe, for `report` and `gate`";

/// `stackprobe doctor`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(DOCTOR_EXAMPLES, codes::DOCTOR))]
pub struct Doctor {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub select: Select,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  stackprobe doctor                                 fit for any suite?
  stackprobe doctor mpi --cc gcc/12 --mpi mpich/5   fit for this one?
  stackprobe doctor --format json                   the same for programs

Modules are not loaded for it.";

/// `stackprobe discover`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(DISCOVER_EXAMPLES, codes::DISCOVER))]
pub struct Discover {
    /// Only toolchains for which one of these suites or probes is, as `run` would be given them [default: all]
    #[arg(value_name = "SUITE[/PROBE]")]
    pub suites: Vec<String>,
    /// Only toolchains for which a probe with this tag is; of several, one is enough
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ' ')]
    pub tags: Vec<String>,
    /// Only toolchains under which something is not, as it is now, in this ledger of `run --since`
    #[arg(long, value_name = "LEDGER", env = "STACKPROBE_SINCE")]
    pub since: Option<PathBuf>,
    /// A folder of suites, added to the built-in ones or in their place; may be repeated
    #[arg(long = "suites", value_name = "DIR", env = "STACKPROBE_SUITES", value_delimiter = ':')]
    pub suite_folders: Vec<PathBuf>,
    /// Only compilers that match; may be repeated
    #[arg(long, value_name = "FAMILY/VERSION", value_delimiter = ' ')]
    pub cc: Vec<String>,
    /// Only MPIs that match; may be repeated
    #[arg(long, value_name = "FAMILY/VERSION", value_delimiter = ' ')]
    pub mpi: Vec<String>,
    /// Only runtimes that match; may be repeated
    #[arg(long, value_name = "FAMILY/VERSION", value_delimiter = ' ')]
    pub runtime: Vec<String>,
    /// The site's own judgement
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Hierarchy,
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const DISCOVER_EXAMPLES: &str = "\
Examples:
  stackprobe discover                                 the whole hierarchy, and what is tested of it
  stackprobe discover mpi --format ids                those that the suite mpi is for
  stackprobe discover --cc 'gcc/*' --format ids       a JSON list that a workflow fans out over
  stackprobe discover --format json --out stack.json";

/// How to print the hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Hierarchy {
    /// A tree for people
    #[default]
    Text,
    /// Everything that is known, for programs
    Json,
    /// The toolchains only, each with an id that fits a Kubernetes name, for a workflow to fan out over
    Ids,
}

/// `stackprobe report`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(REPORT_EXAMPLES, codes::REPORT))]
pub struct Report {
    /// Results directories, folders that hold some, or JUnit files of other harnesses
    #[arg(value_name = "DIR", default_value = "results")]
    pub inputs: Vec<PathBuf>,
    /// Where junit.xml and report.html go [default: DIR, if there is one]
    #[arg(long, value_name = "DIR", env = "STACKPROBE_OUT")]
    pub out: Option<PathBuf>,
    /// Count against this plan, too, as `stackprobe list --format json` prints it: a pod that left nothing is missed
    #[arg(long, value_name = "FILE", env = "STACKPROBE_PLAN")]
    pub plan: Option<PathBuf>,
    /// Only what this expression takes, check by check, such as 'suite(mpi) & outcome(failed)'; of several, one is enough
    ///
    /// The summary and the exit code are of that part. Reports are written of it only where --out says.
    /// The functions are those of `run`, and check and outcome (passed, failed, error, skipped).
    #[arg(long = "filter", short = 'E', value_name = "EXPRESSION", env = "STACKPROBE_FILTER")]
    pub filters: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub reports: Reports,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub notices: Notices,
    /// Append what ran to this history, once however often
    #[arg(long, value_name = "FILE", env = "STACKPROBE_HISTORY")]
    pub history: Option<PathBuf>,
    /// Wait until nothing is missing and nothing is left that another try may tell, at most this long
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_WAIT", default_value = "0s", value_parser = limits::time)]
    pub wait: Duration,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  stackprobe report                               results/ again, after a SIGKILL
  stackprobe report pods/* --out all              one JUnit and one page of many pods
  stackprobe report pods/* --plan plan.json --out all
                                                  and an error for every case that no pod has told of
  stackprobe report /results --plan plan.json --wait 2h --out /results
                                                  as soon as all pods have done their part
  stackprobe report results spack-test.xml --out all
                                                  with the JUnit of another harness
  stackprobe report -E 'mpi(openmpi/5) & !outcome(passed)'
                                                  only that of results/, and no report is written";

/// `stackprobe diagnose`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(DIAGNOSE_EXAMPLES, codes::DIAGNOSE))]
pub struct Diagnose {
    /// The log, standard output and standard error together; `-` is standard input
    #[arg(value_name = "LOG")]
    pub log: PathBuf,
    /// The exit status of what wrote it
    #[arg(long, value_name = "N")]
    pub exit: Option<i32>,
    /// The signal that ended it
    #[arg(long, value_name = "N")]
    pub signal: Option<i32>,
    /// It was killed because its time was over
    #[arg(long)]
    pub timed_out: bool,
    /// The MPI whose launcher wrote it: what an exit status means depends on it
    #[arg(long, value_name = "FAMILY/VERSION")]
    pub mpi: Option<String>,
    /// How many ranks there were
    #[arg(long, value_name = "N")]
    pub ranks: Option<u32>,
    /// It was written in this pod: what is found out about the pod may decide
    #[arg(long)]
    pub here: bool,
    /// The site's own rules
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  mpirun -n 4 ./hello 2>&1 | stackprobe diagnose -
  stackprobe diagnose slurm-4711.out --exit 15 --mpi mpich/5.0.2
  stackprobe diagnose job.log --format json
  mpirun -n 8 ./hello 2>&1 | stackprobe diagnose - --here --mpi mpich/5 --ranks 8";

/// `stackprobe shell`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(SHELL_EXAMPLES, codes::SHELL))]
#[command(mut_arg("cc", |arg| arg.help("The compiler module, by a version prefix")))]
#[command(mut_arg("mpi", |arg| arg.help("The MPI module, by a version prefix")))]
#[command(mut_arg("runtime", |arg| arg.help("The runtime module (python, r, matlab), by a version prefix")))]
#[command(mut_arg("others", |arg| arg.help("A further module to load; may be repeated")))]
pub struct Shell {
    /// A case that did not pass, as RESULTS/cases/ID; it brings its toolchain with it. RESULTS alone lists them
    #[arg(value_name = "CASE")]
    pub case: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub modules: Modules,
    /// The site's own judgement: families, launchers
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
    /// How ranks are started in an allocation of SLURM, as `run` has it
    #[arg(long, value_name = "NAME", env = "STACKPROBE_LAUNCHER")]
    pub launcher: Option<String>,
    /// Keep the folder that holds HOME, TMPDIR and the staged case
    #[arg(long, env = "STACKPROBE_KEEP")]
    pub keep: bool,
    /// Run this instead of a shell, and end with its exit status
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const SHELL_EXAMPLES: &str = "\
Examples:
  stackprobe shell --cc gcc/12 --mpi openmpi/5                 a shell with exactly what a case gets
  stackprobe shell --cc gcc/12 --mpi openmpi/5 -- mpicc -show  one command in it
  stackprobe shell results                                     what did not pass, if it is more than one case
  stackprobe shell results/cases/mpi.hello.n4.gcc-12.2.0.openmpi-5.0.11
                                                               its sources, environment and commands
  kubectl exec -it POD -- stackprobe shell /results/cases/ID   the same in a pod (see `run --debug-pause`)";
