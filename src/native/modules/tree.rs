//! The modulefiles on disk against what Lmod shows of them: unreachable ones, and a cache that tells of another day.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Subject;
use super::script::Seen;
use crate::native::place::real;
use crate::native::{judged, skipped};
use crate::stack::module::Module;
use crate::stack::spider::Found;
use crate::verdict::check::Check;

/// Spack's layout is `Core`, `COMPILER/VERSION` and `MPI/VERSION-HASH/COMPILER/VERSION` side by side below one folder.
const DEEPEST: usize = 10;

/// Every modulefile below the roots is made visible by some chain of modules. A file is looked at under the compiler
/// that its path names, and under every compiler if it names none that the stack offers.
pub(super) fn reachable(subject: &Subject<'_>, compiler: &Module) -> Check {
    let name = "modulefiles reachable";
    let roots: Vec<PathBuf> = subject
        .base
        .paths("MODULEPATH")
        .into_iter()
        .filter(|root| root.file_name().is_some_and(|name| name == "Core"))
        .filter_map(|root| root.parent().map(Path::to_path_buf))
        .collect();
    if roots.is_empty() {
        return skipped(name, "no folder of MODULEPATH is called Core, so the tree's root is not known");
    }
    let known: BTreeSet<PathBuf> = subject.found.iter().map(|entry| real(&entry.file)).collect();
    let compilers: Vec<String> = subject
        .matrix
        .chains
        .iter()
        .filter_map(|chain| chain.modules.first())
        .map(|(_, module)| format!("/{module}/"))
        .collect();
    let own = format!("/{compiler}/");
    let mut faults = Vec::new();
    for root in &roots {
        let mut files = Vec::new();
        modulefiles(root, 0, &mut files);
        files.sort();
        for file in files.iter().filter(|file| !known.contains(&real(file))) {
            let inside = file.strip_prefix(root).unwrap_or(file);
            let text = format!("/{}", inside.display());
            if text.contains(&own) || !compilers.iter().any(|compiler| text.contains(compiler)) {
                faults.push(format!("no chain of modules makes {} visible", file.display()));
            }
        }
    }
    judged(name, "module.unreachable", faults)
}

fn modulefiles(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if meta.is_dir() && depth < DEEPEST {
            modulefiles(&path, depth + 1, files);
        } else if meta.is_file() && (path.extension().is_some_and(|end| end == "lua") || is_tcl(&path)) {
            files.push(path);
        }
    }
}

fn is_tcl(path: &Path) -> bool {
    let mut head = [0; 8];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"#%Module"
}

/// What people see through Lmod's cache is what is on disk.
pub(super) fn cache(found: &[Found], cached: Option<&Seen>) -> Check {
    let name = "cache is of today";
    let Some(cached) = cached else { return skipped(name, "Lmod gave no list") };
    let listed: BTreeSet<Module> = cached.listed().into_iter().collect();
    // Spider lists some hidden modules and leaves others out: that one is listed, or is not, proves nothing.
    let names = |hidden: bool| {
        found.iter().filter(move |entry| hidden || !entry.hidden).map(|entry| entry.module.clone())
    };
    let (shown, real): (BTreeSet<Module>, BTreeSet<Module>) = (names(false).collect(), names(true).collect());
    let missing =
        shown.difference(&listed).map(|module| format!("{module} is installed, but the cache hides it"));
    let stale =
        listed.difference(&real).map(|module| format!("{module} is in the cache, but no longer on disk"));
    judged(name, "module.cache", missing.chain(stale).collect())
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
        let mut files = Vec::new();
        modulefiles(folder.path(), 0, &mut files);
        files.sort();
        assert_eq!(files, [folder.path().join("Core/gcc/12.lua"), folder.path().join("Core/tcl/1")]);
    }
}
