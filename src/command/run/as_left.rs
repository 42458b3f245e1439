//! What chose the way of the bytes, where a launch as the module leaves it went wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::stack::launcher::Profile;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::launch::Launch;
use crate::verdict::check::{Check, Outcome};

/// Says with each check that did not pass what is set, and what was added to it. Diagnoses know these words.
pub(super) fn explain(checks: &mut [Check], toolchain: &Toolchain, root: bool) {
    let Ok(launcher) = &toolchain.launcher else { return };
    let bad = |check: &&mut Check| matches!(check.outcome, Outcome::Failed | Outcome::Error);
    let mut checks = checks.iter_mut().filter(bad).peekable();
    if checks.peek().is_none() {
        return;
    }
    let chosen = [variables(toolchain, &launcher.profile), files(toolchain, &launcher.profile)].concat();
    let by = match chosen.as_slice() {
        [] if !launcher.profile.lists_what_steers() => "what its launch profile does not list".to_owned(),
        [] => "the defaults of the MPI".to_owned(),
        chosen => chosen.join("; "),
    };
    let added: Vec<String> = launcher
        .profile
        .variables(Launch::AsLeft, root)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let added = if added.is_empty() { "nothing".to_owned() } else { added.join(" ") };
    let said =
        format!("as the module leaves it, the transport is chosen by {by}; added to start at all: {added}");
    for check in checks {
        let before = std::mem::take(&mut check.detail);
        check.detail = if before.is_empty() { said.clone() } else { format!("{before}\n{said}") };
    }
}

/// What the modules set of it.
fn variables(toolchain: &Toolchain, profile: &Profile) -> Vec<String> {
    let set = toolchain.environment.since(&toolchain.base);
    set.filter_map(|(name, value)| {
        let (name, value) = (name.to_string_lossy(), value?.to_string_lossy());
        profile.is_steered_by(&name).then(|| format!("{name}={value}"))
    })
    .collect()
}

/// What the install's own files set of it.
fn files(toolchain: &Toolchain, profile: &Profile) -> Vec<String> {
    let prefix = toolchain.of(Layer::Mpi).and_then(|mpi| mpi.prefix.as_ref());
    let place = |file: &String| -> Option<PathBuf> {
        match file.strip_prefix('$').and_then(|file| file.split_once('/')) {
            Some((variable, rest)) => Some(PathBuf::from(toolchain.environment.get(variable)?).join(rest)),
            None => Some(prefix?.join(file)),
        }
    };
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for file in profile.steering_files.iter().filter_map(place) {
        // A file that is not there sets nothing.
        let Ok(real) = file.canonicalize() else { continue };
        if !seen.insert(real) {
            continue;
        }
        match std::fs::read(&file) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let set: Vec<&str> = text
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .collect();
                if !set.is_empty() {
                    lines.push(format!("{}: {}", file.display(), set.join(", ")));
                }
            }
            Err(error) => lines.push(format!("{}, which cannot be read: {error}", file.display())),
        }
    }
    lines
}
