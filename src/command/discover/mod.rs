//! `stackprobe discover`: the hierarchy of the stack as the stack itself tells it, and what of it is tested.

mod form;
mod ids;
mod odd;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::{Discover, Hierarchy, Modules};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::ledger::changed::changed;
use crate::plan::asked::Asked;
use crate::plan::cases::{Plan, Planned, suites_for};
use crate::plan::catalogue::Catalogue;
use crate::plan::request::wanted;
use crate::plan::toolchains::Stack;
use crate::pod::signals::Stop;
use crate::report::console::note;
use crate::report::mask::mask;
use crate::report::print::answer;
use crate::run::root::Root;
use crate::stack::matrix::{Chain, Limits, Matrix, layer};
use crate::stack::spider::Found;
use crate::suite::alternatives::Alternatives;
use crate::suite::module_name::Module;
use crate::suite::select::Selection;
use crate::suite::{Action, Layer, Native};

/// Prints the hierarchy, with one call of spider.
///
/// # Errors
/// No Lmod, a spider that fails, nothing that the limits leave, a file that cannot be written.
pub fn discover(flags: &Discover) -> Result<Exit, Error> {
    let catalogue = Catalogue::load(&flags.suite_folders, flags.site.as_ref())?;
    let (cc, mpi, runtime) = (flags.cc.clone(), flags.mpi.clone(), flags.runtime.clone());
    let (limits, _) = wanted(&Modules { cc, mpi, runtime, ..Modules::default() }, true)?;
    let stop = Arc::new(Stop::unheard()?);
    let root = Root::new(false)?;
    let stack = Stack::open(&catalogue, root.path(), &stop, true)?;
    let found = stack.found()?;
    let matrix = stack.matrix()?;
    for line in odd::lines(&stack)? {
        note(&line);
    }
    let selection = Selection::new(&flags.suites, &flags.tags, &catalogue.suites)?;
    let changed = match &flags.since {
        Some(ledger) => Some(changed(&selection, ledger, &catalogue, &stack, matrix, &limits)?),
        None => None,
    };
    let mut view = View::new(&catalogue, found, matrix, &limits);
    if view.toolchains.is_empty() {
        let what = format!("no toolchain in {} modulefiles below {}", found.len(), stack.modulepath());
        return Err(Error::new(Kind::Nothing, what)
            .hint("a site file may say which modules are compilers, MPIs and runtimes: [families]"));
    }
    if !(flags.suites.is_empty() && flags.tags.is_empty()) {
        let all = view.toolchains.len();
        view.toolchains = concerned(view.toolchains, &catalogue, &selection)?;
        if view.toolchains.is_empty() {
            let what = format!("what is selected is for none of {all} toolchains");
            return Err(Error::new(Kind::Nothing, what).hint("`stackprobe list` says what each suite is for"));
        }
    }
    if let Some(changed) = changed {
        view.toolchains.retain(|tested| changed.contains(tested.chain));
    }
    let text = match flags.format {
        Hierarchy::Text => mask(&tree::draw(&view)).into_owned(),
        Hierarchy::Json => form::json(&view)?,
        Hierarchy::Ids => ids::list(&view),
    };
    answer(&text, flags.out.as_deref())?;
    Ok(Exit::Passed)
}

/// Those of the toolchains under which `run` would have something to do.
fn concerned<'v>(
    toolchains: Vec<Tested<'v>>,
    catalogue: &Catalogue,
    selection: &Selection,
) -> Result<Vec<Tested<'v>>, Error> {
    let mut kept = Vec::new();
    for tested in toolchains {
        let planned = Asked::exactly(tested.chain, &catalogue.suites)?.planned(catalogue);
        if !Plan::new(&catalogue.suites, &[planned], selection, None).cases.is_empty() {
            kept.push(tested);
        }
    }
    Ok(kept)
}

/// A toolchain and the suites that are for it.
struct Tested<'v> {
    chain: &'v Chain,
    suites: Vec<&'v str>,
}

/// What is shown.
struct View<'v> {
    /// In the order of the matrix.
    toolchains: Vec<Tested<'v>>,
    found: Vec<&'v Found>,
    layers: BTreeMap<&'v Module, Layer>,
    /// MPIs that no toolchain can be made of, with the reason.
    untested: &'v [(Module, String)],
    /// Modules that are tested by what they load, and in which words that is said.
    covered: &'v BTreeMap<Module, String>,
    /// Suites about modules beside a toolchain's own, with these.
    beside: BTreeMap<&'v str, &'v [Alternatives]>,
    /// Whether a suite loads all that a toolchain makes visible.
    walked: bool,
}

impl<'v> View<'v> {
    fn new(catalogue: &'v Catalogue, found: &'v [Found], matrix: &'v Matrix, limits: &'v Limits) -> Self {
        let suites = &catalogue.suites;
        let planned = |chain: &Chain| Planned {
            label: chain.label(),
            layers: chain
                .modules
                .iter()
                .map(|(layer, module)| (*layer, catalogue.families.canonical(&module.family).to_owned()))
                .collect(),
            modules: None,
        };
        let toolchains = matrix.select(limits).map(|chain| {
            let suites = suites_for(suites, &planned(chain)).map(|suite| suite.name.as_str()).collect();
            Tested { chain, suites }
        });
        let placed = found.iter().filter_map(|entry| {
            Some((&entry.module, layer(entry, &catalogue.families, &catalogue.site.families)?))
        });
        let layers: BTreeMap<&Module, Layer> = placed.collect();
        let within = |module: &Module| layers.get(module).is_none_or(|layer| limits.take(*layer, module));
        let reached = |entry: &Found| {
            let chains = |chain: &Vec<Module>| chain.iter().all(within);
            within(&entry.module) && (entry.parents.is_empty() || entry.parents.iter().any(chains))
        };
        let walks = |action: &Action| matches!(action, Action::Native(Native::Modules));
        Self {
            toolchains: toolchains.collect(),
            found: found.iter().filter(|entry| reached(entry)).collect(),
            walked: suites.iter().flat_map(|suite| &suite.probes).any(|probe| walks(&probe.action)),
            beside: suites
                .iter()
                .filter(|suite| !suite.modules.is_empty())
                .map(|suite| (suite.name.as_str(), suite.modules.as_slice()))
                .collect(),
            layers,
            untested: &matrix.untested,
            covered: &matrix.covered,
        }
    }

    fn count(&self, layers: &[Layer]) -> usize {
        self.toolchains.iter().filter(|tested| tested.chain.layers() == layers).count()
    }

    /// Names of modules that are of no toolchain.
    fn others(&self) -> usize {
        let mut names: Vec<&Module> = self
            .found
            .iter()
            .map(|entry| &entry.module)
            .filter(|one| !self.layers.contains_key(one))
            .collect();
        names.dedup();
        names.len()
    }
}
