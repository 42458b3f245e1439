//! Killed in any way at any instant: what is on disk can be believed, nothing of the run survives, `--resume` ends it.
//!
//! `STACKPROBE_KILLS=200` is the long loop; `STACKPROBE_KILLS_SEED` repeats one, `STACKPROBE_KILLS_FROM` begins later in it.

mod owed;
mod results;
mod shot;

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant, SystemTime};

use self::results::{Records, believable, complete, is_verdict, plan, records};
use self::shot::{Random, Shot};
use super::harness::isolated;
use crate::fixture;

/// How long the run may take to end once asked.
const GRACE: Duration = Duration::from_secs(6);
/// How long those who survive the harness may take to end: a machine that is busy with other work.
const SOON: Duration = Duration::from_secs(10);

/// Folders of one loop.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let ground = Self { folder: tempfile::tempdir().unwrap() };
        owed::write(&ground.folder.path().join("suites"), &ground.endless());
        fs::create_dir(ground.tmp()).unwrap();
        ground
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    fn endless(&self) -> PathBuf {
        self.folder.path().join("endless")
    }

    fn said(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.tmp())
            .env("NO_COLOR", "1")
            .env("MODULEPATH", fixture::core())
            .stdout(File::create(self.folder.path().join("summary")).unwrap())
            .stderr(File::create(self.said()).unwrap());
        command
    }

    fn start(&self, container: Option<Shot>, resume: bool) -> Child {
        let binary = env!("CARGO_BIN_EXE_stackprobe");
        let mut command = self.command(if container.is_some() { "unshare" } else { binary });
        if let Some(shot) = container {
            command.args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
            // All of a container ends at once with its first process, and its `/dev/shm` with it. Where somebody is left
            // to clean up, this one's is looked at.
            match shot {
                Shot::Container => {
                    command.args(["sh", "-c", "mount -t tmpfs tmpfs /dev/shm && exec \"$0\" \"$@\"", binary])
                }
                _ => command.arg(binary),
            };
        }
        command.arg("run").args(owed::SUITES).args(owed::TOOLCHAINS);
        command.args(["--suites", "suites", "--results", "results", "--jobs", "4", "--grace"]);
        command.arg(format!("{}s", GRACE.as_secs()));
        command.args(resume.then_some("--resume"));
        command.spawn().unwrap()
    }

    fn report(&self) -> ExitStatus {
        self.command(env!("CARGO_BIN_EXE_stackprobe")).args(["report", "results"]).status().unwrap()
    }

    /// Runs to the end: everything is told, as it really is.
    fn finish(&self, resume: bool) {
        let status = self.start(None, resume).wait().unwrap();
        assert_eq!(status.code(), Some(1), "{}", self.words());
        let (plan, records) = (plan(&self.results()).unwrap(), records(&self.results()));
        assert_eq!(records.len(), plan.cases.len());
        for (record, _) in records.values() {
            assert!(is_verdict(record), "{}: {:?}", record.owed.id, record.checks);
        }
        complete(&self.results().join("junit.xml"), &plan, &records);
        self.nothing_is_left(true);
    }

    fn words(&self) -> String {
        fs::read_to_string(self.said()).unwrap()
    }

    /// Nobody but us is alive in this PID namespace, soon, and `/dev/shm` is empty; `TMPDIR` too, after an orderly end.
    fn nothing_is_left(&self, orderly: bool) -> Duration {
        let begun = Instant::now();
        loop {
            let others = others();
            if others.is_empty() {
                break;
            }
            assert!(begun.elapsed() < SOON, "survivors: {others:#?}\n{}", self.words());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(names(Path::new("/dev/shm")), [] as [String; 0], "{}", self.words());
        if orderly {
            assert_eq!(names(&self.tmp()), [] as [String; 0], "{}", self.words());
        } else {
            fs::remove_dir_all(self.tmp()).unwrap();
            fs::create_dir(self.tmp()).unwrap();
        }
        begun.elapsed()
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Who is alive besides this process, which is the first of its PID namespace and reaps them.
fn others() -> Vec<String> {
    let wait = || nix::sys::wait::waitpid(None, Some(nix::sys::wait::WaitPidFlag::WNOHANG));
    while wait().is_ok_and(|status| status != nix::sys::wait::WaitStatus::StillAlive) {}
    let own = std::process::id().to_string();
    let pids =
        names(Path::new("/proc")).into_iter().filter(|name| name.parse::<i32>().is_ok() && *name != own);
    pids.filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok()).collect()
}

/// The exit code of a run that was asked to stop, or killed.
fn told_exit(shot: Shot, status: ExitStatus, ground: &Ground) {
    let code = (status.code(), status.signal());
    let over = || {
        plan(&ground.results()).is_some_and(|plan| {
            let records = records(&ground.results());
            records.len() == plan.cases.len() && records.values().all(|(record, _)| is_verdict(record))
        })
    };
    let as_it_should_be = match shot {
        Shot::Kill => code == (None, Some(libc::SIGKILL)),
        // Red, or nothing could be told at all: Lmod's supervisor.
        Shot::Supervisor => matches!(code.0, Some(1 | 75)),
        // Nobody of the container is left who could say anything.
        Shot::Container => true,
        Shot::InContainer => code.0 == Some(75),
        Shot::Stop | Shot::StopTwice | Shot::StopContainer => {
            code.0 == Some(143)
                // Before there was a handler, and so before there was anything to write.
                || (code.1 == Some(libc::SIGTERM) && !ground.results().exists())
        }
    };
    // Or it came too late to be heeded: then all is done.
    assert!(
        as_it_should_be || (code.0 == Some(1) && over()),
        "{shot:?} ended in {status}: {}",
        ground.words()
    );
}

/// What the run has told on its standard error is on record.
fn told_is_on_record(ground: &Ground, records: &Records) {
    let Some(plan) = plan(&ground.results()) else { return };
    let words = ground.words();
    // The last line may be cut short.
    let lines: Vec<&str> = words.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    for owed in &plan.cases {
        let name = format!(" {}/{} [{}] ", owed.suite, owed.probe, owed.toolchain);
        let told = lines.iter().any(|line| line.contains(&name));
        assert!(!told || records.contains_key(&owed.id), "{} was told and is lost", owed.id);
    }
}

/// One run, one shot, and everything that must hold afterwards.
fn once(shot: Shot, after: Duration, endless: bool, random: &mut Random) -> String {
    let ground = Ground::new();
    // One that is to end by itself cannot be endless.
    if endless && shot != Shot::Supervisor {
        File::create(ground.endless()).unwrap();
    }
    let mut run = ground.start(shot.in_container().then_some(shot), false);
    let fired = shot.fire(&mut run, after, random);
    let hit = fired.is_some();
    let status = run.wait().unwrap();
    let took = fired.map_or(Duration::ZERO, |fired| fired.elapsed());
    told_exit(shot, status, &ground);
    if shot.asks() {
        assert!(took < GRACE + Duration::from_secs(2), "{took:?} to stop: {}", ground.words());
    }
    let orderly = shot.asks() || shot == Shot::Supervisor || !hit;
    let gone = ground.nothing_is_left(orderly);
    let left = records(&ground.results());
    told_is_on_record(&ground, &left);
    let junit = ground.results().join("junit.xml");
    let plan = plan(&ground.results());
    if let Some(plan) = &plan {
        if junit.exists() {
            believable(&junit, plan, &left);
        }
        if orderly && status.code().is_some() {
            complete(&junit, plan, &left);
            assert_eq!(left.len(), plan.cases.len(), "what was not run says so");
        }
        let code = ground.report().code();
        let red =
            left.values().any(|(record, _)| record.outcome() == stackprobe::verdict::check::Outcome::Failed);
        let whole = left.len() == plan.cases.len();
        assert!(code == Some(if red { 1 } else { 75 }) || (whole && !red && code == Some(0)), "{code:?}");
        complete(&junit, plan, &left);
    } else {
        let code = ground.report().code();
        let unfit = ground.results().join("plan.json").exists();
        assert_eq!(
            code,
            Some(if unfit { 75 } else { 2 }),
            "there is nothing to report, or what kept it from starting"
        );
    }
    let _ = fs::remove_file(ground.endless());
    ground.finish(true);
    let kept = records(&ground.results());
    for (id, (record, bytes)) in left.iter().filter(|(_, (record, _))| is_verdict(record)) {
        let said = record.outcome();
        assert!(kept[id].1 == *bytes, "{id} was run again although it said {said}: {}", ground.words());
    }
    let verdicts = left.values().filter(|(record, _)| is_verdict(record)).count();
    format!(
        "{} with {verdicts} of {} cases done, ended in {took:.0?}, all gone {gone:.0?} later",
        if hit { "hit" } else { "missed" },
        owed::CASES
    )
}

#[test]
fn kill_loop() {
    if isolated("process::kill_loop::kill_loop") {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("STACKPROBE_KILLS_SEED").unwrap_or(clock.as_secs());
    let kills = number("STACKPROBE_KILLS").unwrap_or(12);
    let from = number("STACKPROBE_KILLS_FROM").unwrap_or(0);
    println!("STACKPROBE_KILLS={kills} STACKPROBE_KILLS_SEED={seed}");
    let ground = Ground::new();
    let begun = Instant::now();
    ground.finish(false);
    let whole = begun.elapsed();
    println!("undisturbed, {} cases take {whole:.1?}", owed::CASES);
    for index in from..kills {
        let mut random = Random(seed.wrapping_add(index));
        random.next();
        let shot = Shot::ALL[usize::try_from(index).unwrap() % Shot::ALL.len()];
        let after = random.before(whole);
        print!("{index}: {shot:?} after {after:.0?}: ");
        std::io::Write::flush(&mut std::io::stdout()).unwrap();
        println!("{}", once(shot, after, index % 2 == 0, &mut random));
    }
    println!("{} shots in {:.0?}", kills - from, begun.elapsed());
}
