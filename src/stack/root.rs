//! Where is what a loaded module brings: its prefix, and the folder of its libraries.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;
use crate::stack::environment::Environment;
use crate::stack::toolchain::{Loaded, Toolchain};
use crate::suite::alternatives::Alternatives;
use crate::suite::module_name::Module;

/// The loaded module that is one of these.
#[must_use]
pub fn module_of<'t>(toolchain: &'t Toolchain, entry: &Alternatives) -> Option<&'t Loaded> {
    toolchain.loaded.iter().rev().find(|loaded| entry.take(&loaded.module) || entry.has(&loaded.family))
}

/// The loaded module of this name.
#[must_use]
pub fn named<'t>(toolchain: &'t Toolchain, names: &[String]) -> Option<&'t Loaded> {
    let is =
        |loaded: &&Loaded| names.iter().any(|name| *name == loaded.module.family || *name == loaded.family);
    toolchain.loaded.iter().rev().find(is)
}

/// The folder that it is installed in: what its file puts on `PATH`, or on what compilers and build systems search, or
/// what a variable of its name says.
#[must_use]
pub fn root(loaded: &Loaded, environment: &Environment) -> Option<PathBuf> {
    let by_variable = || {
        let found = variables(&loaded.module).into_iter().find_map(|name| environment.get(&name));
        found.map(PathBuf::from).filter(|path| path.is_absolute())
    };
    loaded.prefix.clone().or_else(|| by_search_path(&loaded.file)).or_else(by_variable)
}

/// The folder of a prefix that holds shared libraries, or static ones, or would.
#[must_use]
pub fn libdir(prefix: &Path) -> PathBuf {
    let folders = ["lib", "lib64", "lib/x86_64-linux-gnu"].map(|name| prefix.join(name));
    let holds = |folder: &&PathBuf| {
        let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("lib") && (name.contains(".so") || name.ends_with(".a"))
        })
    };
    folders.iter().find(holds).unwrap_or(&folders[0]).clone()
}

/// The variables by which a module may say where it is installed: as `EasyBuild`, as `CMake` and as sites write them.
fn variables(module: &Module) -> Vec<String> {
    let family = module.family.rsplit('/').next().unwrap_or_default();
    let upper = |other: &str| {
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() { c.to_ascii_uppercase().to_string() } else { other.to_owned() }
        };
        family.chars().map(letter).collect::<String>()
    };
    let (plain, parted) = (upper(""), upper("_"));
    let mut names = vec![format!("EBROOT{}", family.replace('-', "min").to_uppercase())];
    for end in ["ROOT", "DIR", "HOME", "PREFIX"] {
        names.push(format!("{parted}_{end}"));
        names.push(format!("{plain}_{end}"));
    }
    names
}

/// A library need not put anything on `PATH`.
fn by_search_path(file: &Path) -> Option<PathBuf> {
    static SEARCHED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?m)^\s*(?:ap|pre)pend[_-]path[\s(]+"?(?:CMAKE_PREFIX_PATH|PKG_CONFIG_PATH|LD_LIBRARY_PATH|LIBRARY_PATH|CPATH|C_INCLUDE_PATH)"?[\s,]+(?:"(/[^"]+)"|\{(/[^}]+)\}|(/[^\s"{})]+))"#,
        )
    });
    let text = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let found = SEARCHED.captures(&text)?.iter().skip(1).flatten().next()?;
    let found: PathBuf = Path::new(found.as_str()).components().collect();
    let inside = ["pkgconfig", "share", "lib", "lib64", "include"];
    let outside = |path: &&Path| !path.file_name().is_some_and(|name| inside.iter().any(|one| name == *one));
    found.ancestors().find(outside).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_by_whatever_its_module_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fftw.lua");
        for (text, wanted) in [
            ("prepend_path(\"CMAKE_PREFIX_PATH\", \"/opt/fftw/.\", \":\")\n", "/opt/fftw"),
            ("prepend_path(\"PKG_CONFIG_PATH\", \"/opt/fftw/lib64/pkgconfig\")\n", "/opt/fftw"),
            ("#%Module\nprepend-path LD_LIBRARY_PATH {/opt/fftw 3/lib}\n", "/opt/fftw 3"),
            ("#%Module\nprepend-path LD_LIBRARY_PATH /opt/fftw/lib\n", "/opt/fftw"),
            ("setenv(\"X\", \"/opt/fftw\")\n", ""),
        ] {
            std::fs::write(&file, text).unwrap();
            let found = by_search_path(&file).unwrap_or_default();
            assert_eq!(found, Path::new(wanted), "{text}");
        }
    }

    #[test]
    fn variables_are_those_that_sites_set() {
        let names = variables(&Module::new("netCDF-Fortran/4.6"));
        assert!(names.contains(&"EBROOTNETCDFMINFORTRAN".to_owned()), "{names:?}");
        assert!(names.contains(&"NETCDF_FORTRAN_ROOT".to_owned()), "{names:?}");
        assert!(names.contains(&"NETCDFFORTRAN_DIR".to_owned()), "{names:?}");
    }

    #[test]
    fn libraries_are_where_there_are_some() {
        let folder = tempfile::tempdir().unwrap();
        let lib = |name: &str| folder.path().join(name);
        assert_eq!(libdir(folder.path()), lib("lib"));
        std::fs::create_dir_all(lib("lib/pkgconfig")).unwrap();
        std::fs::create_dir(lib("lib64")).unwrap();
        std::fs::write(lib("lib64/libx.so"), "").unwrap();
        assert_eq!(libdir(folder.path()), lib("lib64"));
    }
}
