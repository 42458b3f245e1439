//! The flags of `stackprobe submit`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::codes::{self, after};
use super::select::Select;
use crate::suite::limits;

/// `stackprobe submit`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::SUBMIT))]
pub struct Submit {
    /// Whose queue it is
    #[arg(value_enum)]
    pub scheduler: Scheduler,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub select: Select,
    /// The partition [default: the scheduler's]
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// The account that pays [default: the scheduler's]
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The time limit of each task, as the scheduler writes it, such as 1:30:00
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// CPUs of each task
    #[arg(long, value_name = "N", default_value = "4")]
    pub cpus: NonZeroU32,
    /// How many tasks of an array share the plan [default: 4]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "4", conflicts_with = "one_job")]
    pub array: Option<NonZeroU32>,
    /// One task does the whole plan
    #[arg(long)]
    pub one_job: bool,
    /// A further option for sbatch, as one word, such as --constraint=skylake; may be repeated
    #[arg(long = "sbatch", value_name = "OPTION", allow_hyphen_values = true)]
    pub further: Vec<String>,
    /// Print the script, and submit nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until all tasks have ended, then merge what they left; at most this long, if that is said
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "366d", value_parser = limits::time)]
    pub wait: Option<Duration>,
    /// Go on with what was submitted into the same results directory
    #[arg(long)]
    pub resume: bool,
    /// Flags for `run` in the job, behind `--`
    #[arg(last = true, value_name = "FLAG")]
    pub run: Vec<OsString>,
}

/// Batch systems that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// SLURM
    Slurm,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe submit slurm mpi --all --partition main --array=8 --results /shared/r --wait
                                                  eight tasks share the plan, one report is made of theirs
  stackprobe submit slurm --all --dry-run         the script, and nothing is submitted
  stackprobe submit slurm --resume --results /shared/r --wait
                                                  after a restart: wait for the same job
  stackprobe submit slurm mpi --all --one-job -- --launcher mpirun --timeout 5m
                                                  flags for `run` in the job

Results must be on a folder that all nodes see. With --wait the exit code is that of the merged report;
Ctrl-C cancels what was submitted. Without it the code says only whether it was submitted.";
