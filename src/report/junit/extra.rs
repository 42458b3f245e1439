//! What junit-report has no word for.

use crate::verdict::check::Check;

/// Longest `message`: GitHub's checks and most tables cut there.
pub(super) const MESSAGE: usize = 200;

/// What the second pass adds to one element.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) properties: Vec<(String, String)>,
    pub(super) flaky: Vec<Check>,
}
