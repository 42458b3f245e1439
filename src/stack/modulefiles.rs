//! The modulefiles on disk, whether or not Lmod shows them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

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
    walk(folder, 0, &mut files);
    files.sort();
    files
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let Ok(mut kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            kind = meta.file_type();
        }
        if kind.is_dir() && depth < DEEPEST {
            walk(&path, depth + 1, files);
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
