//! Whether any module can be seen through `MODULEPATH`: a volume that is not mounted, or mounted empty, shows none.

use std::path::{Path, PathBuf};

use path_fault::PathFault;

/// How deep modulefiles stand below a folder of `MODULEPATH`: `gcc/12.2.0.lua`, `a/b/c/1.0`.
const DEPTH: usize = 5;

/// Entries that are looked at before a folder is taken to hold modules all the same.
const ENTRIES: usize = 20_000;

/// Why no module is visible through these folders; none if one of them holds a modulefile.
#[must_use]
pub fn nothing_visible(folders: &[PathBuf]) -> Option<String> {
    let mut why = Vec::new();
    for folder in folders {
        match std::fs::read_dir(folder) {
            Ok(_) if holds_modulefile(folder, DEPTH, &mut ENTRIES.clone()) => return None,
            Ok(entries) => {
                let what = if entries.count() == 0 { "is empty" } else { "holds no modulefile" };
                why.push(format!("{} {what}", folder.display()));
            }
            Err(error) => why.push(PathFault::new(folder, &error).to_string()),
        }
    }
    Some(why.join("; "))
}

fn holds_modulefile(folder: &Path, depth: usize, left: &mut usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let mut below = Vec::new();
    for entry in entries.flatten() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return true;
        }
        let path = entry.path();
        // `.modulerc`, `.version` and `.spiderT` are about modules.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => below.push(path),
            Ok(_) if is_modulefile(&path) => return true,
            _ => {}
        }
    }
    depth > 0 && below.iter().any(|folder| holds_modulefile(folder, depth - 1, left))
}

/// By its name in Lua, by its first bytes in Tcl. One that cannot be read is told where it is loaded.
fn is_modulefile(path: &Path) -> bool {
    use std::io::Read;
    if path.extension().is_some_and(|extension| extension == "lua") {
        return true;
    }
    let mut start = [0; 8];
    match std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Ok(()) => start == *b"#%Module",
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

/// Where `MODULEPATH` names a folder above or below the one called `Core` of which it is to name: what it names, and that
/// one.
#[must_use]
pub fn misplaced(roots: &[PathBuf]) -> Option<(&Path, PathBuf)> {
    let is_core = |folder: &Path| folder.ends_with("Core") && folder.is_dir();
    if roots.iter().any(|root| is_core(root)) {
        return None;
    }
    roots.iter().find_map(|root| {
        let above = root.ancestors().skip(1).take(2).find(|folder| is_core(folder)).map(Path::to_path_buf);
        let below = || Some(root.join("Core")).filter(|folder| is_core(folder));
        Some((root.as_path(), above.or_else(below)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_shows_modules_only_by_a_modulefile() {
        let root = tempfile::tempdir().unwrap();
        let below = |name: &str| root.path().join(name);
        for (name, file, text) in [
            ("empty", None, ""),
            ("hollow", Some("gcc/.version"), "#%Module1.0"),
            ("other", Some("gcc/README"), "hello, these are our modules"),
            ("lua", Some("gcc/12.lua"), ""),
            ("tcl", Some("a/b/c/1.0"), "#%Module1.0\n"),
            ("flat", Some("gcc.lua"), ""),
        ] {
            std::fs::create_dir_all(below(name)).unwrap();
            if let Some(file) = file {
                std::fs::create_dir_all(below(name).join(file).parent().unwrap()).unwrap();
                std::fs::write(below(name).join(file), text).unwrap();
            }
        }
        for (folders, told) in [
            (vec!["empty"], Some("empty is empty")),
            (vec!["hollow"], Some("hollow holds no modulefile")),
            (vec!["other"], Some("other holds no modulefile")),
            (vec!["absent"], Some("absent`: no such file or directory")),
            (vec!["other/gcc/README"], Some("README`: not a directory")),
            (vec!["absent", "empty"], Some("absent`: no such file or directory; ")),
            (vec!["absent", "lua"], None),
            (vec!["tcl"], None),
            (vec!["flat"], None),
        ] {
            let folders: Vec<PathBuf> = folders.into_iter().map(below).collect();
            let seen = nothing_visible(&folders);
            assert_eq!(seen.is_some(), told.is_some(), "{folders:?}: {seen:?}");
            assert!(told.is_none_or(|told| seen.as_ref().unwrap().contains(told)), "{seen:?}");
        }
    }
}
