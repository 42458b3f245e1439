//! Everything that data files say, read together so that all their faults are told at once.

use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Kind, Source};
use crate::report::mask;
use crate::run::scheduler::{Around, around};
use crate::stack::family::Families;
use crate::stack::launcher::Launchers;
use crate::stack::layouts::Layouts;
use crate::suite::Layer;
use crate::suite::budget::Budgets;
use crate::suite::capability::{Capabilities, no_capability};
use crate::suite::module_name::Module;
use crate::suite::site::Site;
use crate::suite::variables::Variables;
use crate::suite::{Suite, embedded, load};

/// Suites, tables and the site's own judgement.
pub struct Catalogue {
    /// All suites by name.
    pub suites: Vec<Suite>,
    /// What families cannot do.
    pub capabilities: Capabilities,
    /// What tools are called.
    pub families: Families,
    /// How MPIs are launched.
    pub launchers: Launchers,
    /// How modules belong together.
    pub layouts: Layouts,
    /// How long modules may take to load.
    pub budgets: Budgets,
    /// Which variables change what tools do.
    pub variables: Variables,
    /// Known issues and the site's families.
    pub site: Site,
}

impl Catalogue {
    /// Reads everything.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn load(folders: &[PathBuf], site: Option<&PathBuf>) -> Result<Self, Error> {
        // What pods have always used for more tests, after what the command line says.
        let shared = std::env::var_os("HPC_SPACK_TEST_DIR").filter(|_| folders.is_empty()).map(PathBuf::from);
        let folders: Vec<PathBuf> = folders.iter().cloned().chain(shared).collect();
        let mut faults = Vec::new();
        let source = site.and_then(|path| kept(Site::read(path).map_err(|error| error.faults), &mut faults));
        let tables = Tables::read(source.as_ref(), &mut faults);
        // Tables with faults may lack the very tool that a suite names.
        let tools = faults.is_empty().then(|| tables.families.tool_names());
        let (suites, mut capabilities) = load::load(&folders, tools).unwrap_or_else(|error| {
            // In the order in which a person reads: what is to be run, then how.
            faults.splice(0..0, error.faults);
            Default::default()
        });
        for (family, name, limit) in tables.families.capabilities() {
            if !capabilities.limit(&name.value, family, limit.clone()) && !suites.is_empty() {
                let fault = no_capability(&name.value, &capabilities);
                faults.extend(source.iter().map(|source| fault.clone().at(source, name.span.clone())));
            }
        }
        if !faults.is_empty() {
            faults.dedup();
            return Err(Error::of(Kind::Data, faults));
        }
        let Tables { families, launchers, layouts, budgets, variables, site } = tables;
        mask::extend(&site.secrets.names, &site.secrets.patterns);
        let probes = suites.iter().flat_map(|suite| &suite.probes);
        let set = probes.flat_map(|probe| &probe.env);
        mask::learn(set.map(|(name, value)| (name.as_ref(), value.as_ref())));
        Ok(Self { suites, capabilities, families, launchers, layouts, budgets, variables, site })
    }
}

impl Catalogue {
    /// Looks whether this process is in an allocation, and takes the launchers for it; what is worth telling of that.
    ///
    /// # Errors
    /// A launcher that is forced and cannot be used here.
    pub fn stand_in_allocation(&mut self, forced: Option<&str>, tmp: &Path) -> Result<Option<String>, Error> {
        let (allocation, told) = match around(tmp) {
            Around::Nothing => (None, None),
            Around::Leaked(why) => (None, Some(why)),
            Around::Allocation(allocation) => (Some(allocation), None),
        };
        let told = told.map(|why| format!("{why}; SLURM_* is taken away from cases as in a pod"));
        let launchers = std::mem::take(&mut self.launchers).inside(allocation, forced);
        self.launchers = launchers.map_err(|error| match &told {
            Some(told) if error.kind != Kind::Usage => error.hint(told),
            _ => error,
        })?;
        Ok(told)
    }

    /// Where a module of this name stands: the site's word before our table of names.
    #[must_use]
    pub fn layer(&self, module: &Module) -> Option<Layer> {
        self.site.families.get(&module.family).copied().or_else(|| self.families.layer(&module.family))
    }
}

/// What stands in tables, ours and the site's.
#[derive(Default)]
struct Tables {
    families: Families,
    launchers: Launchers,
    layouts: Layouts,
    budgets: Budgets,
    variables: Variables,
    site: Site,
}

impl Tables {
    fn read(source: Option<&Source>, faults: &mut Vec<Fault>) -> Self {
        let ours = |name| embedded::table(name);
        let site = source.map_or_else(|| Ok(Site::default()), Site::parse);
        let site = kept(site, faults).unwrap_or_default();
        let families = Families::parse(&ours("toolchains.toml"));
        let launchers = kept(Launchers::parse(&ours("launchers.toml")), faults).unwrap_or_default();
        let layouts = kept(Layouts::parse(&ours("layouts.toml")), faults).unwrap_or_default();
        let budgets = kept(Budgets::parse(&ours("budgets.toml")), faults).unwrap_or_default();
        let variables = kept(Variables::parse(&ours("variables.toml")), faults).unwrap_or_default();
        let mut tables = Self {
            families: kept(families, faults).unwrap_or_default(),
            launchers,
            layouts,
            budgets: site.budgets.before(&budgets),
            variables: site.variables.before(&variables),
            site,
        };
        if let Some(source) = source {
            // Ours have been read: all that can be wrong is the site's.
            let families = std::mem::take(&mut tables.families).under(source);
            tables.families = kept(families, faults).unwrap_or_default();
            if let Some(theirs) = kept(Launchers::parse(source), faults) {
                tables.launchers = tables.launchers.under(theirs);
            }
        }
        tables
    }
}

/// What was read, or nothing where there are faults, which join the others.
fn kept<T>(read: Result<T, Vec<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|more| faults.extend(more)).ok()
}
