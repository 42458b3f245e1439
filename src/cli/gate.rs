//! The flags of `stackprobe gate`.

use std::path::PathBuf;

use clap::Args;

use super::codes::{self, after};
use super::format::Format;
use super::notify::Notices;

/// `stackprobe gate`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::GATE))]
pub struct Gate {
    /// Results directories, folders that hold some, or JUnit files of other harnesses
    #[arg(value_name = "RESULTS", required = true)]
    pub results: Vec<PathBuf>,
    /// What was owed, as `stackprobe list --format json` prints it
    #[arg(long, value_name = "FILE", env = "STACKPROBE_PLAN")]
    pub plan: PathBuf,
    /// What is live, to see what is new, gone or slower: a release that keeps its results, or results
    #[arg(long, value_name = "RELEASE|RESULTS")]
    pub baseline: Option<PathBuf>,
    /// What blocks and what is allowed, beside what always blocks
    #[arg(long, value_name = "FILE", env = "STACKPROBE_POLICY")]
    pub policy: Option<PathBuf>,
    /// What ran before, for rules about what is flaky or slower
    #[arg(long, value_name = "FILE", env = "STACKPROBE_HISTORY")]
    pub history: Option<PathBuf>,
    /// The site file of today: known issues whose day is over since the run block
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the verdict to this file, too, as JSON: `promote` asks for it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the verdict to this file as JUnit, a case for every question
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub notices: Notices,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe list --all --format json --out plan.json     what is owed, before the pods begin
  stackprobe gate pods/* --plan plan.json                 may this stack go live?
  stackprobe gate pods/* --plan plan.json --policy gate.toml --baseline /live/current
  stackprobe gate results --plan plan.json --out verdict.json --format json";
