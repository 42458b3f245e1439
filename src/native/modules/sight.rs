//! What was seen of one module: the environment before, with and after it.

use super::script::Seen;

/// What was seen of one module.
pub(super) struct Sight<'s> {
    /// Before it was loaded.
    pub(super) before: Option<&'s Seen>,
    /// Once it was.
    pub(super) with: Option<&'s Seen>,
    /// Once it was unloaded again.
    pub(super) after: Option<&'s Seen>,
    /// Once it was loaded anew by a quiet Lmod, where something was said.
    pub(super) quiet: Option<&'s Seen>,
}
