//! Whether a control's program really ran: a failure that only shows that it did not is not the seeded one. Pure.

use crate::constant::pattern;
use crate::run::outcome::{Ended, Executed};
use crate::suite::{Action, End, Probe, Protocol};
use crate::verdict::check::{BUILD, Check};

/// What shells, loaders and launchers say of a program that they could not start.
const NOT_STARTED: &str = r"(?m)(?:^|: )(?:command not found|not found|cannot execute[^\n]*|Exec format error)\r?$|^(?:env|[^ :]*sh|[^ :]+: line \d+): [^\n]*(?:No such file or directory|Permission denied)\r?$|: can't open file |error while loading shared libraries|unable to find the specified executable|execvp error";

/// Why the control has not run, where its failure may mean that.
///
/// An expected text that was seen says more than any guess, so a control that states one is not asked.
#[must_use]
pub(super) fn never_ran(probe: &Probe, failed: &[&Check], executed: &Executed) -> Option<String> {
    if probe.expect.stdout.is_some() || probe.expect.stderr.is_some() {
        return None;
    }
    if let Some(build) = failed.iter().find(|check| check.name == BUILD)
        && !matches!(probe.action, Action::Build)
    {
        return Some(format!("it was not built: {}", build.reason));
    }
    let wanted = &probe.expect.end;
    match executed.ended {
        Ended::NotStarted { ref what, .. } => return Some(what.clone()),
        Ended::Exit(status @ (126 | 127)) if *wanted != End::Exit(status) => {
            return Some(format!("exit status {status} says that a command could not be started"));
        }
        Ended::Signal(signal @ (9 | 15)) | Ended::Exit(signal @ (137 | 143))
            if *wanted != End::Signal(signal & 0x7f) && *wanted != End::Exit(signal) =>
        {
            return Some("it was killed from outside".to_owned());
        }
        _ => {}
    }
    if *wanted == End::AsUsual
        && let Some(line) = unstarted(&executed.stderr.text())
    {
        return Some(line);
    }
    let said = executed.stdout.text();
    let speaks = |line: &str| {
        ["ok", "not ok", "1..", "Bail out!", "TAP version"].iter().any(|start| line.starts_with(start))
    };
    (probe.protocol == Protocol::Tap && *wanted == End::AsUsual && !said.lines().any(speaks))
        .then(|| "it said nothing of any check".to_owned())
}

/// The line of stderr by which something says that it could not start a program.
fn unstarted(stderr: &str) -> Option<String> {
    let pattern = pattern(NOT_STARTED);
    stderr.lines().find(|line| pattern.is_match(line)).map(|line| line.trim().chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use super::unstarted;

    #[test]
    fn what_cannot_be_started_is_known_by_its_words() {
        for line in [
            "p.sh: 1: frobnicate: not found",
            "p.sh: line 3: frobnicate: command not found",
            "sh: 0: cannot open p.sh: No such file or directory",
            "./a: /lib/libc.so.6: cannot execute binary file: Exec format error",
            "./a: error while loading shared libraries: libx.so: cannot open shared object file",
            "env: 'python9': No such file or directory",
        ] {
            assert!(unstarted(&format!("note\n{line}\n")).is_some(), "{line}");
        }
        for line in
            ["seeded: wanted 1, found 2", "the value was not found in the table", "Segmentation fault"]
        {
            assert_eq!(unstarted(line), None);
        }
    }
}
