//! Whoever asks for a stop gets one: with a grace the first time, at once the second.

use std::time::{Duration, Instant};

use stackprobe::pod::signals::Stop;
use stackprobe::run::outcome::Ended;

use super::harness::{Result, Trial, shell, torture};

/// Runs it and asks for a stop after each of these times in milliseconds.
fn stopped(trial: &Trial, times: &[u64]) -> Result {
    let stop = Stop::new(Duration::from_secs(5)).unwrap();
    std::thread::scope(|scope| {
        let result = scope.spawn(|| trial.run_until(&stop));
        for time in times {
            std::thread::sleep(Duration::from_millis(*time));
            stop.request(15);
        }
        result.join().unwrap()
    })
}

#[test]
fn the_first_time_with_a_grace() {
    let result = stopped(&shell("trap 'sleep 0.2; echo bye; exit 0' TERM; sleep 60 & wait"), &[300]);
    assert_eq!(result.executed.ended, Ended::Interrupted);
    assert_eq!(result.executed.stdout.head, b"bye\n");
    assert_eq!(result.survivors, [] as [i32; 0]);
}

#[test]
fn the_second_time_at_once() {
    let mut trial = torture(&["ignore"]);
    trial.command.limits.grace = Duration::from_secs(5);
    let begun = Instant::now();
    let result = stopped(&trial, &[300, 300]);
    assert_eq!(result.executed.ended, Ended::Interrupted);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(result.survivors, [] as [i32; 0]);
}

#[test]
fn before_it_began() {
    let stop = Stop::new(Duration::from_secs(1)).unwrap();
    stop.request(15);
    let result = shell("sleep 60").run_until(&stop);
    assert_eq!(result.executed.ended, Ended::Interrupted);
}

#[test]
fn several_at_once() {
    let stop = Stop::new(Duration::from_secs(1)).unwrap();
    let trials: Vec<Trial> = (0..4).map(|_| shell("sleep 60")).collect();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let results: Vec<_> = trials.iter().map(|trial| scope.spawn(|| trial.run_until(&stop))).collect();
        std::thread::sleep(Duration::from_millis(300));
        stop.request(2);
        for result in results {
            assert_eq!(result.join().unwrap().executed.ended, Ended::Interrupted);
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(stop.requested(), Some(2));
}

#[test]
fn a_signal_to_the_supervisor_ends_the_case() {
    for signal in ["TERM", "INT", "HUP"] {
        let result = shell(&format!("setsid sleep 60 & kill -{signal} $PPID; sleep 60")).run();
        assert_eq!(result.executed.ended, Ended::Interrupted, "{signal}");
        assert_eq!(result.survivors, [] as [i32; 0], "{signal}");
    }
}

#[test]
fn a_supervisor_that_its_case_has_stopped_holds_nobody_up() {
    let mut trial = shell("setsid sleep 60 & kill -STOP $PPID; sleep 61");
    trial.command.limits.grace = Duration::from_millis(100);
    let begun = Instant::now();
    let result = stopped(&trial, &[300]);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(result.executed.ended, Ended::Interrupted);
    assert_eq!(result.survivors, [] as [i32; 0]);
}
