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

    /// An error with what to do about it.
    pub(super) fn with(what: String, hint: &'static str) -> Self {
        Self { what, hint: Some(hint) }
    }

    /// The same, with this advice where it has none.
    pub(super) fn or(self, hint: &'static str) -> Self {
        Self { hint: self.hint.or(Some(hint)), ..self }
    }

    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        let detail = PathFault::detail(path, error).map(|detail| format!(", {detail}")).unwrap_or_default();
        let what = format!("cannot read `{}`: {}{detail}", path.display(), reason(error));
        Self { what, hint: PathFault::new(path, error).hint() }
    }
}

impl From<PathFault> for ReadError {
    fn from(fault: PathFault) -> Self {
        Self { what: fault.to_string(), hint: fault.hint() }
    }
}

/// A kind of file that Spack writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// With its article.
    pub(super) what: &'static str,
    /// What to do about one that is cut short.
    pub(super) cure: &'static str,
}

pub(super) const DATABASE: Kind = Kind {
    what: "a Spack database",
    cure: "Spack was stopped while it wrote, or the disk is full: run `spack reindex`, or restore the file",
};
pub(super) const LOCK: Kind = Kind {
    what: "a Spack lock file",
    cure: "restore `spack.lock` from version control, or write it anew with `spack -e ENV concretize --force`",
};
pub(super) const SPEC: Kind = Kind {
    what: "a Spack spec",
    cure: "Spack was stopped while it wrote, or the disk is full: `spack install --overwrite /HASH` writes it anew",
};

/// Reads `path`, which is of this kind. Databases weigh a hundred megabytes and more, so the text is never held whole.
pub(super) fn json<T: DeserializeOwned>(path: &Path, kind: Kind) -> Result<T, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::io(path, &error))?;
    let reader = BufReader::with_capacity(1 << 16, file);
    serde_json::from_reader(reader).map_err(|error| not_json(path, kind, &error))
}

/// Why `path` is not of this kind.
pub(super) fn not_json(path: &Path, Kind { what, cure }: Kind, error: &serde_json::Error) -> ReadError {
    let place = format!("`{}`, line {} column {}", path.display(), error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => {
            ReadError { what: format!("{what} is cut short: {place}"), hint: Some(cure) }
        }
        serde_json::error::Category::Io => {
            ReadError::new(format!("cannot read {what}: `{}`: {error}", path.display()))
        }
        serde_json::error::Category::Syntax | serde_json::error::Category::Data => {
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or(&text);
            ReadError { what: format!("not {what}: {place}: {reason}"), hint: Some(cure) }
        }
    }
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
