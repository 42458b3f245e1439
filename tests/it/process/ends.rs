//! How a command ends is told exactly, and so is why it could not begin.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use stackprobe::error::Kind;
use stackprobe::run::outcome::Ended;
use stackprobe::run::supervisor_pool::SupervisorPool;

use super::harness::{isolated, shell, torture, trial};
use crate::fixture::skip;

#[test]
fn every_exit_status_arrives() {
    for status in [0, 1, 2, 77, 126, 127, 128, 139, 255] {
        let result = shell(&format!("exit {status}")).run();
        assert_eq!(result.executed.ended, Ended::Exit(status));
        assert!(result.executed.leaked.is_empty());
    }
}

#[test]
fn every_signal_arrives() {
    // Those that end a process; 34 and 64 are real-time signals.
    for signal in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 34, 64]
    {
        let result = torture(&["raise", &signal.to_string()]).run();
        assert_eq!(result.executed.ended, Ended::Signal(signal));
        assert_eq!(result.survivors, [] as [i32; 0]);
    }
}

#[test]
fn times_and_memory_are_those_of_the_tree() {
    let script = "head -c 30000000 /dev/zero | tail -c 30000000 | md5sum; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
    let executed = shell(script).run().executed;
    assert!(executed.user > Duration::from_millis(30), "{:?}", executed.user);
    assert!(executed.user + executed.system < executed.wall * 4);
    // `tail -c N` keeps N bytes.
    assert!(executed.peak_memory > 25_000_000, "{}", executed.peak_memory);
    assert!(executed.peak_memory < 200_000_000, "{}", executed.peak_memory);
}

#[test]
fn a_command_gets_its_own_environment_folder_and_arguments_and_nothing_else() {
    let mut trial = trial(&["/usr/bin/env"]);
    let bytes = std::os::unix::ffi::OsStringExt::from_vec(b"not\xffutf8".to_vec());
    trial.command.env.push(("BYTES".into(), bytes));
    let stdout = trial.run().executed.stdout.head;
    let mut names: Vec<&[u8]> = stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b'=').next())
        .collect();
    names.sort_unstable();
    assert_eq!(names, [&b""[..], b"BYTES", b"PATH", b"STACKPROBE_CASE", b"TRIAL"]);
    assert!(stdout.windows(15).any(|window| window == b"BYTES=not\xffutf8\n"));

    let trial = super::harness::trial(&[
        "sh",
        "-c",
        "pwd; echo \"$0\" \"$1\"; ls /proc/self/fd; cat; : </dev/tty",
        "a b",
        "",
    ]);
    let result = trial.run();
    let expected = format!("{}\na b \n0\n1\n2\n3\n", trial.command.dir.display());
    assert_eq!(String::from_utf8(result.executed.stdout.head).unwrap(), expected);
    assert_ne!(result.executed.ended, Ended::Exit(0), "there is a terminal");
}

#[test]
fn what_the_harness_was_given_open_is_not_handed_on() {
    let file = tempfile::tempfile().unwrap();
    let open = nix::unistd::dup(&file).unwrap();
    nix::fcntl::fcntl(&open, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
    let result = shell("ls /proc/self/fd").run();
    assert_eq!(result.executed.stdout.head, b"0\n1\n2\n3\n");
}

#[test]
fn why_a_command_could_not_be_started_is_told() {
    let case = trial(&["no-such-program"]);
    let folder = case.command.dir.clone();
    let write = |name: &str, text: &str, mode| {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    write("plain", "", 0o644);
    write("orphan", "#!/no/such/interpreter\n", 0o755);
    write("noise", "\u{1}\u{2}", 0o755);
    let rows = [
        (vec!["no-such-program"], "cannot find `no-such-program` on the PATH of the case: no such file", 2),
        (vec!["./no-such-file"], "no-such-file`: no such file or directory", 2),
        (vec!["./plain"], "plain`: permission denied", 13),
        (vec!["./orphan"], "orphan`: the interpreter that it names is missing: no such file", 2),
        (vec!["./noise"], "noise`: exec format error", 8),
        (vec!["/"], "cannot start `/`: permission denied", 13),
        (vec![], "the command is empty: invalid argument", 22),
    ];
    for (argv, expected, number) in rows {
        let mut trial = trial(&argv);
        trial.command.dir.clone_from(&folder);
        let Ended::NotStarted { what, errno, pod: false } = trial.run().executed.ended else {
            panic!("{argv:?} was started")
        };
        assert!(what.contains(expected), "{what}");
        assert_eq!(errno, number, "{what}");
    }
    let mut trial = shell("exit 0");
    trial.command.dir = folder.join("nowhere");
    let Ended::NotStarted { what, errno, pod: false } = trial.run().executed.ended else {
        panic!("started nowhere")
    };
    assert!(what.starts_with("cannot enter `") && what.contains("nowhere`: no such file"), "{what}");
    assert_eq!(errno, 2);
}

#[test]
fn too_long_an_argument_is_told() {
    let long = "x".repeat(3 << 20);
    let Ended::NotStarted { errno, .. } = trial(&["/bin/true", &long]).run().executed.ended else { panic!() };
    assert_eq!(errno, 7);
}

#[test]
fn a_pod_without_dev_null_or_proc_is_told() {
    if isolated("process::ends::a_pod_without_dev_null_or_proc_is_told") {
        return;
    }
    let hide = |path: &str| {
        nix::mount::mount(Some("none"), path, Some("tmpfs"), nix::mount::MsFlags::empty(), None::<&str>)
            .unwrap();
    };
    hide("/dev");
    let result = shell("exit 0").run();
    let Ended::NotStarted { what, pod: true, .. } = result.executed.ended else { panic!() };
    assert_eq!(what, "cannot open `/dev/null`: no such file or directory");
    let mut trial = shell("exit 0");
    trial.capture.supervisors = Arc::new(SupervisorPool::new("/proc/self/exe"));
    hide("/proc");
    let error = trial.try_run().unwrap_err();
    assert_eq!(error.kind, Kind::Pod);
    assert!(
        error.to_string().contains("cannot start the supervisor `/proc/self/exe`: no such file"),
        "{error}"
    );
}

#[test]
fn a_pod_that_can_start_no_more_processes_is_told() {
    if isolated("process::ends::a_pod_that_can_start_no_more_processes_is_told") {
        return;
    }
    // The kernel counts processes of any user but root: so many, and then the one that the supervisor needs.
    let nobody = nix::unistd::Uid::from_raw(65_533);
    let mut trial = shell("exit 0");
    let folder = trial.command.dir.clone();
    let supervisor = folder.join("supervisor");
    fs::copy(env!("CARGO_BIN_EXE_stackprobe"), &supervisor).unwrap();
    trial.capture.supervisors = Arc::new(SupervisorPool::new(supervisor));
    for path in [&folder, &trial.command.tmp] {
        if nix::unistd::chown(path, Some(nobody), None).is_err() {
            return skip("root", "only root can become another user");
        }
    }
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NPROC, 3, 3).unwrap();
    nix::unistd::setuid(nobody).unwrap();
    let ended = trial.run().executed.ended;
    let Ended::NotStarted { what, errno: 11, pod: true } = ended else { panic!("{ended:?}") };
    assert!(what.contains("cannot start `/bin/bash`: resource temporarily unavailable"), "{what}");
}
