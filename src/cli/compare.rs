//! The flags of `stackprobe compare`.

use std::path::PathBuf;

use clap::Args;

use super::format::Format;

/// `stackprobe compare`
#[derive(Args, Debug, Clone)]
#[command(after_help = EXAMPLES)]
pub struct Compare {
    /// The earlier run: a results directory, or a folder of those of many pods
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The later run
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe compare yesterday/results results      what turned red since yesterday, and what changed with it
  stackprobe compare node1/results node2/results    two nodes, or a pod and bare metal
  stackprobe compare old new --format json          every changed check, for a program

Exit codes: 0 nothing turned red, 1 a check newly failed, 2 usage, 3 the runs have no case in common,
75 nothing newly failed, but a check newly ended in an error, or an input could not be read.";
