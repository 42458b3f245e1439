//! The first process of a container: it reaps strangers, hands signals on, and ends as the harness does.
#![allow(clippy::exit, reason = "a first process ends the test program with its own code")]

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use std::io::{BufRead, BufReader};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackprobe::pod::init;

const ROLE: &str = "STACKPROBE_TEST_ROLE";
const TEST: &str = "process::first::as_first_process";

/// Not a test of its own: as the first process it serves, and as its child it is the harness.
#[test]
#[ignore = "a part of other tests"]
fn as_first_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    if init::is_first() {
        let code = init::serve().unwrap();
        // `ExitCode` hides its number and only `main` can return it.
        let shown = format!("{code:?}");
        let number = shown.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        std::process::exit(number);
    }
    match role.as_str() {
        "strangers" => {
            // Twenty orphans that end, and one of our own that is waited for meanwhile.
            for _ in 0..20 {
                assert!(Command::new("sh").args(["-c", "sleep 0.1 &"]).status().unwrap().success());
            }
            assert_eq!(
                Command::new("sh").args(["-c", "sleep 0.5; exit 4"]).status().unwrap().code(),
                Some(4)
            );
            let dead = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
                let stat = std::fs::read_to_string(entry.path().join("stat"));
                stat.is_ok_and(|stat| stat.contains(") Z "))
            });
            assert_eq!(dead.count(), 0);
            std::process::exit(42);
        }
        "waits" => {
            println!("ready");
            let _sleep = Command::new("setsid").args(["sleep", "60"]).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_secs(20));
            std::process::exit(1);
        }
        "handles" => {
            let stop =
                std::sync::Arc::new(stackprobe::pod::signals::Stop::new(std::time::Duration::ZERO).unwrap());
            stackprobe::pod::signals::listen(std::sync::Arc::clone(&stop)).unwrap();
            println!("ready");
            while stop.requested().is_none() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            std::process::exit(128 + stop.requested().unwrap());
        }
        "dies" => {
            kill(Pid::this(), Signal::SIGKILL).unwrap();
        }
        _ => unreachable!(),
    }
}

/// Starts the role as the first process of a PID namespace.
fn start(role: &str) -> Child {
    let mut unshare = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    start_with(unshare, role)
}

/// Starts the role by the help of this command.
fn start_with(mut helper: Command, role: &str) -> Child {
    helper
        .arg(std::env::current_exe().unwrap())
        .args(["--include-ignored", "--exact", "--nocapture", TEST])
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The first process of the namespace, which is the only child of `unshare`, once the harness is ready.
fn first(unshare: &mut Child) -> Pid {
    let output = BufReader::new(unshare.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap().contains("ready")));
    let path = format!("/proc/{0}/task/{0}/children", unshare.id());
    Pid::from_raw(std::fs::read_to_string(path).unwrap().trim().parse().unwrap())
}

#[test]
fn it_reaps_strangers_and_steals_no_child() {
    assert_eq!(start("strangers").wait().unwrap().code(), Some(42));
}

#[test]
fn it_hands_signals_on_and_ends_as_the_harness_does() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut unshare = start("handles");
        kill(first(&mut unshare), signal).unwrap();
        assert_eq!(unshare.wait().unwrap().code(), Some(128 + signal as i32));
        let mut unshare = start("waits");
        kill(first(&mut unshare), signal).unwrap();
        assert_eq!(unshare.wait().unwrap().code(), Some(128 + signal as i32), "unhandled {signal}");
    }
}

#[test]
fn a_hangup_that_nohup_wants_ignored_stays_ignored() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    let mut harness = start_with(shell, "handles");
    let output = BufReader::new(harness.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap().contains("ready")));
    let pid = Pid::from_raw(i32::try_from(harness.id()).unwrap());
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        std::thread::sleep(std::time::Duration::from_millis(300));
        kill(pid, signal).unwrap();
    }
    assert_eq!(harness.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn a_harness_that_was_killed_is_worth_another_pod() {
    let status = start("dies").wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(75), None));
}
