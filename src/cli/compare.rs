//! The flags of `stackprobe compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::codes::{self, after};

/// `stackprobe compare`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::COMPARE))]
pub struct Compare {
    /// The earlier run: a results directory, or a folder of those of many pods
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The later run
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// A file that `run --history` appended to: times are held against all earlier runs in it, not against one
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Answer,
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How to print what is a page, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// A page that needs nothing else
    Html,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe compare yesterday/results results      what turned red since yesterday, and what changed with it
  stackprobe compare node1/results node2/results    two nodes, or a pod and bare metal
  stackprobe compare old new --history h.jsonl      slower or faster beyond what earlier runs were
  stackprobe compare old new --format json          every changed check, for a program
  stackprobe compare old new --format html --out changes.html
                                                    the same as a page";
