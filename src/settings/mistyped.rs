//! Which variables of the environment look like one of ours and are none. Pure.

use clap::Command;

use crate::document::nearest;

const PREFIX: &str = "STACKPROBE_";

/// Variables that are read without a flag, besides those that every case is given.
const READ: [&str; 6] = ["COMPLETE", "DEBUG_PAUSE", "IMAGE", "MODULE_SYSTEM", "NODE", "TERMINATION_LOG"];

/// Kubernetes sets these in every pod of a namespace that has a Service called stackprobe.
const OF_A_SERVICE: [&str; 2] = ["PORT", "SERVICE_"];

/// One note for each of `names` that a slip of the hand has made of a variable that is read.
pub(super) fn mistyped(command: &Command, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known: Vec<String> = READ.map(str::to_owned).to_vec();
    flags(command, &mut known);
    let mut notes: Vec<String> = names
        .into_iter()
        .filter_map(|name| {
            let own = name.strip_prefix(PREFIX)?;
            if known.iter().any(|one| one == own) || OF_A_SERVICE.iter().any(|start| own.starts_with(start)) {
                return None;
            }
            let meant = nearest(own, known.iter().map(String::as_str))?;
            Some(format!("{name} is set and says nothing: did you mean {PREFIX}{meant}?"))
        })
        .collect();
    notes.sort();
    notes
}

/// The variables of all flags, without their prefix.
fn flags(command: &Command, known: &mut Vec<String>) {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()?.strip_prefix(PREFIX));
    known.extend(own.map(str::to_owned));
    for verb in command.get_subcommands() {
        flags(verb, known);
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn notes(names: &[&str]) -> Vec<String> {
        mistyped(&Cli::command(), names.iter().map(|name| format!("{PREFIX}{name}")))
    }

    #[test]
    fn a_slip_of_the_hand_is_told_and_what_it_was_to_be() {
        let wanted = [("RESULT", "RESULTS"), ("RETRYS", "RETRIES"), ("TIMOUT", "TIMEOUT"), ("SYTE", "SITE")];
        for (typed, meant) in wanted {
            let told = notes(&[typed]);
            assert_eq!(
                told,
                [format!("STACKPROBE_{typed} is set and says nothing: did you mean STACKPROBE_{meant}?")]
            );
        }
    }

    #[test]
    fn what_is_read_or_is_anothers_is_left_alone() {
        let service =
            ["PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP"];
        assert_eq!(notes(&service), [""; 0]);
        let case = [
            "CASE",
            "RANKS",
            "CPUS",
            "CC_FAMILY",
            "CC_PREFIX",
            "CC_COMMAND",
            "MPI_VERSION",
            "RUNTIME_PREFIX",
        ];
        assert_eq!(notes(&case), [""; 0]);
        assert_eq!(notes(&["RESULTS", "NODE", "IMAGE", "SECRET_TOKEN", "SOMETHING_ELSE"]), [""; 0]);
    }
}
