//! The ledger: which cases passed, and under exactly which circumstances. What makes "only what changed" safe.
//!
//! One JSON file: `{"ledger": 1, "entries": {KEY: {"case": …, "passed": …, "stackprobe": …}}}`. A key is a digest of
//! everything that the case depends on, so an entry never goes stale: when something changes, nobody asks for its key
//! again. Only a case that passed, at once, is entered.
//!
//! A run enters what it found when it ends: under a lock beside the file it reads the file anew, adds its own, and puts
//! the whole in place by a rename. So several pods may share a ledger, whoever is killed leaves it whole, and what a
//! pod without locks loses is an entry, which costs one run of a case.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::atomic::{beside, write_atomic};
use crate::error::reason;
use crate::report::lock::{Lock, LockFault};
use crate::report::record::CaseRecord;
use crate::report::results::read_bounded;
use crate::verdict::check::{Check, Outcome};
use path_fault::{Obstacle, PathFault};

/// Raised when an older reader would be misled.
const FORMAT: u32 = 1;
/// Some three hundred thousand entries.
const LONGEST: u64 = 64 << 20;
/// How many states of one case are remembered: a stack and its predecessors, on each kind of node.
const STATES: usize = 16;
/// Whoever holds the lock writes one file; longer than this only a dead file server takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A case that passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Entry {
    /// Its id.
    pub case: String,
    /// When it began (RFC 3339, UTC).
    pub passed: String,
    /// Version of the stackprobe that saw it.
    pub stackprobe: String,
}

/// Cases that passed, by the keys under which they did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Whole {
    ledger: u32,
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Format {
    ledger: u32,
}

/// Why a ledger cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unusable {
    /// It is not there yet.
    Absent,
    /// It cannot be read, in words.
    Unread(String),
    /// It is not a ledger of ours, in words.
    Not(String),
}

impl Ledger {
    /// Reads a ledger. One that cannot be used is empty, and a line says why.
    #[must_use]
    pub fn read(path: &Path) -> (Self, Option<String>) {
        match read(path) {
            Ok(ledger) => (ledger, None),
            Err(Unusable::Absent) => (
                Self::default(),
                Some(format!("there is no ledger `{}` yet: everything is run", path.display())),
            ),
            Err(Unusable::Unread(why) | Unusable::Not(why)) => (
                Self::default(),
                Some(format!("cannot use the ledger `{}`: {why}: everything is run", path.display())),
            ),
        }
    }

    /// What passed under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries of those of `cases` that passed beyond doubt: at the first attempt, and with no check left out but by
    /// the probe itself. What the site excuses is never entered, for nobody would see it mended. `here` makes the key of
    /// a case that left checks out.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c CaseRecord>, here: impl Fn(&str) -> String) -> Self {
        let entry = |case: &CaseRecord| Entry {
            case: case.owed.id.clone(),
            passed: case.started.clone(),
            stackprobe: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let entries = cases.into_iter().filter_map(|case| match soundness(case)? {
            Soundness::Whole => Some((case.key.clone(), entry(case))),
            Soundness::Here => Some((here(&case.key), entry(case))),
        });
        Self { entries: entries.collect() }
    }

    /// Adds these entries to the ledger at `path`, which others may be writing, too. What stands there and is not a ledger
    /// is put aside as `NAME.unusable`.
    ///
    /// # Errors
    /// In one line, why nothing was added.
    pub fn add_to(self, path: &Path) -> Result<(), String> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let cannot = |error: &io::Error| {
            format!("cannot write the ledger `{}`: {}", path.display(), why_not(path, error))
        };
        let lock = beside(path, ".lock");
        let _lock = match Lock::take(&lock, PATIENCE) {
            Ok(lock) => lock,
            Err(LockFault::Held) => {
                let why = io::Error::other(format!("`{}` is held by another", lock.display()));
                return Err(cannot(&why));
            }
            Err(LockFault::Io(error)) => return Err(cannot(&error)),
        };
        let mut whole = match read(path) {
            Ok(ledger) => ledger,
            Err(Unusable::Absent) => Self::default(),
            // It may be whole, and is somebody's: only what is known to be no ledger is put aside.
            Err(Unusable::Unread(why)) => {
                return Err(format!("cannot add to the ledger `{}`: {why}", path.display()));
            }
            Err(Unusable::Not(_)) => {
                std::fs::rename(path, beside(path, ".unusable")).map_err(|error| cannot(&error))?;
                Self::default()
            }
        };
        whole.entries.extend(self.entries);
        whole.forget();
        let text = serde_json::to_vec(&Whole { ledger: FORMAT, entries: whole.entries })
            .map_err(|error| cannot(&io::Error::other(error)))?;
        write_atomic(path, &text).map_err(|error| cannot(&error))
    }

    /// Keeps the latest states of each case.
    fn forget(&mut self) {
        let mut states: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for (key, entry) in &self.entries {
            states.entry(&entry.case).or_default().push((&entry.passed, key));
        }
        let old: Vec<String> = states
            .into_values()
            .flat_map(|mut all| {
                all.sort_unstable();
                let surplus = all.len().saturating_sub(STATES);
                all.into_iter().take(surplus).map(|(_, key)| key.to_owned())
            })
            .collect();
        for key in old {
            self.entries.remove(&key);
        }
    }
}

/// For which pods a case that passed speaks.
enum Soundness {
    /// Every check passed.
    Whole,
    /// The probe left some out, by itself.
    Here,
}

fn soundness(case: &CaseRecord) -> Option<Soundness> {
    if case.key.is_empty() || !case.earlier.is_empty() {
        return None;
    }
    let passed = case.checks.iter().filter(|check| check.outcome == Outcome::Passed).count();
    // What our own eyes leave out, they leave out for what is in the key.
    let by_us = |check: &Check| check.outcome == Outcome::Skipped && check.kind == "native";
    let by_probe = |check: &Check| check.outcome == Outcome::Skipped && check.kind == "probe.skip";
    let known = case.checks.iter().filter(|check| by_us(check)).count();
    let left_out = case.checks.iter().filter(|check| by_probe(check)).count();
    match (passed, passed + known == case.checks.len(), passed + known + left_out == case.checks.len()) {
        (1.., true, _) => Some(Soundness::Whole),
        (1.., false, true) => Some(Soundness::Here),
        _ => None,
    }
}

fn read(path: &Path) -> Result<Ledger, Unusable> {
    let not = |why: String| Unusable::Not(why);
    let text = match read_bounded(path, LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unusable::Absent),
        // What cannot be a ledger, and what cannot be looked at.
        Err(error) if error.raw_os_error().is_none() => return Err(not(reason(&error))),
        Err(error) => return Err(Unusable::Unread(why_not(path, &error))),
    };
    let told = |error: &serde_json::Error| match error.classify() {
        serde_json::error::Category::Eof => "it is cut short".to_owned(),
        _ => format!("it is not a ledger (line {} column {})", error.line(), error.column()),
    };
    let Format { ledger } = serde_json::from_slice(&text).map_err(|error| not(told(&error)))?;
    if ledger != FORMAT {
        return Err(not(format!("it is of format {ledger}, this stackprobe reads {FORMAT}")));
    }
    let Whole { entries, .. } = serde_json::from_slice(&text).map_err(|error| not(told(&error)))?;
    let is_key =
        |key: &str| key.len() == 64 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let now = OffsetDateTime::now_utc() + time::Duration::days(1);
    for (key, entry) in &entries {
        // A day that is no day, or that is still to come, was not written by us.
        let day = OffsetDateTime::parse(&entry.passed, &Rfc3339);
        if !is_key(key) || day.is_err() || day.is_ok_and(|day| day > now) {
            return Err(not(format!(
                "its entry `{}` is none of ours",
                key.escape_debug().take(70).collect::<String>()
            )));
        }
    }
    Ok(Ledger { entries })
}

/// The reason, with whose file it is where that is the reason.
fn why_not(path: &Path, error: &io::Error) -> String {
    let fault = PathFault::new(path, error);
    if fault.obstacle == Obstacle::Closed {
        return format!(
            "{fault}; users who share a ledger need a folder that all may write, without the sticky bit"
        );
    }
    reason(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> String {
        format!("{number:064x}")
    }

    fn entry(case: &str, day: usize) -> Entry {
        let passed = format!("2026-01-{:02}T00:00:00Z", day + 1);
        Entry { case: case.to_owned(), passed, stackprobe: "0".into() }
    }

    fn ledger(entries: &[(usize, &str, usize)]) -> Ledger {
        Ledger {
            entries: entries.iter().map(|(number, case, day)| (key(*number), entry(case, *day))).collect(),
        }
    }

    #[test]
    fn what_many_add_at_once_is_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        assert!(Ledger::read(&path).1.unwrap().contains("no ledger"));
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || ledger(&[(number, &format!("case{number}"), 1)]).add_to(path).unwrap());
            }
        });
        let (read, told) = Ledger::read(&path);
        assert_eq!((read.len(), told), (8, None));
        assert_eq!(read.get(&key(3)).unwrap().case, "case3");
    }

    #[test]
    fn old_states_of_a_case_are_forgotten_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        let all: Vec<(usize, &str, usize)> = (0..20).map(|number| (number, "same", number)).collect();
        ledger(&all).add_to(&path).unwrap();
        let (read, _) = Ledger::read(&path);
        assert_eq!(read.len(), STATES);
        assert!(read.get(&key(3)).is_none() && read.get(&key(4)).is_some() && read.get(&key(19)).is_some());
    }

    #[test]
    fn only_what_passed_beyond_doubt_is_entered() {
        let owed = crate::report::record::Owed {
            id: "a".into(),
            suite: "s".into(),
            probe: "p".into(),
            toolchain: "gcc/12".into(),
            ranks: None,
            file: "f".into(),
            line: 1,
        };
        let case = |key: &str, checks: &[Check]| {
            let mut case = CaseRecord::absent(&owed, "", Outcome::Passed, "");
            (case.key, case.checks, case.started) =
                (key.to_owned(), checks.to_vec(), "2026-01-01T00:00:00Z".into());
            case
        };
        let skipped = |kind: &str| Check::not_passed("b", Outcome::Skipped, kind, "why");
        let keys = |case: &CaseRecord| -> Vec<String> {
            Ledger::of([case], |key| format!("{key} here")).entries.into_keys().collect()
        };
        let passed = Check::passed("a");
        assert_eq!(keys(&case("k", std::slice::from_ref(&passed))), ["k"]);
        assert_eq!(keys(&case("k", &[passed.clone(), skipped("native")])), ["k"]);
        assert_eq!(keys(&case("k", &[passed.clone(), skipped("probe.skip")])), ["k here"]);
        for never in [
            case("", std::slice::from_ref(&passed)),
            case("k", &[]),
            case("k", &[skipped("probe.skip")]),
            case("k", &[passed.clone(), skipped("known")]),
            case("k", &[passed.clone(), skipped("probe.todo")]),
            case("k", &[passed.clone(), skipped("interrupted")]),
            case("k", &[skipped("unchanged")]),
            case("k", &[passed.clone(), Check::not_passed("b", Outcome::Failed, "x", "y")]),
            CaseRecord { earlier: vec![passed.clone()], ..case("k", std::slice::from_ref(&passed)) },
        ] {
            assert!(keys(&never).is_empty(), "{never:?}");
        }
    }

    #[test]
    fn what_is_no_ledger_is_one_line_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        ledger(&[(1, "a", 1)]).add_to(&path).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        let mut texts: Vec<String> = (0..whole.len()).step_by(7).map(|end| whole[..end].to_owned()).collect();
        let odd = [
            whole.replace("\"ledger\":1", "\"ledger\":2"),
            whole.replace(&key(1), "../../etc"),
            whole.replace("2026-01-02", "9999-01-02"),
            whole.replace("2026-01-02T", "yesterday"),
            "[".repeat(100_000),
            "{\"my\": \"own notes\"}".to_owned(),
        ];
        texts.extend(odd);
        for text in texts {
            std::fs::write(&path, &text).unwrap();
            let (read, told) = Ledger::read(&path);
            let told = told.unwrap();
            assert!(read.is_empty() && told.contains("everything is run") && !told.contains('\n'), "{told}");
            ledger(&[(2, "b", 1)]).add_to(&path).unwrap();
            assert_eq!(std::fs::read_to_string(folder.path().join("ledger.json.unusable")).unwrap(), text);
            assert_eq!(Ledger::read(&path).0.len(), 1);
        }
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(Ledger::read(&path).1.unwrap().contains("not a regular file"));
    }
}
