//! From what was asked for to toolchains: Lmod found, the pod's leaks scrubbed, modules loaded or the matrix read.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::document::nearest;
use crate::error::{Error, Kind};
use crate::path_fault::PathFault;
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::bare::{not_mounted, set_home, set_modulepath};
use crate::plan::beside::Lone;
use crate::plan::catalogue::Catalogue;
use crate::plan::hierarchy::{Asker, LMOD_LIMIT, Sight, look};
use crate::plan::spied;
use crate::pod::signals::Stop;
use crate::run::call::call;
use crate::stack::environment::Environment;
use crate::stack::lmod::{Answer, Call, Lmod, Refusal, loaded, resolve};
use crate::stack::lmod_command::lmod_command;
use crate::stack::matrix::{Limits, Matrix, layer};
use crate::stack::modulefiles;
use crate::stack::modulepath::nothing_visible;
use crate::stack::spack::{Inventory, Trees};
use crate::stack::spider;
use crate::stack::toolchain::Toolchain;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::{Layer, Suite};

/// The live stack: an Lmod that answers, and the environment to load modules into.
pub struct Stack<'s> {
    catalogue: &'s Catalogue,
    lmod: Lmod,
    base: Environment,
    own: PathBuf,
    tmp: PathBuf,
    stop: &'s Stop,
    sight: OnceLock<Result<Sight, Error>>,
    hidden: OnceLock<Vec<(PathBuf, PathFault)>>,
    found: OnceLock<Vec<spider::Found>>,
    matrix: OnceLock<Matrix>,
    inventory: OnceLock<Inventory>,
}

impl<'s> Stack<'s> {
    /// Finds Lmod, asks its version, and makes an environment without modules and without what the pod leaks. Where
    /// the matrix will be wanted, the hierarchy is looked at meanwhile.
    ///
    /// # Errors
    /// No Lmod, a broken Lmod, no `MODULEPATH`.
    pub fn open(catalogue: &'s Catalogue, tmp: &Path, stop: &'s Stop, matrix: bool) -> Result<Self, Error> {
        let link = Path::new("/proc/self/exe");
        let own = std::fs::read_link(link)
            .map_err(|error| Error::io(Kind::Unfit, "read", link, &error).hint("is /proc mounted?"))?;
        let mut base = Environment::inherited();
        let inherited = catalogue.families.inherited();
        base.unset_where(|name, value| inherited.is_scrubbed(name, value) || name.starts_with("STACKPROBE_"));
        let command = lmod_command(&base)?;
        let shell = which::which_in("bash", Some("/bin:/usr/bin:/usr/local/bin"), "/").unwrap_or_default();
        let mut lmod = Lmod::new(command, shell);
        set_modulepath(&mut base)?;
        if let Some(why) = nothing_visible(&base.paths("MODULEPATH")) {
            return Err(not_mounted(format!("no module is visible by MODULEPATH: {why}")));
        }
        set_home(&mut base, tmp);
        let pure = base.words("LOADEDMODULES").is_empty();
        let (answer, sight) = rayon::join(
            || call(&lmod.ask_version(&base), LMOD_LIMIT, tmp, stop),
            || (matrix && pure).then(|| look(&lmod, &base, tmp, stop)),
        );
        lmod.take_version(&answer?).map_err(|refusal| refused(&refusal))?;
        let mut stack = Self {
            catalogue,
            lmod,
            base,
            own,
            tmp: tmp.to_path_buf(),
            stop,
            sight: sight.map_or_else(OnceLock::new, OnceLock::from),
            hidden: OnceLock::new(),
            found: OnceLock::new(),
            matrix: OnceLock::new(),
            inventory: OnceLock::new(),
        };
        if !pure {
            let question = stack.lmod.ask_purge(&stack.base, &stack.own);
            let answer = stack.call(&question)?;
            stack.base =
                stack.lmod.read_environment(&answer, &stack.base).map_err(|refusal| refused(&refusal))?;
        }
        Ok(stack)
    }

    /// Lmod's program.
    #[must_use]
    pub fn lmod(&self) -> &Path {
        self.lmod.command()
    }

    /// Lmod's version.
    #[must_use]
    pub fn lmod_version(&self) -> &str {
        &self.lmod.version
    }

    /// `MODULEPATH` before any module is loaded.
    #[must_use]
    pub fn modulepath(&self) -> String {
        self.base.text("MODULEPATH").unwrap_or_default()
    }

    /// Its folders, one by one.
    #[must_use]
    pub fn roots(&self) -> Vec<PathBuf> {
        self.base.paths("MODULEPATH")
    }

    /// Lmod, and this binary, which writes environments down for it.
    #[must_use]
    pub fn asked(&self) -> (&Lmod, &Path) {
        (&self.lmod, &self.own)
    }

    fn call(&self, question: &Call) -> Result<Answer, Error> {
        call(question, LMOD_LIMIT, &self.tmp, self.stop)
    }

    /// Asks Lmod for what it cannot refuse: to unload nothing, and the modules of an empty folder.
    ///
    /// # Errors
    /// An Lmod of which only the version can be asked.
    pub fn sound(&self) -> Result<(), Error> {
        let answer = self.call(&self.lmod.ask_purge(&self.base, &self.own))?;
        let command = self.lmod.command().display();
        let purged = self.lmod.read_environment(&answer, &self.base).map_err(|refusal| {
            let what = format!("`{command}` cannot even unload all modules: {}", refusal.what);
            refused(&Refusal { what, ..refusal })
        })?;
        // Lmod keeps its books there, even of nothing.
        if !purged.iter().any(|(name, _)| name.to_string_lossy().starts_with("_ModuleTable")) {
            return Err(spied::broken(format!(
                "`{command}` answers nothing when all modules are to be unloaded"
            )));
        }
        spied::sound(&self.lmod, &self.base, (&self.tmp, self.stop))
    }

    /// Every module of the stack, asked once.
    ///
    /// # Errors
    /// A spider that fails or whose answer cannot be read.
    pub fn found(&self) -> Result<&[spider::Found], Error> {
        let sight = self.sight.get_or_init(|| look(&self.lmod, &self.base, &self.tmp, self.stop));
        let sight = sight.as_ref().map_err(Clone::clone)?;
        Ok(self.found.get_or_init(|| {
            let mut found = self.asker().complete(sight);
            // Spider names a file that it cannot read, and knows nothing of it.
            found.retain(|entry| !self.hidden().iter().any(|(path, _)| *path == entry.file));
            found
        }))
    }

    /// The same, if it was asked already.
    #[must_use]
    pub fn seen(&self) -> Option<&[spider::Found]> {
        self.found.get().map(Vec::as_slice)
    }

    /// What of the module tree cannot be looked at, looked for once.
    pub fn hidden(&self) -> &[(PathBuf, PathFault)] {
        self.hidden.get_or_init(|| modulefiles::hidden(&self.roots()))
    }

    fn asker(&self) -> Asker<'_> {
        Asker { lmod: &self.lmod, base: &self.base, own: &self.own, tmp: &self.tmp, stop: self.stop }
    }

    /// What Spack wrote of the stack, as far as it can be read.
    ///
    /// # Errors
    /// Those of [`Stack::found`].
    pub fn books(&self) -> Result<Trees, Error> {
        let paths = self.found()?.iter().flat_map(|entry| &entry.paths).map(PathBuf::as_path);
        let mut roots = self.roots();
        roots.extend(self.base.get("SPACK_ENV").map(PathBuf::from));
        let packages = self.catalogue.families.packages();
        Ok(Trees::find(paths, &roots, self.base.get("SPACK_ROOT").map(Path::new), &packages))
    }

    /// Every module with the install that it belongs to, worked out once.
    ///
    /// # Errors
    /// Those of [`Stack::found`].
    pub fn inventory(&self) -> Result<&Inventory, Error> {
        let found = self.found()?;
        let books = || self.books().unwrap_or_default();
        Ok(self.inventory.get_or_init(|| Inventory::new(books(), found)))
    }

    /// The matrix of the stack, worked out once.
    ///
    /// # Errors
    /// Those of [`Stack::found`].
    pub fn matrix(&self) -> Result<&Matrix, Error> {
        let (found, Catalogue { families, site, layouts, .. }) = (self.found()?, self.catalogue);
        let of = |wanted| found.iter().filter(move |entry| layer(entry, families, &site.families) == wanted);
        let compilers: Vec<&spider::Found> = of(Some(Layer::Compiler)).collect();
        let under_one = |chain: &Vec<Module>| compilers.iter().any(|entry| chain.contains(&entry.module));
        let is_shown = |entry: &&spider::Found| !entry.hidden && entry.fault.is_none();
        let alone: Vec<&spider::Found> = of(Some(Layer::Mpi))
            .filter(|entry| !entry.hidden && !entry.parents.iter().any(under_one))
            .collect();
        let is_bundle = |entry: &&spider::Found| layouts.may_be_bundle(&entry.module.family);
        let bundles =
            found.iter().filter(|entry| entry.parents.is_empty()).filter(is_shown).filter(is_bundle);
        let others = of(None).filter(is_shown).filter(|entry| !is_bundle(entry));
        let inventory = if alone.is_empty() { &Inventory::default() } else { self.inventory()? };
        Ok(self.matrix.get_or_init(|| {
            let (mpis, bundles, others) =
                (of(Some(Layer::Mpi)).collect(), bundles.collect(), others.collect());
            let lone = Lone { found, compilers, mpis, alone, bundles, others };
            let beside = self.asker().beside(&lone, self.catalogue, inventory);
            Matrix::new(found, families, &site.families, &beside)
        }))
    }

    /// Loads a toolchain, once.
    pub fn load<'a>(&self, asked: &'a Asked, extra: &[Wanted]) -> &'a Result<Toolchain, Unloaded> {
        asked.loaded.get_or_init(|| self.load_anew(asked, extra))
    }

    /// Loads a toolchain with the further modules that a suite names, once for all suites that name the same.
    pub fn load_for<'a>(
        &self,
        suite: &Suite,
        asked: &'a Asked,
        extra: &[Wanted],
    ) -> &'a Result<Toolchain, Unloaded> {
        let plain = self.load(asked, extra);
        let (Ok(toolchain), Some(loaded)) = (plain, asked.beside.get(&suite.modules)) else { return plain };
        loaded.get_or_init(|| {
            let named: Vec<Wanted> = suite.modules.iter().filter_map(|name| Wanted::new(name).ok()).collect();
            let all: Vec<Wanted> = extra.iter().chain(&named).cloned().collect();
            self.load_anew(asked, &all).map_err(|unloaded| {
                // Only now: what spider found may come from a cache that is older than the module.
                let absent = || named.iter().find(|wanted| !self.offers(toolchain, wanted));
                match unloaded {
                    Unloaded::Refused(refusal) => absent().map_or(Unloaded::Refused(refusal), |absent| {
                        Unloaded::Absent(format!("{} offers no {absent}", toolchain.label))
                    }),
                    unloaded => unloaded,
                }
            })
        })
    }

    /// Whether a module is visible once the toolchain is loaded: its file lies below its `MODULEPATH`.
    fn offers(&self, toolchain: &Toolchain, wanted: &Wanted) -> bool {
        let folders = toolchain.environment.paths("MODULEPATH");
        // A hierarchy that cannot be read hides nothing: then Lmod's refusal stands.
        self.found().map_or(true, |found| {
            found.iter().any(|entry| {
                wanted.matches(&entry.module) && folders.iter().any(|folder| entry.file.starts_with(folder))
            })
        })
    }

    fn load_anew(&self, asked: &Asked, extra: &[Wanted]) -> Result<Toolchain, Unloaded> {
        let wanted: Vec<Wanted> = asked.load.iter().chain(extra).cloned().collect();
        let question = self.lmod.ask_load(&wanted, &self.base, &self.own);
        let answer = self.call(&question).map_err(Unloaded::Unknown)?;
        let resolved = self.lmod.read_environment(&answer, &self.base).and_then(|environment| {
            let loaded = loaded(&environment);
            let found = resolve(&wanted, &loaded, &answer)?;
            Ok((environment, loaded, found))
        });
        let (environment, loaded, found) = resolved.map_err(|refusal| self.explain(refusal, &wanted))?;
        let own: Vec<(Wanted, Module)> = wanted.into_iter().zip(found).take(asked.load.len()).collect();
        let requested = members(asked, &own, &loaded, self.catalogue);
        let label = if asked.named { asked.label.clone() } else { names(&own) };
        let Catalogue { families, launchers, .. } = self.catalogue;
        let environments = (self.base.clone(), environment);
        Ok(Toolchain::new((label, &requested), loaded, environments, families, launchers))
    }

    /// What keeps us from a part of the module tree in which one of these may be.
    fn hides(&self, wanted: &[Wanted]) -> Option<&PathFault> {
        let named = |path: &Path, wanted: &Wanted| {
            let family = wanted.text().split('/').next().unwrap_or_default();
            path.iter().any(|part| part == family)
        };
        let own = |path: &Path| wanted.iter().any(|wanted| named(path, wanted));
        // Of several the last asked for is most often what is missing.
        let mut hidden = self.hidden().iter();
        let last = wanted.last();
        hidden
            .clone()
            .find(|(path, _)| last.is_some_and(|last| named(path, last)))
            .or_else(|| hidden.find(|(path, _)| own(path)))
            .map(|(_, fault)| fault)
    }

    /// Adds what the stack does offer, or that the stack is not there at all.
    fn explain(&self, refusal: Refusal, wanted: &[Wanted]) -> Unloaded {
        // A volume may go while a run goes on.
        if let Some(why) = nothing_visible(&self.base.paths("MODULEPATH")) {
            return Unloaded::Unknown(not_mounted(format!("no module is visible by MODULEPATH: {why}")));
        }
        if let Some(what) = spied::unreadable(&refusal, &self.roots(), &self.lmod.version) {
            return Unloaded::Refused(Refusal { what, ..refusal });
        }
        if let Err(error) = self.sound() {
            return Unloaded::Unknown(error);
        }
        if let Some(fault) = self.hides(wanted) {
            return Unloaded::Unknown(Error::hidden("a part of the module tree cannot be looked at", fault));
        }
        let found = match self.found() {
            Ok(found) => found,
            Err(error) if error.id.is_some() => return Unloaded::Unknown(error),
            Err(_) => return Unloaded::Refused(refusal),
        };
        if refusal.what.contains("did not end") {
            let asked =
                found.iter().filter(|entry| wanted.iter().any(|wanted| wanted.matches(&entry.module)));
            let files: Vec<String> = asked.map(|entry| entry.file.display().to_string()).collect();
            let what = format!("{}: look at {}", refusal.what, files.join(", "));
            return Unloaded::Refused(Refusal { what, ..refusal });
        }
        let names: Vec<String> = found.iter().map(|entry| entry.module.to_string()).collect();
        let mut hints = Vec::new();
        for request in
            wanted.iter().filter(|request| !found.iter().any(|entry| request.matches(&entry.module)))
        {
            let family = request.text().split('/').next().unwrap_or_default();
            let mut same: Vec<&str> = found
                .iter()
                .filter(|entry| entry.module.family.eq_ignore_ascii_case(family))
                .map(|entry| entry.module.version.as_str())
                .collect();
            same.sort_unstable();
            same.dedup();
            if same.is_empty() {
                let near = nearest(request.text(), names.iter().map(String::as_str))
                    .or_else(|| nearest(family, found.iter().map(|entry| entry.module.family.as_str())));
                hints.extend(near.map(|near| format!("there is no {request}; the nearest is {near}")));
            } else {
                hints.push(format!("there is no {request}; {family} is offered as {}", same.join(", ")));
            }
        }
        let what = if hints.is_empty() { refusal.what } else { hints.join("; ") };
        Unloaded::Refused(Refusal { what, ..refusal })
    }

    /// The toolchains that a command line asks for; those of the matrix with `--all` or a glob, else just these.
    ///
    /// # Errors
    /// Names that no module can have, an MPI without a compiler, a matrix that cannot be read or has nothing of it.
    pub fn ask(&self, limits: &Limits, all: bool) -> Result<Vec<Asked>, Error> {
        let Limits { compilers, mpis, runtimes } = limits;
        let glob = compilers.iter().chain(mpis).chain(runtimes).any(Wanted::is_glob);
        if all || glob {
            let matrix = self.matrix()?;
            // Without --all, only layers that were asked for: `--cc 'gcc/*'` alone asks for no MPI.
            let asked_for = |layers: &[Layer]| {
                all || layers.iter().all(|layer| match layer {
                    Layer::Compiler => !compilers.is_empty(),
                    Layer::Mpi => !mpis.is_empty(),
                    Layer::Runtime => !runtimes.is_empty(),
                })
            };
            let chains = matrix.select(limits).filter(|chain| asked_for(&chain.layers()));
            let mut asked: Vec<Asked> = chains
                .map(|chain| Asked::exactly(chain, &self.catalogue.suites))
                .collect::<Result<_, _>>()?;
            // A limit on compilers asks for pairs that are known; an MPI of no compiler is in none.
            let untested = matrix.untested.iter().filter(|(mpi, _)| {
                compilers.is_empty() && asked_for(&[Layer::Mpi]) && limits.take_alone(Layer::Mpi, mpi)
            });
            asked.extend(untested.filter_map(|(mpi, why)| Asked::untested(mpi, why, &self.catalogue.suites)));
            return Ok(asked);
        }
        let mut asked = Vec::new();
        for compiler in compilers {
            let compiler = (Layer::Compiler, compiler.clone());
            asked.push(vec![compiler.clone()]);
            asked.extend(mpis.iter().map(|mpi| vec![compiler.clone(), (Layer::Mpi, mpi.clone())]));
            asked.extend(
                runtimes.iter().map(|runtime| vec![compiler.clone(), (Layer::Runtime, runtime.clone())]),
            );
        }
        if compilers.is_empty() {
            asked.extend(runtimes.iter().map(|runtime| vec![(Layer::Runtime, runtime.clone())]));
        }
        Ok(asked.into_iter().map(|modules| Asked::new(modules, &self.catalogue.suites)).collect())
    }
}

/// The modules that were loaded, by their full names.
fn names(own: &[(Wanted, Module)]) -> String {
    own.iter().map(|(_, module)| module.to_string()).collect::<Vec<_>>().join(" ")
}

/// The module of each layer: the one that was asked for, or, of one that only loads others, the last one loaded: that is
/// the one that loads the others.
fn members(
    asked: &Asked,
    own: &[(Wanted, Module)],
    loaded: &[(Module, PathBuf)],
    catalogue: &Catalogue,
) -> Vec<(Layer, Module)> {
    let Catalogue { families, site, layouts, .. } = catalogue;
    let layer_of = |module: &Module| {
        site.families.get(&module.family).copied().or_else(|| families.layer(&module.family))
    };
    let member = |(layer, wanted): &(Layer, Wanted)| {
        let answers =
            |(request, module): &&(Wanted, Module)| request.text() == wanted.text() || wanted.matches(module);
        let own = own.iter().find(answers).map(|(_, module)| module);
        let bundle = own.is_some_and(|module| layouts.may_be_bundle(&module.family));
        let others = || {
            let mut others = loaded.iter().rev().map(|(module, _)| module);
            others.find(|module| layer_of(module) == Some(*layer) && Some(*module) != own)
        };
        let inside = || loaded.iter().map(|(module, _)| module).find(|module| wanted.matches(module));
        let found = if bundle { others().or(own) } else { own.or_else(inside).or_else(others) };
        found.map(|module| (*layer, module.clone()))
    };
    asked.modules.iter().filter_map(member).collect()
}

fn refused(refusal: &Refusal) -> Error {
    let said = if refusal.words.is_empty() { "it says nothing" } else { &refusal.words };
    spied::broken(if refusal.what.contains(said) {
        refusal.what.clone()
    } else {
        format!("{}: {said}", refusal.what)
    })
}
