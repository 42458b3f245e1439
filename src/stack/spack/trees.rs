//! Where does Spack keep its books, and which of them cannot be read?
//!
//! A stack may be several install trees (`upstreams.yaml` adds some), and nothing but the prefixes of its modules says
//! where they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Database, Lock};
use crate::error::Error;

/// An install tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The folder that holds `.spack-db`.
    pub root: PathBuf,
    /// What it says.
    pub database: Database,
}

/// Everything that Spack wrote of a stack.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    /// In the order of their folders.
    pub trees: Vec<Tree>,
    /// `spack.lock` of every environment of the Spack that wrote the modules.
    pub environments: Vec<(PathBuf, Lock)>,
    /// Files that cannot be read, one line each.
    pub unread: Vec<String>,
    /// Files that can be read in part, one line each.
    pub warnings: Vec<String>,
}

impl Trees {
    /// Looks above the `paths` that modules put into the environment, and in the Spack installations to which `roots`
    /// lead: those of `MODULEPATH`, and `spack`, which is `SPACK_ROOT`.
    #[must_use]
    pub fn find<'p>(
        paths: impl IntoIterator<Item = &'p Path>,
        roots: &[PathBuf],
        spack: Option<&Path>,
    ) -> Self {
        let mut spacks: BTreeSet<PathBuf> = spack.map(Path::to_path_buf).into_iter().collect();
        spacks.extend(roots.iter().filter_map(|root| spack_above(root)));
        let mut folders = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut ascend = |path: &Path| {
            // Prefixes of one tree share all but the last of their folders.
            for folder in path.ancestors().take_while(|folder| seen.insert(folder.to_path_buf())) {
                if folder.join(".spack-db/index.json").exists() {
                    folders.insert(folder.to_path_buf());
                }
            }
        };
        for spack in &spacks {
            ascend(&spack.join("opt/spack"));
        }
        paths.into_iter().for_each(&mut ascend);
        let mut found = Self::default();
        for root in folders {
            match Database::read(&root) {
                Ok(database) => {
                    found.warnings.extend(database.warnings.iter().cloned());
                    found.trees.push(Tree { root, database });
                }
                Err(error) => found.unread.push(one_line(&error)),
            }
        }
        for path in spacks.iter().flat_map(|spack| locks(spack)) {
            match Lock::read(&path) {
                Ok(lock) => {
                    found.warnings.extend(lock.warnings.iter().cloned());
                    found.environments.push((path, lock));
                }
                Err(error) => found.unread.push(one_line(&error)),
            }
        }
        found
    }
}

/// `share/spack/lmod` and what is below it lie in Spack's own folder.
fn spack_above(modules: &Path) -> Option<PathBuf> {
    modules
        .ancestors()
        .find(|folder| folder.ends_with("share/spack/lmod") || folder.ends_with("share/spack/modules"))
        .and_then(|folder| folder.ancestors().nth(3))
        .map(Path::to_path_buf)
}

fn locks(spack: &Path) -> Vec<PathBuf> {
    let environments = std::fs::read_dir(spack.join("var/spack/environments")).into_iter().flatten();
    let locks = environments.flatten().map(|entry| entry.path().join("spack.lock"));
    let mut locks: Vec<PathBuf> = locks.filter(|lock| lock.is_file()).collect();
    locks.sort();
    locks
}

fn one_line(error: &Error) -> String {
    error.faults.first().map(|fault| fault.what.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_are_found_above_prefixes_and_beside_modules() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let empty = r#"{"database": {"version": "8", "installs": {}}}"#;
        write("upstream/.spack-db/index.json", empty);
        write("spack/opt/spack/.spack-db/index.json", &empty[..20]);
        write("spack/var/spack/environments/all/spack.lock", r#"{"_meta": {"lockfile-version": 99}}"#);
        write("spack/var/spack/environments/half/spack.lock", "{");
        let paths = [root.join("upstream/linux/zlib/bin"), root.join("upstream/linux/hdf5/bin")];
        let modules = [root.join("spack/share/spack/lmod/linux-debian12-x86_64/Core")];
        let found = Trees::find(paths.iter().map(PathBuf::as_path), &modules, None);
        assert_eq!(
            found.trees.iter().map(|tree| tree.root.clone()).collect::<Vec<_>>(),
            [root.join("upstream")]
        );
        assert_eq!(found.environments.len(), 1);
        let told: Vec<&String> = found.unread.iter().chain(&found.warnings).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        for (line, words) in
            told.iter().zip(["database is cut short", "lock file is cut short", "newer than"])
        {
            assert!(line.contains(words) && !line.contains('\n'), "{line}");
        }
    }
}
