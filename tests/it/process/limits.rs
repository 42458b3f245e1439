//! What the kernel limits is told as a limit.

use std::fs;
use std::time::Duration;

use stackprobe::run::outcome::{Ended, Limit};

use super::harness::{Trial, isolated, shell, torture};
use crate::control_group::Group;

fn limited(mut trial: Trial, limit: impl Fn(&mut stackprobe::run::command::Limits)) -> Ended {
    limit(&mut trial.command.limits);
    trial.run().executed.ended
}

const CPU: Duration = Duration::from_millis(900);

#[test]
fn cpu_time() {
    let second = |limits: &mut stackprobe::run::command::Limits| limits.cpu = Some(CPU);
    assert_eq!(limited(torture(&["spin"]), second), Ended::Limit(Limit::Cpu(CPU)));
    // A launcher tells of it by its own status.
    let path = torture(&[]).command.argv[0].clone();
    assert_eq!(
        limited(shell(&format!("{} spin; exit $?", path.display())), second),
        Ended::Limit(Limit::Cpu(CPU))
    );
    // The same status without the time used is the program's own.
    assert_eq!(limited(shell("exit 152"), second), Ended::Exit(152));
}

#[test]
fn the_size_of_a_file() {
    let mebibyte = |limits: &mut stackprobe::run::command::Limits| limits.file_size = Some(1 << 20);
    assert_eq!(limited(torture(&["grow", "2097152"]), mebibyte), Ended::Limit(Limit::FileSize(1 << 20)));
    assert_eq!(limited(torture(&["grow", "1048576"]), mebibyte), Ended::Exit(0));
    // Output is not a file here: it may be larger.
    assert_eq!(limited(torture(&["flood", "4194304"]), mebibyte), Ended::Exit(0));
}

#[test]
fn address_space() {
    let gibibyte = |limits: &mut stackprobe::run::command::Limits| limits.memory = Some(1 << 30);
    assert_eq!(limited(torture(&["allocate", "1073741824"]), gibibyte), Ended::Exit(3));
    assert_eq!(limited(torture(&["allocate", "536870912"]), gibibyte), Ended::Exit(0));
    assert_eq!(limited(torture(&["allocate", "1073741824"]), |_| {}), Ended::Exit(0));
}

#[test]
fn core_files_and_the_layout_of_the_address_space() {
    let show = "ulimit -c; cat /proc/self/personality";
    assert_eq!(shell(show).run().executed.stdout.head, b"0\n00000000\n");
    let mut trial = shell(show);
    trial.command.limits.core = true;
    trial.command.limits.aslr = false;
    let stdout = String::from_utf8(trial.run().executed.stdout.head).unwrap();
    let (own, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_CORE).unwrap();
    assert_eq!(stdout.lines().next() == Some("0"), own == 0);
    assert!(stdout.ends_with("00040000\n"), "{stdout}");
}

#[test]
fn a_case_is_killed_before_its_supervisor_when_memory_runs_out() {
    let stdout =
        shell("sleep 0.2; cat /proc/self/oom_score_adj /proc/$PPID/oom_score_adj").run().executed.stdout.head;
    let scores: Vec<i32> =
        String::from_utf8(stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert!(scores[0] > scores[1], "{scores:?}");
}

#[test]
fn a_kill_for_want_of_memory_is_counted() {
    if isolated("process::limits::a_kill_for_want_of_memory_is_counted") {
        return;
    }
    // Only the cases may be killed: the harness and its supervisors go on.
    let files = [("memory.limit_in_bytes", "100663296"), ("memory.max", "100663296")];
    let Some(group) = Group::new("memory", &files) else { return };
    fs::write(group.processes(), std::process::id().to_string()).unwrap();
    // An idle supervisor would hold the group: theirs ends with them.
    let result = torture(&["fill", "268435456"]).alone().run();
    let well = torture(&["fill", "1048576"]).alone().run();
    fs::write(group.parent().join("cgroup.procs"), std::process::id().to_string()).unwrap();
    drop(group);
    assert_eq!((result.executed.ended, result.executed.oom_kills), (Ended::Signal(9), 1));
    assert_eq!((well.executed.ended, well.executed.oom_kills), (Ended::Exit(0), 0));
}
