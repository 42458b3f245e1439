//! What the supervisor costs. Run with `cargo test --test process -- --ignored --nocapture cost`.

use std::time::{Duration, Instant};

use super::harness::{shell, trial};

/// What one in ten is faster than: other work on the machine makes some slower, and none faster.
fn typical(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 10]
}

#[test]
#[ignore = "a measurement: wants a quiet machine"]
fn wall_time_over_a_bare_spawn() {
    let trial = trial(&["/bin/true"]);
    let bare = || {
        let begun = Instant::now();
        assert!(duct::cmd!("/bin/true").stdout_null().run().unwrap().status.success());
        begun.elapsed()
    };
    let owned = || {
        let result = trial.run_quick();
        assert_eq!(result.0.ended, stackprobe::run::execute::Ended::Exit(0));
        result.1
    };
    let (bare, owned): (Vec<_>, Vec<_>) = (0..500).map(|_| (bare(), owned())).unzip();
    let (bare, owned) = (typical(bare), typical(owned));
    let cost = owned.saturating_sub(bare);
    println!("bare {bare:?}, supervised {owned:?}: {cost:?} over");
    assert!(cost < Duration::from_millis(3));
}

#[test]
#[ignore = "a measurement: wants a quiet machine"]
fn memory_of_a_supervisor() {
    let result = shell("grep -E 'VmHWM|VmRSS|RssAnon' /proc/$PPID/status").run();
    let text = String::from_utf8(result.executed.stdout.head).unwrap();
    println!("{text}");
    let most = text.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kilobytes: u64 = most.split_ascii_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes <= 4096);
}
