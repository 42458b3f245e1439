//! Whether every name leads to the module's own file: each identity is a check, so that a report says *which* is wrong.
//!
//! A toolchain whose `gcc` is the host's compiles hello world without a word. Nothing is compiled here: the tools are
//! asked what they are and what they would use.

mod answers;
mod compiler;
mod mpi;
mod names;
mod variables;

pub(crate) use answers::wrapped;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::Error;
use crate::native::place::{Ground, Place, install, real};
use crate::native::{Ask, judged, judged_or_hidden, skipped, unanswered};
use crate::stack::environment::Environment;
use crate::stack::family::{Families, Family};
use crate::stack::lmod::{Answer, Call};
use crate::stack::toolchain::{Loaded, Toolchain};
use crate::suite::Layer;
use crate::suite::template::Placeholder;
use crate::verdict::check::Check;

/// A source that is nowhere.
const NOTHING: &str = "/nonexistent/stackprobe.c";

/// Whose identity is asked.
#[derive(Clone, Copy)]
pub struct IdentityInputs<'s> {
    /// The loaded modules and their tools.
    pub toolchain: &'s Toolchain,
    /// What the tools are started in.
    pub environment: &'s Environment,
    /// What tools are called.
    pub families: &'s Families,
    /// Where the install of a modulefile lies, if Spack took it from elsewhere; asked only where a red would come of it.
    pub external: &'s (dyn Fn(&Path) -> Option<PathBuf> + Sync),
}

/// Looks at the outermost layer of the toolchain: the MPI if there is one, else the compiler.
#[must_use]
pub fn look(subject: &IdentityInputs<'_>, ask: &Ask<'_>) -> Vec<Check> {
    let ground = Ground::new(subject.toolchain);
    let tools = Tools { subject: *subject, ask, ground, externals: OnceLock::new() };
    match (subject.toolchain.of(Layer::Mpi), subject.toolchain.of(Layer::Compiler)) {
        (Some(mpi), Some(compiler)) => mpi::look(&tools, mpi, compiler),
        (_, Some(compiler)) => compiler::look(&tools, compiler),
        _ => Vec::new(),
    }
}

/// The tools of a toolchain, and what it takes to ask them.
struct Tools<'t> {
    subject: IdentityInputs<'t>,
    ask: &'t Ask<'t>,
    ground: Ground,
    /// The loaded modules whose installs Spack did not make, with their prefixes.
    externals: OnceLock<Vec<(String, PathBuf)>>,
}

impl Tools<'_> {
    fn ask(&self, program: &Path, words: &[&str]) -> Result<Answer, Error> {
        self.ask_in(self.subject.environment, program, words)
    }

    fn ask_in(&self, environment: &Environment, program: &Path, words: &[&str]) -> Result<Answer, Error> {
        let words = words.iter().map(OsString::from);
        let argv = std::iter::once(program.as_os_str().to_owned()).chain(words).collect();
        (self.ask)(&Call { argv, environment: environment.clone() })
    }

    /// Whose `path` is. What Spack took from the host, or from another tree, is its module's, wherever that lies.
    fn place(&self, path: &Path) -> Place {
        let place = self.ground.of(path);
        if let Place::Module(_) = place {
            return place;
        }
        let real = real(path);
        let host = place == Place::Host;
        let mut externals = self.externals().iter();
        let of =
            externals.find(|(_, prefix)| real.starts_with(prefix) || (host && prefix == Path::new("/usr")));
        of.map_or(place, |(module, _)| Place::Module(module.clone()))
    }

    fn externals(&self) -> &[(String, PathBuf)] {
        self.externals.get_or_init(|| {
            let loaded = self.subject.toolchain.loaded.iter();
            loaded
                .filter(|loaded| loaded.layer.is_some())
                .filter_map(|loaded| {
                    Some((loaded.module.to_string(), real(&(self.subject.external)(&loaded.file)?)))
                })
                .collect()
        })
    }

    /// The program that the suites use for `tool`; none where the toolchain does not offer it.
    fn program(&self, tool: Placeholder) -> Result<PathBuf, String> {
        match self.subject.toolchain.tools.get(&tool) {
            Some(Ok(words)) => words.first().map(PathBuf::from).ok_or_else(|| "it has no command".to_owned()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("no loaded module is known to bring it".to_owned()),
        }
    }

    /// What the tables know of this module.
    fn family(&self, loaded: &Loaded) -> Option<Family> {
        self.subject.families.find(&loaded.family, loaded.module.plain_version())
    }

    /// What `tool` of this module is called.
    fn names(&self, tool: Placeholder, loaded: &Loaded) -> Vec<String> {
        self.family(loaded).and_then(|mut family| family.tools.remove(&tool)).unwrap_or_default()
    }

    /// The variant with which Spack recorded this install, if one that does not come without `tool`.
    fn owed(&self, tool: Placeholder, loaded: &Loaded) -> Option<String> {
        let family = self.family(loaded)?;
        let variant = family.owed.get(&tool)?;
        let built = spack_db::built_with(&install(loaded.prefix.as_ref()?), variant);
        built.then(|| variant.clone())
    }

    /// Whose versions the tools of this module tell, where its vendor counts other ones.
    fn counted_as(&self, loaded: &Loaded) -> Option<String> {
        let version = loaded.module.plain_version();
        let mut kin = self.subject.families.kin(&loaded.family, version).into_iter();
        kin.find(|(_, other)| other != version).map(|(family, _)| family)
    }

    /// Whether `tool` fails where there is nothing to compile: a driver that loses the status of its parts makes every
    /// broken build a good one.
    fn refuses(&self, check: &str, tool: Placeholder) -> Option<Check> {
        let program = self.program(tool).ok()?;
        let name = program.file_name().unwrap_or_default().display();
        let fault = match self.ask(&program, &["-c", NOTHING]) {
            Ok(answer) => answer.success.then(|| format!("`{name} -c {NOTHING}` ends with success")),
            Err(error) => return Some(unanswered(check, &error)),
        };
        Some(judged(check, "identity.status", Vec::from_iter(fault)))
    }

    fn which(&self, name: &str) -> Option<PathBuf> {
        self.subject.toolchain.which_anywhere(name)
    }

    /// Whether the name of a tool, as a person types it, leads to a file of the module.
    fn path(&self, check: &str, tool: Placeholder, loaded: &Loaded) -> Check {
        let names = self.names(tool, loaded);
        let toolchain = self.subject.toolchain;
        let Some(name) = names.iter().find(|name| toolchain.which(name).is_some()) else {
            // The module of a compiler in /usr puts nothing on PATH: its variables name it.
            let variable = variables::NAMES.iter().find(|(_, of)| *of == tool);
            let value = variable.and_then(|(variable, _)| toolchain.environment.text(variable));
            if let Some(program) = value.filter(|program| self.is_external(Path::new(program), loaded)) {
                return match self.which(&program) {
                    Some(found) => {
                        judged(check, "identity.path", Vec::from_iter(self.foreign(&found, &program, loaded)))
                    }
                    None => judged(check, "identity.path", vec![format!("`{program}` cannot be started")]),
                };
            }
            if names.is_empty() {
                let reason = format!(
                    "no family in our table names {tool} for {}: say it in [[family]]",
                    loaded.module
                );
                return skipped(check, reason);
            }
            let reason = format!("{} brings no {}", loaded.module, names.join(" or "));
            if let Some(hidden) = names.iter().find_map(|name| toolchain.hides(name)) {
                return judged_or_hidden(check, "identity.path", vec![Err(hidden)]);
            }
            return if toolchain.essential.contains(&tool) {
                judged(check, "identity.path", vec![reason])
            } else if let Some(variant) = self.owed(tool, loaded) {
                judged(
                    check,
                    "identity.path",
                    vec![format!("{reason}, though it was built with `{variant}`")],
                )
            } else {
                skipped(check, reason)
            };
        };
        let Some(found) = self.which(name) else { return skipped(check, "it is not on PATH") };
        judged(check, "identity.path", Vec::from_iter(self.foreign(&found, name, loaded)))
    }

    /// Whether `path` is of an install of `loaded` that Spack did not make.
    fn is_external(&self, path: &Path, loaded: &Loaded) -> bool {
        let is_it = |(module, _): &(String, PathBuf)| *module == loaded.module.to_string();
        self.externals().iter().any(is_it) && self.place(path) == Place::Module(loaded.module.to_string())
    }

    /// Why `found`, to which `name` leads, is not a file of `loaded`.
    fn foreign(&self, found: &Path, name: &str, loaded: &Loaded) -> Option<String> {
        let real = real(found);
        let place = self.place(&real);
        let Some(prefix) = &loaded.prefix else {
            return (!place.is_ours()).then(|| {
                format!("`{name}` is {}, {}, not {}'s", shown(found, &real), place.words(), loaded.module)
            });
        };
        let own = real.starts_with(install(prefix)) || place == Place::Module(loaded.module.to_string());
        (!own).then(|| {
            format!(
                "`{name}` is {}, {}, not {}'s in {}",
                shown(found, &real),
                place.words(),
                loaded.module,
                prefix.display()
            )
        })
    }
}

/// Why the version that a program tells is not compared with the module's.
fn counts_otherwise(loaded: &Loaded) -> String {
    format!("{} is like {}, whose versions are others", loaded.family, loaded.speaks_as.0)
}

/// A path, and where it leads if that is elsewhere.
fn shown(path: &Path, real: &Path) -> String {
    if path == real {
        path.display().to_string()
    } else {
        format!("{} -> {}", path.display(), real.display())
    }
}
