//! The seal of a results directory: written when a run has ended and all of it is on disk, with a digest of every file
//! that reports are made from.
//!
//! It says that a run was not cut short, and shows what was edited, dropped or added by hand afterwards. It is no
//! signature: who writes a seal anew is not seen by it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::{hex, sha256};
use crate::error::{not_read, reason};
use crate::report::bounded::{CASE_LIMIT, PLAN_LIMIT, is_file_name, read_bounded};

/// Its name in a results directory.
pub const NAME: &str = "seal.json";
/// Raised when an older reader would be misled.
const FORMAT: u32 = 1;

/// Digests of what a run has left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Seal {
    format: u32,
    /// When the run ended (RFC 3339, UTC).
    pub ended: String,
    /// SHA-256 of `plan.json`.
    pub plan: String,
    /// SHA-256 of each `cases/ID.json`, by id.
    pub cases: BTreeMap<String, String>,
}

/// What is wrong with a results directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// There is no seal: the run has not ended, or something else wrote the directory.
    Absent,
    /// What is there is not what the run wrote, one line a file.
    Changed(Vec<String>),
}

impl Seal {
    /// The seal of these files.
    #[must_use]
    pub fn new(plan: String, cases: BTreeMap<String, String>, ended: String) -> Self {
        Self { format: FORMAT, ended, plan, cases }
    }

    /// Reads the seal of a results directory and holds every file against it.
    ///
    /// # Errors
    /// No seal, or what is not as it was sealed.
    pub fn check(folder: &Path) -> Result<Self, Broken> {
        let text = match read_bounded(&folder.join(NAME), PLAN_LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Broken::Absent),
            Err(error) => return Err(Broken::Changed(vec![format!("{NAME}: {}", reason(&error))])),
        };
        let seal: Self = serde_json::from_slice(&text)
            .map_err(|error| Broken::Changed(vec![format!("{NAME} cannot be read: {}", not_read(&error))]))?;
        if seal.format != FORMAT {
            let what = format!("{NAME} is of format {}, wanted {FORMAT}", seal.format);
            return Err(Broken::Changed(vec![what]));
        }
        let (ids, odd): (Vec<_>, Vec<_>) = seal.cases.iter().partition(|(id, _)| is_file_name(id));
        let mut changed: Vec<String> = odd
            .iter()
            .map(|(id, _)| {
                format!("{NAME} names a case by what no file can be named: `{}`", id.escape_debug())
            })
            .collect();
        let mut hold = |name: String, wanted: &str, limit: u64| match read_bounded(&folder.join(&name), limit)
        {
            Ok(text) if hex(&sha256(&text)) == wanted => {}
            Ok(_) => changed.push(format!("{name} is not as the run wrote it")),
            Err(error) => changed.push(format!("{name}: {}", reason(&error))),
        };
        hold("plan.json".to_owned(), &seal.plan, PLAN_LIMIT);
        for (id, wanted) in ids {
            hold(format!("cases/{id}.json"), wanted, CASE_LIMIT);
        }
        let entries = std::fs::read_dir(folder.join("cases")).map(Iterator::flatten);
        let entries = entries.map_err(|error| Broken::Changed(vec![format!("cases: {}", reason(&error))]))?;
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_suffix(".json").is_some_and(|id| !seal.cases.contains_key(id)) {
                changed.push(format!("cases/{name} was added after the run"));
            }
        }
        if changed.is_empty() { Ok(seal) } else { Err(Broken::Changed(changed)) }
    }

    /// One digest of all that is sealed.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut parts = crate::digest::Parts::new("results");
        parts.add("plan", self.plan.as_bytes());
        for (id, digest) in &self.cases {
            parts.add(id, digest.as_bytes());
        }
        hex(&parts.digest())
    }
}
