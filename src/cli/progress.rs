//! The flags that say what is told of a run while it works.

use std::time::Duration;

use clap::Args;

use crate::report::level::StatusLevel;
use crate::report::messages::MessageFormat;
use crate::suite::limits;

/// What is told of a run while it works.
#[derive(Args, Debug, Clone, Default)]
pub struct Progress {
    /// Print only what did not pass, and the summary; no live view
    #[arg(long, short, env = "STACKPROBE_QUIET")]
    pub quiet: bool,
    /// What standard output has: the summary, or each event as it happens, for a program (docs/messages.md)
    #[arg(long, value_name = "FORMAT", value_enum, env = "STACKPROBE_MESSAGE_FORMAT", default_value_t)]
    pub message_format: MessageFormat,
    /// Which cases have a line while the run works, whatever --quiet says: none, fail, flaky, slow, pass or all; each has
    /// those before it [default: all]
    #[arg(
        long,
        value_name = "LEVEL",
        value_enum,
        env = "STACKPROBE_STATUS_LEVEL",
        hide_possible_values = true
    )]
    pub status_level: Option<StatusLevel>,
    /// Name a case that takes longer than this, and again whenever that has doubled
    #[arg(long, value_name = "DURATION", env = "STACKPROBE_SLOW_AFTER", default_value = "60s", value_parser = some_time)]
    pub slow_after: Duration,
}

impl Progress {
    /// Which cases have a line.
    #[must_use]
    pub fn level(&self) -> StatusLevel {
        let usual = if self.quiet { StatusLevel::Fail } else { StatusLevel::All };
        self.status_level.unwrap_or(usual)
    }
}

fn some_time(text: &str) -> Result<Duration, String> {
    limits::time(text).and_then(limits::some)
}
