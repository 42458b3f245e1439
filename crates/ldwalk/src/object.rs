//! What is a file that was found under a path, ready to be loaded?
//!
//! The same file under two paths is two objects with one image: `$ORIGIN` follows the path, not the file.

use std::path::PathBuf;
use std::sync::Arc;

use super::folder::Folder;
use super::image::Image;
use super::names::Name;

/// Device and inode: what makes two paths one file.
pub type FileId = (u64, u64);

/// A loadable file under one of its paths.
#[derive(Debug)]
pub struct Object {
    /// The path by which the loader finds it.
    pub path: PathBuf,
    /// What the file says.
    pub image: Arc<Image>,
    /// Which file it is.
    pub file: FileId,
    pub(super) needed: Box<[Name]>,
    pub(super) soname: Option<Name>,
    /// One for each of the image's `requires`.
    pub(super) required: Box<[Name]>,
    pub(super) rpath: Box<[Arc<Folder>]>,
    pub(super) runpath: Box<[Arc<Folder>]>,
}

impl Object {
    /// The name by which others need it: its soname, else its file name.
    pub(super) fn name(&self) -> &str {
        let file = || self.path.file_name()?.to_str();
        self.image.soname.as_deref().or_else(file).unwrap_or_default()
    }
}

/// What opening a path came to.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    /// It can be loaded, by a process of its machine.
    Loadable(Arc<Object>),
    /// There is nothing that can be opened: the search goes on.
    Absent,
    /// There is a file that the loader gives up on.
    Unusable(Arc<str>),
}
