//! A command that does not end: hung or slow is told by what it did, whatever the machine is doing beside it.

use stackprobe::verdict::stall::{Stall, doing};

use super::harness::{Trial, shell, torture};

fn stalled(trial: Trial) -> (Stall, String) {
    let executed = trial.wall(1_500).run().executed;
    assert_eq!(executed.ended, stackprobe::run::outcome::Ended::Timeout, "{executed:?}");
    let stall = Stall::of(&executed.hang).unwrap();
    let told = doing(&executed.hang).unwrap();
    // What is written down is what was seen.
    assert!(executed.hang.iter().all(|process| process.busy.is_some()));
    (stall, told)
}

#[test]
fn who_sleeps_for_ever_is_hung_however_many_there_are() {
    for script in
        ["sleep 60", "sleep 60 | sleep 61 | cat", "for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; wait"]
    {
        let (stall, told) = stalled(shell(script));
        assert!(stall.idle(), "{script}: {stall:?} {told}");
        assert!(told.starts_with("hung, no CPU used: ") && told.contains("sleep"), "{told}");
        assert!(told.contains(" in "), "where it waits is not told: {told}");
    }
}

#[test]
fn who_worked_first_and_then_stands_is_hung() {
    let (stall, told) =
        stalled(shell("end=$((SECONDS + 1)); while [ $SECONDS -lt $end ]; do :; done; sleep 60"));
    assert!(stall.idle(), "{stall:?} {told}");
}

#[test]
fn who_spins_is_slow_or_looping_and_never_hung() {
    let (stall, told) = stalled(torture(&["spin"]));
    assert!(!stall.idle() && stall.wanting >= 1, "{stall:?} {told}");
    assert!(told.starts_with("slow or looping, ") && told.contains("torture running"), "{told}");
}

#[test]
fn more_that_spin_than_there_are_cpus_all_want_one() {
    let path = torture(&[]).command.argv[0].clone();
    let many = std::thread::available_parallelism().unwrap().get() * 2 + 1;
    let script = format!("for i in $(seq {many}); do {} spin & done; wait", path.display());
    let (stall, told) = stalled(shell(&script));
    assert!(stall.wanting >= many as u64, "{stall:?} {told}");
}

#[test]
fn who_waits_in_the_kernel_is_told_with_the_place() {
    // A parent in vfork is in state D and no disk is at fault.
    let (stall, told) = stalled(torture(&["vfork"]));
    assert!(stall.idle(), "{stall:?} {told}");
    assert!(told.contains("torture blocked in the kernel"), "{told}");
}

#[test]
fn who_asks_a_server_that_never_answers_is_the_sites() {
    let (stall, told) = stalled(torture(&["server"]));
    assert!(stall.idle(), "{stall:?} {told}");
    let facts = stackprobe::verdict::evidence::Facts::default();
    let text = format!("still running after 2 s: {told}");
    let evidence = stackprobe::verdict::evidence::Evidence {
        timed_out: true,
        stall: Some(stall),
        ..stackprobe::verdict::evidence::Evidence::new(text.as_bytes(), &facts)
    };
    let rules = stackprobe::verdict::rules::Rules::parse(&stackprobe::verdict::rules::shipped()).unwrap();
    let found = rules.diagnose(&evidence);
    assert_eq!(found[0].id, "hang-file-server", "{told}");
    assert_eq!(found[0].fault_word(), "site");
}
