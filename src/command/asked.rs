//! What was asked for: toolchains by the names that a person or a pod gave them, and what came of loading each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::cli::Modules;
use crate::command::catalogue::Catalogue;
use crate::error::{Error, Kind};
use crate::run::plan::Planned;
use crate::stack::lmod::Refusal;
use crate::stack::matrix::{Chain, Limits};
use crate::stack::module::Wanted;
use crate::stack::toolchain::Toolchain;
use crate::suite::{Layer, Suite};

/// A toolchain as it was asked for, and, once that was tried, as it was loaded.
pub struct Asked {
    /// What to load, in this order.
    pub modules: Vec<(Layer, Wanted)>,
    /// How it is called: resolved where that is known.
    pub label: String,
    /// What came of loading it.
    pub loaded: OnceLock<Result<Toolchain, Unloaded>>,
    /// What came of loading it with the further modules that a suite names.
    pub(super) beside: BTreeMap<Vec<String>, OnceLock<Result<Toolchain, Unloaded>>>,
}

/// Why a toolchain could not be loaded.
#[derive(Clone, Debug)]
pub enum Unloaded {
    /// The stack does not give what was asked for.
    Refused(Refusal),
    /// This toolchain has no such module, which only some suites want beside it.
    Absent(String),
    /// It could not be told.
    Unknown(Error),
}

impl Asked {
    /// These modules together, for these suites.
    #[must_use]
    pub fn new(modules: Vec<(Layer, Wanted)>, suites: &[Suite]) -> Self {
        let label = modules.iter().map(|(_, wanted)| wanted.text()).collect::<Vec<_>>().join(" ");
        let named = suites.iter().filter(|suite| !suite.modules.is_empty());
        let beside = named.map(|suite| (suite.modules.clone(), OnceLock::new())).collect();
        Self { modules, label, loaded: OnceLock::new(), beside }
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
        modules.map(|modules| Self::new(modules, suites)).map_err(|fault| Error::new(Kind::Stack, fault))
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
        Planned {
            label,
            layers: self.modules.iter().map(|(layer, wanted)| (*layer, family(wanted))).collect(),
        }
    }
}

/// What the command line asks for, or else, unless it wants `all`, what pods have always set.
///
/// # Errors
/// Every name that no module can have.
pub fn limits(given: &Modules, all: bool) -> Result<Limits, Error> {
    let pod = |prefix: &str| -> Vec<String> {
        let family = std::env::var(format!("HPC_LMOD_{prefix}_FAMILY")).unwrap_or_default();
        let version = std::env::var(format!("HPC_LMOD_{prefix}_VERSION")).unwrap_or_default();
        match (family.trim(), version.trim()) {
            ("", _) => Vec::new(),
            (family, "") => vec![family.to_owned()],
            (family, version) => vec![format!("{family}/{version}")],
        }
    };
    let or_pod = |names: &[String], prefix| {
        if names.is_empty() && !all { pod(prefix) } else { names.to_vec() }
    };
    // A pod that names its compiler in one variable may hold only the version of another's in the other.
    let mut faults = Vec::new();
    let mut read = |names: Vec<String>| -> Vec<Wanted> {
        names
            .iter()
            .filter(|name| !name.trim().is_empty())
            .filter_map(|name| {
                Wanted::new(name).map_err(|fault| faults.push(crate::error::Fault::new(fault))).ok()
            })
            .collect()
    };
    let limits = Limits {
        compilers: read(or_pod(&given.cc, "CC")),
        mpis: read(or_pod(&given.mpi, "MPI")),
        runtimes: read(given.runtime.clone()),
    };
    if !faults.is_empty() {
        return Err(Error::of(Kind::Usage, faults));
    }
    if !limits.mpis.is_empty() && limits.compilers.is_empty() && !all {
        return Err(Error::new(Kind::Usage, "an MPI was asked for, but no compiler")
            .hint("give --cc as well, or --all for every compiler that has this MPI"));
    }
    Ok(limits)
}
