//! The flags that say which reports are written, for every verb that writes them.

use std::path::PathBuf;

use clap::Args;

use crate::report::level::FinalLevel;
use crate::report::order::{Further, ReportOrder};

/// Reports beside junit.xml and report.html.
#[derive(Args, Debug, Clone, Default)]
pub struct Reports {
    /// Write JUnit that keeps to junit-10.xsd
    #[arg(long, env = "STACKPROBE_JUNIT_STRICT")]
    pub junit_strict: bool,
    /// Write another report, into FILE or beside junit.xml: junit, html or metrics; may be repeated
    #[arg(long = "report", value_name = "NAME[=FILE]", env = "STACKPROBE_REPORT", value_delimiter = ',', value_parser = further)]
    pub further: Vec<Further>,
    /// Write numbers for Prometheus, in the form that its node exporter collects from *.prom files
    #[arg(long, value_name = "FILE", env = "STACKPROBE_METRICS")]
    pub metrics: Option<PathBuf>,
    /// What the summary tells of cases: none, fail, flaky, slow, skip or all; each has what is before it [default: fail]
    #[arg(
        long,
        value_name = "LEVEL",
        value_enum,
        env = "STACKPROBE_FINAL_STATUS_LEVEL",
        default_value_t,
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub final_status_level: FinalLevel,
}

impl Reports {
    /// What they ask for.
    #[must_use]
    pub fn order(&self) -> ReportOrder {
        let metrics = self.metrics.clone().and_then(|path| Further::new("metrics", Some(path)).ok());
        ReportOrder {
            strict: self.junit_strict,
            further: self.further.iter().cloned().chain(metrics).collect(),
        }
    }
}

fn further(text: &str) -> Result<Further, String> {
    match text.split_once('=') {
        Some((_, "")) => Err(format!("wanted a file behind `=`, found `{text}`")),
        Some((name, path)) => Further::new(name, Some(PathBuf::from(path))),
        None => Further::new(text, None),
    }
}
