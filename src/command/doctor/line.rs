//! One line of what the doctor says: what was found, what is needed and by whom, and what is wrong with it.

use serde::Serialize;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be, or not needed.
    Fit,
    /// Worth knowing: what is selected runs all the same.
    Note,
    /// What is selected cannot run.
    Unfit,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Note => "note",
            Self::Unfit => "UNFIT",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// Its id in the catalogue of diagnoses.
    pub(super) id: &'static str,
    /// What was found, in one line.
    pub(super) what: String,
    /// How much is needed, as a pod spec writes it.
    pub(super) amount: String,
    pub(super) suites: Vec<String>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) topic: &'static str,
    pub(super) found: String,
    pub(super) needed: Option<String>,
    pub(super) suites: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

impl Line {
    pub(super) fn new(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, found: found.into(), needed: None, suites: Vec::new(), findings: Vec::new() }
    }

    /// The same line, with something worth knowing.
    pub(super) fn note(mut self, id: &'static str, what: impl Into<String>) -> Self {
        let (level, amount) = (Level::Note, String::new());
        self.findings.push(Finding { level, id, what: what.into(), amount, suites: Vec::new() });
        self
    }

    /// The same line, with something that keeps everything from running.
    pub(super) fn unfit(self, id: &'static str, what: impl Into<String>) -> Self {
        let mut line = self.note(id, what);
        if let Some(last) = line.findings.last_mut() {
            last.level = Level::Unfit;
        }
        line
    }

    /// The worst of its findings.
    pub(super) fn level(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Fit)
    }
}
