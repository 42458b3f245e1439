//! The environment into which modules are loaded, where no profile of the stack was sourced.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::stack::environment::Environment;
use path_fault::{PathFault, entries, is_folder};

/// No module is visible.
pub(super) fn not_mounted(what: String) -> Error {
    Error::diagnosed("stack-not-mounted", true, what)
        .hint("is the volume mounted? The stack's volume goes where the stack was built; MODULEPATH names its Core folder")
}

/// `SPACK_ROOT` leads to what cannot be looked at: nobody knows which modules there are.
fn hidden(fault: &PathFault) -> Error {
    Error { id: Some("modules-hidden"), ..Error::hidden("SPACK_ROOT does not lead to modules", fault) }
}

/// Where no profile was sourced, Spack's own tree says where its modules are.
pub(super) fn set_modulepath(base: &mut Environment) -> Result<(), Error> {
    if !base.paths("MODULEPATH").is_empty() {
        return Ok(());
    }
    let root = base.get("SPACK_ROOT").map(|root| Path::new(root).join("share/spack/lmod"));
    let mut cores: Vec<PathBuf> = Vec::new();
    if let Some(root) = &root {
        for entry in entries(root).map_err(|fault| hidden(&fault))? {
            let core = entry.path().join("Core");
            cores.extend(is_folder(&core).map_err(|fault| hidden(&fault))?.then_some(core));
        }
        cores.sort();
    }
    if let (true, Some(spack)) = (cores.is_empty(), base.get("SPACK_ROOT")) {
        // Its other generator writes flat folders in Tcl, one for each target.
        let flat = Path::new(spack).join("share/spack/modules");
        let folders = std::fs::read_dir(flat).into_iter().flatten().flatten().map(|entry| entry.path());
        cores = folders.filter(|folder| folder.is_dir()).collect();
        cores.sort();
    }
    if let (true, Some(root), Some(spack)) = (cores.is_empty(), &root, base.text("SPACK_ROOT")) {
        return Err(if is_folder(Path::new(&spack)).map_err(|fault| hidden(&fault))? {
            let what = format!("SPACK_ROOT is `{spack}`, and there is no module tree in {}", root.display());
            not_mounted(what).hint(
                "is the volume mounted? Else `spack module lmod refresh` writes one; modules that lie elsewhere are named by \
                 MODULEPATH",
            )
        } else {
            not_mounted(format!("SPACK_ROOT is `{spack}`, which is not there"))
        });
    }
    if cores.is_empty() {
        let what = "MODULEPATH is not set, so no module is visible";
        let hint = "set MODULEPATH to the Core folder of the stack's modules, or SPACK_ROOT to the Spack that wrote them; where a \
            profile of the stack sets it: is the volume mounted?";
        return Err(Error::diagnosed("modulepath-unset", true, what).hint(hint));
    }
    if let Ok(paths) = std::env::join_paths(cores) {
        base.set("MODULEPATH", paths);
    }
    Ok(())
}

/// Lmod and everything after it wants a HOME; a pod with an unknown uid has none.
pub(super) fn set_home(base: &mut Environment, tmp: &Path) {
    if base.get("HOME").is_none_or(std::ffi::OsStr::is_empty) {
        base.set("HOME", tmp);
    }
    for name in ["USER", "LOGNAME"] {
        if base.get(name).is_none() {
            base.set(name, format!("uid{}", nix::unistd::geteuid()));
        }
    }
}
