//! What a person sees while a run works: on a real terminal, and where there is none.

pub(crate) mod terminal;

use std::path::Path;
use std::time::Duration;

use crate::fixture::{Call, call};
use terminal::Terminal;

/// Each case says that it has begun, and waits for a file of its name or for `go`.
const SCRIPT: &str = "touch \"$AT/$1.begun\"\nfor i in $(seq 600); do\n\
    if [ -e \"$AT/go\" ] || [ -e \"$AT/$1\" ]; then exit \"${2:-0}\"; fi\nsleep 0.05\ndone\nexit 9\n";

/// A run of two cases, `fine` and `wrong`.
fn waiting(flags: &[&str]) -> Call {
    let call = call(&[&["run", "mine", "--cc", "gcc/12", "--suites", "s", "--jobs", "2"], flags].concat());
    let at = call.folder().display().to_string();
    let suite = format!(
        "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\nfiles = [\"p.sh\"]\nenv = {{ AT = \"{at}\" }}\n\
         [[probe]]\nname = \"fine\"\nsummary = \"y\"\nrun = \"sh p.sh fine\"\n\
         [[probe]]\nname = \"wrong\"\nsummary = \"y\"\nrun = \"sh p.sh wrong 5\"\n"
    );
    call.file("s/mine/suite.toml", suite).file("s/mine/p.sh", SCRIPT)
}

fn begun(folder: &Path) -> bool {
    folder.join("fine.begun").exists() && folder.join("wrong.begun").exists()
}

fn say(folder: &Path, name: &str) {
    std::fs::write(folder.join(name), "").unwrap();
}

#[test]
fn a_terminal_shows_what_is_running_and_in_the_end_only_what_is_done() {
    let terminal = Terminal::open(waiting(&[]), 80, 24, &[]);
    let running = |screen: &[String]| {
        screen.iter().any(|line| line.ends_with(" s mine/fine [gcc/12.2.0]"))
            && screen.iter().any(|line| line.ends_with(" s mine/wrong [gcc/12.2.0]"))
            && screen.iter().any(|line| line.starts_with("0/2 cases; "))
    };
    terminal.until("both run", running);
    // Time passes on the screen although nothing happens.
    terminal
        .until("a second has passed", |screen| screen.iter().any(|line| line.starts_with("    1 s mine/")));
    assert!(begun(terminal.folder()));
    say(terminal.folder(), "wrong");
    terminal.until("one is over", |screen| {
        let over =
            screen.iter().position(|line| line.starts_with("1/2  failed") && line.contains("mine/wrong"));
        let count = screen
            .iter()
            .position(|line| line.starts_with("1/2 cases: 1 failed; ") && line.ends_with(" left"));
        let wrong = screen.iter().filter(|line| line.contains("mine/wrong")).count();
        over.is_some() && over < count && wrong == 1
    });
    say(terminal.folder(), "go");
    let (status, screen) = terminal.end();
    assert_eq!(status, 1);
    let text = screen.join("\n");
    assert!(!text.contains("so far"), "{text}");
    assert!(text.contains("2/2  passed") && text.contains("1 failed, 1 passed in 2 cases"), "{text}");
}

#[test]
fn a_terminal_may_be_small_and_become_smaller() {
    let terminal = Terminal::open(waiting(&[]), 30, 4, &[]);
    let fits = |screen: &[String]| {
        screen.iter().filter(|line| line.contains(" s mine/")).count() == 2
            && screen.iter().any(|line| line.starts_with("0/2 cases; ") && line.chars().count() < 30)
    };
    terminal.until("it fits", fits);
    terminal.resize(16, 4);
    terminal.until("it fits again", |screen| {
        let block: Vec<_> =
            screen.iter().filter(|line| line.contains("mine/") || line.contains("0/2")).collect();
        block.len() == 3 && block.iter().all(|line| line.chars().count() < 16)
    });
    terminal.resize(16, 3);
    terminal.until("it is cut", |screen| screen.iter().any(|line| line.ends_with("and 2 m")));
    say(terminal.folder(), "go");
    assert_eq!(terminal.end().0, 1);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let terminal = Terminal::open(waiting(&["--grace", "1s"]), 80, 24, &[]);
    terminal.until("both run", |screen| screen.iter().filter(|line| line.contains(" s mine/")).count() == 2);
    terminal.type_in("\u{3}");
    let modes = terminal.modes();
    let (status, screen) = terminal.end();
    assert_eq!(status, 130);
    assert!(!screen.join("\n").contains("so far"), "{screen:?}");
    // Nothing but the cursor and colours was touched: no mode to restore, no other screen, the cursor never hidden.
    assert!(modes.is_empty(), "{modes:?}");
}

#[test]
fn colours_are_for_terminals_whose_people_want_them() {
    let coloured = Terminal::open(waiting(&[]), 80, 24, &[("NO_COLOR", "")]);
    say(coloured.folder(), "go");
    let plain = Terminal::open(waiting(&[]), 80, 24, &[("NO_COLOR", "1")]);
    say(plain.folder(), "go");
    assert!(coloured.raw_at_end().contains("\u{1b}[31m"));
    let plain = plain.raw_at_end();
    assert!(!plain.contains("\u{1b}[3") && !plain.contains("\u{1b}[1m"), "{plain:?}");
    assert!(plain.contains("\u{1b}[J"), "it is live all the same");
}

#[test]
fn where_nobody_looks_there_are_only_plain_lines() {
    for (flags, set) in
        [(&["--quiet"][..], &[][..]), (&[][..], &[("TERM", "dumb")][..]), (&[][..], &[("TERM", "")][..])]
    {
        let terminal = Terminal::open(waiting(flags), 80, 24, set);
        say(terminal.folder(), "go");
        let raw = terminal.raw_at_end();
        assert!(!raw.contains("\u{1b}[J") && !raw.contains("so far"), "{flags:?} {set:?}: {raw:?}");
        assert_eq!(raw.contains("mine/fine ["), flags.is_empty(), "{raw:?}");
    }
    let pipe = waiting(&[]).env("TERM", "xterm").file("go", "").run().exits(1);
    assert!(!pipe.stderr.contains('\u{1b}') && !pipe.stderr.contains('\r'), "{:?}", pipe.stderr);
    assert_eq!(pipe.stderr.lines().filter(|line| line.contains("mine/")).count(), 2, "{}", pipe.stderr);
}

#[test]
fn the_time_left_is_known_from_an_earlier_run_before_any_case_ends() {
    let mut first = waiting(&[]);
    say(first.folder(), "go");
    assert_eq!(first.command().status().unwrap().code(), Some(1));
    std::fs::remove_file(first.folder().join("go")).unwrap();
    let terminal = Terminal::open(first, 80, 24, &[]);
    terminal.until("it is estimated", |screen| {
        screen.iter().any(|line| line.starts_with("0/2 cases; ") && line.ends_with(" left"))
    });
    std::thread::sleep(Duration::from_millis(50));
    say(terminal.folder(), "go");
    terminal.end();
}

#[test]
fn a_toolchain_that_does_not_load_says_why_once() {
    let answer = call(&["run", "mpi", "--cc", "gcc/12", "--mpi", "openmpi/9"]).run().exits(1);
    let why = "load: there is no openmpi/9; openmpi is offered as 4.1.4, 5.0.11";
    assert_eq!(answer.stderr.matches(why).count(), 1, "{}", answer.stderr);
    let failed = answer.stderr.matches("  failed  ").count();
    assert!(failed > 30, "{}", answer.stderr);
    assert_eq!(
        answer.stderr.matches("] 1 failed of 1 check: as above\n").count(),
        failed - 1,
        "{}",
        answer.stderr
    );
    assert!(answer.stdout.contains(" under 1 toolchain, "), "{}", answer.stdout);
}
