//! What a release is: written once, before any link leads to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, not_read};
use crate::report::results::read_bounded;

/// Raised when an older reader would be misled.
const FORMAT: u32 = 1;
/// Larger than any manifest.
const LIMIT: u64 = 1 << 20;

/// What a release is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The format that this stackprobe writes.
    pub release: u32,
    /// Its id.
    pub id: String,
    /// Where the stack really is.
    pub stack: PathBuf,
    /// Digests of the plan, the results and the policy that its gate judged, and of all modulefiles and books of Spack.
    pub digests: BTreeMap<String, String>,
    /// When the gate let it go; empty if it never did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gate: String,
    /// Why it went without.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub forced: String,
    /// What the ring led to when this was made; empty if to nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub previous: String,
    /// `user (uid) on host`.
    pub by: String,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// SHA-256 of all the above as they are written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sum: String,
}

impl Manifest {
    /// A manifest with its sum.
    ///
    /// # Errors
    /// What JSON cannot hold.
    pub fn sealed(mut self) -> Result<Self, Error> {
        self.release = FORMAT;
        self.sum = self.sum()?;
        Ok(self)
    }

    fn sum(&self) -> Result<String, Error> {
        let bare = Self { sum: String::new(), ..self.clone() };
        let text =
            serde_json::to_vec(&bare).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        Ok(hex(&sha256(&text)))
    }

    /// Reads the manifest of a release.
    ///
    /// # Errors
    /// One that is not there, cannot be read, was edited, or is of another release.
    pub fn read(folder: &Path, id: &str) -> Result<Self, Error> {
        let path = folder.join("manifest.json");
        let text =
            read_bounded(&path, LIMIT).map_err(|error| Error::io(Kind::Data, "read", &path, &error))?;
        let wrong = |what: String| {
            Error::new(Kind::Data, format!("cannot use `{}`: {what}", path.display()))
                .hint("a release is never edited: promote the stack anew")
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| wrong(not_read(&error)))?;
        if manifest.release != FORMAT {
            return Err(wrong(format!("it is of format {}, wanted {FORMAT}", manifest.release)));
        }
        if manifest.id != id {
            return Err(wrong(format!("it is of the release `{}`", manifest.id.escape_debug())));
        }
        if manifest.sum()? != manifest.sum {
            return Err(wrong("it is not as it was written".to_owned()));
        }
        Ok(manifest)
    }
}

/// Whether a word can be the id of a release or the name of a ring.
#[must_use]
pub fn is_name(word: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '+');
    !word.is_empty() && word.len() <= 100 && word.chars().all(fits) && !word.starts_with(['.', '-'])
}
