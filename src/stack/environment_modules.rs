//! environment-modules: the module system that is written in Tcl, release 4 and later. Its `modulecmd.tcl` is called as
//! Lmod is, and what it answers is evaluated by bash.
//!
//! It reads no modulefile in Lua, and it has no spider: what there is, is found by walking the folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::stack::environment::Environment;
use crate::stack::evaluated::{self, Answer, Call, LOCALE, Refusal, Settings, quote};
use crate::suite::module_name::Wanted;

/// What reports and messages call it.
pub const NAME: &str = "environment-modules";

/// Where `modulecmd.tcl` usually is.
const USUAL_PLACES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/modulecmd.tcl",
    "/usr/lib/aarch64-linux-gnu/modulecmd.tcl",
    "/usr/share/Modules/libexec/modulecmd.tcl",
    "/usr/local/Modules/libexec/modulecmd.tcl",
    "/opt/cray/pe/modules/default/libexec/modulecmd.tcl",
    "/usr/libexec/environment-modules/libexec/modulecmd.tcl",
];

/// What it is told by its environment, and modules are not.
const SETTINGS: Settings = &[
    ("MODULES_PAGER", ""),
    ("MODULES_COLOR", "never"),
    ("MODULES_VERBOSITY", "normal"),
    ("MODULES_TERM_WIDTH", "200"),
    ("MODULES_IGNORE_CACHE", "1"),
    ("LC_ALL", LOCALE),
];

/// An environment-modules that was found.
#[derive(Clone, Debug)]
pub struct EnvironmentModules {
    command: PathBuf,
    shell: PathBuf,
    /// `5.2.0`, once it has been asked.
    pub version: String,
}

impl EnvironmentModules {
    /// Where `MODULES_CMD`, `MODULESHOME`, and then the usual places say that it is: the candidates in order.
    #[must_use]
    pub fn candidates(environment: &Environment) -> Vec<PathBuf> {
        let named = environment.get("MODULES_CMD").map(PathBuf::from);
        let home = environment.get("MODULESHOME").map(|home| Path::new(home).join("libexec/modulecmd.tcl"));
        let usual = USUAL_PLACES.into_iter().map(PathBuf::from);
        named.into_iter().chain(home).chain(usual).filter(|path| path.is_absolute()).collect()
    }

    /// Takes `command` as `modulecmd.tcl`; `shell` is the bash that evaluates its answers.
    #[must_use]
    pub fn new(command: PathBuf, shell: PathBuf) -> Self {
        Self { command, shell, version: String::new() }
    }

    /// The `modulecmd.tcl` program.
    #[must_use]
    pub fn command(&self) -> &Path {
        &self.command
    }

    /// The bash that evaluates its answers.
    #[must_use]
    pub fn shell(&self) -> &Path {
        &self.shell
    }

    /// Keeps the version out of an answer to the question for it.
    ///
    /// # Errors
    /// An answer without a version.
    pub fn take_version(&mut self, answer: &Answer) -> Result<(), Refusal> {
        let words = String::from_utf8_lossy(&answer.stderr);
        let version = words.split("Release").nth(1).and_then(|rest| rest.split_whitespace().next());
        version.map(|version| version.clone_into(&mut self.version)).ok_or_else(|| Refusal {
            what: format!("`{}` does not say its version: {NAME} itself is broken", self.command.display()),
            words: quote(&answer.stderr),
        })
    }

    /// Asks for the environment in which `modules` are loaded, in this order, on top of `base`. `own` is this binary.
    #[must_use]
    pub fn ask_load(&self, modules: &[Wanted], base: &Environment, own: &Path) -> Call {
        let names = modules.iter().map(|module| module.text().into());
        self.ask(std::iter::once("load".into()).chain(names), base, own)
    }

    /// Asks for `base` without any loaded module.
    #[must_use]
    pub fn ask_purge(&self, base: &Environment, own: &Path) -> Call {
        self.ask(["purge".into(), "--force".into()], base, own)
    }

    fn ask(&self, words: impl IntoIterator<Item = OsString>, base: &Environment, own: &Path) -> Call {
        self.call(evaluated::argv(&self.shell, own, &self.command, words), base)
    }

    /// `base`, with what a login shell would know of it: scripts of a case may want to call it.
    #[must_use]
    pub fn known_in(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        environment.set("MODULES_CMD", &self.command);
        environment
    }

    /// A process with its whole environment.
    #[must_use]
    pub fn call(&self, argv: impl IntoIterator<Item = OsString>, base: &Environment) -> Call {
        Call::new(argv, self.known_in(base), SETTINGS)
    }

    /// Reads the environment out of an answer to [`EnvironmentModules::ask_load`] or
    /// [`EnvironmentModules::ask_purge`].
    ///
    /// # Errors
    /// Its own words, where it gave no environment.
    pub fn read_environment(&self, answer: &Answer, base: &Environment) -> Result<Environment, Refusal> {
        evaluated::ended(answer, NAME)?;
        evaluated::read(answer, base, SETTINGS, NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_its_version_and_a_module_name_is_never_shell_text() {
        let mut modules = EnvironmentModules::new("/m/modulecmd.tcl".into(), "/bin/bash".into());
        let said =
            |text: &str| Answer { success: true, stderr: text.as_bytes().to_vec(), ..Answer::default() };
        modules.take_version(&said("Modules Release 5.2.0 (2022-11-08)\n")).unwrap();
        assert_eq!(modules.version, "5.2.0");
        assert!(modules.take_version(&said("no")).unwrap_err().what.contains("does not say its version"));
        let wanted = Wanted::new("gcc/$(reboot)").unwrap();
        let call = modules.ask_load(&[wanted], &Environment::default(), "/own".as_ref());
        assert_eq!(call.argv.last().unwrap(), "gcc/$(reboot)");
        assert!(!call.argv[4].to_string_lossy().contains("reboot"));
    }

    #[test]
    fn what_the_pod_names_comes_before_the_usual_places() {
        let environment = Environment::from_nul_separated(b"MODULES_CMD=/a/modulecmd.tcl\0MODULESHOME=/b\0");
        let found = EnvironmentModules::candidates(&environment);
        assert_eq!(found[..2], [PathBuf::from("/a/modulecmd.tcl"), "/b/libexec/modulecmd.tcl".into()]);
        assert!(found.len() > 4);
    }
}
