//! Which Lmod is called.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::error::Error;
use crate::stack::environment::Environment;
use crate::stack::lmod::Lmod;
use path_fault::{PathFault, first_file};

/// The Lmod that `LMOD_CMD` names, else the first that is there. What is named must be usable: a shell's `module`
/// would call it, too.
///
/// # Errors
/// Why there is none.
pub fn lmod_command(environment: &Environment) -> Result<PathBuf, Error> {
    let lacks = |what: String| {
        Error::diagnosed("lmod-missing", false, format!("there is no Lmod: {what}"))
            .hint("set LMOD_CMD to the path of Lmod's libexec/lmod")
    };
    if let Some(path) = environment.get("LMOD_CMD").filter(|path| !path.is_empty()).map(PathBuf::from) {
        return named("LMOD_CMD", path, |what| lacks(what.to_owned()));
    }
    match first_file(&Lmod::candidates(environment)) {
        Ok(Some(path)) => Ok(path.clone()),
        Ok(None) => Err(lacks(
            "LMOD_CMD is not set, and none is in the usual places such as /usr/share/lmod/lmod".to_owned(),
        )),
        Err(fault) => Err(hidden(&fault, "an Lmod cannot be looked at")),
    }
}

/// The program that `variable` names: it must be usable; `lacks` makes the error of one that is none.
///
/// # Errors
/// Why it is not.
pub(super) fn named(variable: &str, path: PathBuf, lacks: impl Fn(&str) -> Error) -> Result<PathBuf, Error> {
    let named = |why: &str| lacks(&format!("{variable} is `{}`, which {why}", path.display()));
    if !path.is_absolute() {
        return Err(named("is not an absolute path"));
    }
    match std::fs::metadata(&path) {
        Err(error) => {
            let what = format!("{variable} names a module system that is none");
            Err(hidden(&PathFault::new(&path, &error), &what))
        }
        Ok(found) if !found.is_file() => Err(named("is not a file")),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => Err(named("is not executable")),
        Ok(_) => Ok(path),
    }
}

/// What may be there and cannot be looked at.
fn hidden(fault: &PathFault, what: &str) -> Error {
    let error = Error::diagnosed("lmod-missing", fault.obstacle.may_pass(), format!("{what}: {fault}"));
    error.hint(fault.hint().unwrap_or("set LMOD_CMD to the path of Lmod's libexec/lmod"))
}
