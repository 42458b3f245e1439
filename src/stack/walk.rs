//! Which modules stand in a folder, for a module system that has no spider: by walking it.

use std::path::Path;

use crate::stack::modulefiles;
use crate::stack::spider::Found;
use crate::suite::module_name::Module;

/// Every module in Tcl in `folder`, which is one of `MODULEPATH`.
#[must_use]
pub fn modules(folder: &Path) -> Vec<Found> {
    let files = modulefiles::below(folder).into_iter().filter(|file| !is_lua(file));
    files
        .filter_map(|file| {
            let name = file.strip_prefix(folder).ok()?.to_string_lossy().into_owned();
            Some(Found::bare(Module::new(&name), file))
        })
        .collect()
}

/// How many modulefiles in `folder` are in Lua, which only Lmod reads.
#[must_use]
pub fn in_lua(folder: &Path) -> usize {
    modulefiles::below(folder).iter().filter(|file| is_lua(file)).count()
}

fn is_lua(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "lua")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_called_by_its_place() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("gcc/12.2.0", "#%Module1.0\n"), ("ohpc", "#%Module\n"), ("gcc/13.lua", ""), ("README", "x")]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let names: Vec<String> =
            modules(folder.path()).iter().map(|entry| entry.module.to_string()).collect();
        assert_eq!(names, ["gcc/12.2.0", "ohpc"]);
        assert_eq!(in_lua(folder.path()), 1);
    }
}
