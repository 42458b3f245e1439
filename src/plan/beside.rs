//! What stands beside compilers, not below one: of which are these MPIs, and what are modules made of that only load others?
//!
//! What modules show of themselves is asked of one process for many, level by level of what they load. Only where that
//! leaves it open is anything loaded, and so many loads at most.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::native::identity::wrapped;
use crate::plan::catalogue::Catalogue;
use crate::plan::hierarchy::Asker;
use crate::run::call::bounded;
use crate::stack::bond::Bonds;
use crate::stack::bundle::Bundle;
use crate::stack::closure::Closure;
use crate::stack::environment::Environment;
use crate::stack::inventory::Inventory;
use crate::stack::lmod::{Call, loaded};
use crate::stack::parents::Load;
use crate::stack::partner::{Beside, by_needs, by_record, by_suffix, by_wrapper};
use crate::stack::shown::Shown;
use crate::stack::spider::Found;
use crate::suite::module_name::Module;
use crate::suite::template::Placeholder;

/// So many loads are tried at most for all MPIs together, each of some 60 ms.
const MOST_LOADS: usize = 600;
/// And for so long.
const LONGEST: Duration = Duration::from_mins(2);
/// What modules load is followed so deep.
const DEEPEST: usize = 8;
/// So many modules are asked for at once.
const AT_ONCE: usize = 500;
/// So often these are asked for at most, where some of them cannot be shown.
const MOST_SHOWN: usize = 100;
/// How long one process may show modulefiles: it takes some 3 ms for each.
const SHOWING: Duration = Duration::from_mins(1);
const SHOWING_CPU: Duration = Duration::from_secs(20);

/// The modules that are to be put together.
pub(super) struct Lone<'f> {
    /// All modules.
    pub(super) found: &'f [Found],
    /// Every compiler.
    pub(super) compilers: Vec<&'f Found>,
    /// Every MPI.
    pub(super) mpis: Vec<&'f Found>,
    /// MPIs that stand under no compiler.
    pub(super) alone: Vec<&'f Found>,
    /// What may be nothing but others.
    pub(super) bundles: Vec<&'f Found>,
    /// What no table knows.
    pub(super) others: Vec<&'f Found>,
}

/// What says to which compiler an MPI belongs.
struct Witnesses<'w> {
    closure: &'w Closure<'w>,
    catalogue: &'w Catalogue,
    inventory: &'w Inventory,
}

/// How much may still be tried.
struct Left {
    loads: usize,
    until: Instant,
}

impl Asker<'_> {
    /// Puts together what stands beside each other.
    pub(super) fn beside(&self, lone: &Lone<'_>, catalogue: &Catalogue, inventory: &Inventory) -> Beside {
        let mut closure = Closure::new(lone.found);
        if !lone.alone.is_empty() || !lone.bundles.is_empty() {
            let all = lone.compilers.iter().chain(&lone.alone).chain(&lone.bundles);
            self.show(&mut closure, &all.map(|entry| &entry.module).collect());
        }
        let modules = |entries: &[&Found]| -> Vec<Module> {
            entries.iter().map(|entry| entry.module.clone()).collect()
        };
        let (compilers, mpis) = (modules(&lone.compilers), modules(&lone.mpis));
        let bundles: Vec<Bundle> = lone
            .bundles
            .iter()
            .filter_map(|entry| Bundle::new(&entry.module, &compilers, &mpis, &closure))
            .collect();
        let is_bundle = |module: &Module| bundles.iter().any(|bundle| bundle.module == *module);
        let compilers: Vec<&Found> =
            lone.compilers.iter().filter(|entry| !is_bundle(&entry.module)).copied().collect();
        let mut beside = Beside { bundles, ..Beside::default() };
        let witnesses = Witnesses { closure: &closure, catalogue, inventory };
        let mut left = Left { loads: MOST_LOADS, until: Instant::now() + LONGEST };
        for mpi in lone.alone.iter().filter(|mpi| !beside.bundles.iter().any(|one| one.module == mpi.module))
        {
            let told = self.partner(mpi, &compilers, &beside.bundles, &witnesses, &mut left);
            beside.partners.insert(mpi.file.clone(), told);
        }
        let shown = lone.others.iter().filter_map(|entry| Some((entry, catalogue.layouts.shows_mpi(entry)?)));
        beside.unknown = shown
            .map(|(entry, wrapper)| {
                let family = &entry.module.family;
                let why = format!(
                    "it brings {}, and no table knows the MPI {family}: name it in a [[family]] of the site file, or in \
                     [families] as what else it is",
                    wrapper.display()
                );
                (entry.module.clone(), why)
            })
            .collect();
        beside
    }

    /// What every module brings and wants that is visible without any.
    pub(super) fn bonds(&self, found: &[Found]) -> Bonds {
        let mut closure = Closure::new(found);
        let own = || found.iter().filter(|entry| entry.parents.is_empty() && entry.fault.is_none());
        self.show(&mut closure, &own().map(|entry| &entry.module).collect());
        Bonds::new(own().map(|entry| &entry.module), &closure)
    }

    /// Asks what `modules` do, and what the modules that they load do, and so on.
    fn show(&self, closure: &mut Closure<'_>, modules: &BTreeSet<&Module>) {
        let mut asked: BTreeSet<&Module> = BTreeSet::new();
        for _ in 0..DEEPEST {
            let next: Vec<&Module> =
                closure.next(modules.iter().copied()).into_iter().filter(|one| asked.insert(one)).collect();
            if next.is_empty() {
                return;
            }
            for part in next.chunks(AT_ONCE) {
                closure.take(self.shown(part, &mut { MOST_SHOWN }));
            }
        }
    }

    /// What `modules` do. One that ends with an error of its own takes the answer for all others with it: then each half is
    /// asked for by itself.
    fn shown(&self, modules: &[&Module], left: &mut usize) -> BTreeMap<PathBuf, Shown> {
        let Some(rest) = left.checked_sub(1) else { return BTreeMap::new() };
        *left = rest;
        let question = self.system.ask_show(modules, self.base);
        // What is not shown is loaded.
        let Ok(answer) = bounded(&question, SHOWING, Some(SHOWING_CPU), self.tmp, self.stop) else {
            return BTreeMap::new();
        };
        let mut shown = self.system.read_shown(&answer);
        if shown.is_empty() && modules.len() > 1 {
            let (first, second) = modules.split_at(modules.len() / 2);
            shown = self.shown(first, left);
            shown.extend(self.shown(second, left));
        }
        shown
    }

    /// The compilers of `mpi`.
    fn partner(
        &self,
        mpi: &Found,
        compilers: &[&Found],
        bundles: &[Bundle],
        &Witnesses { closure, catalogue, inventory }: &Witnesses<'_>,
        left: &mut Left,
    ) -> Result<Vec<Module>, String> {
        if !mpi.parents.is_empty() {
            let parents: Vec<String> = mpi.parents[0].iter().map(ToString::to_string).collect();
            let parents = parents.join(" ");
            return Err(format!(
                "it stands under {parents}, and no compiler is among them: [families] of the site file may say which one is"
            ));
        }
        let modules: Vec<Module> = compilers.iter().map(|entry| entry.module.clone()).collect();
        if let Some(told) = by_needs(&mpi.module, &modules, bundles, closure, &catalogue.families) {
            return told;
        }
        if let Some(told) = by_record(mpi, compilers, inventory) {
            return told;
        }
        let alone = vec![mpi.module.clone()];
        let environment = self.environments(vec![alone]).into_iter().find_map(|(_, environment)| environment);
        let environment = environment.filter(|now| loaded(now).iter().any(|(one, _)| *one == mpi.module));
        let mut bare = false;
        if let Some(environment) = environment {
            let with: Vec<Module> = loaded(&environment).into_iter().map(|(module, _)| module).collect();
            let brought: Vec<Module> =
                modules.iter().filter(|module| with.contains(module)).cloned().collect();
            if !brought.is_empty() {
                return Ok(closure.outermost(&brought));
            }
            match self.wrapper(mpi, &environment, catalogue) {
                Some(program) if program.starts_with('/') => return by_wrapper(&program, compilers),
                Some(_) => bare = true,
                None => {}
            }
        }
        if let Some(told) = by_suffix(&mpi.module, &modules, closure, &catalogue.families) {
            return told;
        }
        let bundles: Vec<Module> = bundles.iter().map(|bundle| bundle.module.clone()).collect();
        for compilers in [modules, bundles] {
            let fit = self.trials(mpi, compilers, left)?;
            if !fit.is_empty() {
                return Ok(fit);
            }
        }
        let why = if bare {
            "its wrapper calls whichever compiler is loaded, and it loads with none"
        } else {
            "it loads with no compiler"
        };
        let module = &mpi.module;
        Err(format!(
            "{why}: a [[toolchain]] of the site file may name what is loaded before it, modules = [\"…\", \"{module}\"]"
        ))
    }

    /// Those of `compilers` with which `mpi` can be loaded.
    fn trials(&self, mpi: &Found, compilers: Vec<Module>, left: &mut Left) -> Result<Vec<Module>, String> {
        let loads: Vec<Load> =
            compilers.into_iter().map(|compiler| vec![compiler, mpi.module.clone()]).collect();
        let rest = left.loads.checked_sub(loads.len()).filter(|_| Instant::now() < left.until);
        let Some(rest) = rest else {
            let module = &mpi.module;
            return Err(format!(
                "nothing says of which compiler it is, and too much was tried to find out: a [[toolchain]] of the site \
                 file may name it, modules = [\"…\", \"{module}\"]"
            ));
        };
        left.loads = rest;
        let fit = self.environments(loads).into_iter().filter_map(|(load, environment)| {
            let now = loaded(&environment?);
            load.iter().all(|module| now.iter().any(|(one, _)| one == module)).then(|| load[0].clone())
        });
        Ok(fit.collect())
    }

    /// What the C wrapper of `mpi` says that it calls.
    fn wrapper(&self, mpi: &Found, environment: &Environment, catalogue: &Catalogue) -> Option<String> {
        let family = catalogue.families.find(&mpi.module.family, mpi.module.plain_version())?;
        let names = family.tools.get(&Placeholder::Mpicc)?;
        let folders = environment.get("PATH")?;
        let program = names.iter().find_map(|name| which::which_in(name, Some(folders), "/").ok())?;
        let own = mpi.paths.iter().any(|folder| program.starts_with(folder));
        let question =
            Call { argv: vec![program.into_os_string(), "-show".into()], environment: environment.clone() };
        let answer = self.call(&question).ok().filter(|answer| own && answer.success)?;
        Some(wrapped(&String::from_utf8_lossy(&answer.stdout))?.program)
    }
}
