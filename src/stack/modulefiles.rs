//! The modulefiles on disk, whether or not Lmod shows them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use path_fault::{Obstacle, PathFault};

/// Spack's layout is `Core`, `COMPILER/VERSION` and `MPI/VERSION-HASH/COMPILER/VERSION` side by side below one folder.
const DEEPEST: usize = 10;

/// The folders that hold whole trees: those above the folders of `modulepath` that are called `Core`.
#[must_use]
pub fn trees(modulepath: &[PathBuf]) -> Vec<PathBuf> {
    let cores = modulepath.iter().filter(|folder| folder.file_name().is_some_and(|name| name == "Core"));
    let mut trees: Vec<PathBuf> = cores.filter_map(|core| core.parent().map(Path::to_path_buf)).collect();
    trees.sort();
    trees.dedup();
    trees
}

/// Every modulefile below `folder`, Lua and Tcl, in the order of their names.
#[must_use]
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(folder, 0, &mut files, &mut Vec::new());
    files.sort();
    files
}

/// What of the trees of `modulepath` cannot be looked at. Lmod passes over it, and so nothing that is there is tested.
#[must_use]
pub fn hidden(modulepath: &[PathBuf]) -> Vec<(PathBuf, PathFault)> {
    let mut roots = trees(modulepath);
    let within = |roots: &[PathBuf], folder: &PathBuf| roots.iter().any(|root| folder.starts_with(root));
    let others: Vec<PathBuf> = modulepath.iter().filter(|folder| !within(&roots, folder)).cloned().collect();
    roots.extend(others);
    let mut hidden = Vec::new();
    for root in &roots {
        let mut files = Vec::new();
        walk(root, 0, &mut files, &mut hidden);
        for file in files {
            if let Err(error) = access(&file, AccessFlags::R_OK) {
                let fault = PathFault::new(&file, &error.into());
                hidden.push((file, fault));
            }
        }
    }
    hidden.retain(|(_, fault)| fault.obstacle != Obstacle::Missing);
    hidden.sort_by(|left, right| left.0.cmp(&right.0));
    hidden
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, hidden: &mut Vec<(PathBuf, PathFault)>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return hidden.push((folder.to_path_buf(), PathFault::new(folder, &error))),
    };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let Ok(mut kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            kind = match std::fs::metadata(&path) {
                Ok(meta) => meta.file_type(),
                Err(error) => {
                    let fault = PathFault::new(&path, &error);
                    hidden.push((path, fault));
                    continue;
                }
            };
        }
        if kind.is_dir() && depth < DEEPEST {
            walk(&path, depth + 1, files, hidden);
        } else if kind.is_file() && (path.extension().is_some_and(|end| end == "lua") || is_tcl(&path)) {
            files.push(path);
        }
    }
}

fn is_tcl(path: &Path) -> bool {
    let mut head = [0; 8];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"#%Module"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_in_a_circle_is_hidden_and_what_leads_nowhere_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let core = folder.path().join("Core");
        std::fs::create_dir_all(core.join("gcc")).unwrap();
        std::fs::write(core.join("gcc/12.lua"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", core.join("gcc/13.lua")).unwrap();
        std::os::unix::fs::symlink("llvm", core.join("llvm")).unwrap();
        let told = hidden(&[core.clone(), "/nowhere/Core".into()]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].0.clone(), told[0].1.obstacle), (core.join("llvm"), Obstacle::Loop));
    }

    #[test]
    fn lua_and_tcl_are_modulefiles_and_the_rest_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("Core/gcc/12.lua", "");
        write("Core/gcc/.modulerc.lua", "");
        write("Core/tcl/1", "#%Module1.0\n");
        write("Core/README", "words");
        let core = folder.path().join("Core");
        assert_eq!(trees(&[core.clone(), core.clone(), "/elsewhere".into()]), [folder.path()]);
        assert_eq!(below(folder.path()), [core.join("gcc/12.lua"), core.join("tcl/1")]);
    }
}
