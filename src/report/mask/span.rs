//! Where a secret stands, and what stands there afterwards.

use std::ops::Range;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// A place that holds a secret.
pub(super) type Span = Range<usize>;

/// Adds a place that is not masked already.
pub(super) fn push(line: &str, place: Span, spans: &mut Vec<Span>) {
    let text = &line[place.clone()];
    if !text.is_empty() && !text.starts_with(MASK) {
        spans.push(place);
    }
}
