//! The flags of `stackprobe mutate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::codes::{self, after};
use super::select::Modules;
use crate::suite::limits;
use crate::suite::select::Shard;

/// `stackprobe mutate`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::MUTATE))]
pub struct Mutate {
    /// Suites or probes that are to catch the faults, as SUITE or SUITE/PROBE [default: all for a compiler and an MPI]
    #[arg(value_name = "SUITE[/PROBE]")]
    pub suites: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub modules: Modules,
    /// Try faults for this long; they are drawn so that any beginning is a fair sample [default: all of them]
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_BUDGET", value_parser = limits::time)]
    pub budget: Option<Duration>,
    /// Try at most so many
    #[arg(long, value_name = "N")]
    pub sample: Option<usize>,
    /// Decides which are drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Only faults whose name holds this, such as `MPI_Bcast` or `count>=64`; may be repeated
    #[arg(long = "only", value_name = "TEXT")]
    pub only: Vec<String>,
    /// Only every Nth of them, the Ith, counted from 1
    #[arg(long, value_name = "I/N", env = "STACKPROBE_SHARD")]
    pub shard: Option<Shard>,
    /// Print the faults, and try none
    #[arg(long)]
    pub list: bool,
    /// Where mutants.tsv and mutants.html go; faults that mutants.tsv already tells of are not tried again
    #[arg(long, value_name = "DIR", env = "STACKPROBE_RESULTS", default_value = "mutants")]
    pub results: PathBuf,
    /// Exit 1 where fewer than so many of a hundred are caught
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub at_least: Option<u8>,
    /// CPU slots to use [default: the CPUs of this pod]
    #[arg(long, value_name = "N", env = "STACKPROBE_JOBS")]
    pub jobs: Option<std::num::NonZeroU32>,
    /// A folder of suites, added to the built-in ones or in their place; may be repeated
    #[arg(long = "suites", value_name = "DIR", env = "STACKPROBE_SUITES", value_delimiter = ':')]
    pub suite_folders: Vec<PathBuf>,
    /// The site's own judgement: families, launchers
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe mutate --cc gcc/12 --mpi openmpi/5 --budget 10m   a fair sample: your green catches 97 of 100
  stackprobe mutate --cc gcc/12 --mpi mpich/5 --only MPI_Bcast every fault of one function
  stackprobe mutate site --suites /etc/suites --cc gcc/12 --mpi openmpi/5 --sample 200
                                                               what your own suite alone would catch
  stackprobe mutate --cc gcc/12 --mpi openmpi/5 --shard 2/8 --results all
                                                               all of them, in eight parts, resumed where it stopped

A fault is FUNCTION OPERATOR GATE: `MPI_Allreduce last type=MPI_DOUBLE,count>=64` leaves the last element of a sum as it
was, for doubles, from 64 elements on. Nothing of the stack is changed: a shim stands before the library, in the probes'
processes alone.";
