//! The flags of the verbs that tell of stackprobe itself.

use std::path::PathBuf;

use clap::Args;

use super::codes::{self, after};

/// `stackprobe explain`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXPLAIN, codes::EXPLAIN))]
pub struct Explain {
    /// SUITE or SUITE/PROBE, the id of a diagnosis, or words to find either by [default: every suite and id is listed]
    #[arg(value_name = "SUITE[/PROBE]|ID|WORD")]
    pub words: Vec<String>,
    /// A folder of suites, added to the built-in ones or in their place; may be repeated
    #[arg(long = "suites", value_name = "DIR", env = "STACKPROBE_SUITES", value_delimiter = ':')]
    pub suite_folders: Vec<PathBuf>,
    /// The site's own diagnoses
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
}

const EXPLAIN: &str = "\
Examples:
  stackprobe explain                              every suite, and the id of every diagnosis
  stackprobe explain mpi                          every probe of a suite
  stackprobe explain mpi/transport                one probe: what it checks, and why
  stackprobe explain shm-too-small-by-facts       a diagnosis: whose fault, cause, fix
  stackprobe explain shm                          every diagnosis and probe that tells of shm
  stackprobe explain 'license*'                   every id that matches";

/// `stackprobe completions`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(COMPLETIONS, codes::PRINTED))]
pub struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

const COMPLETIONS: &str = "\
Examples:
  source <(stackprobe completions bash)
  stackprobe completions bash > /usr/share/bash-completion/completions/stackprobe
  stackprobe completions fish > ~/.config/fish/completions/stackprobe.fish

What is printed asks the `stackprobe` of PATH for suites, probes, tags, modules of the stack, diagnoses and results.";

/// `stackprobe man`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(MAN, codes::WRITTEN))]
pub struct Manual {
    /// Where a page for every verb goes [default: the page of stackprobe itself is printed]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

const MAN: &str = "\
Examples:
  stackprobe man | man -l -                       the page of stackprobe itself
  stackprobe man pages && man pages/stackprobe-run.1
                                                  that of a verb
  stackprobe man /usr/share/man/man1              all of them, for everybody";
