//! Programs that behave badly: whatever they do, they are gone, in time, and it is told how they ended.

use std::time::Duration;

use stackprobe::run::outcome::Ended;

use super::harness::{Trial, shell, torture};

/// A program, how it must end, and whether it must be found to leak.
struct Row {
    name: &'static str,
    trial: Trial,
    ended: Ended,
    leaks: bool,
}

fn row(name: &'static str, trial: Trial, wall: u64, ended: Ended) -> Row {
    Row { name, trial: trial.wall(wall), ended, leaks: false }
}

fn leak(name: &'static str, trial: Trial) -> Row {
    Row { name, trial: trial.wall(20_000), ended: Ended::Exit(0), leaks: true }
}

#[test]
fn nothing_survives_and_the_end_is_told() {
    use Ended::{Exit, Signal, Timeout};
    let rows = [
        row("a hang", shell("sleep 60"), 200, Timeout),
        row("a hang in a pipeline", shell("sleep 60 | sleep 61 | cat"), 200, Timeout),
        row("one that ignores every signal it can", torture(&["ignore"]), 200, Timeout),
        row("jobs in process groups of their own", shell("set -m; sleep 60 & sleep 61 & wait"), 200, Timeout),
        row("a child in a session of its own", shell("setsid -f sleep 60; sleep 61"), 200, Timeout),
        row("a bomb of a thousand processes", torture(&["bomb", "9"]), 400, Timeout),
        row("a comet", torture(&["comet", "0"]), 200, Timeout),
        row("eight comets", torture(&["comet", "0", "8"]), 200, Timeout),
        row("a slow comet", torture(&["comet", "2000"]), 200, Timeout),
        row("one that stops itself", torture(&["stop"]), 200, Timeout),
        row(
            "one that stops its supervisor's other children",
            shell("sleep 60 & kill -STOP $!; sleep 61"),
            200,
            Timeout,
        ),
        row("one that closes its output and goes on", torture(&["closed"]), 20_000, Exit(0)),
        row("one that kills its process group", shell("sleep 60 & kill -KILL 0"), 20_000, Signal(9)),
        leak("a child", shell("sleep 60 & exit 0")),
        leak(
            "a child that keeps the output open",
            shell("setsid sh -c 'echo; exec sleep 60' & sleep 0.05; exit 0"),
        ),
        leak("a stopped child", shell("sleep 60 & kill -STOP $!; exit 0")),
        leak("a child that ignores every signal it can", shell("trap '' TERM HUP INT; sleep 60 & exit 0")),
        leak("a daemon", torture(&["daemon"])),
        leak("a daemon that wipes its environment", torture(&["nameless"])),
        leak("a comet that is left behind", torture(&["comet-left", "1000"])),
        leak("a fast comet that is left behind", torture(&["comet-left", "0"])),
    ];
    for Row { name, trial, ended, leaks } in rows {
        let result = trial.run();
        println!(
            "{name}: {:?} in {:?}, {} leaked",
            result.executed.ended,
            result.took,
            result.executed.leaked.len()
        );
        // A process group that kills itself leaves whom it did not reach yet.
        if name != "one that kills its process group" {
            assert_eq!(!result.executed.leaked.is_empty(), leaks, "{name}: {:?}", result.executed.leaked);
        }
        assert_eq!(result.executed.ended, ended, "{name}");
        assert_eq!(result.executed.hang.is_empty(), ended != Timeout, "{name}");
        assert_eq!(result.survivors, [] as [i32; 0], "{name}");
        let limit = trial.command.limits.wall.min(Duration::from_secs(1)) + Duration::from_secs(6);
        assert!(result.took < limit, "{name} took {:?}", result.took);
    }
}

#[test]
fn a_grace_is_given_and_used() {
    let script = "trap 'echo bye; exit 5' TERM; sleep 60 & wait";
    let trial = shell(script).wall(200);
    let result = trial.run();
    assert_eq!(result.executed.ended, Ended::Timeout);
    assert_eq!(result.executed.stdout.head, b"bye\n");
    // What is stopped is woken first.
    let result = shell("trap 'echo bye; exit 5' TERM; kill -STOP $$; sleep 60").wall(200).run();
    assert_eq!(result.executed.stdout.head, b"bye\n");
    let mut trial = torture(&["ignore"]).wall(200);
    trial.command.limits.grace = Duration::from_secs(1);
    assert!(trial.run().took >= Duration::from_millis(1200));
}

#[test]
fn cases_side_by_side_do_not_touch_each_other() {
    let trials: Vec<Trial> = (0..4).map(|_| torture(&["bomb", "5"]).wall(300)).collect();
    let bystander = shell("sleep 1; echo done");
    std::thread::scope(|scope| {
        let bystander = scope.spawn(|| bystander.run());
        let others: Vec<_> = trials.iter().map(|trial| scope.spawn(|| trial.run())).collect();
        for other in others {
            let result = other.join().unwrap();
            assert_eq!((result.executed.ended, result.survivors.len()), (Ended::Timeout, 0));
        }
        let result = bystander.join().unwrap();
        assert_eq!(result.executed.ended, Ended::Exit(0));
        assert_eq!(result.executed.stdout.head, b"done\n");
    });
}
