//! Output is bounded: in memory, on disk, and in time.

use stackprobe::run::outcome::Ended;
use stackprobe::run::output::Stream;

use super::harness::{Trial, shell, torture};

const FLOOD: u64 = 400 << 20;

/// The most memory that this process has used since the last call, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn memory_is_flat_under_several_floods() {
    let test = "process::output::memory_is_flat_under_several_floods";
    if super::harness::isolated(test) {
        return;
    }
    let flood = |bytes: u64| torture(&["flood", &bytes.to_string()]).wall(120_000);
    let trials: Vec<Trial> = (0..3).map(|_| flood(FLOOD)).collect();
    // Our own code is read from disk as it is first used, and counts as ours.
    flood(1 << 20).run_quick();
    peak();
    let before = peak();
    std::thread::scope(|scope| {
        for trial in &trials {
            scope.spawn(|| {
                let (executed, _) = trial.run_quick();
                assert_eq!(executed.ended, Ended::Exit(0));
                assert_eq!(executed.stdout.bytes, FLOOD);
                assert_eq!((executed.stdout.head.len(), executed.stdout.tail.len()), (64 << 10, 64 << 10));
                let cap = trial.capture.log_cap;
                assert_eq!(executed.log.dropped, FLOOD - cap - (64 << 10));
                let size = std::fs::metadata(&trial.capture.log).unwrap().len();
                assert!(size > cap && size < cap + (100 << 10), "{size}");
            });
        }
    });
    let grown = peak().saturating_sub(before);
    println!("grown by {} KiB", grown / 1024);
    assert!(grown < 4 << 20, "{grown}");
}

#[test]
fn both_streams_arrive_whole_and_apart() {
    let trial = shell("for i in $(seq 2000); do echo out $i; echo err $i >&2; done");
    let mut seen = [Vec::new(), Vec::new()];
    let executed = trial.run_with(&mut |stream, chunk| match stream {
        Stream::Stdout => seen[0].extend_from_slice(chunk),
        Stream::Stderr => seen[1].extend_from_slice(chunk),
    });
    let expected =
        |word: &str| (1..=2000).flat_map(|line| [word.to_owned(), format!(" {line}\n")]).collect::<String>();
    assert_eq!(executed.stdout.head, expected("out").as_bytes());
    assert_eq!(executed.stderr.head, expected("err").as_bytes());
    assert_eq!((&seen[0], &seen[1]), (&executed.stdout.head, &executed.stderr.head));
    assert_eq!(trial.log().len() as u64, executed.stdout.bytes + executed.stderr.bytes);
}

#[test]
fn what_was_said_before_the_end_is_kept() {
    // While we are slow, the program fills its pipe and ends, and its supervisor reports that.
    let mut slow = true;
    let executed = torture(&["burst", "1048576"]).run_with(&mut |_, _| {
        if std::mem::take(&mut slow) {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
    });
    assert_eq!((executed.ended, executed.stdout.bytes), (Ended::Exit(0), 1 << 20));
}

#[test]
fn a_pipe_that_a_stranger_holds_open_is_not_waited_for() {
    // Handed to a process that is no part of the case, through a socket, as a program may.
    let script = "import array, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1, 2]))])
print('last words', flush=True)";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let trial = super::harness::trial(&["python3", "-c", script, path.to_str().unwrap()]);
    let result = trial.run();
    // The descriptors wait, open, in the socket's queue.
    let (executed, _held) = (result.executed, listener.accept().unwrap());
    assert_eq!(executed.ended, Ended::Exit(0));
    assert_eq!(executed.stdout.head, b"last words\n");
    assert!(result.took < std::time::Duration::from_secs(10), "{:?}", result.took);
}

#[test]
fn a_hang_and_a_leak_are_in_the_log() {
    let trial = shell("echo working; exec sleep 60").wall(200);
    trial.run();
    let log = trial.log();
    assert!(log.starts_with("working\n\n[stackprobe: at the deadline"), "{log}");
    assert!(log.contains("sleeping in ") && log.contains(": sleep 60\n"), "{log}");
    let trial = shell("sleep 60 & exit 0");
    trial.run();
    assert!(trial.log().contains("outlived the command"), "{}", trial.log());
}

#[test]
fn a_hang_names_files_and_sockets() {
    let program = "import socket, sys, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.create_connection(s.getsockname())
f = open(sys.argv[1], 'w')
time.sleep(60)";
    let mut trial = super::harness::trial(&["python3", "-c", program, "notes"]).wall(2000);
    trial.command.env.push(("PMI_RANK".into(), "3".into()));
    let hang = trial.run().executed.hang;
    assert_eq!(hang.len(), 1, "{hang:?}");
    let text = hang[0].to_string();
    assert_eq!(hang[0].rank, Some(3));
    for wanted in [
        "tcp 127.0.0.1:",
        " listening",
        " established",
        "/notes",
        "sleeping in ",
        "1 thread: ",
        "-c import socket",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }
}
