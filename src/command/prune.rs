//! `stackprobe prune`: old releases go, but none that anybody may need.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use crate::cli::Prune;
use crate::error::Error;
use crate::exit::Exit;
use crate::release::Releases;
use crate::release::in_use::users;
use crate::report::console::note;
use crate::report::print::print;
use crate::report::record::now;

/// Removes what is neither among the latest, nor led to, nor a predecessor of such, nor in use.
///
/// # Errors
/// A folder that cannot be changed.
pub fn prune(flags: &Prune) -> Result<Exit, Error> {
    Releases::look(&flags.releases)?;
    let (releases, told) = Releases::take(&flags.releases)?;
    if let Some(told) = told {
        note(&told);
    }
    if !flags.dry_run {
        releases.may_log()?;
    }
    let all = releases.all()?;
    let mut needed: BTreeSet<String> = releases.rings()?.into_iter().map(|(_, id)| id).collect();
    let before: Vec<String> = all
        .iter()
        .filter(|(id, _)| needed.contains(id))
        .filter_map(|(_, manifest)| Some(manifest.as_ref().ok()?.previous.clone()))
        .collect();
    needed.extend(before);
    let latest = all.iter().rev().take(flags.keep).map(|(id, _)| id.clone());
    needed.extend(latest.collect::<Vec<_>>());
    let mut hidden = 0;
    let mut text = String::new();
    for (id, manifest) in all.iter().filter(|(id, _)| !needed.contains(id)) {
        let manifest = match manifest {
            Ok(manifest) => manifest,
            // It may be somebody's, and what it holds is not known.
            Err(error) => {
                let _ = writeln!(text, "{id} stays: {}", error.what());
                continue;
            }
        };
        let found = users(&[manifest.stack.clone(), releases.folder(id)]);
        hidden = hidden.max(found.hidden);
        if let Some(user) = found.found.first() {
            let _ = writeln!(text, "{id} stays: in use by {user}");
            continue;
        }
        let elsewhere = manifest.stack != releases.folder(id).join("stack");
        let rest = if elsewhere {
            format!("; its stack stays: {}", manifest.stack.display())
        } else {
            String::new()
        };
        if flags.dry_run {
            let _ = writeln!(text, "{id} would go{rest}");
            continue;
        }
        releases.remove(id)?;
        releases.log(&json!({"at": now(), "what": "removed", "id": id}));
        let _ = writeln!(text, "{id} is gone{rest}");
    }
    if hidden > 0 {
        let processes = if hidden == 1 { "process" } else { "processes" };
        let _ = writeln!(text, "{hidden} {processes} of others on this node cannot be looked at");
    }
    text += "what runs on other nodes is not seen\n";
    print(&text)?;
    Ok(Exit::Passed)
}
