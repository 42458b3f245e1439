//! The flags of `stackprobe stack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::codes::{self, after};
use super::format::Format;

/// `stackprobe stack`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::STACK))]
pub struct StackVerb {
    /// What to do with it.
    #[command(subcommand)]
    pub what: OfStack,
}

/// What can be asked of a stack.
#[derive(Debug, Clone, Subcommand)]
pub enum OfStack {
    /// Hold Spack's lock files, databases, prefixes, modulefiles and a build cache against each other
    Check(StackCheck),
}

/// `stackprobe stack check`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::STACK))]
pub struct StackCheck {
    /// A lock file, or the folder of an environment, beside those that are found; may be repeated
    #[arg(long = "lock", value_name = "FILE")]
    pub locks: Vec<PathBuf>,
    /// A build cache in a local folder, layout v2 or v3, to hold against the lock files
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// An install tree (the folder that holds .spack-db), instead of those that the modules lead to; may be repeated.
    /// Modulefiles are not looked at then
    #[arg(long = "tree", value_name = "DIR")]
    pub trees: Vec<PathBuf>,
    /// Tell what a change of this package touches, as NAME, NAME@VERSION or /HASH; may be repeated
    #[arg(long, value_name = "PACKAGE")]
    pub impact: Vec<String>,
    /// A folder of suites, added to the built-in ones or in their place, for --impact; may be repeated
    #[arg(long = "suites", value_name = "DIR", env = "STACKPROBE_SUITES", value_delimiter = ':')]
    pub suite_folders: Vec<PathBuf>,
    /// The site's own judgement
    #[arg(long, value_name = "FILE", env = "STACKPROBE_SITE")]
    pub site: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe stack check                                    the stack of MODULEPATH or SPACK_ROOT
  stackprobe stack check --lock envs/prod --mirror /cache   is all of it built, and what does a cache give?
  stackprobe stack check --impact openmpi@5                 what a change of it builds and tests again
  stackprobe stack check --tree /opt/spack/opt/spack --lock spack.lock --format json
                                                            a tree before its modules are written

Only files are read: neither Spack nor Python is called, and no lock is taken.";
