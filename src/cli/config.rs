//! The flags of `stackprobe config`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::codes::{self, after};
use super::format::Format;

/// `stackprobe config`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::PRINTED))]
pub struct Config {
    /// What to do with the settings.
    #[command(subcommand)]
    pub what: About,
}

const EXAMPLES: &str = "\
Examples:
  stackprobe config show                          every value of a run, and where it came from
  stackprobe config show run mpi --timeout 5s     those of this command line
  stackprobe config show --format json report     those of another verb, for a program

The file is stackprobe.toml; a key is the long name of a flag that has an environment variable, and
[profile.NAME] holds those of a profile. docs/settings.md tells all of it.";

/// What can be asked of the settings.
#[derive(Debug, Clone, Subcommand)]
pub enum About {
    /// Print every value of a command line, and where it came from
    Show(Show),
}

/// `stackprobe config show`
#[derive(Args, Debug, Clone)]
#[command(after_help = after(EXAMPLES, codes::PRINTED))]
pub struct Show {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// A command line without `stackprobe` [default: run]
    #[arg(value_name = "VERB [FLAG]...", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}
