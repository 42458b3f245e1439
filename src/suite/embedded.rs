//! The suites and tables that are part of the binary.

use crate::constant::packed;
use crate::error::Source;
use crate::packed::Packed;

/// `test-suites/`, as it was when this binary was built.
pub static SUITES: Packed = include!(concat!(env!("OUT_DIR"), "/test-suites.rs"));

/// One of the tables beside the suites, such as `launchers.toml`.
#[must_use]
pub fn table(name: &str) -> Source {
    Source::new(format!("test-suites/{name}"), packed(SUITES.text(name), name))
}
