//! `--verbose` and `--debug-pause`: to see a case while its pod still lives.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::console::terminal::Terminal;
use crate::fixture::{Call, Junit, call};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The first case fails, the others leave a file.
fn three(flags: &[&str]) -> Call {
    let call = call(&[&["run", "mine", "--cc", "gcc/12", "--suites", "s", "--jobs", "1"], flags].concat());
    let at = call.folder().display().to_string();
    let mut suite = format!(
        "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\nenv = {{ AT = \"{at}\" }}\nfiles = [\"p.sh\"]\n"
    );
    for (name, status) in [("one", 5), ("two", 0), ("three", 6)] {
        suite += "[[probe]]\nsummary = \"y\"\n";
        suite +=
            &["name = \"", name, "\"\nrun = \"sh p.sh ", name, " ", &status.to_string(), "\"\n"].concat();
    }
    let script = "touch \"$AT/$1\"; printf '\\033[31msaid\\t%s\\n' \"$1\"; echo '::add-mask::x ##[error]y' >&2\n\
                  echo API_TOKEN=hunter2; exit $2\n";
    call.file("s/mine/suite.toml", suite).file("s/mine/p.sh", script)
}

/// Starts it and waits for the pause; the lines that tell of it.
fn paused(call: &mut Call) -> (Child, Vec<String>) {
    let mut child =
        call.command().stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        lines.push(line.unwrap());
        if lines.last().unwrap().starts_with("  give up:") {
            break;
        }
    }
    (child, lines)
}

fn end(mut child: Child, signal: Signal) -> Option<i32> {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn the_first_failure_stops_the_run_until_somebody_has_looked() {
    let mut call = three(&["--debug-pause"]);
    let (child, lines) = paused(&mut call);
    let text = lines.join("\n");
    assert!(text.contains("paused: mine/one [gcc/12.2.0] failed: run: exit status 5\n"), "{text}");
    std::thread::sleep(Duration::from_millis(300));
    assert!(call.folder().join("one").exists() && !call.folder().join("two").exists());
    let told =
        |what: &str| lines.iter().find_map(|line| line.trim().strip_prefix(what)).unwrap().trim().to_owned();
    assert!(std::path::Path::new(&told("staged in:")).is_dir());
    assert_eq!(told("go on:"), format!("kill -USR1 {}", child.id()));
    // What is printed can be typed.
    let words = shell_words::split(&told("look:")).unwrap();
    let mut look = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    look.args(&words[1..]).args(["--", "sh", "-c", "cat p.sh"]).env_clear().env("PATH", "/usr/bin:/bin");
    let seen = look.output().unwrap();
    assert_eq!((words[0].as_str(), seen.status.code()), ("stackprobe", Some(0)));
    assert!(String::from_utf8_lossy(&seen.stdout).contains("said"), "{seen:?}");
    // The second failure stops nobody.
    assert_eq!(end(child, Signal::SIGUSR1), Some(1));
    assert!(call.folder().join("three").exists());
}

#[test]
fn a_wish_to_stop_ends_the_pause_and_the_report_is_whole() {
    let mut call = three(&["--debug-pause"]);
    let (child, _) = paused(&mut call);
    assert_eq!(end(child, Signal::SIGTERM), Some(143));
    let junit = Junit::read(&call.folder().join("results/junit.xml"));
    assert_eq!(junit.case("mine.one", "run").outcome, "failure");
    assert_eq!(junit.case("mine.two", "case").kind, "interrupted");
    assert!(!call.folder().join("two").exists());
}

#[test]
fn on_a_terminal_enter_goes_on() {
    let terminal = Terminal::open(three(&["--debug-pause"]), 120, 24, &[]);
    terminal.until("it is paused", |screen| screen.iter().any(|line| line.contains("(or Enter)")));
    assert!(!terminal.folder().join("two").exists());
    terminal.type_in("\n");
    let (status, screen) = terminal.end();
    assert_eq!(status, 1, "{screen:?}");
}

#[test]
fn what_was_said_is_shown_without_secrets_and_is_nobodys_command() {
    let all = three(&["--verbose"]).run().exits(1);
    for name in ["one", "two", "three"] {
        assert!(all.stderr.contains(&format!("  | $ sh p.sh {name} ")), "{}", all.stderr);
        assert!(all.stderr.contains(&format!("\n  | said\t{name}\n")), "{}", all.stderr);
    }
    assert!(all.stderr.contains("\n  | exit status 5, "), "{}", all.stderr);
    assert!(all.stderr.contains("  | API_TOKEN=***\n") && !all.stderr.contains("hunter2"), "{}", all.stderr);
    assert!(!all.stderr.contains("##[") && !all.stderr.contains('\u{1b}'), "{}", all.stderr);
    assert!(all.stderr.lines().all(|line| !line.trim_start().starts_with("::")), "{}", all.stderr);
    let failed = three(&["--verbose", "--quiet"]).run().exits(1);
    assert!(
        failed.stderr.contains("  | said\tone\n") && !failed.stderr.contains("said\ttwo"),
        "{}",
        failed.stderr
    );
    let none = three(&[]).run().exits(1);
    assert!(!none.stderr.contains("said"), "{}", none.stderr);
}
