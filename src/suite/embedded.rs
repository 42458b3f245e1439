//! The suites and tables that are part of the binary.

use include_dir::{Dir, include_dir};

use crate::error::Source;

/// `test-suites/`, as it was when this binary was built.
pub static SUITES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/test-suites");

/// One of the tables beside the suites, such as `launchers.toml`.
#[must_use]
pub fn table(name: &str) -> Source {
    let text = SUITES.get_file(name).and_then(|file| file.contents_utf8()).unwrap_or_default();
    Source::new(format!("test-suites/{name}"), text)
}
