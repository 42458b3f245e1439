//! The folder of releases: its lock, its links, and what a kill left in it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::evidence::Judged;
use super::manifest::{Manifest, is_name};
use crate::atomic::{PART, write_atomic};
use crate::error::{Error, Kind, not_read, reason};
use crate::report::console::note;
use crate::report::lock::{Lock, LockFault};
use crate::report::record::now;
use crate::report::results::read_bounded;
use path_fault::entries;

/// The ring that everybody uses.
pub const CURRENT: &str = "current";
const SWITCH: &str = "switch.json";
const LOG: &str = "log.jsonl";
/// Whoever holds the lock may be in its smoke run.
const PATIENCE: Duration = Duration::from_secs(5);

/// A folder of releases.
#[derive(Debug)]
pub struct Releases {
    root: PathBuf,
    /// Held by whoever changes it.
    lock: Option<Lock>,
}

/// A release by its id, or why it cannot be used.
pub type Known = (String, Result<Manifest, Error>);

/// A switch that is not proved yet.
#[derive(Debug, Serialize, Deserialize)]
struct Switch {
    ring: String,
    /// Empty: the ring led to nothing.
    from: String,
    to: String,
    at: String,
}

impl Releases {
    /// A folder to look at, which may be mounted for reading only.
    ///
    /// # Errors
    /// A folder that is not there.
    pub fn look(root: &Path) -> Result<Self, Error> {
        let found = root.canonicalize().map_err(|error| Error::io(Kind::Usage, "find", root, &error))?;
        Ok(Self { root: found, lock: None })
    }

    /// A folder to change: nobody else does meanwhile. What a kill left is undone, and told.
    ///
    /// # Errors
    /// A folder that cannot be made, a lock that another holds or that cannot be had, links that lead elsewhere.
    pub fn take(root: &Path) -> Result<(Self, Option<String>), Error> {
        fs::create_dir_all(root.join("releases")).map_err(|error| cannot("make", root, &error))?;
        let mut releases = Self::look(root)?;
        let path = releases.root.join(".lock");
        let lock = match Lock::take(&path, PATIENCE) {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                let what = format!("cannot lock `{}`: two could switch at once", path.display());
                return Err(Error::new(Kind::Unfit, what)
                    .hint("releases need a file system with locks (flock), and a user who may write them"));
            }
            Err(LockFault::Held) => {
                let what = format!("somebody else is changing `{}`", releases.root.display());
                return Err(Error::new(Kind::Pod, what).hint("wait until that promote or rollback has ended"));
            }
            Err(LockFault::Io(error)) => return Err(cannot("lock", &path, &error)),
        };
        releases.lock = Some(lock);
        let told = releases.recover()?;
        Ok((releases, told))
    }

    /// Undoes a switch that was not proved, and clears what was half made.
    fn recover(&self) -> Result<Option<String>, Error> {
        for folder in [self.root.clone(), self.root.join("releases")] {
            let cannot = |error: &io::Error, path: &Path| Error::place("remove", path, error);
            for entry in entries(&folder).map_err(|fault| Error::new(Kind::Pod, fault.to_string()))? {
                let name = entry.file_name();
                let name = name.as_encoded_bytes();
                let path = entry.path();
                if !name.starts_with(b".") || !name.ends_with(PART.as_bytes()) {
                    continue;
                }
                let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
                let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|error| cannot(&error, &path))?;
            }
        }
        let path = self.root.join(SWITCH);
        let text = match read_bounded(&path, 1 << 16) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(Kind::Pod, "read", &path, &error)),
        };
        let switch: Switch = serde_json::from_slice(&text).map_err(|error| {
            Error::new(Kind::Data, format!("cannot read `{}`: {}", path.display(), not_read(&error)))
                .hint("see where the rings lead (`stackprobe releases`), and remove it")
        })?;
        if !is_name(&switch.ring) || !(switch.from.is_empty() || is_name(&switch.from)) {
            return Err(Error::new(Kind::Data, format!("`{}` names what can be no release", path.display()))
                .hint("see where the rings lead (`stackprobe releases`), and remove it"));
        }
        let told = if self.leads(&switch.ring)? == switch.from {
            None
        } else {
            self.link(&switch.ring, &switch.from)?;
            let back = if switch.from.is_empty() { "nothing" } else { &switch.from };
            Some(format!(
                "the switch of {} to {} at {} was cut short before it was proved: it leads to {back} again",
                switch.ring, switch.to, switch.at
            ))
        };
        self.proved()?;
        Ok(told)
    }

    /// Where the releases lie.
    #[must_use]
    pub fn folder(&self, id: &str) -> PathBuf {
        self.root.join("releases").join(id)
    }

    /// The link of a ring.
    #[must_use]
    pub fn ring(&self, ring: &str) -> PathBuf {
        self.root.join(ring)
    }

    /// Every ring, in the order of their names.
    ///
    /// # Errors
    /// Those of reading; a link that leads to no release.
    pub fn rings(&self) -> Result<Vec<(String, String)>, Error> {
        let found = entries(&self.root).map_err(|fault| Error::new(Kind::Pod, fault.to_string()))?;
        let links = found.into_iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
        let mut rings = Vec::new();
        for entry in links {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                let id = self.leads(&name)?;
                rings.push((name, id));
            }
        }
        rings.sort();
        Ok(rings)
    }

    /// Every release, by its id; what cannot be used with the reason.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub fn all(&self) -> Result<Vec<Known>, Error> {
        let found =
            entries(&self.root.join("releases")).map_err(|fault| Error::new(Kind::Pod, fault.to_string()))?;
        let mut all: Vec<Known> = found
            .into_iter()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|id| !id.starts_with('.'))
            .map(|id| {
                let manifest = Manifest::read(&self.folder(&id), &id);
                (id, manifest)
            })
            .collect();
        let at = |manifest: &Result<Manifest, Error>| {
            manifest.as_ref().map(|one| one.at.clone()).unwrap_or_default()
        };
        // Two of one second are told apart by when their folders were made.
        let made = |id: &str| std::fs::metadata(self.folder(id)).and_then(|found| found.modified()).ok();
        all.sort_by_cached_key(|(id, manifest)| (at(manifest), made(id), id.clone()));
        Ok(all)
    }

    /// The release that a ring leads to; empty if to none.
    ///
    /// # Errors
    /// What is no link of ours: nothing is switched then.
    pub fn leads(&self, ring: &str) -> Result<String, Error> {
        let path = self.ring(ring);
        let target = match fs::read_link(&path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                let what = format!("`{}` is no link: it is not ours to replace", path.display());
                return Err(Error::new(Kind::Unfit, what).hint("give the ring another name, or move it away"));
            }
            Err(error) => return Err(Error::io(Kind::Pod, "read", &path, &error)),
        };
        let id = target.strip_prefix("releases").ok().and_then(Path::to_str).filter(|id| is_name(id));
        match id {
            Some(id) if self.folder(id).is_dir() => Ok(id.to_owned()),
            _ => {
                let what = format!(
                    "`{}` leads to `{}`, which is no release of this folder",
                    path.display(),
                    target.display()
                );
                Err(Error::new(Kind::Unfit, what)
                    .hint("remove the link, or let it lead to releases/ID again"))
            }
        }
    }

    /// Makes a release whole under a name that nobody looks at, and gives it its own then.
    ///
    /// # Errors
    /// A release of this id, a disk that is full: nothing of it is left then.
    pub fn make(&self, manifest: &Manifest, plan: Option<&[u8]>, judged: &Judged) -> Result<(), Error> {
        let folder = self.folder(&manifest.id);
        let built_here = folder.join("stack");
        let unwritten = |error: io::Error| cannot("write", &folder, &error);
        let mut text = serde_json::to_vec_pretty(manifest)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        text.push(b'\n');
        if manifest.stack == built_here {
            // The folder is there: the manifest is what makes it a release.
            if folder.join("manifest.json").exists() {
                return self.same(manifest);
            }
            if let Some(plan) = plan {
                write_atomic(&folder.join("plan.json"), plan).map_err(unwritten)?;
            }
            judged.keep(&folder).map_err(unwritten)?;
            return write_atomic(&folder.join("manifest.json"), &text).map_err(unwritten);
        }
        if fs::symlink_metadata(&folder).is_ok() {
            return self.same(manifest);
        }
        let part = self.root.join("releases").join(format!(".{}{PART}", manifest.id));
        let written = fs::create_dir(&part)
            .and_then(|()| write_atomic(&part.join("manifest.json"), &text))
            .and_then(|()| plan.map_or(Ok(()), |plan| write_atomic(&part.join("plan.json"), plan)))
            .and_then(|()| judged.keep(&part))
            .and_then(|()| symlink(&manifest.stack, part.join("stack")))
            .and_then(|()| sync(&part))
            .and_then(|()| fs::rename(&part, &folder))
            .and_then(|()| sync(&self.root.join("releases")));
        written.map_err(|error| {
            // What is left of it is cleared by the next call, too.
            let _ = fs::remove_dir_all(&part);
            unwritten(error)
        })
    }

    /// A release that is there already must be this one: it is in another ring, or its promoter was killed before the switch.
    fn same(&self, wanted: &Manifest) -> Result<(), Error> {
        let found = Manifest::read(&self.folder(&wanted.id), &wanted.id)?;
        let told =
            |one: &Manifest| (one.stack.clone(), one.digests.clone(), one.gate.clone(), one.forced.clone());
        if told(&found) == told(wanted) { Ok(()) } else { Err(taken(&wanted.id)) }
    }

    /// Switches a ring. Until [`Releases::proved`] the next call takes it back.
    ///
    /// # Errors
    /// Those of the file system; nothing is switched then.
    pub fn switch(&self, ring: &str, to: &str) -> Result<String, Error> {
        let from = self.leads(ring)?;
        let switch = Switch { ring: ring.to_owned(), from: from.clone(), to: to.to_owned(), at: now() };
        let text =
            serde_json::to_vec(&switch).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let path = self.root.join(SWITCH);
        write_atomic(&path, &text).map_err(|error| cannot("write", &path, &error))?;
        self.link(ring, to).map_err(|error| error.hint(UNSWITCHED))?;
        Ok(from)
    }

    /// The switch counts.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn proved(&self) -> Result<(), Error> {
        let path = self.root.join(SWITCH);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::place("remove", &path, &error).hint(UNPROVED))
            }
            _ => Ok(()),
        }
    }

    /// Lets a ring lead to a release, or to nothing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn link(&self, ring: &str, id: &str) -> Result<(), Error> {
        let path = self.ring(ring);
        let cannot = |error: io::Error| Error::place("switch", &path, &error).hint(UNPROVED);
        if id.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot(error)),
                _ => Ok(()),
            };
        }
        let part = self.root.join(format!(".{ring}{PART}"));
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        symlink(Path::new("releases").join(id), &part)
            .and_then(|()| fs::rename(&part, &path))
            .and_then(|()| sync(&self.root))
            .map_err(cannot)
    }

    /// Takes a release away: first its name, then what it holds.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        let folder = self.folder(id);
        let gone = self.root.join("releases").join(format!(".{id}{PART}"));
        fs::rename(&folder, &gone)
            .and_then(|()| fs::remove_dir_all(&gone))
            .map_err(|error| Error::place("remove", &folder, &error))
    }

    /// Whether what will be done can be written down. Asked before anything is switched.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn may_log(&self) -> Result<(), Error> {
        let path = self.root.join(LOG);
        open(&path).map(drop).map_err(|error| Error::place("write", &path, &error))
    }

    /// Writes down what was done, which stands whether that succeeds or not.
    pub fn log(&self, what: &serde_json::Value) {
        let path = self.root.join(LOG);
        let written = open(&path).and_then(|mut file| file.write_all(format!("{what}\n").as_bytes()));
        if let Err(error) = written {
            note(&format!("`{}` does not have it: {}", path.display(), reason(&error)));
        }
    }
}

fn open(log: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(log)
}

const UNSWITCHED: &str = "nothing was switched; `stackprobe releases` says what is live";
const UNPROVED: &str = "the next `promote`, `rollback` or `prune` takes back what is not proved";

/// What cannot be done to the folder before anything is switched.
fn cannot(verb: &str, path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "nothing was switched; make room, and give the same command again"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "nothing was switched; of a folder that cannot be written, `stackprobe releases` is all there is"
        }
        _ => UNSWITCHED,
    };
    Error::place(verb, path, error).hint(hint)
}

fn taken(id: &str) -> Error {
    Error::new(Kind::Usage, format!("there is a release `{id}` already"))
        .hint("a release never changes: give another --id")
}

/// What is in a folder survives a loss of power. Where a folder cannot be synced, the file system does it by itself.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}
