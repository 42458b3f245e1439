//! What was asked for: toolchains by the names that a person or a pod gave them, and what came of loading each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::error::{Error, Kind};
use crate::plan::cases::Planned;
use crate::plan::catalogue::Catalogue;
use crate::stack::lmod::Refusal;
use crate::stack::matrix::Chain;
use crate::stack::toolchain::Toolchain;
use crate::suite::alternatives::Alternatives;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::{Layer, Suite};

/// A toolchain as it was asked for, and, once that was tried, as it was loaded.
pub struct Asked {
    /// Its compiler, MPI and runtime. A module that only loads others may stand for more than one of them.
    pub modules: Vec<(Layer, Wanted)>,
    /// What to load, in this order.
    pub load: Vec<Wanted>,
    /// How it is called: resolved where that is known.
    pub label: String,
    /// Whether the site gave it that name.
    pub named: bool,
    /// Whether that is the full name of each.
    pub exact: bool,
    /// What came of loading it.
    pub loaded: OnceLock<Result<Toolchain, Unloaded>>,
    /// What came of loading it with the further modules that a suite names.
    pub(super) beside: BTreeMap<Vec<Alternatives>, OnceLock<Result<Toolchain, Unloaded>>>,
}

/// Why a toolchain could not be loaded.
#[derive(Clone, Debug)]
pub enum Unloaded {
    /// The stack does not give what was asked for.
    Refused(Refusal),
    /// This toolchain has no such module, which only some suites want beside it.
    Absent(String),
    /// An MPI of which no toolchain can be made, and why.
    Untested(String),
    /// It could not be determined.
    Unknown(Error),
}

impl Asked {
    /// These modules together, for these suites.
    #[must_use]
    pub fn new(modules: Vec<(Layer, Wanted)>, suites: &[Suite]) -> Self {
        let mut load: Vec<Wanted> = Vec::new();
        for (_, wanted) in &modules {
            if !load.iter().any(|one| one.text() == wanted.text()) {
                load.push(wanted.clone());
            }
        }
        let label = load.iter().map(Wanted::text).collect::<Vec<_>>().join(" ");
        let named = suites.iter().filter(|suite| !suite.modules.is_empty());
        let beside = named.map(|suite| (suite.modules.clone(), OnceLock::new())).collect();
        Self { modules, load, label, named: false, exact: false, loaded: OnceLock::new(), beside }
    }

    /// The toolchain of the matrix, by its full names.
    ///
    /// # Errors
    /// A name in the stack that no module can have.
    pub fn exactly(chain: &Chain, suites: &[Suite]) -> Result<Self, Error> {
        let exact = chain
            .modules
            .iter()
            .map(|(layer, module)| Wanted::new(&module.to_string()).map(|wanted| (*layer, wanted)));
        let modules = exact.collect::<Result<Vec<_>, String>>();
        let load = chain.named.as_ref().map(|named| named.load.iter().map(|name| Wanted::new(name)));
        let load = load.map(Iterator::collect::<Result<Vec<_>, String>>).transpose();
        let asked = modules.and_then(|modules| {
            let asked = Self::by_full_names(modules, suites);
            Ok(match load? {
                Some(load) => Self { load, label: chain.label(), named: true, ..asked },
                None => asked,
            })
        });
        asked.map_err(|fault| Error::new(Kind::Stack, fault))
    }

    /// These modules, which are called by their full names.
    #[must_use]
    pub fn by_full_names(modules: Vec<(Layer, Wanted)>, suites: &[Suite]) -> Self {
        Self { exact: true, ..Self::new(modules, suites) }
    }

    /// The modules that make it, where it is known which these are.
    #[must_use]
    pub fn known(&self) -> Option<Vec<(Layer, Module)>> {
        let loaded = match self.loaded.get() {
            Some(Ok(toolchain)) => toolchain.loaded.as_slice(),
            None if !self.exact => return None,
            _ => &[],
        };
        let resolved = |wanted: &Wanted| {
            let own = loaded.iter().map(|loaded| &loaded.module).find(|module| wanted.matches(module));
            own.cloned().unwrap_or_else(|| Module::new(wanted.text()))
        };
        Some(self.modules.iter().map(|(layer, wanted)| (*layer, resolved(wanted))).collect())
    }

    /// An MPI of which no toolchain can be made: what it would owe is told, not left out.
    #[must_use]
    pub fn untested(mpi: &Module, why: &str, suites: &[Suite]) -> Option<Self> {
        let wanted = Wanted::new(&mpi.to_string()).ok()?;
        let asked = Self::new(vec![(Layer::Mpi, wanted)], suites);
        asked.loaded.set(Err(Unloaded::Untested(format!("{mpi} cannot be tested: {why}")))).ok()?;
        Some(asked)
    }

    /// As the plan sees it.
    #[must_use]
    pub fn planned(&self, catalogue: &Catalogue) -> Planned {
        let family = |wanted: &Wanted| {
            let family = wanted.text().split('/').next().unwrap_or_default();
            catalogue.families.canonical(family).to_owned()
        };
        let label = match self.loaded.get() {
            Some(Ok(toolchain)) => toolchain.label.clone(),
            _ => self.label.clone(),
        };
        let modules = self.known().map(|known| with_canonical(known, catalogue));
        let mut layers: Vec<(Layer, String)> =
            self.modules.iter().map(|(layer, wanted)| (*layer, family(wanted))).collect();
        if matches!(layers.as_slice(), [(Layer::Mpi, _)]) {
            layers.insert(0, (Layer::Compiler, String::new()));
        }
        Planned { label, layers, modules }
    }
}

/// Modules by their own names and by those that suites give their families: `gnu12/12.2.0` is `gcc/12.2.0`, too.
fn with_canonical(modules: Vec<(Layer, Module)>, catalogue: &Catalogue) -> Vec<(Layer, Module)> {
    let mut all = modules.clone();
    for (layer, module) in modules {
        let family = catalogue.families.canonical(&module.family).to_owned();
        if family != module.family {
            all.push((layer, Module { family, ..module }));
        }
    }
    all
}
