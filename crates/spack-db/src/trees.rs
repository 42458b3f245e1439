//! Where does Spack keep its books, and which of them cannot be read?
//!
//! A stack may be several install trees (`upstreams.yaml` adds some), and nothing but the prefixes of its modules says
//! where they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::database::Database;
use super::lock::Lock;
use super::packages::Packages;
use path_fault::{PathFault, entries, find, is_file};

/// An install tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The folder that holds `.spack-db`.
    pub root: PathBuf,
    /// What it says.
    pub database: Database,
    /// It lies in a Spack that wrote modules of this stack, not in another to which externals lead.
    pub own: bool,
}

/// Everything that Spack wrote of a stack.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    /// In the order of their folders.
    pub trees: Vec<Tree>,
    /// `spack.lock` of every environment of these Spacks, and of those in which modules or their views lie.
    pub environments: Vec<(PathBuf, Lock)>,
    /// The Spacks that wrote the modules.
    pub spacks: Vec<PathBuf>,
    /// Which packages are compilers and MPIs.
    pub packages: Packages,
    /// A database cannot be read: what it knows is not known.
    pub blind: bool,
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
        packages: &Packages,
    ) -> Self {
        let mut spacks: BTreeSet<PathBuf> = spack.map(Path::to_path_buf).into_iter().collect();
        spacks.extend(roots.iter().filter_map(|root| spack_above(root)));
        let mut folders = BTreeSet::new();
        let mut lock_files = BTreeSet::new();
        let (mut seen, mut hidden) = (BTreeSet::new(), BTreeSet::new());
        let mut ascend = |path: &Path, inside: usize| {
            // Prefixes of one tree share all but the last of their folders.
            let above = path.ancestors().take_while(|folder| seen.insert(folder.to_path_buf()));
            for (level, folder) in above.enumerate() {
                match find(&folder.join(".spack-db/index.json")) {
                    Ok(Some(_)) => drop(folders.insert(folder.to_path_buf())),
                    Ok(None) => {}
                    Err(fault) => drop(hidden.insert(fault.to_string())),
                }
                if level >= inside {
                    for lock in locks(folder) {
                        match lock {
                            Ok(lock) => drop(lock_files.insert(lock)),
                            Err(fault) => drop(hidden.insert(fault.to_string())),
                        }
                    }
                }
            }
        };
        // A module set may have any root, and an environment its modules within itself.
        for root in roots {
            ascend(root, 0);
        }
        for spack in &spacks {
            ascend(&spack.join("opt/spack"), 0);
        }
        // `PREFIX/bin` of tens of thousands of installs: no environment lies within one.
        paths.into_iter().for_each(|path| ascend(path, 2));
        let mut found = Self {
            spacks: spacks.into_iter().collect(),
            // A database may stand there.
            blind: !hidden.is_empty(),
            unread: hidden.into_iter().collect(),
            packages: packages.clone(),
            ..Self::default()
        };
        for root in folders {
            match Database::read(&root, packages) {
                Ok(database) => {
                    found.warnings.extend(database.warnings.iter().cloned());
                    let own = found.spacks.iter().any(|spack| root.starts_with(spack));
                    found.trees.push(Tree { root, database, own });
                }
                Err(error) => {
                    found.unread.push(error.to_string());
                    found.blind = true;
                }
            }
        }
        for path in lock_files {
            match Lock::read(&path, packages) {
                Ok(lock) => {
                    found.warnings.extend(lock.warnings.iter().cloned());
                    found.environments.push((path, lock));
                }
                Err(error) => found.unread.push(error.to_string()),
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

/// The lock files of `folder` as an environment, and of the environments that a Spack in it manages.
fn locks(folder: &Path) -> Vec<Result<PathBuf, PathFault>> {
    let (mut locks, mut found) = (vec![folder.join("spack.lock")], Vec::new());
    match entries(&folder.join("var/spack/environments")) {
        Ok(environments) => locks.extend(environments.iter().map(|entry| entry.path().join("spack.lock"))),
        Err(fault) => found.push(Err(fault)),
    }
    for lock in locks {
        match is_file(&lock) {
            Ok(true) => found.push(Ok(lock)),
            Ok(false) => {}
            Err(fault) => found.push(Err(fault)),
        }
    }
    found
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
        let found = Trees::find(paths.iter().map(PathBuf::as_path), &modules, None, &Packages::default());
        assert_eq!(
            found.trees.iter().map(|tree| tree.root.clone()).collect::<Vec<_>>(),
            [root.join("upstream")]
        );
        assert_eq!(found.environments.len(), 1);
        assert!(found.blind && !found.trees[0].own);
        let told: Vec<&String> = found.unread.iter().chain(&found.warnings).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        for (line, words) in
            told.iter().zip(["database is cut short", "lock file is cut short", "newer than"])
        {
            assert!(line.contains(words) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn environments_are_found_from_any_root_of_modules_and_from_views() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let lock = r#"{"_meta": {"lockfile-version": 6}}"#;
        write("spack/var/spack/environments/all/spack.lock", lock);
        write("lab/spack.lock", lock);
        write("other/spack.lock", lock);
        std::fs::create_dir_all(root.join("spack/opt/spack/linux/zlib/bin")).unwrap();
        let names = |paths: &[&str], roots: &[&str]| -> Vec<String> {
            let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
            let roots: Vec<PathBuf> = roots.iter().map(|path| root.join(path)).collect();
            let found = Trees::find(paths.iter().map(PathBuf::as_path), &roots, None, &Packages::default());
            let name =
                |lock: &Path| lock.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            found.environments.iter().map(|(lock, _)| name(lock)).collect()
        };
        assert_eq!(names(&["spack/opt/spack/linux/zlib/bin"], &["site/modules/Core"]), ["all"]);
        assert_eq!(names(&["lab/.spack-env/view/bin"], &["site/modules/Core"]), ["lab"]);
        assert_eq!(
            names(&[], &["other/modules/linux/Core", "spack/share/spack/site/linux/Core"]),
            ["other", "all"]
        );
        assert!(names(&["nowhere/bin"], &["site/Core"]).is_empty());
    }
}
