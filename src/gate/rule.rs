//! One rule of a policy: of what it speaks, and what it says.

use globset::GlobMatcher;
use time::Date;

use super::event::Event;

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It must not go.
    Block,
    /// It may go nevertheless.
    Allow,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) globs: Globs,
    /// What it rules on.
    pub events: Vec<Event>,
    /// What it says.
    pub then: Then,
    /// For [`Event::Slower`].
    pub factor: f64,
    /// For [`Event::Flaky`]: which share of its runs a case may be flaky in.
    pub rate: f64,
    /// For [`Event::Coverage`].
    pub least: f64,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Where it stands: `gate.toml:12`.
    pub place: String,
}

/// The patterns of a rule.
#[derive(Clone, Debug)]
pub(super) struct Globs {
    pub(super) suite: GlobMatcher,
    pub(super) probe: GlobMatcher,
    pub(super) check: GlobMatcher,
    pub(super) toolchain: GlobMatcher,
    /// None: with or without tags.
    pub(super) tag: Option<GlobMatcher>,
}

/// What rules are matched against.
#[derive(Clone, Copy, Debug)]
pub struct RuledCheck<'s> {
    /// The suite's name.
    pub suite: &'s str,
    /// The probe's name.
    pub probe: &'s str,
    /// The check's name; empty for a whole case.
    pub check: &'s str,
    /// The toolchain's label.
    pub toolchain: &'s str,
    /// The probe's tags.
    pub tags: &'s [String],
}

impl Rule {
    /// Whether it speaks of `subject`.
    #[must_use]
    pub fn matches(&self, subject: RuledCheck<'_>) -> bool {
        self.globs.suite.is_match(subject.suite)
            && self.globs.probe.is_match(subject.probe)
            && self.globs.check.is_match(subject.check)
            && self.globs.toolchain.is_match(subject.toolchain)
            && self.globs.tag.as_ref().is_none_or(|tag| subject.tags.iter().any(|own| tag.is_match(own)))
    }

    /// Whether its last day is over.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}
