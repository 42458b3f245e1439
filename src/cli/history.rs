//! The flags of `stackprobe history`.

use std::path::PathBuf;

use clap::Args;

use super::codes::{self, after};
use super::compare::Answer;

/// `stackprobe history`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::HISTORY))]
pub struct History {
    /// Suites or probes, as SUITE or SUITE/PROBE; `*` and `?` match [default: all]
    #[arg(value_name = "SUITE[/PROBE]")]
    pub probes: Vec<String>,
    /// The file that `run --history` and `report --history` append to
    #[arg(long, value_name = "FILE", env = "STACKPROBE_HISTORY")]
    pub history: PathBuf,
    /// Only toolchains that match, such as 'gcc/* openmpi/*'
    #[arg(long, value_name = "GLOB", default_value = "*")]
    pub toolchain: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Answer,
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe history --history h.jsonl                  every case: what is red, flaky or slower first
  stackprobe history mpi/hello --history h.jsonl --toolchain 'gcc/*'
  stackprobe history 'mpi/*' --history h.jsonl --format json
  stackprobe history --history h.jsonl --format html --out history.html   a plot of each case

Each letter is a run, the latest last: . passed, ~ passed but not at once, F failed, E error, s skipped.";
