//! To which compilers does an MPI belong that lies beside them, not below one? Pure.
//!
//! Spack puts what its core compiler built into `Core`. What Spack wrote of the MPI knows the compiler; without that,
//! what loading the MPI brings, then what its wrapper says that it calls; and where neither tells, each compiler is tried.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::stack::spack::{Claim, Inventory, Record, Tool, named_paths};
use crate::stack::spider::Found;
use crate::suite::module_name::Module;

/// By the modulefile of each MPI that stands under no compiler: its compilers, or why it has none.
pub type Partners = BTreeMap<PathBuf, Result<Vec<Module>, String>>;

/// The compilers of `mpi` among `compilers`, by what Spack wrote; `None` where it wrote nothing.
#[must_use]
pub fn by_record(
    mpi: &Found,
    compilers: &[&Found],
    inventory: &Inventory,
) -> Option<Result<Vec<Module>, String>> {
    let Claim::Of(record) = inventory.claim(&mpi.file) else { return None };
    let tool = record.compiler.as_ref()?;
    let is_it =
        |entry: &&&Found| matches!(inventory.claim(&entry.file), Claim::Of(record) if is(tool, record));
    let found: Vec<Module> = compilers.iter().filter(is_it).map(|entry| entry.module.clone()).collect();
    let Tool { name, version, .. } = tool;
    Some(if found.is_empty() {
        Err(format!("Spack built it with {name} {version}, which has no module"))
    } else {
        Ok(found)
    })
}

fn is(tool: &Tool, compiler: &Record) -> bool {
    match &tool.hash {
        Some(hash) => *hash == compiler.hash,
        // Before Spack 1.0 a compiler is a name and a version.
        None => tool.is_of_package(&compiler.name) && tool.version == compiler.version,
    }
}

/// The compilers among `compilers` that bring `program`, which the wrapper of an MPI calls: a path, or a bare name that
/// means whichever is loaded.
///
/// # Errors
/// In one line, that none does.
pub fn by_wrapper(program: &str, compilers: &[&Found]) -> Result<Vec<Module>, String> {
    let path = Path::new(program);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let name = path.file_name().unwrap_or_default();
    let brings = |entry: &&&Found| {
        let mut own = entry.paths.iter().map(|folder| folder.join(name));
        if !path.is_absolute() {
            return own.any(|own| own.exists());
        }
        // One in `/usr` is named by its module's variables only.
        let text = std::fs::read(&entry.file).unwrap_or_default();
        own.any(|own| real(&own) == real(path))
            || named_paths(&String::from_utf8_lossy(&text)).any(|named| Path::new(named) == path)
    };
    let found: Vec<Module> = compilers.iter().filter(brings).map(|entry| entry.module.clone()).collect();
    if found.is_empty() {
        Err(format!("its wrapper calls `{program}`, which no compiler's module brings"))
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_names_its_compiler_by_a_path_or_leaves_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let compiler = |version: &str| {
            let bin = folder.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("gcc"), version).unwrap();
            Found { paths: vec![bin], ..Found::bare(Module::new(&format!("gcc/{version}")), "/m".into()) }
        };
        let (old, new) = (compiler("11"), compiler("12"));
        let of = |program: &str| by_wrapper(program, &[&old, &new]);
        assert_eq!(of(&folder.path().join("12/bin/gcc").to_string_lossy()).unwrap(), [Module::new("gcc/12")]);
        std::os::unix::fs::symlink(folder.path().join("11/bin/gcc"), folder.path().join("gcc")).unwrap();
        assert_eq!(of(&folder.path().join("gcc").to_string_lossy()).unwrap(), [Module::new("gcc/11")]);
        assert_eq!(of("gcc").unwrap().len(), 2);
        assert!(
            of("/usr/bin/icx").unwrap_err().contains("`/usr/bin/icx`, which no compiler's module brings")
        );
    }
}
