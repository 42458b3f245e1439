//! What a case leaves in `/dev/shm` and in its temporary folder.
//!
//! An entry of `/dev/shm` is a case's own only if a process of the case was *seen* holding it: cases run side by side,
//! other containers of the pod may share the folder, and no name tells whose an entry is. To look at the right
//! moment, the supervisor is told by the kernel of every new entry while its creator still has it open or mapped, and
//! looks again whenever it has frozen the tree to kill it. What nobody of the case was seen with is not touched.
//!
//! It is told by a signal (`F_NOTIFY`), old as that is: closing an inotify instance takes the kernel 16 ms, more than
//! a short case, and a node has few of them for all containers of a user. Where neither is to be had, the names that
//! MPI libraries give decide for entries that nobody visible holds: crashed ranks would else fill `/dev/shm` and break
//! the cases that follow.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::stat::{major, minor};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use super::text::Text;
use super::tree;

/// Where POSIX shared memory lives (`shm_overview(7)`).
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

/// How the names begin that MPI libraries and UCX give.
const LIBRARIES: [&str; 8] = [
    "vader_segment.",
    "sm_segment.",
    "osc_sm.",
    "mpich_shm_",
    "mpich_shar_tmp",
    "ucx_shm_posix_",
    "Intel_MPI_",
    "psm2_shm",
];

/// `DN_CREATE | DN_RENAME | DN_MULTISHOT` of `linux/fcntl.h`: created, linked or renamed, every time.
const NEW_ENTRY: libc::c_uint = 0x4 | 0x10 | 0x8000_0000;

/// A file, whatever its name.
type Identity = (u64, u64);

/// What was there before a case.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Found {
    shared: Vec<Identity>,
    temporary: Vec<Text>,
}

/// Entries of shared memory that a process of the case was seen holding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Holdings(Vec<(Text, Identity)>);

impl Holdings {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What was there before a case, and what is known to be the case's.
#[derive(Debug)]
pub(super) struct Remains {
    shared: PathBuf,
    temporary: PathBuf,
    shared_before: HashSet<Identity>,
    temporary_before: HashSet<OsString>,
    ours: BTreeMap<OsString, Identity>,
    /// The folder, kept open while the kernel is to tell of what is new in it.
    watched: Option<File>,
}

impl Remains {
    /// Notes what is there before the case starts.
    pub(super) fn before(shared: &Path, temporary: &Path) -> Self {
        Self {
            shared: shared.to_owned(),
            temporary: temporary.to_owned(),
            shared_before: files(shared).map(|(_, identity)| identity).collect(),
            temporary_before: names(temporary).collect(),
            ours: BTreeMap::new(),
            watched: None,
        }
    }

    /// The same for another process, which need not look again: `there` is what [`Self::found`] gave.
    pub(super) fn known(shared: &Path, temporary: &Path, there: Found) -> Self {
        Self {
            shared: shared.to_owned(),
            temporary: temporary.to_owned(),
            shared_before: there.shared.into_iter().collect(),
            temporary_before: there.temporary.into_iter().map(|name| name.0).collect(),
            ours: BTreeMap::new(),
            watched: None,
        }
    }

    /// What was there before the case.
    pub(super) fn found(&self) -> Found {
        Found {
            shared: self.shared_before.iter().copied().collect(),
            temporary: self.temporary_before.iter().cloned().map(Text).collect(),
        }
    }

    /// Asks the kernel to tell of new entries by `SIGIO`, which has to be handled already.
    pub(super) fn watch(mut self) -> Self {
        let watch = |folder: File| {
            // SAFETY: F_NOTIFY takes a number and touches no memory of ours, and the descriptor is open.
            #[allow(unsafe_code)]
            let asked = unsafe { libc::fcntl(folder.as_raw_fd(), libc::F_NOTIFY, NEW_ENTRY) };
            Errno::result(asked).map(|_| folder).ok()
        };
        self.watched = File::open(&self.shared).ok().and_then(watch);
        self
    }

    /// Notes which new entries these processes of the case hold, and says which.
    pub(super) fn claim(&mut self, pids: &[i32]) -> Holdings {
        let new: Vec<_> = self.new_entries().collect();
        if new.is_empty() {
            return Holdings::default();
        }
        let device = new[0].1.0;
        let mut held = open(pids, device);
        // Reading a map stops its process for as long.
        if new.iter().any(|(_, identity)| !held.contains(identity)) {
            held.extend(mapped(pids, device));
        }
        let held: Vec<_> = new.into_iter().filter(|(_, identity)| held.contains(identity)).collect();
        self.ours.extend(held.iter().cloned());
        Holdings(held.into_iter().map(|(name, identity)| (Text(name), identity)).collect())
    }

    /// Notes what another process has seen the case hold.
    pub(super) fn believe(&mut self, holdings: Holdings) {
        self.ours.extend(holdings.0.into_iter().map(|(name, identity)| (name.0, identity)));
    }

    /// Removes what is left of the case in shared memory; names that, and what is new in the temporary folder.
    pub(super) fn remove(&mut self) -> Vec<PathBuf> {
        if self.watched.is_none() {
            let known = |name: &OsStr| {
                let name = name.to_string_lossy();
                LIBRARIES.iter().any(|start| name.starts_with(start))
            };
            let nameless: Vec<_> = self.new_entries().filter(|(name, _)| known(name)).collect();
            self.ours.extend(nameless);
        }
        let there: HashSet<_> = files(&self.shared).collect();
        let mut left: Vec<(OsString, Identity)> =
            std::mem::take(&mut self.ours).into_iter().filter(|entry| there.contains(entry)).collect();
        if let Some((_, (device, _))) = left.first() {
            // Handed on to somebody who lives: theirs now. One who is on the way out still has its files open.
            let lives = |pid: &i32| tree::stat(*pid).is_some_and(|stat| !stat.is_ending());
            let all: Vec<i32> = tree::all().into_iter().filter(lives).collect();
            let mut held = open(&all, *device);
            held.extend(mapped(&all, *device));
            left.retain(|(_, identity)| !held.contains(identity));
        }
        let removed = left.into_iter().map(|(name, _)| self.shared.join(name));
        let mut remains: Vec<PathBuf> = removed.filter(|path| fs::remove_file(path).is_ok()).collect();
        let new = names(&self.temporary).filter(|name| !self.temporary_before.contains(name));
        remains.extend(new.map(|name| self.temporary.join(name)));
        remains
    }

    fn new_entries(&self) -> impl Iterator<Item = (OsString, Identity)> {
        files(&self.shared).filter(|(name, identity)| {
            !self.shared_before.contains(identity) && self.ours.get(name) != Some(identity)
        })
    }
}

/// The regular files of a folder that belong to this user.
fn files(folder: &Path) -> impl Iterator<Item = (OsString, Identity)> + use<> {
    let user = geteuid().as_raw();
    fs::read_dir(folder).into_iter().flatten().flatten().filter_map(move |entry| {
        let facts = entry.metadata().ok()?;
        (facts.is_file() && facts.uid() == user).then(|| (entry.file_name(), (facts.dev(), facts.ino())))
    })
}

fn names(folder: &Path) -> impl Iterator<Item = OsString> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name())
}

/// The files of this device that these processes have open.
///
/// Whoever makes a segment opens it, maps it, and only then closes it: looking at what is open first and at what is
/// mapped afterwards misses none.
fn open(pids: &[i32], device: u64) -> HashSet<Identity> {
    let entries = pids.iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/fd"))).flatten().flatten();
    let facts = entries.filter_map(|entry| fs::metadata(entry.path()).ok());
    facts.map(|facts| (facts.dev(), facts.ino())).filter(|(on, _)| *on == device).collect()
}

/// The files of this device that these processes have mapped.
fn mapped(pids: &[i32], device: u64) -> HashSet<Identity> {
    let maps = pids.iter().filter_map(|pid| fs::read(format!("/proc/{pid}/maps")).ok());
    let named = |maps: Vec<u8>| {
        let lines = String::from_utf8_lossy(&maps);
        lines.lines().filter_map(|line| file_of(line, device)).collect::<Vec<_>>()
    };
    maps.flat_map(named).collect()
}

/// The file of a line of `/proc/PID/maps`: `start-end rights offset major:minor inode path`.
fn file_of(line: &str, device: u64) -> Option<Identity> {
    let mut fields = line.split_ascii_whitespace().skip(3);
    let (high, low) = fields.next()?.split_once(':')?;
    let inode = fields.next()?.parse().ok()?;
    let on = (u64::from_str_radix(high, 16).ok()?, u64::from_str_radix(low, 16).ok()?);
    (inode != 0 && on == (major(device), minor(device))).then_some((device, inode))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use signal_hook::consts::SIGIO;

    use super::*;
    use crate::pod::wake::Wake;

    fn me() -> Vec<i32> {
        vec![i32::try_from(std::process::id()).unwrap()]
    }

    /// A folder that stands for `/dev/shm`, with one entry from before.
    fn shared() -> (tempfile::TempDir, Remains) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("before"), "").unwrap();
        let remains = Remains::before(folder.path(), &folder.path().join("no-temporary-folder"));
        let _handled = Wake::on(&[SIGIO]).unwrap();
        (folder, remains.watch())
    }

    #[test]
    fn a_new_entry_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut wake = Wake::on(&[SIGIO]).unwrap();
        let _remains = Remains::before(folder.path(), folder.path()).watch();
        fs::write(folder.path().join("new"), "").unwrap();
        let mut fds = [PollFd::new(wake.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(5000_u16)).unwrap();
        assert!(wake.heard().unwrap());
    }

    #[test]
    fn a_line_of_maps_names_a_file() {
        let device = nix::sys::stat::makedev(0, 0x1c);
        let line = "7f00-7f10 rw-s 00000000 00:1c 4711    /dev/shm/a b (deleted)";
        assert_eq!(file_of(line, device), Some((device, 4711)));
        assert_eq!(file_of(line, device + 1), None);
        assert_eq!(file_of("7f00-7f10 rw-p 00000000 00:00 0 ", 0), None);
        assert_eq!(file_of("", 0), None);
    }

    #[test]
    fn only_what_the_case_was_seen_with_is_removed() {
        let (folder, mut remains) = shared();
        let held = fs::File::create(folder.path().join("held")).unwrap();
        fs::write(folder.path().join("vader_segment.of-somebody-else"), "").unwrap();
        remains.claim(&me());
        drop(held);
        assert_eq!(remains.remove(), [folder.path().join("held")]);
        assert!(folder.path().join("before").exists());
        assert!(folder.path().join("vader_segment.of-somebody-else").exists());
    }

    #[test]
    fn what_somebody_still_holds_stays() {
        let (folder, mut remains) = shared();
        let _held = fs::File::create(folder.path().join("held")).unwrap();
        remains.claim(&me());
        assert_eq!(remains.remove(), [] as [PathBuf; 0]);
        assert!(folder.path().join("held").exists());
    }

    #[test]
    fn a_name_that_was_reused_by_somebody_else_stays() {
        let (folder, mut remains) = shared();
        let path = folder.path().join("reused");
        let held = fs::File::create(&path).unwrap();
        remains.claim(&me());
        fs::write(folder.path().join("other"), "").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        drop(held);
        assert_eq!(remains.remove(), [] as [PathBuf; 0]);
        assert!(path.exists());
    }

    #[test]
    fn where_the_kernel_tells_nothing_the_names_of_libraries_decide() {
        let (folder, mut remains) = shared();
        remains.watched = None;
        for name in ["mpich_shm_1_0", "data"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(remains.remove(), [folder.path().join("mpich_shm_1_0")]);
        assert!(folder.path().join("data").exists());
    }

    #[test]
    fn the_temporary_folder_is_named_and_left_alone() {
        let (folder, _) = shared();
        let mut remains = Remains::before(&folder.path().join("none"), folder.path());
        fs::create_dir(folder.path().join("ompi.host.0")).unwrap();
        assert_eq!(remains.remove(), [folder.path().join("ompi.host.0")]);
        assert!(folder.path().join("ompi.host.0").exists());
    }
}
