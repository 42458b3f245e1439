//! `stackprobe shell`: inside a toolchain, and inside a case as it ran.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fixture::{Answer, call};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n\
    [[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"p.sh\"]\nrun = \"sh {sources} {tmp} 'a b' {ranks}\"\n\
    env = { SEEN = \"it's $HOME\" }\n";
const CASE: &str = "results/cases/mine.p.gcc-12.2.0.openmpi-5.0.11";
const SCRIPT: &str = "env\necho \"args: $*\"\nexit 5\n";

/// A run whose one case has failed.
fn failed() -> Answer {
    call(&["run", "mine", "--cc", "gcc/12", "--mpi", "openmpi/5", "--suites", "s"])
        .file("s/mine/suite.toml", SUITE)
        .file("s/mine/p.sh", SCRIPT)
        .env("API_TOKEN", "hunter2")
        .env("LICENCE_SERVER", "27000@lic")
        .run()
        .exits(1)
}

/// `stackprobe ARGS…` where that run has left its results.
fn after(run: &Answer, args: &[&str]) -> Answer {
    let mut call = call(args).env("API_TOKEN", "hunter2").env("LICENCE_SERVER", "27000@lic");
    call.command().current_dir(run.folder.path());
    call.run()
}

/// Variables by name, without what differs from folder to folder and from process to process.
fn variables(text: &str) -> BTreeMap<String, String> {
    let own = ["HOME", "TMPDIR", "PWD", "STACKPROBE_CASE", "TERM", "_"];
    text.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| !own.contains(name) && !name.starts_with("_ModuleTable"))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_failed_case_is_opened_as_it_ran() {
    let run = failed();
    let log =
        std::fs::read_to_string(run.results().join("logs/mine.p.gcc-12.2.0.openmpi-5.0.11.log")).unwrap();
    let shell = after(&run, &["shell", CASE, "--", "sh", "p.sh", "x"]).exits(5);
    let (mut ran, seen) = (variables(&log), variables(&shell.stdout));
    assert!(ran.len() > 20 && ran["SEEN"] == "it's $HOME", "{ran:?}");
    // The log holds no secret; the shell has it from whoever opens it.
    assert_eq!(ran.insert("API_TOKEN".into(), "hunter2".into()).as_deref(), Some("***"));
    assert_eq!(ran, seen);
    assert_eq!(shell.stderr, "");
    let script = std::fs::read_to_string(run.folder.path().join(CASE).join("repro.sh")).unwrap();
    assert!(!script.contains("hunter2"), "a secret is in the script");
}

#[test]
fn every_way_to_name_a_case_finds_it_and_its_commands_do_it_again() {
    let run = failed();
    for path in ["results", CASE, &format!("{CASE}.json"), &format!("{CASE}/repro.sh")] {
        let shell = after(&run, &["shell", path, "--", "cat", "p.sh"]).exits(0);
        assert_eq!(shell.stdout, SCRIPT, "{path}");
    }
    // Without a terminal the shell reads what to do from its standard input.
    let mut call = call(&["shell", CASE]);
    call.command().current_dir(run.folder.path()).stdin(Stdio::null());
    let shown = call.run().stderr;
    let command = shown.lines().find_map(|line| line.strip_prefix("$ ")).expect(&shown);
    assert!(command.starts_with("sh p.sh /") && command.ends_with("/t a\\ b 1"), "{command}");
    assert!(shown.contains("mine/p [gcc/12.2.0 openmpi/5.0.11]: failed\n  run: exit status 5\n"), "{shown}");
    let shell =
        after(&run, &["shell", CASE, "--", "bash", "-c", &format!("{command}; ls \"$TMPDIR\"")]).exits(0);
    assert!(shell.stdout.contains("args: /") && shell.stdout.contains(" a b 1\n"), "{}", shell.stdout);
}

#[test]
fn a_toolchain_is_opened_and_the_status_of_the_command_is_handed_on() {
    let args = ["shell", "--cc", "gcc/12", "--mpi", "openmpi/5", "--", "sh", "-c"];
    let shell =
        call(&[&args[..], &["echo $LOADEDMODULES; command -v mpicc; exit 7"]].concat()).run().exits(7);
    let mut lines = shell.stdout.lines();
    assert_eq!(lines.next(), Some("gcc/12.2.0:openmpi/5.0.11"));
    assert!(lines.next().unwrap().contains("/openmpi-5.0.11-"), "{}", shell.stdout);
    assert_eq!(shell.stderr, "");
    call(&[&args[..], &["kill -9 $$"]].concat()).run().exits(137);
    // A program built there starts there: the launcher's profile is in force.
    let source = "#include <mpi.h>\nint main(int n, char **v) { int s; MPI_Init(&n, &v);\n\
                  MPI_Comm_size(MPI_COMM_WORLD, &s); MPI_Finalize(); return s != 2; }\n";
    call(&[&args[..], &["mpicc p.c -o p && mpirun -n 2 ./p"]].concat()).file("p.c", source).run().exits(0);
    let glob = call(&["shell", "--cc", "gcc/12*", "--", "sh", "-c", "echo $LOADEDMODULES"]).run().exits(0);
    assert_eq!(glob.stdout, "gcc/12.2.0\n");
}

#[test]
fn on_a_terminal_it_is_a_shell_with_a_prompt_that_no_command_inherits() {
    let mut call = call(&[]);
    let stackprobe = call.command().get_program().to_string_lossy().into_owned();
    let environment: Vec<_> = call
        .command()
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect();
    let mut script = Command::new("script");
    script.env_clear().envs(environment.into_iter().filter_map(|(name, value)| Some((name, value?))));
    script.args(["-qec", &format!("{stackprobe} shell --cc gcc/12 --mpi openmpi/5"), "/dev/null"]);
    script.current_dir(call.folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.env("TERM", "dumb").spawn().unwrap();
    let typed = "env | grep -c -e ^PS1 -e ^PROMPT -e ^STACKPROBE_CASE=\nexit 6\n";
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let seen = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert_eq!(output.status.code(), Some(6), "{seen}");
    assert!(seen.contains("loaded: gcc/12.2.0 openmpi/5.0.11\n"), "{seen}");
    assert!(
        seen.contains("(gcc/12.2.0 openmpi/5.0.11) ~ ") || seen.contains("(gcc/12.2.0 openmpi/5.0.11) /"),
        "{seen}"
    );
    assert!(seen.lines().any(|line| line == "0"), "{seen}");
}

#[test]
fn nothing_stays_behind_unless_it_is_to_be_kept() {
    let shell = call(&["shell", "--cc", "gcc/12", "--", "sh", "-c", "echo $HOME"]).run().exits(0);
    assert!(!Path::new(shell.stdout.trim()).exists(), "{}", shell.stdout);
    let shell = call(&["shell", "--cc", "gcc/12", "--keep", "--", "sh", "-c", "echo $HOME"]).run().exits(0);
    let home = Path::new(shell.stdout.trim());
    assert!(home.is_dir(), "{}", shell.stdout);
    std::fs::remove_dir_all(home.parent().unwrap()).unwrap();
}

#[test]
fn a_wish_to_stop_reaches_the_command() {
    let mut call = call(&["shell", "--cc", "gcc/12", "--", "sh", "-c"]);
    let script = "trap 'echo told; exit 9' TERM; touch ready; while :; do sleep 0.05; done";
    let ready = call.folder().join("ready");
    let child = call.command().arg(script).stdout(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !ready.exists() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the command never began");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(9), &b"told\n"[..]));
}

#[test]
fn what_a_killed_one_has_left_goes_with_the_next() {
    let tmp = tempfile::tempdir().unwrap();
    let left = || std::fs::read_dir(tmp.path()).unwrap().count();
    let opened = |script: &str| {
        let mut call =
            call(&["shell", "--cc", "gcc/12", "--", "sh", "-c"]).env("TMPDIR", tmp.path().to_str().unwrap());
        call.command().arg(script);
        call
    };
    let mut first = opened("echo $$ > at-hand; mv at-hand begun; exec sleep 60");
    let begun = first.folder().join("begun");
    let mut child = first.command().spawn().unwrap();
    let since = Instant::now();
    while !begun.exists() {
        assert!(since.elapsed() < Duration::from_mins(1), "the command never began");
        std::thread::sleep(Duration::from_millis(10));
    }
    opened("true").run().exits(0);
    assert_eq!(left(), 1, "whoever is alive keeps what is his");
    child.kill().unwrap();
    child.wait().unwrap();
    let orphan = std::fs::read_to_string(begun).unwrap().trim().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(orphan), nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!(left(), 1);
    opened("true").run().exits(0);
    assert_eq!(left(), 0);
}

#[test]
fn what_cannot_be_opened_is_told_with_a_way_out() {
    let run = failed();
    let folder = run.folder.path();
    let refused = |path: &str, what: &str, hint: &str| {
        let shell = after(&run, &["shell", path, "--", "touch", "pwned"]).exits(2);
        assert!(shell.stderr.contains(what), "{path}: {}", shell.stderr);
        assert!(shell.stderr.contains(&format!("hint: {hint}")), "{path}: {}", shell.stderr);
    };
    refused("nowhere", "`nowhere` is not a case", "give RESULTS/cases/ID");
    refused("results/cases/.", "is not a case", "give RESULTS/cases/ID");
    refused("results/cases/../../../etc", "is not a case", "give RESULTS/cases/ID");
    refused(
        "results/cases/mine.p.gcc-12.2.0.openmpi-5",
        "there is no case",
        "there is `results/cases/mine.p.",
    );
    let script = folder.join(CASE).join("repro.sh");
    let whole = std::fs::read(&script).unwrap();
    std::fs::write(&script, &whole[..whole.len() / 2]).unwrap();
    refused(CASE, "is cut short", "`stackprobe run mine/p` writes it anew");
    std::fs::remove_file(&script).unwrap();
    std::os::unix::fs::symlink("/bin/true", &script).unwrap();
    refused(CASE, "ended before its first command: run: exit status 5", "`stackprobe shell --cc gcc/12.2.0`");
    let record = folder.join(format!("{CASE}.json"));
    let whole = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, whole.replace("\"id\": \"mine.p", "\"id\": \"../../mine.p")).unwrap();
    refused(CASE, "record of another case, `../../mine.p", "the run was cut short");
    std::fs::write(&record, &whole[..whole.len() / 2]).unwrap();
    refused(CASE, "cannot read `results/cases/mine.p", "the run was cut short");
    assert!(!folder.join("pwned").exists());
}

#[test]
fn a_wrong_wish_for_a_toolchain_is_told() {
    for (args, code, what) in [
        (&["shell"][..], 2, "no toolchain and no case was asked for"),
        (&["shell", "--mpi", "openmpi/5"], 2, "an MPI was asked for, but no compiler"),
        (&["shell", "--cc", "gcc/11", "--cc", "gcc/12"], 2, "--cc was given more than once"),
        (&["shell", "--cc", "gcc/*"], 2, "2 toolchains match, a shell has one"),
        (&["shell", "--cc", "gcc/99"], 1, "there is no gcc/99; gcc is offered as 11.3.0, 12.2.0"),
        (&["shell", "x", "--cc", "gcc/12"], 2, "a case brings its own toolchain"),
        (&["shell", "--cc", "gcc/12", "--", "nonsense"], 2, "cannot find `nonsense` on the PATH"),
    ] {
        let shell = call(args).run().exits(code);
        assert!(shell.stderr.contains(what), "{args:?}: {}", shell.stderr);
    }
    let passed = call(&["run", "compiler/c11-language", "--cc", "gcc/12"]).run().exits(0);
    let shell = after(&passed, &["shell", "results/cases/compiler.c11-language.gcc-12.2.0"]).exits(2);
    assert!(
        shell.stderr.contains("passed: only a case that did not pass keeps its files"),
        "{}",
        shell.stderr
    );
    // What the pod's variables say of toolchains is not meant for a case.
    let mut call = call(&["shell", CASE, "--", "true"]).env("STACKPROBE_CC", "gcc/11");
    let run = failed();
    call.command().current_dir(run.folder.path());
    call.run().exits(0);
}
