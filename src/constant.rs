//! What stands in the program itself and can only be broken by a fault of ours: then nothing that was worked out with it
//! is true, and everything ends at once ([`crate::bug`]).

use regex::Regex;

/// A pattern of ours.
///
/// # Panics
/// If it is none: without it, every answer would be wrong.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "a constant; a pattern that matched nothing would answer wrongly without a word"
)]
pub fn pattern(text: &'static str) -> Regex {
    Regex::new(text).expect(text)
}

/// The same for texts that need not be UTF-8.
///
/// # Panics
/// If it is none.
#[must_use]
#[expect(clippy::expect_used, reason = "as above")]
pub fn bytes_pattern(text: &'static str) -> regex::bytes::Regex {
    regex::bytes::Regex::new(text).expect(text)
}

/// What must be part of the binary, such as a table.
///
/// # Panics
/// If it is not there.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "packed by the build; an empty table would answer wrongly without a word"
)]
pub fn packed<T>(found: Option<T>, name: &str) -> T {
    found.expect(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "tabel.toml")]
    fn a_name_that_is_not_packed_is_a_bug() {
        let _: () = packed(None, "tabel.toml");
    }
}
