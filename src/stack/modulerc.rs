//! What `.modulerc.lua`, `.modulerc` and `.version` say of the modules beside them: which are hidden, which is the default.
//!
//! Lmod's spider heeds them only in the folders that `MODULEPATH` names at the start, not in those that a compiler or
//! an MPI adds (seen with 8.6.19), while `avail` heeds them everywhere. Spack hides its implicit installs by them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;
use crate::stack::spider::Found;
use crate::suite::module_name::Module;

/// What the files of one folder say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Marks {
    hidden: Vec<String>,
    default: Option<String>,
}

/// Adds to `found` what the files beside the modulefiles say. A file that cannot be read says nothing.
pub fn heed(found: &mut [Found]) {
    let mut read: BTreeMap<PathBuf, Marks> = BTreeMap::new();
    for entry in found {
        let Some(folder) = entry.file.parent() else { continue };
        let marks = read.entry(folder.to_path_buf()).or_insert_with(|| marks(folder));
        entry.hidden |= marks.hidden.iter().any(|name| names(name, &entry.module));
        entry.default |= marks.default.as_ref().is_some_and(|name| names(name, &entry.module));
    }
}

/// `gcc/12.2.0`, `/12.2.0` and `12.2.0` all mean that version.
fn names(name: &str, module: &Module) -> bool {
    name == module.to_string() || name.trim_start_matches('/') == module.version
}

fn marks(folder: &Path) -> Marks {
    let mut marks = Marks::default();
    for name in [".modulerc.lua", ".modulerc", ".version"] {
        if let Ok(bytes) = std::fs::read(folder.join(name)) {
            parse(&String::from_utf8_lossy(&bytes), &mut marks);
        }
    }
    marks
}

fn parse(text: &str, marks: &mut Marks) {
    static SAID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?mx)^\s* (?:
                hide[_-]version [\s(]+ ["']? (?<hidden>[^"'\s)]+)
              | module[_-]version [\s(]+ ["']? (?<default>[^"'\s,)]+) ["']? [\s,]+ ["']? default \b
              | set \s+ ModulesVersion \s+ "? (?<version>[^"\s]+)
            )"#,
        )
    });
    for said in SAID.captures_iter(text) {
        if let Some(hidden) = said.name("hidden") {
            marks.hidden.push(hidden.as_str().to_owned());
        } else if let Some(default) = said.name("default").or(said.name("version")) {
            marks.default.get_or_insert_with(|| default.as_str().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Marks {
        let mut marks = Marks::default();
        parse(text, &mut marks);
        marks
    }

    #[test]
    fn lua_and_tcl_hide_and_mark_alike() {
        let lua =
            said("hide_version(\"hwloc/2.9.0-abcdefg\")\nmodule_version(\"gcc/12.2.0\", \"default\")\n");
        assert_eq!(lua.hidden, ["hwloc/2.9.0-abcdefg"]);
        assert!(names(lua.default.as_deref().unwrap(), &Module::new("gcc/12.2.0")));
        let tcl = said("#%Module\nhide-version a/1\nmodule-version /12.2.0 default\n");
        assert_eq!((tcl.hidden, tcl.default.as_deref()), (vec!["a/1".to_owned()], Some("/12.2.0")));
        assert_eq!(said("#%Module\nset ModulesVersion \"4.1\"\n").default.as_deref(), Some("4.1"));
        assert_eq!(said("-- hide_version(\"a/1\")\nmodule_version(\"a/1\",\"latest\")\n"), Marks::default());
    }
}
