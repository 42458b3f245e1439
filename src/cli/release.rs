//! The flags of the verbs about releases.

use std::path::PathBuf;

use clap::Args;

use super::codes::{self, after};
use super::format::Format;

/// `stackprobe promote`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(PROMOTE, codes::PROMOTE))]
pub struct Promote {
    /// The stack that is to go live, at the place where it was built and judged
    #[arg(value_name = "CANDIDATE")]
    pub candidate: PathBuf,
    /// The folder of releases
    #[arg(long = "into", value_name = "RELEASES", env = "STACKPROBE_RELEASES")]
    pub releases: PathBuf,
    /// The link that is switched
    #[arg(long, value_name = "NAME", default_value = "current")]
    pub ring: String,
    /// The verdict that `stackprobe gate --out` wrote
    #[arg(long, value_name = "FILE")]
    pub gate: Option<PathBuf>,
    /// The plan that it was judged by
    #[arg(long, value_name = "FILE", env = "STACKPROBE_PLAN")]
    pub plan: Option<PathBuf>,
    /// The results that its gate judged, to be kept in the release for `gate --baseline`; may be repeated
    #[arg(long, value_name = "DIR")]
    pub results: Vec<PathBuf>,
    /// The id of the release [default: the time]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Go without a gate that said yes; the reason is kept in the manifest
    #[arg(long, value_name = "REASON")]
    pub force: Option<String>,
    /// What `stackprobe run` is given for the smoke run through the switched link; empty: none
    #[arg(long, value_name = "WORDS", default_value = "--all --tag smoke")]
    pub smoke: String,
}

const PROMOTE: &str = "\
Examples:
  stackprobe promote /stacks/42 --into /live --gate verdict.json --plan plan.json
  stackprobe promote /stacks/42 --into /live --gate verdict.json --plan plan.json --ring canary
  stackprobe promote /stacks/42 --into /live --force 'disk failure, see T-17' --smoke ''

The link leads to releases/ID, whose `stack` is the candidate: RELEASES/current/stack. If the smoke run fails, the link
leads to where it did before, and the exit code is 1.";

/// `stackprobe rollback`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(ROLLBACK, codes::ROLLBACK))]
pub struct Rollback {
    /// The folder of releases
    #[arg(long = "into", value_name = "RELEASES", env = "STACKPROBE_RELEASES")]
    pub releases: PathBuf,
    /// The link that is switched
    #[arg(long, value_name = "NAME", default_value = "current")]
    pub ring: String,
    /// The release to go back to [default: the one before]
    #[arg(long, value_name = "ID")]
    pub to: Option<String>,
}

const ROLLBACK: &str = "\
Examples:
  stackprobe rollback --into /live                          what was live before
  stackprobe rollback --into /live --to 20261127T101500Z    this release
  stackprobe rollback --into /live --ring canary --to 20261127T101500Z";

/// `stackprobe releases`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(RELEASES, codes::RELEASES))]
pub struct Releases {
    /// The folder of releases
    #[arg(long = "into", value_name = "RELEASES", env = "STACKPROBE_RELEASES")]
    pub releases: PathBuf,
    /// Look whether each stack is still as it was judged, too
    #[arg(long)]
    pub verify: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const RELEASES: &str = "\
Examples:
  stackprobe releases --into /live                          which there are, and which is live
  stackprobe releases --into /live --verify                 and whether each is as it was promoted
  stackprobe releases --into /live --verify --format json";

/// `stackprobe prune`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(PRUNE, codes::PRUNE))]
pub struct Prune {
    /// The folder of releases
    #[arg(long = "into", value_name = "RELEASES", env = "STACKPROBE_RELEASES")]
    pub releases: PathBuf,
    /// How many of the latest stay, beside those that a link leads to, their predecessors and those in use
    #[arg(long, value_name = "N")]
    pub keep: usize,
    /// Only print what would go
    #[arg(long)]
    pub dry_run: bool,
}

const PRUNE: &str = "\
Examples:
  stackprobe prune --into /live --keep 3 --dry-run          what would go
  stackprobe prune --into /live --keep 3                    all but the last three, and those that are needed
  stackprobe prune --into /live --keep 0                    all that nobody needs

A stack that lies elsewhere stays where it is: only its release goes. Jobs on other nodes are not seen.";
