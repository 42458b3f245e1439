//! Which module system is called.

use std::path::PathBuf;

use crate::error::{Error, Kind};
use crate::stack::environment::Environment;
use crate::stack::environment_modules::{self, EnvironmentModules};
use crate::stack::lmod::Lmod;
use crate::stack::lmod_command::{lmod_command, named};
use crate::stack::system::System;
use path_fault::first_file;

/// The variable that says which one is meant where a pod has both.
pub const VARIABLE: &str = "STACKPROBE_MODULE_SYSTEM";

/// The module system that `VARIABLE` asks for, else the one that the environment was initialised for, else Lmod, else
/// environment-modules. `shell` is the bash that evaluates answers.
///
/// # Errors
/// Why there is none.
pub fn system(environment: &Environment, shell: PathBuf) -> Result<System, Error> {
    let is_set = |name| environment.get(name).is_some_and(|value| !value.is_empty());
    let lmod = |shell| lmod_command(environment).map(|command| System::Lmod(Lmod::new(command, shell)));
    match environment.text(VARIABLE).as_deref() {
        None | Some("") => {}
        Some("lmod") => return lmod(shell),
        Some(environment_modules::NAME) => {
            return tcl(environment)?
                .map(|command| System::Tcl(EnvironmentModules::new(command, shell)))
                .ok_or_else(|| lacks("MODULES_CMD is not set, and none is in the usual places"));
        }
        Some(other) => {
            let what = format!("{VARIABLE} is `{other}`: there are lmod and {}", environment_modules::NAME);
            return Err(Error::new(Kind::Usage, what));
        }
    }
    if is_set("MODULES_CMD")
        && !is_set("LMOD_CMD")
        && let Some(command) = tcl(environment)?
    {
        return Ok(System::Tcl(EnvironmentModules::new(command, shell)));
    }
    match lmod(shell.clone()) {
        Err(error) if !is_set("LMOD_CMD") => match tcl(environment) {
            Ok(Some(command)) => Ok(System::Tcl(EnvironmentModules::new(command, shell))),
            _ => Err(error),
        },
        found => found,
    }
}

/// The `modulecmd.tcl` that `MODULES_CMD` names, else the first that is there.
fn tcl(environment: &Environment) -> Result<Option<PathBuf>, Error> {
    if let Some(path) = environment.get("MODULES_CMD").filter(|path| !path.is_empty()).map(PathBuf::from) {
        return named("MODULES_CMD", path, lacks).map(Some);
    }
    Ok(first_file(&EnvironmentModules::candidates(environment)).ok().flatten().cloned())
}

fn lacks(what: &str) -> Error {
    let what = format!("there is no {}: {what}", environment_modules::NAME);
    Error::diagnosed("lmod-missing", false, what).hint("set MODULES_CMD to the path of its modulecmd.tcl")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_by(text: &str) -> Result<&'static str, String> {
        let found = system(&Environment::from_nul_separated(text.as_bytes()), "/bin/bash".into());
        found.map(|system| system.name()).map_err(|error| error.what())
    }

    #[test]
    fn what_the_environment_was_initialised_for_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = program.display();
        let (lmod, tcl) = (format!("LMOD_CMD={program}\0"), format!("MODULES_CMD={program}\0"));
        let asks = |name: &str| format!("{VARIABLE}={name}\0");
        assert_eq!(named_by(&lmod).unwrap(), "Lmod");
        assert_eq!(named_by(&tcl).unwrap(), "environment-modules");
        assert_eq!(named_by(&format!("{lmod}{tcl}")).unwrap(), "Lmod");
        let both = format!("{lmod}{tcl}{}", asks("environment-modules"));
        assert_eq!(named_by(&both).unwrap(), "environment-modules");
        assert_eq!(named_by(&format!("{lmod}{tcl}{}", asks("lmod"))).unwrap(), "Lmod");
        assert!(named_by(&asks("tmod")).unwrap_err().contains("there are lmod and environment-modules"));
        let gone = named_by("MODULES_CMD=/nowhere/modulecmd.tcl\0").unwrap_err();
        assert!(gone.contains("/nowhere/modulecmd.tcl"), "{gone}");
    }
}
