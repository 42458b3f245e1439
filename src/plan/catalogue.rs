//! Everything that data files say, read together so that all their faults are told at once.

use std::path::PathBuf;

use crate::error::{Error, Kind};
use crate::report::mask;
use crate::stack::family::Families;
use crate::stack::launcher::Launchers;
use crate::suite::budget::Budgets;
use crate::suite::capability::Capabilities;
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
        let mut faults = Vec::new();
        // What pods have always used for more tests, after what the command line says.
        let shared = std::env::var_os("HPC_SPACK_TEST_DIR").filter(|_| folders.is_empty()).map(PathBuf::from);
        let folders: Vec<PathBuf> = folders.iter().cloned().chain(shared).collect();
        let (suites, capabilities) = load::load(&folders).unwrap_or_else(|error| {
            faults.extend(error.faults);
            Default::default()
        });
        let site = match site.map(|path| Site::load(path)).transpose() {
            Ok(site) => site.unwrap_or_default(),
            Err(error) => {
                faults.extend(error.faults);
                Site::default()
            }
        };
        let mut families = Families::parse(&embedded::table("toolchains.toml"));
        let mut launchers = Launchers::parse(&embedded::table("launchers.toml"));
        if let Some(source) = &site.source {
            families = match (families, Families::of_site(source)) {
                (Ok(ours), Ok(theirs)) => Ok(ours.under(theirs)),
                (Err(faults), _) | (_, Err(faults)) => Err(faults),
            };
            launchers = match (launchers, Launchers::parse(source)) {
                (Ok(ours), Ok(theirs)) => Ok(ours.under(theirs)),
                (Err(faults), _) | (_, Err(faults)) => Err(faults),
            };
        }
        let budgets = Budgets::parse(&embedded::table("budgets.toml")).unwrap_or_else(|more| {
            faults.extend(more);
            Budgets::default()
        });
        let budgets = site.budgets.before(&budgets);
        let variables = Variables::parse(&embedded::table("variables.toml")).unwrap_or_else(|more| {
            faults.extend(more);
            Variables::default()
        });
        let variables = site.variables.before(&variables);
        match (families, launchers) {
            (Ok(families), Ok(launchers)) if faults.is_empty() => {
                mask::extend(&site.secrets.names, &site.secrets.patterns);
                let probes = suites.iter().flat_map(|suite| &suite.probes);
                let set = probes.flat_map(|probe| &probe.env);
                mask::learn(set.map(|(name, value)| (name.as_ref(), value.as_ref())));
                Ok(Self { suites, capabilities, families, launchers, budgets, variables, site })
            }
            (families, launchers) => {
                faults.extend(families.err().into_iter().flatten());
                faults.extend(launchers.err().into_iter().flatten());
                Err(Error::of(Kind::Data, faults))
            }
        }
    }
}
