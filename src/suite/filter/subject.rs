//! What a filter is asked about.

use crate::suite::Layer;
use crate::suite::module_name::Module;

/// A case, or a check of it, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'s> {
    /// The suite's name.
    pub suite: &'s str,
    /// The probe's name.
    pub probe: &'s str,
    /// The probe's tags.
    pub tags: Option<&'s [String]>,
    /// The modules of the toolchain.
    pub modules: Option<&'s [(Layer, Module)]>,
    /// The toolchain's label: `gcc/12.2.0 openmpi/5.0.11`.
    pub toolchain: Option<&'s str>,
    /// The check's name.
    pub check: Option<&'s str>,
    /// What came of the check.
    pub outcome: Option<&'s str>,
}

/// Whether a filter takes a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Whatever else is found out, it does not.
    No,
    /// That depends on what is not known yet.
    Maybe,
    /// Whatever else is found out, it does.
    Yes,
}

impl Answer {
    pub(super) fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}
