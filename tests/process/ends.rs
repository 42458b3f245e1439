//! How a command ends is told exactly, and nothing is left of it.

use std::time::Duration;

use stackprobe::run::execute::Ended;

use super::harness::{shell, trial};

#[test]
fn an_exit_status_and_both_streams_arrive() {
    let trial = shell("echo out; echo err >&2; exit 7");
    let result = trial.run();
    assert_eq!(result.executed.ended, Ended::Exit(7));
    assert_eq!(result.executed.stdout.head, b"out\n");
    assert_eq!(result.executed.stderr.head, b"err\n");
    assert_eq!(trial.log().len(), 8);
    assert!(result.executed.leaked.is_empty());
    assert!(result.survivors.is_empty());
}

#[test]
fn a_hang_is_explained_and_killed() {
    let result = shell("sleep 60 & sleep 61").wall(200).run();
    assert_eq!(result.executed.ended, Ended::Timeout);
    assert!(result.executed.hang.iter().any(|process| process.command == "sleep 61"));
    assert!(result.survivors.is_empty());
    assert!(result.took < Duration::from_secs(5));
}

#[test]
fn what_outlives_the_command_is_a_leak() {
    let result = shell("(setsid sleep 60 &) ; exit 0").run();
    assert_eq!(result.executed.ended, Ended::Exit(0));
    assert_eq!(result.executed.leaked.len(), 1);
    assert!(result.survivors.is_empty());
}

#[test]
fn a_missing_program_is_named() {
    let result = trial(&["no-such-program"]).run();
    let Ended::NotStarted { what, errno } = result.executed.ended else { panic!() };
    assert!(what.contains("`no-such-program`"), "{what}");
    assert_eq!(errno, 2);
}
