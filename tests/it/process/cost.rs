//! What the supervisor costs. Run with `cargo test --test it process:: -- --ignored --nocapture cost`.

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
        assert_eq!(result.0.ended, stackprobe::run::outcome::Ended::Exit(0));
        result.1
    };
    let (bare, owned): (Vec<_>, Vec<_>) = (0..500).map(|_| (bare(), owned())).unzip();
    let (bare, owned) = (typical(bare), typical(owned));
    let cost = owned.saturating_sub(bare);
    println!("bare {bare:?}, supervised {owned:?}: {cost:?} over");
    assert!(cost < Duration::from_millis(3));
}

#[test]
fn memory_of_a_supervisor() {
    let result = shell("sleep 0.2; cat /proc/$PPID/status").run();
    let status = String::from_utf8(result.executed.stdout.head).unwrap();
    let kibibytes = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let (private, most) = (kibibytes("RssAnon:"), kibibytes("VmHWM:"));
    println!("{private} KiB of its own, {most} KiB with what it shares with the harness: the program's file");
    assert!(private <= 1024);
    // An unoptimised program is larger than what is shipped.
    assert!(most <= if cfg!(debug_assertions) { 8192 } else { 4096 });
}
