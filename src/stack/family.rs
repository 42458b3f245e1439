//! Families of modules and what their tools are called: `toolchains.toml`.

use std::collections::BTreeMap;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::document::{self, Table};
use crate::error::{Fault, Source};
use crate::suite::Layer;
use crate::suite::template::Placeholder;
use crate::suite::version::{Range, Version};

/// Everything that `toolchains.toml` says.
#[derive(Clone, Debug)]
pub struct Families {
    families: Vec<Family>,
    scrub: Scrub,
}

/// What one family's tools are called, for a range of versions.
#[derive(Clone, Debug)]
pub struct Family {
    /// The name that suites, launchers and capabilities use.
    pub name: String,
    aliases: Vec<String>,
    /// Where it stands in the hierarchy.
    pub layer: Layer,
    range: Range,
    /// Candidates for each tool.
    pub tools: BTreeMap<Placeholder, Vec<String>>,
    /// Words that follow a tool in every call.
    pub flags: BTreeMap<Placeholder, Vec<String>>,
    /// Other names of each tool, which must be what the tool is.
    pub also: BTreeMap<String, Vec<String>>,
    /// The variant of Spack's package with which each tool must be there.
    pub owed: BTreeMap<Placeholder, String>,
}

/// Which variables of the pod must not reach a toolchain.
#[derive(Clone, Debug, Default)]
pub struct Scrub {
    names: GlobSet,
    values: GlobSet,
}

impl Scrub {
    /// Whether this variable goes.
    #[must_use]
    pub fn takes(&self, name: &str, value: &str) -> bool {
        self.names.is_match(name) || self.values.is_match(value)
    }
}

const TOOLS: [(&str, Placeholder); 9] = [
    ("cc", Placeholder::Cc),
    ("cxx", Placeholder::Cxx),
    ("fc", Placeholder::Fc),
    ("mpicc", Placeholder::Mpicc),
    ("mpicxx", Placeholder::Mpicxx),
    ("mpifc", Placeholder::Mpifc),
    ("python", Placeholder::Python),
    ("rscript", Placeholder::Rscript),
    ("matlab", Placeholder::Matlab),
];

/// What `also` names beside them: the preprocessor and the launcher.
const ALSO: [&str; 2] = ["cpp", "mpirun"];

impl Families {
    /// Reads `toolchains.toml`.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let families = root.tables("family", family).into_iter().flatten().collect();
            let scrub = root.table("scrub", |table| Scrub {
                names: globs(table, "variables"),
                values: globs(table, "values"),
            });
            Self { families, scrub: scrub.unwrap_or_default() }
        })
    }

    /// Reads the families of a file that holds other tables, too (a site file).
    ///
    /// # Errors
    /// All its faults.
    pub fn of_site(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            root.any_key();
            let families = root.tables("family", family).into_iter().flatten().collect();
            Self { families, scrub: Scrub::default() }
        })
    }

    /// Puts the families of `site` before these.
    #[must_use]
    pub fn under(self, site: Self) -> Self {
        Self { families: site.families.into_iter().chain(self.families).collect(), ..self }
    }

    /// Which variables of the pod must not reach a toolchain.
    #[must_use]
    pub fn scrub(&self) -> &Scrub {
        &self.scrub
    }

    /// The entry for a module of this name and version.
    #[must_use]
    pub fn find(&self, name: &str, version: &str) -> Option<&Family> {
        let version = Version::new(version);
        self.families.iter().find(|family| family.is_called(name) && family.range.holds(&version))
    }

    /// The name that suites use for a module of this name: its own, if no family claims it.
    #[must_use]
    pub fn canonical<'n>(&'n self, name: &'n str) -> &'n str {
        self.families.iter().find(|family| family.is_called(name)).map_or(name, |family| &family.name)
    }

    /// Where modules of this name stand in the hierarchy, if that is known.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<Layer> {
        self.families.iter().find(|family| family.is_called(name)).map(|family| family.layer)
    }
}

impl Family {
    fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

fn family(table: &mut Table<'_>) -> Option<Family> {
    let name = table.needed_string("name");
    let layer = table.needed_string("layer").and_then(|layer| match layer.value.as_str() {
        "compiler" => Some(Layer::Compiler),
        "mpi" => Some(Layer::Mpi),
        "runtime" => Some(Layer::Runtime),
        _ => {
            table.fault("`layer` must be compiler, mpi or runtime", layer.span);
            None
        }
    });
    let range = match table.string("version") {
        None => Range::default(),
        Some(text) => Range::parse(&text.value).unwrap_or_else(|fault| {
            table.fault(fault, text.span);
            Range::default()
        }),
    };
    let mut list = |key| -> Vec<String> {
        table.strings(key).unwrap_or_default().into_iter().map(|word| word.value).collect()
    };
    let aliases = list("aliases");
    let tools =
        TOOLS.iter().map(|(key, tool)| (*tool, list(key))).filter(|(_, names)| !names.is_empty()).collect();
    let flags = [("fcflags", Placeholder::Fc), ("openmp", Placeholder::Openmp)]
        .map(|(key, tool)| (tool, list(key)))
        .into_iter()
        .collect();
    let also = table.table("also", |also| {
        let keys = TOOLS.iter().map(|(key, _)| *key).chain(ALSO);
        let names = |key| {
            let names: Vec<String> = also.strings(key)?.into_iter().map(|name| name.value).collect();
            Some((key.to_owned(), names))
        };
        keys.filter_map(names).collect()
    });
    let owed = table.table("owed", |owed| {
        TOOLS.iter().filter_map(|(key, tool)| Some((*tool, owed.string(key)?.value))).collect()
    });
    let (also, owed) = (also.unwrap_or_default(), owed.unwrap_or_default());
    Some(Family { name: name?.value, aliases, layer: layer?, range, tools, flags, also, owed })
}

fn globs(table: &mut Table<'_>, key: &'static str) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in table.strings(key).unwrap_or_default() {
        match Glob::new(&pattern.value) {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => table.fault(format!("cannot read the pattern: {}", error.kind()), pattern.span),
        }
    }
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    #[test]
    fn our_own_table_reads_and_knows_both_names_of_a_family() {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        assert_eq!(families.canonical("oneapi"), "intel-oneapi-compilers");
        assert_eq!(families.canonical("R"), "r");
        assert_eq!(families.layer("openmpi"), Some(Layer::Mpi));
        let old = families.find("llvm", "16.0.6").unwrap();
        assert_eq!(old.flags[&Placeholder::Fc], ["-flang-experimental-exec"]);
        assert!(families.find("llvm", "19.1").unwrap().flags[&Placeholder::Fc].is_empty());
    }

    #[test]
    fn what_the_pod_leaks_goes_by_name_or_by_value() {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let scrub = families.scrub();
        assert!(scrub.takes("SLURM_JOB_ID", "1"));
        assert!(scrub.takes("PMI_PORT", "tcp://10.0.0.1:80"));
        assert!(scrub.takes("MY_SERVICE_PORT", "tcp://10.0.0.1:80"));
        assert!(!scrub.takes("PATH", "/usr/bin"));
        assert!(!scrub.takes("LMOD_CMD", "/x"));
    }
}
