//! Which verdict each receiver was told last.

use std::collections::BTreeMap;
use std::path::Path;

use super::send::Receiver;
use crate::atomic::write_atomic;
use crate::error::reason;

fn all(path: &Path) -> BTreeMap<String, String> {
    // What cannot be read is not known, and then it is told.
    std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

pub(super) fn read(path: &Path, receiver: &Receiver) -> Option<String> {
    all(path).remove(&receiver.mark())
}

pub(super) fn write(path: &Path, receiver: &Receiver, verdict: &str) -> Result<(), String> {
    let mut known = all(path);
    known.insert(receiver.mark(), verdict.to_owned());
    let text = serde_json::to_vec(&known).map_err(|error| error.to_string())?;
    write_atomic(path, &text)
        .map_err(|error| format!("cannot write `{}`: {}", path.display(), reason(&error)))
}
