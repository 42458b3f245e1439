//! A toolchain as it was resolved: the loaded modules, their environment, and the tools that *they* bring.
//!
//! A tool counts only where the loaded modules put it on `PATH`, or name it by a variable. The host's own
//! `/usr/bin/gcc` never stands in for a compiler that a module failed to bring: that would be a green that lies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;
use crate::stack::environment::Environment;
use crate::stack::family::{Families, essential_of};
use crate::stack::launcher::Launchers;
use crate::stack::mpi_launcher::MpiLauncher;
use crate::stack::starter::Starter;
use crate::suite::Layer;
use crate::suite::module_name::Module;
use crate::suite::template::Placeholder;
use path_fault::{PathFault, barred};
use spack_db::{Packages, named_paths, read_spec};

/// One loaded module.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its full name.
    pub module: Module,
    /// Its place in the hierarchy, if it is one of the toolchain's own.
    pub layer: Option<Layer>,
    /// The family as suites name it (`intel-oneapi-compilers`, never `oneapi`).
    pub family: String,
    /// The family whose words its programs use, its own or the one that it is like, and the module's version, if the two
    /// count their versions alike.
    pub speaks_as: (String, Option<String>),
    /// The modulefile.
    pub file: PathBuf,
    /// The folder that the modulefile, or else the module, puts on `PATH`, without `/bin`.
    pub prefix: Option<PathBuf>,
    /// The DAG hash of its install, where Spack left one there.
    pub hash: Option<Box<str>>,
}

/// Modules, environment and tools.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// `gcc/12.2.0 openmpi/5.0.11`: compiler, MPI, runtime.
    pub label: String,
    /// The modules that were loaded by name, in this order: they load the others.
    pub asked: Vec<Module>,
    /// All loaded modules in the order of loading, dependencies among them.
    pub loaded: Vec<Loaded>,
    /// The environment before any module was loaded.
    pub base: Environment,
    /// The environment with the modules.
    pub environment: Environment,
    /// Each tool with its flags, or why there is none.
    pub tools: BTreeMap<Placeholder, Result<Vec<String>, String>>,
    /// The tools without which one of its modules is broken.
    pub essential: BTreeSet<Placeholder>,
    /// How MPI programs are started, or why they cannot be.
    pub launcher: Result<MpiLauncher, String>,
    /// What hides a tool or launcher that was not found and may well be there.
    pub hidden: Option<PathFault>,
}

impl Toolchain {
    /// Looks the tools up in `environment`, in which `requested` are loaded, which it was not in `base`.
    #[must_use]
    pub fn new(
        label: String,
        requested: &[(Layer, Module)],
        loaded: Vec<(Module, PathBuf)>,
        base: Environment,
        environment: Environment,
        families: &Families,
        launchers: &Launchers,
    ) -> Self {
        let layer_of = |module: &Module| requested.iter().find(|(_, m)| m == module).map(|(layer, _)| *layer);
        let loaded: Vec<Loaded> = loaded
            .into_iter()
            .map(|(module, file)| {
                let prefix = prefix(&file);
                Loaded {
                    layer: layer_of(&module),
                    family: families.canonical(&module.family).to_owned(),
                    speaks_as: families.speaks_as(&module.family, module.plain_version()),
                    hash: hash_of(&module, &file, prefix.as_deref()),
                    prefix,
                    module,
                    file,
                }
            })
            .collect();
        let mut toolchain = Self {
            label,
            asked: Vec::new(),
            loaded,
            base,
            environment,
            tools: BTreeMap::new(),
            essential: BTreeSet::new(),
            launcher: Err("no MPI module is loaded".to_owned()),
            hidden: None,
        };
        toolchain.tools = toolchain.find_tools(families);
        toolchain.essential = toolchain.find_essential(families);
        toolchain.launcher = toolchain.find_launcher(families, launchers);
        toolchain.hidden = toolchain.find_hidden(families, launchers);
        toolchain.find_prefixes();
        toolchain
    }

    /// Where a modulefile makes its paths of variables, as `EasyBuild` does, the folder that its tool was found in says
    /// what it is installed in.
    fn find_prefixes(&mut self) {
        let folders: Vec<PathBuf> = self.brought().collect();
        let of_tool = |layer: Layer| {
            let programs =
                tools_of(layer).filter_map(|(_, tool, _)| self.tools.get(&tool)?.as_ref().ok()?.first());
            let mut homes = programs.filter_map(|program| Path::new(program).parent());
            let bin = homes.find(|folder| folders.iter().any(|brought| brought == folder))?;
            bin.ends_with("bin").then(|| bin.parent()).flatten().map(Path::to_path_buf)
        };
        let found = self.loaded.iter().map(|loaded| loaded.prefix.clone().or_else(|| of_tool(loaded.layer?)));
        let found: Vec<Option<PathBuf>> = found.collect();
        for (loaded, prefix) in self.loaded.iter_mut().zip(found) {
            loaded.prefix = prefix;
        }
    }

    /// The loaded module of this layer.
    #[must_use]
    pub fn of(&self, layer: Layer) -> Option<&Loaded> {
        self.loaded.iter().find(|loaded| loaded.layer == Some(layer))
    }

    /// Compiler, MPI and runtime, as far as they are loaded.
    #[must_use]
    pub fn members(&self) -> Vec<&Module> {
        let loaded = [Layer::Compiler, Layer::Mpi, Layer::Runtime].map(|layer| self.of(layer));
        loaded.into_iter().flatten().map(|loaded| &loaded.module).collect()
    }

    /// Family and version of compiler, MPI and runtime, as far as they are loaded.
    #[must_use]
    pub fn modules(&self) -> Vec<(&str, &str)> {
        [Layer::Compiler, Layer::Mpi, Layer::Runtime]
            .into_iter()
            .filter_map(|layer| self.of(layer))
            .map(|loaded| (loaded.family.as_str(), loaded.module.plain_version()))
            .collect()
    }

    /// The folders on `PATH` that the modules brought.
    fn brought(&self) -> impl Iterator<Item = PathBuf> {
        let base = self.base.paths("PATH");
        self.environment.paths("PATH").into_iter().filter(move |path| !base.contains(path))
    }

    /// A program of this name among what the modules brought.
    #[must_use]
    pub fn which(&self, name: &str) -> Option<PathBuf> {
        let paths = std::env::join_paths(self.brought()).ok()?;
        which::which_in(name, Some(paths), "/").ok()
    }

    /// A program of this name on the whole `PATH` of the toolchain.
    #[must_use]
    pub fn which_anywhere(&self, name: &str) -> Option<PathBuf> {
        which::which_in(name, self.environment.get("PATH"), "/").ok()
    }

    fn find_tools(&self, families: &Families) -> BTreeMap<Placeholder, Result<Vec<String>, String>> {
        let mut tools: BTreeMap<Placeholder, Result<Vec<String>, String>> = BTreeMap::new();
        let mut fortran_flags: Vec<String> = Vec::new();
        for loaded in self.loaded.iter().filter(|loaded| loaded.layer.is_some()) {
            let version = loaded.module.plain_version();
            let Some(family) = families.find(&loaded.family, version) else {
                self.find_by_variables(loaded, &mut tools);
                continue;
            };
            for (tool, names) in &family.tools {
                let program = self
                    .named_by_module(*tool)
                    .or_else(|| names.iter().find_map(|name| self.which(name)))
                    .or_else(|| self.named_in_place(loaded, *tool));
                let found = match program {
                    Some(program) => {
                        let flags = family.flags.get(tool).into_iter().flatten().cloned();
                        Ok(std::iter::once(program.to_string_lossy().into_owned()).chain(flags).collect())
                    }
                    None => Err(format!("{} brings no {}", loaded.module, names.join(" or "))),
                };
                tools.insert(*tool, found);
            }
            // A Fortran wrapper is the compiler by another name: it needs the same flags.
            if let (Some(Layer::Mpi), Some(Ok(wrapper))) = (loaded.layer, tools.get_mut(&Placeholder::Mpifc))
            {
                wrapper.extend(fortran_flags.iter().cloned());
            }
            if loaded.layer == Some(Layer::Compiler) {
                fortran_flags = family.flags.get(&Placeholder::Fc).cloned().unwrap_or_default();
                let flags = family.flags.get(&Placeholder::Openmp).cloned().unwrap_or_default();
                tools.insert(Placeholder::Openmp, Ok(flags));
            }
        }
        tools
    }

    fn find_essential(&self, families: &Families) -> BTreeSet<Placeholder> {
        let of = |loaded: &Loaded| {
            let layer = loaded.layer?;
            let family = families.find(&loaded.family, loaded.module.plain_version());
            Some(family.map_or_else(|| essential_of(layer, &self.tools), |family| family.essential))
        };
        self.loaded.iter().filter_map(of).flatten().collect()
    }

    /// Looks again for what was not found: is it not there, or can it not be looked at?
    fn find_hidden(&self, families: &Families, launchers: &Launchers) -> Option<PathFault> {
        let lacking = self.launcher.is_err() || self.tools.values().any(Result::is_err);
        let of_families = self.loaded.iter().filter(|loaded| loaded.layer.is_some()).filter_map(|loaded| {
            let version = loaded.module.plain_version();
            let tools = families.find(&loaded.family, version)?.tools.into_values().flatten();
            let profile = launchers.find(&families.kin(&loaded.family, version));
            let launcher = profile.into_iter().flat_map(|profile| profile.command.iter().cloned());
            Some(tools.chain(launcher))
        });
        let names: Vec<String> = of_families.filter(|_| lacking).flatten().collect();
        let missing = names.into_iter().filter(|name| self.which(name).is_none());
        missing
            .flat_map(|name| self.brought().map(move |folder| folder.join(&name)))
            .find_map(|path| barred(&path))
    }

    /// What hides a program of this name, on the whole `PATH` of the toolchain, that was not found.
    #[must_use]
    pub fn hides(&self, name: &str) -> Option<PathFault> {
        self.environment.paths("PATH").into_iter().find_map(|folder| barred(&folder.join(name)))
    }

    /// The tools of a family that no table knows: those that the module names by `CC` and its like.
    fn find_by_variables(
        &self,
        loaded: &Loaded,
        tools: &mut BTreeMap<Placeholder, Result<Vec<String>, String>>,
    ) {
        let named = |variables: &[&str]| variables.iter().find_map(|variable| self.named_by(variable));
        let own = || loaded.layer.into_iter().flat_map(tools_of);
        let found: Vec<_> = own().map(|(_, tool, variables)| (tool, named(variables), variables)).collect();
        if found.iter().all(|(_, words, _)| words.is_none()) {
            return;
        }
        for (tool, words, variables) in found {
            let why =
                format!("{} sets no {}, and no table knows its tools", loaded.module, variables.join(" or "));
            tools.insert(tool, words.ok_or(why));
        }
        if loaded.layer == Some(Layer::Compiler) {
            let why = format!(
                "no table knows the OpenMP flag of {}: [[family]] of a site file may say it",
                loaded.module
            );
            tools.insert(Placeholder::Openmp, Err(why));
        }
    }

    /// The words of a variable that the modules set to a program which is not the host's.
    fn named_by(&self, variable: &str) -> Option<Vec<String>> {
        let value = self.environment.get(variable).filter(|value| self.base.get(variable) != Some(*value))?;
        let mut words = shell_words::split(value.to_str()?).ok()?;
        let program = words.first()?;
        let path = if program.contains('/') { which::which(program).ok()? } else { self.which(program)? };
        let host = self.base.paths("PATH");
        if path.parent().is_none_or(|folder| host.iter().any(|own| own == folder)) {
            return None;
        }
        words[0] = path.to_string_lossy().into_owned();
        Some(words)
    }

    /// `CC` and its like, where the modules set them to a program that they brought.
    fn named_by_module(&self, tool: Placeholder) -> Option<PathBuf> {
        let variable = match tool {
            Placeholder::Cc => "CC",
            Placeholder::Cxx => "CXX",
            Placeholder::Fc => "FC",
            _ => return None,
        };
        let value = self.environment.get(variable)?;
        if self.base.get(variable) == Some(value) {
            return None;
        }
        let path = Path::new(value);
        let brought = path.is_absolute() && self.brought().any(|folder| path.starts_with(folder));
        (brought && which::which(path).is_ok()).then(|| path.to_path_buf())
    }

    /// The program of a compiler or an MPI that Spack took from `/usr`: its module puts nothing on `PATH`, where a shell
    /// has that folder anyway, and only its variables say which program it is.
    fn named_in_place(&self, loaded: &Loaded, tool: Placeholder) -> Option<PathBuf> {
        if loaded.prefix.is_some() {
            return None;
        }
        let (_, _, variables) = tools_of(loaded.layer?).find(|(_, of, _)| *of == tool)?;
        let set = variables.iter().filter_map(|variable| {
            let value = self.environment.get(variable)?;
            (self.base.get(variable) != Some(value)).then(|| Path::new(value))
        });
        set.filter(|path| path.is_absolute()).find_map(|path| which::which(path).ok())
    }

    fn find_launcher(&self, families: &Families, launchers: &Launchers) -> Result<MpiLauncher, String> {
        let mpi = self.of(Layer::Mpi).ok_or("no MPI module is loaded")?;
        let profile =
            launchers.find(&families.kin(&mpi.family, mpi.module.plain_version())).ok_or_else(|| {
                format!(
                    "launchers.toml has no profile for {}: a site file may add a [[launcher]]",
                    mpi.module
                )
            })?;
        let beside = self.named_in_place(mpi, Placeholder::Mpicc);
        let beside = beside.as_deref().and_then(Path::parent);
        let program = profile
            .command
            .iter()
            .find_map(|name| self.which(name).or_else(|| which::which_in(name, Some(beside?), "/").ok()));
        let program =
            program.ok_or_else(|| format!("{} brings no {}", mpi.module, profile.command.join(" or ")))?;
        let starter = Starter::of(profile, launchers)?;
        Ok(MpiLauncher { program, profile: profile.clone(), starter })
    }
}

/// The tools of a layer: the key of `toolchains.toml`, what stands for it in a command, and the variables that name it.
pub fn tools_of(layer: Layer) -> impl Iterator<Item = (&'static str, Placeholder, &'static [&'static str])> {
    const TOOLS: [(Layer, &str, Placeholder, &[&str]); 9] = [
        (Layer::Compiler, "cc", Placeholder::Cc, &["CC"]),
        (Layer::Compiler, "cxx", Placeholder::Cxx, &["CXX"]),
        (Layer::Compiler, "fc", Placeholder::Fc, &["FC", "F90"]),
        (Layer::Mpi, "mpicc", Placeholder::Mpicc, &["MPICC"]),
        (Layer::Mpi, "mpicxx", Placeholder::Mpicxx, &["MPICXX"]),
        (Layer::Mpi, "mpifc", Placeholder::Mpifc, &["MPIFC", "MPIF90"]),
        (Layer::Runtime, "python", Placeholder::Python, &[]),
        (Layer::Runtime, "rscript", Placeholder::Rscript, &[]),
        (Layer::Runtime, "matlab", Placeholder::Matlab, &[]),
    ];
    TOOLS.into_iter().filter(move |(own, ..)| *own == layer).map(|(_, key, tool, names)| (key, tool, names))
}

/// What a modulefile, Lua or Tcl, puts on `PATH`, without `/bin`. Spack writes the path whole.
fn prefix(file: &Path) -> Option<PathBuf> {
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r#"(?m)^\s*prepend[_-]path[\s(]+"?PATH"?[\s,]+["{]?(/[^"\s}]+?)/bin/?["}]?[\s,)]"#)
    });
    let text = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let found = PATH.captures(&text)?;
    Some(PathBuf::from(&found[1]))
}

/// The hash of the install that holds `prefix`, or else of the one of the module's name that its file speaks of: a
/// library need not put anything on `PATH`.
fn hash_of(module: &Module, file: &Path, prefix: Option<&Path>) -> Option<Box<str>> {
    let record = |path: &Path| {
        let install = path.ancestors().find(|folder| folder.join(".spack/spec.json").is_file())?;
        read_spec(install, &Packages::default()).ok().map(|(record, _)| record)
    };
    let own =
        |path: &Path| record(path).filter(|record| module.family.rsplit('/').next() == Some(&*record.name));
    let found = if let Some(prefix) = prefix {
        record(prefix)
    } else {
        let text = std::fs::read(file).ok()?;
        named_paths(&String::from_utf8_lossy(&text)).find_map(|path| own(Path::new(path)))
    };
    found.map(|record| record.hash).filter(|hash| !hash.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_read_from_lua_and_tcl() {
        let folder = tempfile::tempdir().unwrap();
        for (text, wanted) in [
            ("prepend_path(\"MANPATH\", \"/m\")\nprepend_path(\"PATH\", \"/opt/gcc 1/bin\", \":\")\n", None),
            ("prepend_path(\"PATH\", \"/opt/gcc/bin\")\n", Some("/opt/gcc")),
            ("prepend_path(\"PATH\",\"/opt/gcc/bin\",\":\")\n", Some("/opt/gcc")),
            ("#%Module\nprepend-path PATH /opt/gcc/bin\n", Some("/opt/gcc")),
            ("#%Module\nprepend-path PATH {/opt/gcc/bin}\n", Some("/opt/gcc")),
        ] {
            let file = folder.path().join("m");
            std::fs::write(&file, text).unwrap();
            assert_eq!(prefix(&file).as_deref(), wanted.map(Path::new), "{text}");
        }
    }
}
