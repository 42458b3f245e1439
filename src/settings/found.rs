//! Where the file of settings is.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};

/// The file's name where it is searched for.
pub(super) const NAME: &str = "stackprobe.toml";

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) file: Option<PathBuf>,
    /// Why a file that is there is not used.
    pub(super) note: Option<String>,
}

/// The file that was named, or else the nearest one from the working directory upwards, or else the one beside the site
/// file. An empty name says that there is to be none.
///
/// # Errors
/// A file that was named and is not there.
pub(super) fn find(named: Option<&Path>, site: Option<&Path>) -> Result<Found, Error> {
    if let Some(named) = named {
        if named.as_os_str().is_empty() {
            return Ok(Found::default());
        }
        return match std::fs::metadata(named) {
            Ok(_) => Ok(Found { file: Some(named.to_path_buf()), note: None }),
            Err(error) => Err(Error::io(Kind::Usage, "read", named, &error).hint(
                "--config and STACKPROBE_CONFIG name a file of settings; empty, they say that there is none",
            )),
        };
    }
    // Without a working directory there is nothing above it.
    let here = std::env::current_dir().unwrap_or_default();
    let above =
        here.ancestors().filter(|folder| !folder.as_os_str().is_empty()).map(|folder| folder.join(NAME));
    let beside = site.and_then(Path::parent).map(|folder| folder.join(NAME));
    let mut note = None;
    for file in above.chain(beside) {
        match owner(&file) {
            Some(owner) if is_ours(owner) => return Ok(Found { file: Some(file), note }),
            Some(owner) => {
                let why = format!("`{}` is not read: it belongs to the user {owner}", file.display());
                note.get_or_insert(format!("{why}; --config names it, if it is meant"));
            }
            None => {}
        }
    }
    Ok(Found { file: None, note })
}

/// Whose file it is, if it is one.
fn owner(file: &Path) -> Option<u32> {
    std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|found| found.uid())
}

/// Suites run what they say: whoever can write to a folder above ours must not choose them.
fn is_ours(owner: u32) -> bool {
    owner == 0 || owner == nix::unistd::geteuid().as_raw()
}
