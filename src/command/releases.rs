//! `stackprobe releases`: what there is, where each ring leads, and whether it is still what was promoted.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::{Format, Releases as Flags};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::plan::basis::changed;
use crate::release::candidate::tree;
use crate::release::in_use::users;
use crate::release::{Manifest, Releases};
use crate::report::print::{print, print_json};
use crate::report::results::read_plan;
use crate::report::text::many;

/// Prints every release.
///
/// # Errors
/// A folder that cannot be read, links that lead elsewhere.
pub fn releases(flags: &Flags) -> Result<Exit, Error> {
    let releases = Releases::look(&flags.releases)?;
    let (all, rings) = (releases.all()?, releases.rings()?);
    if all.is_empty() {
        return Err(Error::new(
            Kind::Nothing,
            format!("there is no release in `{}`", flags.releases.display()),
        )
        .hint("`stackprobe promote` makes one"));
    }
    let (mut text, mut list, mut wrong) = (String::new(), Vec::new(), false);
    for (id, manifest) in all {
        let mine: Vec<&str> =
            rings.iter().filter(|(_, to)| *to == id).map(|(ring, _)| ring.as_str()).collect();
        let faults = match &manifest {
            Ok(manifest) if flags.verify => verify(&releases, manifest),
            Ok(_) => Vec::new(),
            Err(error) => vec![error.what()],
        };
        wrong |= !faults.is_empty();
        let folders = manifest.as_ref().map(|one| vec![one.stack.clone(), releases.folder(&id)]);
        let users = folders.map(|folders| users(&folders)).unwrap_or_default();
        let leads = if mine.is_empty() { String::new() } else { format!("  <- {}", mine.join(", ")) };
        let _ = writeln!(text, "{id}{leads}");
        if let Ok(manifest) = &manifest {
            let let_go = match (manifest.forced.as_str(), manifest.gate.as_str()) {
                ("", gate) => format!("its gate let it go at {gate}"),
                (reason, _) => format!("forced: {reason}"),
            };
            let _ = writeln!(text, "  {} by {}; {let_go}", manifest.at, manifest.by);
            let _ = writeln!(text, "  {}", manifest.stack.display());
        }
        for user in &users.found {
            let _ = writeln!(text, "  in use: {user}");
        }
        for fault in &faults {
            let _ = writeln!(text, "  not as it was promoted: {fault}");
        }
        let known = manifest.as_ref().ok();
        list.push(json!({"id": id, "rings": mine, "manifest": known, "in_use": users.found,
            "not_seen": users.hidden, "faults": faults}));
    }
    match flags.format {
        Format::Json => print_json(&Value::Array(list))?,
        Format::Text => print(&text)?,
    }
    Ok(if wrong { Exit::Failed } else { Exit::Passed })
}

/// What of a release is not as it was.
fn verify(releases: &Releases, manifest: &Manifest) -> Vec<String> {
    let folder = releases.folder(&manifest.id);
    let mut faults = Vec::new();
    match folder.join("stack").canonicalize() {
        Ok(real) if real == manifest.stack => {}
        Ok(real) => faults.push(format!("its stack is {}, not {}", real.display(), manifest.stack.display())),
        Err(_) => faults.push(format!("its stack is not there: {}", manifest.stack.display())),
    }
    let path = folder.join("plan.json");
    if !path.exists() {
        if manifest.digests.contains_key("plan") {
            faults.push("its plan is not there".to_owned());
        }
        return faults;
    }
    let basis = match read_plan(&path) {
        Ok(plan) => plan.basis.unwrap_or_default(),
        Err(error) => {
            faults.push(error.what());
            return faults;
        }
    };
    if manifest.digests.get("tree").is_some_and(|digest| *digest != tree(&basis)) {
        faults.push("its plan is not the one that was judged".to_owned());
    }
    match changed(&basis) {
        Some(files) if files.is_empty() => {}
        Some(files) => faults.push(format!("{} changed, such as {}", many(files.len(), "file"), files[0])),
        None => faults.push("none of its modulefiles can be read".to_owned()),
    }
    faults
}
