//! A demand on the pod that is not met.

/// A demand that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The diagnosis.
    pub id: &'static str,
    /// What was found and what is needed, in one line.
    pub what: String,
}
