//! What a policy may rule on.

/// What may be ruled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A check failed.
    Failed,
    /// A check failed that fails in the baseline, too.
    FailedBefore,
    /// A check could not be determined.
    Error,
    /// A check was skipped.
    Skipped,
    /// A check was skipped because the site knows of the failure.
    Known,
    /// A case passed, but not at once.
    Flaky,
    /// A case took longer than in the baseline, by `factor` beyond what all cases did.
    Slower,
    /// A check of the baseline is not there any more.
    Gone,
    /// Less than `least` of the cases were tested.
    Coverage,
}

impl Event {
    const ALL: [(&str, Self); 9] = [
        ("failed", Self::Failed),
        ("failed-before", Self::FailedBefore),
        ("error", Self::Error),
        ("skipped", Self::Skipped),
        ("known", Self::Known),
        ("flaky", Self::Flaky),
        ("slower", Self::Slower),
        ("gone", Self::Gone),
        ("coverage", Self::Coverage),
    ];

    /// The event of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, event)| event)
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(name, _)| name)
    }

    /// Its name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, event)| *event == self).map_or("", |(name, _)| name)
    }
}
