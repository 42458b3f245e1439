//! How is a JSON file of Spack read: piece by piece, with every fault in one line?

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use path_fault::{PathFault, reason};
use serde::de::DeserializeOwned;

/// Why a file of Spack's cannot be read, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ReadError {
    what: String,
    /// What to do about it, where that is known.
    pub hint: Option<&'static str>,
}

impl ReadError {
    pub(super) fn new(what: String) -> Self {
        Self { what, hint: None }
    }

    fn io(path: &Path, error: &std::io::Error) -> Self {
        let detail = PathFault::detail(path, error).map(|detail| format!(", {detail}")).unwrap_or_default();
        let what = format!("cannot read `{}`: {}{detail}", path.display(), reason(error));
        Self { what, hint: PathFault::new(path, error).hint() }
    }
}

/// Reads `path`, which is `what` (`a Spack database`). Databases weigh a hundred megabytes and more, so the text is never
/// held whole.
pub(super) fn json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::io(path, &error))?;
    let reader = BufReader::with_capacity(1 << 16, file);
    serde_json::from_reader(reader).map_err(|error| {
        let place = format!("`{}`, line {} column {}", path.display(), error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Eof => ReadError {
                what: format!("{what} is cut short: {place}"),
                hint: Some("Spack was stopped while it wrote, or the disk is full: run `spack reindex`, or restore the file"),
            },
            serde_json::error::Category::Io => {
                ReadError::new(format!("cannot read {what}: `{}`: {error}", path.display()))
            }
            serde_json::error::Category::Syntax | serde_json::error::Category::Data => {
                let text = error.to_string();
                let reason = text.split(" at line ").next().unwrap_or(&text);
                ReadError::new(format!("not {what}: {place}: {reason}"))
            }
        }
    })
}

/// A version of a format: Spack writes that of the database as text and that of a lock file as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u64);

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Text(Box<str>),
        }
        let number = match Either::deserialize(deserializer)? {
            Either::Number(number) => Some(number),
            Either::Text(text) => text.split('.').next().unwrap_or_default().trim().parse().ok(),
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom("the format's version is not a number"))
    }
}

impl Version {
    /// A line of warning where this version is not one of `known`.
    pub(super) fn warning(
        self,
        path: &Path,
        what: &str,
        known: std::ops::RangeInclusive<u64>,
    ) -> Option<String> {
        let (version, path) = (self.0, path.display());
        if version > *known.end() {
            let newest = known.end();
            Some(format!(
                "`{path}`: {what} version {version} is newer than {newest}, the newest that is known: read as far as understood"
            ))
        } else if version < *known.start() {
            let oldest = known.start();
            Some(format!(
                "`{path}`: {what} version {version} is older than {oldest}, the oldest that is known: read as far as understood"
            ))
        } else {
            None
        }
    }
}
