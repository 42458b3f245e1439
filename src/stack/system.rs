//! The module system of a stack: Lmod, or environment-modules. What is asked of either is a small list of calls.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::stack::environment::Environment;
use crate::stack::environment_modules::{self, EnvironmentModules};
use crate::stack::lmod::{Answer, Call, Lmod, Refusal};
use crate::stack::shown::{self, Shown};
use crate::suite::module_name::{Module, Wanted};

/// A module system that was found.
#[derive(Clone, Debug)]
pub enum System {
    /// Lmod.
    Lmod(Lmod),
    /// environment-modules.
    Tcl(EnvironmentModules),
}

impl System {
    /// What reports and messages call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lmod(_) => "Lmod",
            Self::Tcl(_) => environment_modules::NAME,
        }
    }

    /// Its program.
    #[must_use]
    pub fn command(&self) -> &Path {
        match self {
            Self::Lmod(lmod) => lmod.command(),
            Self::Tcl(modules) => modules.command(),
        }
    }

    /// Its version, once it has been asked.
    #[must_use]
    pub fn version(&self) -> &str {
        match self {
            Self::Lmod(lmod) => &lmod.version,
            Self::Tcl(modules) => &modules.version,
        }
    }

    /// Asks for the version.
    #[must_use]
    pub fn ask_version(&self, base: &Environment) -> Call {
        self.call([self.command().as_os_str().to_owned(), "bash".into(), "--version".into()], base)
    }

    /// Keeps the version out of an answer to [`System::ask_version`].
    ///
    /// # Errors
    /// An answer without a version: the system itself is broken.
    pub fn take_version(&mut self, answer: &Answer) -> Result<(), Refusal> {
        match self {
            Self::Lmod(lmod) => lmod.take_version(answer),
            Self::Tcl(modules) => modules.take_version(answer),
        }
    }

    /// Asks for the environment in which `modules` are loaded, in this order, on top of `base`. `own` is this binary.
    #[must_use]
    pub fn ask_load(&self, modules: &[Wanted], base: &Environment, own: &Path) -> Call {
        match self {
            Self::Lmod(lmod) => lmod.ask_load(modules, base, own),
            Self::Tcl(system) => system.ask_load(modules, base, own),
        }
    }

    /// Asks for `base` without any loaded module.
    #[must_use]
    pub fn ask_purge(&self, base: &Environment, own: &Path) -> Call {
        match self {
            Self::Lmod(lmod) => lmod.ask_purge(base, own),
            Self::Tcl(modules) => modules.ask_purge(base, own),
        }
    }

    /// Reads the environment out of an answer to [`System::ask_load`] or [`System::ask_purge`].
    ///
    /// # Errors
    /// The system's own words, where it gave no environment.
    pub fn read_environment(&self, answer: &Answer, base: &Environment) -> Result<Environment, Refusal> {
        match self {
            Self::Lmod(lmod) => lmod.read_environment(answer, base),
            Self::Tcl(modules) => modules.read_environment(answer, base),
        }
    }

    /// Whether what was visible by a module goes, or comes anew, when that module is unloaded or swapped; and whether there
    /// is a list of the whole hierarchy, in a cache.
    #[must_use]
    pub fn knows_hierarchies(&self) -> bool {
        matches!(self, Self::Lmod(_))
    }

    /// Whether an environment that was read shows that the system keeps its books in it.
    #[must_use]
    pub fn kept_books(&self, purged: &Environment) -> bool {
        match self {
            Self::Lmod(_) => {
                purged.iter().any(|(name, _)| name.to_string_lossy().starts_with("_ModuleTable"))
            }
            // Where nothing is loaded it keeps none.
            Self::Tcl(_) => true,
        }
    }

    /// Asks what the files of `modules` do, all in one process, without loading any.
    #[must_use]
    pub fn ask_show(&self, modules: &[&Module], base: &Environment) -> Call {
        let argv = [self.command().as_os_str().to_owned(), "bash".into(), "show".into()];
        self.call(argv.into_iter().chain(modules.iter().map(|module| module.to_string().into())), base)
    }

    /// Reads an answer to [`System::ask_show`].
    #[must_use]
    pub fn read_shown(&self, answer: &Answer) -> BTreeMap<PathBuf, Shown> {
        let read = match self {
            Self::Lmod(_) => shown::of_lmod,
            Self::Tcl(_) => shown::of_tcl,
        };
        // A site may redirect what it says to stdout.
        let mut all = BTreeMap::new();
        for text in [&answer.stderr, &answer.stdout] {
            all.extend(read(&String::from_utf8_lossy(text)));
        }
        all
    }

    /// Has bash run `script` below `base`: `$0` is `own`, this binary, `$1` is the system, the rest are `words`.
    #[must_use]
    pub fn ask_shell(
        &self,
        script: &str,
        words: impl IntoIterator<Item = OsString>,
        base: &Environment,
        own: &Path,
    ) -> Call {
        let (shell, command) = match self {
            Self::Lmod(lmod) => (lmod.shell(), lmod.command()),
            Self::Tcl(modules) => (modules.shell(), modules.command()),
        };
        let shell = [shell.as_os_str().to_owned(), "--norc".into(), "--noprofile".into(), "-c".into()];
        let given = [script.into(), own.as_os_str().to_owned(), command.as_os_str().to_owned()];
        let argv = shell.into_iter().chain(given).chain(words);
        let mut call = self.call(argv, base);
        // What a module that sets it would take away when it goes must not be ours.
        match base.get("LC_ALL") {
            Some(value) => call.environment.set("LC_ALL", value),
            None => call.environment.unset("LC_ALL"),
        }
        call
    }

    /// A process with its whole environment.
    fn call(&self, argv: impl IntoIterator<Item = OsString>, base: &Environment) -> Call {
        match self {
            Self::Lmod(lmod) => lmod.call(argv, base),
            Self::Tcl(modules) => modules.call(argv, base),
        }
    }
}
