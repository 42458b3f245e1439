//! Whoever is killed from outside, supervisor or harness: nothing of the case is left.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackprobe::run::outcome::Ended;

use super::harness::{self, isolated, shell, torture};

/// Waits until this is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !so() {
        assert!(Instant::now() < limit, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_supervisor_that_is_killed_loses_its_case_and_nothing_survives() {
    for signal in ["KILL", "ABRT"] {
        let script = format!(
            "exec 3>/dev/shm/lost.$TRIAL; echo begun; setsid sleep 60 & sleep 61 & sleep 0.2; kill -{signal} $PPID; sleep 62"
        );
        let trial = shell(&script);
        let result = trial.run();
        let Ended::Lost(why) = &result.executed.ended else { panic!("{:?}", result.executed.ended) };
        assert!(why.contains("without a report"), "{why}");
        assert_eq!(result.executed.stdout.head, b"begun\n");
        assert_eq!(result.survivors, [] as [i32; 0]);
        let left = format!("/dev/shm/lost.{}", trial.mark);
        assert_eq!(result.executed.remains, [Path::new(&left)]);
        assert!(!Path::new(&left).exists());
        assert!(result.took < Duration::from_secs(5), "{:?}", result.took);
    }
}

#[test]
fn a_segment_whose_maker_ends_with_the_supervisor_is_removed() {
    for _ in 0..5 {
        // The shell is gone before anybody else can see what it held.
        let trial = shell("exec 3>/dev/shm/parting.$TRIAL; sleep 0.2; kill -KILL $PPID");
        let result = trial.run();
        assert!(matches!(result.executed.ended, Ended::Lost(_)), "{:?}", result.executed.ended);
        let left = format!("/dev/shm/parting.{}", trial.mark);
        assert_eq!(result.executed.remains, [Path::new(&left)]);
        assert!(!Path::new(&left).exists());
    }
}

#[test]
fn even_what_has_wiped_its_environment_is_gone_in_the_end() {
    if isolated("process::death::even_what_has_wiped_its_environment_is_gone_in_the_end") {
        return;
    }
    stackprobe::pod::init::adopt_orphans().unwrap();
    let nameless = torture(&["nameless"]).command.argv[0].clone();
    let result = shell(&format!("{} nameless; kill -KILL $PPID; sleep 60", nameless.display())).run();
    assert!(matches!(result.executed.ended, Ended::Lost(_)));
    stackprobe::run::sweep::leave_nothing();
    let others = || {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).collect::<Vec<_>>()
    };
    // The first process of the namespace, which is us or our shell.
    let own = i32::try_from(std::process::id()).unwrap();
    assert!(others().iter().all(|pid| [1, own].contains(pid)), "{:?}", others());
}

#[test]
fn a_supervisor_that_is_stopped_is_given_up() {
    let mut trial = shell("setsid sleep 60 & kill -STOP $PPID; sleep 61").wall(200);
    trial.capture.patience = Duration::from_millis(500);
    let result = trial.run();
    assert!(result.took < Duration::from_secs(10), "{:?}", result.took);
    let Ended::Lost(why) = &result.executed.ended else { panic!("{:?}", result.executed.ended) };
    assert!(why.contains("no word for"), "{why}");
    assert_eq!(result.survivors, [] as [i32; 0]);
}

const SCRIPT: &str = "HARNESS_SCRIPT";

/// Not a test of its own: a harness to be killed.
#[test]
#[ignore = "a part of other tests"]
fn as_harness() {
    let Some(script) = std::env::var_os(SCRIPT) else { return };
    let mut trial = shell(script.to_str().unwrap());
    trial.command.env.retain(|(name, _)| name != "TRIAL");
    trial.command.env.push(("TRIAL".into(), std::env::var_os("MARK").unwrap()));
    trial.run();
}

fn harness(script: &str, mark: &str) -> Child {
    let test = ["--include-ignored", "--exact", "--nocapture", "process::death::as_harness"];
    Command::new(std::env::current_exe().unwrap())
        .args(test)
        .env(SCRIPT, script)
        .env("MARK", mark)
        .spawn()
        .unwrap()
}

fn children(pid: u32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_harness_that_is_killed_takes_everything_with_it() {
    let mark = shell("").mark;
    let segment = format!("/dev/shm/segment.{mark}");
    let script = "exec 3>/dev/shm/segment.$TRIAL; trap '' TERM; setsid sleep 60 & sleep 61 & wait";
    let mut harness = harness(script, &mark);
    until("the case runs", || harness::marked(&mark).len() == 3 && Path::new(&segment).exists());
    let supervisors = children(harness.id());
    assert_eq!(supervisors.len(), 1);
    kill(Pid::from_raw(i32::try_from(harness.id()).unwrap()), Signal::SIGKILL).unwrap();
    assert_eq!(harness.wait().unwrap().signal(), Some(9));
    until("nothing of the case is left", || harness::marked(&mark).is_empty());
    until("the supervisor is gone", || !Path::new(&format!("/proc/{}/environ", supervisors[0])).exists());
    assert!(!Path::new(&segment).exists());
}
