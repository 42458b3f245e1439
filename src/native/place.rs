//! Whose a file is: a loaded module's, another install's of the same stack, the host's, or nobody's.

use std::path::{Path, PathBuf};

use crate::stack::toolchain::{Loaded, Toolchain};
use path_fault::{PathFault, find, is_folder};
use spack_db::behind;

/// Whose a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Below the prefix of this loaded module.
    Module(String),
    /// Below a prefix that Spack installed, which need not have a module.
    Stack(PathBuf),
    /// The operating system's.
    Host,
    /// Nothing is known of it.
    Elsewhere,
    /// Nothing can be known of it, for it cannot be looked at.
    Hidden(PathFault),
}

impl Place {
    /// Whether the stack brought it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Module(_) | Self::Stack(_))
    }

    /// What keeps us from knowing whose it is; none if it is known.
    #[must_use]
    pub fn hidden(&self) -> Option<&PathFault> {
        match self {
            Self::Hidden(fault) => Some(fault),
            _ => None,
        }
    }

    /// In words, for a message.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Module(module) => format!("in {module}"),
            Self::Stack(prefix) => format!("in {}", prefix.display()),
            Self::Host => "the host's own".to_owned(),
            Self::Elsewhere => "of no loaded module and of no install of the stack".to_owned(),
            Self::Hidden(fault) => format!("of which nothing is known ({fault})"),
        }
    }
}

/// The prefixes of the loaded modules, links resolved.
#[derive(Clone, Debug)]
pub struct Ground {
    prefixes: Vec<(String, PathBuf)>,
}

impl Ground {
    /// Of this toolchain.
    #[must_use]
    pub fn new(toolchain: &Toolchain) -> Self {
        let prefixes = toolchain.loaded.iter().flat_map(|loaded| {
            let homes = loaded
                .prefix
                .iter()
                .flat_map(|prefix| std::iter::once(real(prefix)).chain(behind(prefix, package(loaded))));
            homes.map(|home| (loaded.module.to_string(), home))
        });
        Self { prefixes: prefixes.collect() }
    }

    /// Whose `path` is, links resolved.
    #[must_use]
    pub fn of(&self, path: &Path) -> Place {
        let (path, asked) = (real(path), path);
        if let Some((module, _)) = self.prefixes.iter().find(|(_, prefix)| path.starts_with(prefix)) {
            return Place::Module(module.clone());
        }
        // Where links cannot be followed, it may be anybody's.
        if let Err(fault) = find(asked) {
            return Place::Hidden(fault);
        }
        match installed(&path) {
            Ok(Some(prefix)) => return Place::Stack(prefix),
            Ok(None) => {}
            Err(fault) => return Place::Hidden(fault),
        }
        let host = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc"];
        let local = path.starts_with("/usr/local");
        if !local && host.iter().any(|folder| path.starts_with(folder)) {
            Place::Host
        } else {
            Place::Elsewhere
        }
    }
}

/// The package that a module is of, as Spack calls it.
pub(super) fn package(loaded: &Loaded) -> &str {
    let family = &loaded.module.family;
    family.rsplit('/').next().unwrap_or(family)
}

/// The whole install that holds `prefix`: modules of compilers may put a folder deep inside it on `PATH`.
#[must_use]
pub fn install(prefix: &Path) -> PathBuf {
    let prefix = real(prefix);
    installed(&prefix).ok().flatten().unwrap_or(prefix)
}

/// The nearest folder above that Spack installed: it keeps its record in `.spack/`.
fn installed(path: &Path) -> Result<Option<PathBuf>, PathFault> {
    for folder in path.ancestors() {
        if is_folder(&folder.join(".spack"))? {
            return Ok(Some(folder.to_path_buf()));
        }
    }
    Ok(None)
}

/// The path with links resolved; of one that does not exist, as far as it does.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_looked_at_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("turn", folder.path().join("turn")).unwrap();
        let ground = Ground { prefixes: Vec::new() };
        let place = ground.of(&folder.path().join("turn/lib"));
        assert!(place.hidden().is_some() && !place.is_ours(), "{place:?}");
        assert_eq!(ground.of(&folder.path().join("absent")), Place::Elsewhere);
    }

    #[test]
    fn a_link_out_of_the_prefix_leads_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("gcc");
        std::fs::create_dir_all(prefix.join("bin")).unwrap();
        std::fs::write(prefix.join("bin/own"), "").unwrap();
        std::os::unix::fs::symlink("/usr/bin/env", prefix.join("bin/foreign")).unwrap();
        std::fs::create_dir_all(folder.path().join("zlib/.spack")).unwrap();
        let ground = Ground { prefixes: vec![("gcc/12".to_owned(), real(&prefix))] };
        assert_eq!(ground.of(&prefix.join("bin/own")), Place::Module("gcc/12".to_owned()));
        assert_eq!(ground.of(&prefix.join("bin/foreign")), Place::Host);
        assert_eq!(ground.of(&prefix.join("bin/absent")), Place::Module("gcc/12".to_owned()));
        let zlib = real(folder.path()).join("zlib");
        assert_eq!(ground.of(&folder.path().join("zlib/lib")), Place::Stack(zlib));
        assert_eq!(ground.of(Path::new("/usr/local/bin/gcc")), Place::Elsewhere);
    }
}
