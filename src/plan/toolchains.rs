//! From what was asked for to toolchains: Lmod found, the pod's leaks scrubbed, modules loaded or the matrix read.

mod load;
mod named;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::{Error, Kind};
use crate::plan::asked::Asked;
use crate::plan::bare::{not_mounted, set_home, set_modulepath};
use crate::plan::beside::Lone;
use crate::plan::catalogue::Catalogue;
use crate::plan::hierarchy::{Asker, LMOD_LIMIT, Sight, look};
use crate::plan::spied;
use crate::pod::signals::Stop;
use crate::run::call::call;
use crate::stack::bond::Bonds;
use crate::stack::environment::Environment;
use crate::stack::inventory::Inventory;
use crate::stack::lmod::{Answer, Call, Refusal};
use crate::stack::matrix::{Limits, Matrix, layer};
use crate::stack::modulefiles;
use crate::stack::modulepath::nothing_visible;
use crate::stack::spider;
use crate::stack::system::System;
use crate::stack::system_command::system;
use crate::stack::walk;
use crate::suite::Layer;
use crate::suite::module_name::{Module, Wanted};
use path_fault::PathFault;
use spack_db::Trees;

/// The live stack: an Lmod that answers, and the environment to load modules into.
pub struct Stack<'s> {
    catalogue: &'s Catalogue,
    system: System,
    base: Environment,
    own: PathBuf,
    tmp: PathBuf,
    stop: &'s Stop,
    sight: OnceLock<Result<Sight, Error>>,
    hidden: OnceLock<Vec<(PathBuf, PathFault)>>,
    found: OnceLock<Vec<spider::Found>>,
    matrix: OnceLock<Matrix>,
    inventory: OnceLock<Inventory>,
    bonds: OnceLock<Bonds>,
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
        let shell = which::which_in("bash", Some("/bin:/usr/bin:/usr/local/bin"), "/").unwrap_or_default();
        let mut system = system(&Environment::inherited(), shell)?;
        set_modulepath(&mut base)?;
        if let Some(why) = nothing_visible(&base.paths("MODULEPATH")) {
            return Err(not_mounted(format!("no module is visible by MODULEPATH: {why}")));
        }
        set_home(&mut base, tmp);
        let pure = base.words("LOADEDMODULES").is_empty();
        let (answer, sight) = rayon::join(
            || call(&system.ask_version(&base), LMOD_LIMIT, tmp, stop),
            || (matrix && pure).then(|| look(&system, &base, tmp, stop)),
        );
        system.take_version(&answer?).map_err(|refusal| refused(&refusal))?;
        let mut stack = Self {
            catalogue,
            system,
            base,
            own,
            tmp: tmp.to_path_buf(),
            stop,
            sight: sight.map_or_else(OnceLock::new, OnceLock::from),
            hidden: OnceLock::new(),
            found: OnceLock::new(),
            matrix: OnceLock::new(),
            inventory: OnceLock::new(),
            bonds: OnceLock::new(),
        };
        if !pure {
            let question = stack.system.ask_purge(&stack.base, &stack.own);
            let answer = stack.call(&question)?;
            stack.base =
                stack.system.read_environment(&answer, &stack.base).map_err(|refusal| refused(&refusal))?;
        }
        Ok(stack)
    }

    /// Lmod's program.
    #[must_use]
    pub fn lmod(&self) -> &Path {
        self.system.command()
    }

    /// The version of Lmod, or the name and version of another module system.
    #[must_use]
    pub fn lmod_version(&self) -> String {
        match &self.system {
            System::Lmod(lmod) => lmod.version.clone(),
            System::Tcl(_) => format!("{} {}", self.system.name(), self.system.version()),
        }
    }

    /// What is known of the stack by Lmod only, where another module system shows it.
    #[must_use]
    pub fn lacks(&self) -> Option<String> {
        let System::Tcl(_) = &self.system else { return None };
        let lua: usize = self.roots().iter().map(|root| walk::in_lua(root)).sum();
        let lua = if lua == 0 {
            String::new()
        } else {
            format!("; {lua} modulefiles are in Lua, which it does not read")
        };
        Some(format!(
            "it has no spider: modules are found by walking MODULEPATH and by loading what opens more of it, and no \
             module says by family() whether it is a compiler or an MPI: its name does{lua}"
        ))
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

    /// The module system, and this binary, which writes environments down for it.
    #[must_use]
    pub fn asked(&self) -> (&System, &Path) {
        (&self.system, &self.own)
    }

    fn call(&self, question: &Call) -> Result<Answer, Error> {
        call(question, LMOD_LIMIT, &self.tmp, self.stop)
    }

    /// Asks Lmod for what it cannot refuse: to unload nothing, and the modules of an empty folder.
    ///
    /// # Errors
    /// An Lmod of which only the version can be asked.
    pub fn sound(&self) -> Result<(), Error> {
        let answer = self.call(&self.system.ask_purge(&self.base, &self.own))?;
        let command = self.system.command().display();
        let purged = self.system.read_environment(&answer, &self.base).map_err(|refusal| {
            let what = format!("`{command}` cannot even unload all modules: {}", refusal.what);
            refused(&Refusal { what, ..refusal })
        })?;
        // Lmod keeps its books there, even of nothing.
        if !self.system.kept_books(&purged) {
            return Err(spied::broken(format!(
                "`{command}` answers nothing when all modules are to be unloaded"
            )));
        }
        match &self.system {
            System::Lmod(lmod) => spied::sound(lmod, &self.base, &self.tmp, self.stop),
            System::Tcl(_) => Ok(()),
        }
    }

    /// Every module of the stack, asked once.
    ///
    /// # Errors
    /// A spider that fails or whose answer cannot be read.
    pub fn found(&self) -> Result<&[spider::Found], Error> {
        let sight = self.sight.get_or_init(|| look(&self.system, &self.base, &self.tmp, self.stop));
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
        Asker { system: &self.system, base: &self.base, own: &self.own, tmp: &self.tmp, stop: self.stop }
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

    /// What the modules of Core bring and want, worked out once.
    ///
    /// # Errors
    /// Those of [`Stack::found`].
    pub fn bonds(&self) -> Result<&Bonds, Error> {
        let found = self.found()?;
        Ok(self.bonds.get_or_init(|| self.asker().bonds(found)))
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
            let mut matrix = Matrix::new(found, families, &site.families, &beside);
            for named in &site.toolchains {
                matrix.add(self.named(named));
            }
            matrix
        }))
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

fn refused(refusal: &Refusal) -> Error {
    let said = if refusal.words.is_empty() { "it says nothing" } else { &refusal.words };
    spied::broken(if refusal.what.contains(said) {
        refusal.what.clone()
    } else {
        format!("{}: {said}", refusal.what)
    })
}
