//! Which ELF files and broken links lie below these folders?
//!
//! Every regular file is opened and its first page read, whatever its name: an extension is no proof. Links are not
//! followed, so no loop of them can catch the walk.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::Scope;

use super::bad::BadElf;
use super::bytes::OnDisk;
use super::image::Image;
use super::object::FileId;
use super::parse;
use path_fault::{Obstacle, PathFault};

/// Files that one thread looks at before another may help with the same folder.
const BATCH: usize = 64;

/// An ELF file as it was found.
pub(super) struct Sighting {
    pub(super) path: PathBuf,
    pub(super) file: FileId,
    /// Permission bits.
    pub(super) mode: u32,
    pub(super) image: Result<Image, BadElf>,
}

/// Everything that a walk saw.
#[derive(Default)]
pub(super) struct Walk {
    /// Regular files, ELF or not.
    pub(super) files: usize,
    pub(super) elf: Vec<Sighting>,
    /// Links that lead nowhere, and how.
    pub(super) dangling: Vec<(PathBuf, String)>,
    /// Folders and files that could not be read, and why.
    pub(super) unreadable: Vec<(PathBuf, PathFault)>,
}

#[derive(Default)]
struct Net {
    files: AtomicUsize,
    folders: Mutex<HashSet<FileId>>,
    catch: Mutex<Walk>,
}

impl Net {
    fn keep(&self, store: impl FnOnce(&mut Walk)) {
        store(&mut self.catch.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn refuse(&self, path: &Path, error: &std::io::Error) {
        self.keep(|walk| walk.unreadable.push((path.to_owned(), PathFault::new(path, error))));
    }

    /// Roots may lie within each other and mounts may show a folder twice: each is visited once.
    fn is_new(&self, folder: &Path) -> bool {
        match fs::metadata(folder) {
            Ok(facts) => {
                let id = (facts.dev(), facts.ino());
                self.folders.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
            }
            Err(error) => {
                self.refuse(folder, &error);
                false
            }
        }
    }
}

/// Walks all `roots` with every thread of the current pool; the answer is in no particular order.
pub(super) fn walk(roots: &[PathBuf]) -> Walk {
    let net = Net::default();
    rayon::scope(|scope| {
        for root in roots {
            match fs::metadata(root) {
                Ok(facts) if facts.is_file() => look_at_file(&net, root.clone()),
                Ok(_) => visit(scope, &net, root.clone()),
                Err(error) => net.refuse(root, &error),
            }
        }
    });
    let mut walk = net.catch.into_inner().unwrap_or_else(PoisonError::into_inner);
    walk.files = net.files.into_inner();
    walk
}

fn visit<'a>(scope: &Scope<'a>, net: &'a Net, folder: PathBuf) {
    scope.spawn(move |scope| {
        if !net.is_new(&folder) {
            return;
        }
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => return net.refuse(&folder, &error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok(entry) => entry,
                Err(error) => return net.refuse(&folder, &error),
            };
            if kind.is_dir() {
                visit(scope, net, path);
            } else if kind.is_symlink() {
                look_at_link(net, path);
            } else if kind.is_file() {
                files.push(path);
                if files.len() == BATCH {
                    let batch = std::mem::take(&mut files);
                    scope.spawn(move |_| batch.into_iter().for_each(|path| look_at_file(net, path)));
                }
            }
        }
        for path in files {
            look_at_file(net, path);
        }
    });
}

fn look_at_link(net: &Net, path: PathBuf) {
    let Err(error) = fs::metadata(&path) else { return };
    let Ok(target) = fs::read_link(&path) else { return };
    let detail = match Obstacle::of(&error) {
        Obstacle::Missing => format!("leads to `{}`, which is not there", target.display()),
        Obstacle::Loop => format!("leads to `{}`, and from there in a circle", target.display()),
        // What it leads to is closed, and may be there.
        _ => return net.refuse(&path, &error),
    };
    net.keep(|walk| walk.dangling.push((path, detail)));
}

fn look_at_file(net: &Net, path: PathBuf) {
    net.files.fetch_add(1, Ordering::Relaxed);
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    match OpenOptions::new().read(true).custom_flags(flags).open(&path).and_then(|file| examine(&file)) {
        Ok(Some((file, mode, image))) => {
            net.keep(|walk| walk.elf.push(Sighting { path, file, mode, image }));
        }
        Ok(None) => {}
        // Something that went away between the listing and the look is not there.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => net.refuse(&path, &error),
    }
}

type Examined = (FileId, u32, Result<Image, BadElf>);

fn examine(file: &File) -> std::io::Result<Option<Examined>> {
    use std::os::unix::fs::FileExt as _;
    let mut head = [0; 4];
    let count = file.read_at(&mut head, 0)?;
    if !parse::is_elf(&head[..count]) {
        return Ok(None);
    }
    let facts = file.metadata()?;
    let image = parse::from_store(&OnDisk { file, size: facts.len() });
    Ok(Some(((facts.dev(), facts.ino()), facts.mode() & 0o7777, image)))
}
