//! Where does the dynamic loader look for a library?
//!
//! The rules are those of glibc (`elf/dl-load.c`): a name with a slash is a path; otherwise `DT_RPATH` of the file that
//! asks and of all that led to it, unless the asking file has a `DT_RUNPATH`; `LD_LIBRARY_PATH`; its own `DT_RUNPATH`;
//! `ld.so.cache`; the default directories. A file of another machine is passed over, one that is damaged ends the search.
//! The folders of CPU features that glibc dropped in 2.37 (`haswell`, `tls`) are not looked at.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bad::BadElf;
use super::bytes::OnDisk;
use super::cpu::Cpu;
use super::folder::{Folder, origin};
use super::image::{Image, Kind, Machine};
use super::names::{Name, Names};
use super::object::{FileId, Object, Opened};
use super::parse;
use super::shelf::Shelf;
use super::system::{System, standard_interpreter};
use super::tokens::{Tokens, split_library_path, split_rpath};
use path_fault::{Obstacle, PathFault};

/// The dynamic loader under one environment, and everything that it has seen so far.
#[derive(Debug)]
pub struct Loader {
    library_path: Vec<String>,
    cpu: Cpu,
    pub(super) names: Names,
    systems: Shelf<(PathBuf, Machine), Arc<System>>,
    folders: Shelf<PathBuf, Arc<Folder>>,
    opened: Shelf<PathBuf, Opened>,
    images: Shelf<FileId, Result<Arc<Image>, BadElf>>,
}

/// The answer to one need.
#[derive(Clone, Debug)]
pub(super) enum Found {
    At(Arc<Object>),
    Nowhere,
    Unusable(PathBuf, Arc<str>),
}

/// Who asks, and for whom: what the rules need to know.
pub(super) struct Asking<'a> {
    /// The asking file, then the file that asked for it, and so on to the first.
    pub(super) chain: &'a [&'a Object],
    pub(super) root: &'a Object,
    pub(super) system: &'a System,
}

impl Loader {
    /// A loader that is started with this `LD_LIBRARY_PATH`, on this node's CPU.
    #[must_use]
    pub fn new(library_path: &str) -> Self {
        Self::on(library_path, Cpu::here())
    }

    /// The same on a CPU of another x86-64 level (1 to 4).
    #[must_use]
    pub fn on_cpu(library_path: &str, level: u8) -> Self {
        Self::on(library_path, Cpu { level, ..Cpu::here() })
    }

    fn on(library_path: &str, cpu: Cpu) -> Self {
        Self {
            library_path: split_library_path(library_path).map(str::to_owned).collect(),
            cpu,
            names: Names::default(),
            systems: Shelf::default(),
            folders: Shelf::default(),
            opened: Shelf::default(),
            images: Shelf::default(),
        }
    }

    /// The x86-64 level of the CPU that it loads for.
    #[must_use]
    pub fn cpu_level(&self) -> u8 {
        self.cpu.level
    }

    /// The directories of `LD_LIBRARY_PATH` as written.
    #[must_use]
    pub fn library_path(&self) -> &[String] {
        &self.library_path
    }

    /// The file at `path` as the loader sees it; `None` if it cannot be loaded at all.
    #[must_use]
    pub fn object(&self, path: &Path) -> Option<Arc<Object>> {
        match self.open(path) {
            Opened::Loadable(object) => Some(object),
            Opened::Absent | Opened::Unusable(_) => None,
        }
    }

    /// The loader that starts `root`, or that the standard program of its machine would bring.
    pub(super) fn system_of(&self, root: &Image) -> Option<Arc<System>> {
        let interpreter = match root.interpreter.as_deref() {
            Some(path) => path,
            None => standard_interpreter(root.machine)?,
        };
        let key = (PathBuf::from(interpreter), root.machine);
        if let Some(system) = self.systems.get(&key) {
            return Some(system);
        }
        let system = System::read(&key.0, root.machine, self.cpu);
        Some(self.systems.keep(key, Arc::new(system)))
    }

    pub(super) fn folder(&self, path: &Path) -> Arc<Folder> {
        match self.folders.get(path) {
            Some(folder) => folder,
            None => self.folders.keep(path.to_owned(), Arc::new(Folder::read(path.to_owned()))),
        }
    }

    /// Finds what the loader would load for `name`.
    pub(super) fn find(&self, name: Name, asking: &Asking<'_>) -> Found {
        let text = self.names.text(name);
        let Some(asker) = asking.chain.first() else { return Found::Nowhere };
        if text.contains('/') {
            let path = if text.contains('$') {
                tokens(asking.system, &asker.path).fill(&text).into()
            } else {
                PathBuf::from(&*text)
            };
            return self.accept(path, asking).unwrap_or(Found::Nowhere);
        }
        self.along_paths(&text, asking)
            .or_else(|| {
                let cached = || asking.system.cache.path(&text).map(Path::new);
                let default = |path: &&Path| {
                    !asker.image.no_default_directories
                        || !asking.system.default_directories.iter().any(|folder| path.starts_with(folder))
                };
                cached().filter(default).and_then(|path| self.accept(path.to_owned(), asking))
            })
            .or_else(|| {
                let folders = &asking.system.default_directories;
                let folders = if asker.image.no_default_directories { &[][..] } else { folders };
                folders.iter().find_map(|folder| self.within(&self.folder(folder), &text, asking))
            })
            .unwrap_or(Found::Nowhere)
    }

    fn along_paths(&self, text: &str, asking: &Asking<'_>) -> Option<Found> {
        let asker = asking.chain.first()?;
        let search =
            |folders: &[Arc<Folder>]| folders.iter().find_map(|folder| self.within(folder, text, asking));
        let inherited = || asking.chain.iter().find_map(|object| search(&object.rpath));
        if asker.image.runpath.is_none()
            && let Some(found) = inherited()
        {
            return Some(found);
        }
        let environment = self.library_path.iter().find_map(|folder| {
            let folder = self.absolute(folder, asking.system, &asking.root.path);
            self.within(&folder, text, asking)
        });
        environment.or_else(|| search(&asker.runpath))
    }

    fn within(&self, folder: &Folder, text: &str, asking: &Asking<'_>) -> Option<Found> {
        if folder.has_hwcaps {
            for level in &asking.system.hwcaps {
                let better = self.folder(&folder.path.join(level));
                if better.may_hold(text)
                    && let Some(found) = self.accept(better.file(text), asking)
                {
                    return Some(found);
                }
            }
        }
        if folder.may_hold(text) { self.accept(folder.file(text), asking) } else { None }
    }

    fn accept(&self, path: PathBuf, asking: &Asking<'_>) -> Option<Found> {
        match self.open(&path) {
            Opened::Loadable(object) if object.image.machine == asking.root.image.machine => {
                Some(Found::At(object))
            }
            Opened::Loadable(_) | Opened::Absent => None,
            Opened::Unusable(reason) => Some(Found::Unusable(path, reason)),
        }
    }

    pub(super) fn open(&self, path: &Path) -> Opened {
        if let Some(opened) = self.opened.get(path) {
            return opened;
        }
        let opened = match self.open_file(path) {
            Ok((file, image)) => match image {
                Ok(image) => self.loadable(path, file, image),
                Err(bad) => Opened::Unusable(bad.to_string().into()),
            },
            Err(opened) => opened,
        };
        self.opened.keep(path.to_owned(), opened)
    }

    fn loadable(&self, path: &Path, file: FileId, image: Arc<Image>) -> Opened {
        if !matches!(image.kind, Kind::Program | Kind::Library) {
            return Opened::Unusable("neither a program nor a shared library".into());
        }
        Opened::Loadable(Arc::new(self.build(path, file, image)))
    }

    fn open_file(&self, path: &Path) -> Result<(FileId, Result<Arc<Image>, BadElf>), Opened> {
        let hidden = |error: &std::io::Error| match Obstacle::of(error) {
            // The loader goes on to the next folder then, and so do we.
            Obstacle::Missing | Obstacle::Closed => Opened::Absent,
            _ => Opened::Unusable(PathFault::new(path, error).to_string().into()),
        };
        let file = open_quietly(path).map_err(|error| hidden(&error))?;
        let facts = file.metadata().map_err(|error| hidden(&error))?;
        let id = (facts.dev(), facts.ino());
        if let Some(image) = self.images.get(&id) {
            return Ok((id, image));
        }
        let mut head = [0; 4];
        if !facts.is_file() || (&file).read_exact(&mut head).is_err() {
            return Err(Opened::Unusable("too short for an ELF file".into()));
        }
        if !parse::is_elf(&head) {
            return Err(Opened::Unusable("no ELF file".into()));
        }
        let image = parse::from_store(&OnDisk { file: &file, size: facts.len() });
        Ok((id, self.images.keep(id, image.map(Arc::new))))
    }

    /// Takes over an image that was read elsewhere, so that it is not read twice.
    pub(super) fn adopt(&self, path: &Path, file: FileId, image: Arc<Image>) -> Arc<Object> {
        let Ok(image) = self.images.keep(file, Ok(Arc::clone(&image))) else {
            return Arc::new(self.build(path, file, image));
        };
        let object = Arc::new(self.build(path, file, image));
        self.opened.keep(path.to_owned(), Opened::Loadable(Arc::clone(&object)));
        object
    }

    fn build(&self, path: &Path, file: FileId, image: Arc<Image>) -> Object {
        let system = self.system_of(&image);
        let folders = |text: Option<&str>| match (&system, text) {
            (Some(system), Some(text)) => {
                split_rpath(text).map(|part| self.absolute(part, system, path)).collect()
            }
            _ => Box::default(),
        };
        Object {
            needed: image.needed.iter().map(|name| self.names.name(name)).collect(),
            soname: image.soname.as_deref().map(|name| self.names.name(name)),
            required: image.requires.iter().map(|wanted| self.names.name(&wanted.library)).collect(),
            rpath: folders(image.rpath.as_deref()),
            runpath: folders(image.runpath.as_deref()),
            path: path.to_owned(),
            file,
            image,
        }
    }

    /// The folder that one part of a search path means for the file at `path`.
    pub(super) fn absolute(&self, part: &str, system: &System, path: &Path) -> Arc<Folder> {
        if part.is_empty() {
            return self.folder(Path::new("."));
        }
        if part.contains('$') {
            return self.folder(Path::new(&tokens(system, path).fill(part)));
        }
        self.folder(Path::new(part))
    }
}

/// The tokens of a file at `path` under `system`.
pub(super) fn tokens<'a>(system: &'a System, path: &'a Path) -> Tokens<'a> {
    Tokens { origin: origin(path).to_str().unwrap_or_default(), lib: &system.lib, platform: &system.platform }
}

/// Opens for reading without waiting for the other end of a pipe and without becoming a terminal's owner.
pub(super) fn open_quietly(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}
