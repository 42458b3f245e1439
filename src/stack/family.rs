//! Families of modules: everything that is known about a vendor's compiler, MPI or runtime by its name.
//!
//! `toolchains.toml` says it, and the `[[family]]` of a site file before it. Several entries may speak of one family: of
//! each key the first entry counts that states it for the version. What none states is looked up in the family that
//! `like` names.

mod entry;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::document;
use crate::error::{Fault, Source};
use regex::Regex;

use crate::stack::inherited::{Inherited, Patterns};
use crate::suite::Layer;
use crate::suite::capability::Limit;
use crate::suite::template::Placeholder;
use crate::suite::tool_name::ToolName;
use crate::suite::version::Version;
pub use entry::FixedHeaders;
use entry::{Entry, Package};
use ldwalk::Vendors;
use spack_db::Packages;

/// All families, and what the tables say about inherited variables.
#[derive(Clone, Debug, Default)]
pub struct Families {
    entries: Vec<Entry>,
    /// Packages that are of no family.
    others: Vec<Package>,
    /// What is said about variables outside of any family.
    general: Vec<Patterns>,
    inherited: Inherited,
}

/// What is known about one version of a family.
#[derive(Clone, Debug)]
pub struct Family {
    /// The name that suites, launchers and capabilities use.
    pub name: String,
    /// Candidates for each tool.
    pub tools: BTreeMap<Placeholder, Vec<String>>,
    /// Words that follow a tool in every call.
    pub flags: BTreeMap<Placeholder, Vec<String>>,
    /// Other names of each tool, which must be what the tool is.
    pub also: BTreeMap<String, Vec<String>>,
    /// The variant of Spack's package with which each tool must be there.
    pub owed: BTreeMap<Placeholder, String>,
    /// What a compiler is asked for its version, where that is not `--version`.
    pub version_query: Option<String>,
    /// The version in the answer, where it is not the number there that is most like the module's.
    pub version_pattern: Option<Regex>,
    /// The libraries that the compiler itself brings and links programs with, by the tool that does.
    pub links: BTreeMap<Placeholder, Vec<String>>,
    /// Headers that the compiler puts before those of the C library.
    pub fixed_headers: Option<FixedHeaders>,
    /// The tools without which a module of the family is broken.
    pub essential: BTreeSet<Placeholder>,
}

impl Families {
    /// Reads `toolchains.toml`.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        Self::default().read(source, false)
    }

    /// These under what `source`, a site file with other tables beside, says of families.
    ///
    /// # Errors
    /// All faults of its families.
    pub fn under(self, source: &Source) -> Result<Self, Vec<Fault>> {
        self.read(source, true)
    }

    fn read(self, source: &Source, others: bool) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            if others {
                root.any_key();
            }
            let own: Vec<Entry> = root.tables("family", Entry::read).into_iter().flatten().collect();
            let others = if others {
                self.others
            } else {
                root.tables("package", Package::read).into_iter().flatten().collect()
            };
            let general = root.table("environment", Patterns::read).unwrap_or_default();
            let all: Vec<&Entry> = own.iter().chain(&self.entries).collect();
            entry::check(root, &own, &all);
            let entries: Vec<Entry> = all.into_iter().cloned().collect();
            let general: Vec<Patterns> = std::iter::once(general).chain(self.general).collect();
            let patterns: Vec<&Patterns> =
                entries.iter().map(|entry| &entry.inherited).chain(&general).collect();
            let inherited = Inherited::new(&patterns).unwrap_or_else(|error| {
                root.fault(format!("cannot use the patterns of `environment`: {error}"), 0..0);
                Inherited::default()
            });
            let families = Self { entries, others, general, inherited };
            for entry in own.iter().filter(|entry| !entry.no_layer) {
                let name = &entry.name.value;
                if families.layer(name).is_none() {
                    let hint = "it is compiler, mpi or runtime; or `like` names a family that says it";
                    let what = format!("the family `{name}` has no `layer`");
                    root.fault_with_hint(what, entry.name.span.clone(), hint);
                }
            }
            families
        })
    }

    /// What is said about variables that a pod hands down.
    #[must_use]
    pub fn inherited(&self) -> &Inherited {
        &self.inherited
    }

    /// What is known about a module of this name and version; `None` where no table speaks of it.
    #[must_use]
    pub fn find(&self, name: &str, version: &str) -> Option<Family> {
        let entries = self.entries_for(name, version);
        let layer = entries.iter().find_map(|entry| entry.layer)?;
        let mut tools: BTreeMap<Placeholder, Vec<String>> = BTreeMap::new();
        let mut flags = BTreeMap::from([(Placeholder::Fc, None), (Placeholder::Openmp, None)]);
        for entry in &entries {
            for (tool, names) in &entry.tools {
                tools.entry(*tool).or_insert_with(|| names.clone());
            }
            for (tool, words) in &entry.flags {
                flags.entry(*tool).or_default().get_or_insert_with(|| words.clone());
            }
        }
        tools.retain(|_, names| !names.is_empty());
        let essential = entries.iter().find_map(|entry| entry.essential.as_ref());
        let essential = match essential {
            Some(stated) => stated.iter().map(|tool| tool.value).collect(),
            None => essential_of(layer, &tools),
        };
        Some(Family {
            name: entries.first()?.name.value.clone(),
            flags: flags.into_iter().map(|(tool, words)| (tool, words.unwrap_or_default())).collect(),
            also: entries.iter().find_map(|entry| entry.also.clone()).unwrap_or_default(),
            owed: entries.iter().find_map(|entry| entry.owed.clone()).unwrap_or_default(),
            version_query: entries.iter().find_map(|entry| entry.version_query.clone()),
            version_pattern: entries.iter().find_map(|entry| entry.version_pattern.clone()),
            links: entries.iter().find_map(|entry| entry.links.clone()).unwrap_or_else(usual_links),
            fixed_headers: entries.iter().find_map(|entry| entry.fixed_headers.clone()),
            tools,
            essential,
        })
    }

    /// The entries that speak of this module, those that win first.
    fn entries_for(&self, name: &str, version: &str) -> Vec<&Entry> {
        self.kin(name, version).iter().flat_map(|(name, version)| self.entries_of(name, version)).collect()
    }

    fn entries_of(&self, family: &str, version: &str) -> impl Iterator<Item = &Entry> {
        let version = Version::new(version);
        let is_it = move |entry: &&Entry| entry.name.value.eq_ignore_ascii_case(family);
        self.entries.iter().filter(is_it).filter(move |entry| entry.holds(&version))
    }

    /// The family and version under which tables are looked up for a module: its own, then those that it is like.
    #[must_use]
    pub fn kin(&self, name: &str, version: &str) -> Vec<(String, String)> {
        let mut kin: Vec<(String, String)> = Vec::new();
        let mut next = Some((self.canonical(name).to_owned(), version.to_owned()));
        while let Some((family, version)) = next.take() {
            // Families that are like each other in a circle end where they come round.
            if kin.iter().any(|(known, _)| *known == family) {
                break;
            }
            let like = self.entries_of(&family, &version).find_map(|entry| entry.like.as_ref());
            next = like.map(|like| {
                (self.canonical(like.family()).to_owned(), like.version().unwrap_or(&version).to_owned())
            });
            kin.push((family, version));
        }
        kin
    }

    /// The family whose words the programs of a module use, at the end of all that it is like; and the module's version,
    /// if that family counts its versions as the module does.
    #[must_use]
    pub fn speaks_as(&self, name: &str, version: &str) -> (String, Option<String>) {
        let kin = self.kin(name, version);
        let alike = kin.iter().all(|(_, of)| of == version);
        let family = kin.into_iter().next_back().map_or_else(|| name.to_owned(), |(family, _)| family);
        (family, alike.then(|| version.to_owned()))
    }

    /// The name that suites use for a module of this name: its own, if no family claims it.
    #[must_use]
    pub fn canonical<'n>(&'n self, name: &'n str) -> &'n str {
        let found = self.entries.iter().find(|entry| entry.is_called(name));
        found.map_or(name, |entry| &entry.name.value)
    }

    /// Where modules of this name stand in the hierarchy, if that is known.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<Layer> {
        let mut family = self.canonical(name);
        for _ in 0..=self.entries.len() {
            let of_family = || self.entries.iter().filter(|entry| entry.name.value == family);
            if let Some(layer) = of_family().find_map(|entry| entry.layer) {
                return Some(layer);
            }
            family = self.canonical(of_family().find_map(|entry| entry.like.as_ref())?.family());
        }
        None
    }

    /// The packages of all families, and those that are of none.
    #[must_use]
    pub fn packages(&self) -> Packages {
        let mut packages = Packages::default();
        let mut add = |layer, name: &str, others: &[String]| match layer {
            Layer::Compiler => packages.add_compiler(name, others.iter().map(String::as_str)),
            Layer::Mpi => std::iter::once(name).chain(others.iter().map(String::as_str)).for_each(|name| {
                packages.add_mpi(name);
            }),
            Layer::Runtime => {}
        };
        for entry in &self.entries {
            let name = &entry.name.value;
            if let Some(layer) = self.layer(name) {
                add(layer, name, &entry.packages);
            }
        }
        for Package { name, layer, packages } in &self.others {
            add(*layer, name, packages);
        }
        packages
    }

    /// What is known of compilers and runtimes by what they leave in files.
    #[must_use]
    pub fn vendors(&self) -> Vendors {
        let mut vendors = Vendors::default();
        for entry in &self.entries {
            vendors.add_openmp(entry.libraries.openmp.iter().cloned());
            vendors.add_mpi(entry.libraries.mpi.iter().cloned());
            for (name, marks) in &entry.comment {
                vendors.add_compiler(name.clone(), marks.clone());
            }
        }
        vendors
    }

    /// Every library that some compiler brings and links programs with, by the tool that does.
    #[must_use]
    pub fn links(&self) -> Vec<(Placeholder, String)> {
        let mut all = Vec::new();
        let links = self.entries.iter().filter_map(|entry| entry.links.as_ref()).flatten();
        for (tool, library) in links.flat_map(|(tool, all)| all.iter().map(move |one| (*tool, one.clone()))) {
            if !all.contains(&(tool, library.clone())) {
                all.push((tool, library));
            }
        }
        all.sort_by_key(|(tool, _)| *tool);
        all
    }

    /// Every tool that some family names and that has no placeholder of its own.
    #[must_use]
    pub fn tool_names(&self) -> BTreeSet<ToolName> {
        let tools = self.entries.iter().flat_map(|entry| entry.tools.keys());
        tools.filter_map(|tool| if let Placeholder::Tool(name) = tool { Some(*name) } else { None }).collect()
    }

    /// What families say of capabilities: the family, the capability, and which versions have it.
    pub fn capabilities(&self) -> impl Iterator<Item = (&str, &document::Written<String>, &Limit)> {
        self.entries.iter().flat_map(|entry| {
            let family = entry.name.value.as_str();
            entry.capabilities.iter().map(move |(name, limit)| (family, name, limit))
        })
    }
}

/// The tools without which a module of this layer is broken, where its family does not say.
#[must_use]
pub fn essential_of<V>(layer: Layer, tools: &BTreeMap<Placeholder, V>) -> BTreeSet<Placeholder> {
    match layer {
        Layer::Compiler => BTreeSet::from([Placeholder::Cc]),
        Layer::Mpi => BTreeSet::from([Placeholder::Mpicc]),
        Layer::Runtime => tools.keys().copied().collect(),
    }
}

/// What a compiler links with whose family does not say.
#[must_use]
pub fn usual_links() -> BTreeMap<Placeholder, Vec<String>> {
    BTreeMap::from([(Placeholder::Cxx, vec!["libstdc++.so".to_owned()])])
}
