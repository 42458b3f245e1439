//! What a case leaves in shared memory is removed and named; what is not its own is never touched.

use std::fs;
use std::path::{Path, PathBuf};

use super::harness::{Trial, shell, torture};

/// An entry of `/dev/shm` that is there until the end of the test.
struct Entry(PathBuf);

impl Entry {
    fn new(trial: &Trial, name: &str) -> Self {
        Self(Path::new("/dev/shm").join(format!("{name}{}", trial.mark)))
    }

    fn create(self) -> Self {
        fs::write(&self.0, "theirs").unwrap();
        self
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn makes(name: &str, end: &str) -> Trial {
    shell(&format!("exec 3<>/dev/shm/{name}$TRIAL; sleep 0.3; {end}"))
}

#[test]
fn what_a_case_leaves_is_removed_and_named() {
    for (end, wall) in [("exit 0", 20_000), ("kill -SEGV $$", 20_000), ("sleep 60", 600)] {
        let trial = makes("test_segment.", end).wall(wall);
        let ours = Entry::new(&trial, "test_segment.");
        let result = trial.run();
        assert_eq!(result.executed.remains, [ours.0.as_path()], "{end}");
        assert!(!ours.0.exists());
    }
}

#[test]
fn what_was_there_before_and_what_others_make_stays() {
    let trial = makes("test_segment.", "exit 0");
    let before = Entry::new(&trial, "vader_segment.").create();
    let meanwhile = Entry::new(&trial, "mpich_shm_");
    let result = std::thread::scope(|scope| {
        let result = scope.spawn(|| trial.run());
        std::thread::sleep(std::time::Duration::from_millis(150));
        fs::write(&meanwhile.0, "theirs").unwrap();
        result.join().unwrap()
    });
    assert_eq!(result.executed.remains, [Entry::new(&trial, "test_segment.").0.as_path()]);
    for entry in [&before, &meanwhile] {
        assert_eq!(fs::read(&entry.0).unwrap(), b"theirs", "{}", entry.0.display());
    }
}

#[test]
fn what_a_case_opens_but_did_not_make_stays() {
    let trial = makes("vader_segment.", "exit 0");
    let before = Entry::new(&trial, "vader_segment.").create();
    assert_eq!(trial.run().executed.remains, [] as [PathBuf; 0]);
    assert_eq!(fs::read(&before.0).unwrap(), b"theirs");
}

#[test]
fn cases_side_by_side_remove_only_their_own() {
    let early = makes("test_segment.", "exit 0");
    let late = makes("test_segment.", "sleep 1; [ -e /dev/shm/test_segment.$TRIAL ]");
    let (early, late) = std::thread::scope(|scope| {
        let late = scope.spawn(|| late.run());
        (early.run(), late.join().unwrap())
    });
    assert_eq!(late.executed.ended, stackprobe::run::outcome::Ended::Exit(0));
    assert_eq!((early.executed.remains.len(), late.executed.remains.len()), (1, 1));
    assert_ne!(early.executed.remains, late.executed.remains);
}

#[test]
fn what_is_made_up_to_the_last_moment_is_removed_too() {
    for _ in 0..6 {
        let trial = torture(&["segments"]).wall(150);
        let result = trial.run();
        let segments = format!("segments.{}.", trial.mark);
        let left = fs::read_dir("/dev/shm").unwrap().flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&segments));
        let left: Vec<_> = left.inspect(|entry| fs::remove_file(entry.path()).unwrap()).collect();
        assert_eq!(left.len(), 0, "beside {}", result.executed.remains.len());
        assert!(result.executed.remains.len() > 20);
    }
}

#[test]
fn what_is_left_in_the_temporary_folder_is_named() {
    let mut trial = shell("mkdir $TMPDIR/ompi.host.0; touch $TMPDIR/gone; rm $TMPDIR/gone");
    let tmp = trial.command.tmp.clone();
    fs::write(tmp.join("before"), "").unwrap();
    trial.command.env.push(("TMPDIR".into(), tmp.clone().into()));
    assert_eq!(trial.run().executed.remains, [tmp.join("ompi.host.0")]);
}
