//! Families of modules: everything that is known about a vendor's compiler, MPI or runtime by its name.
//!
//! `toolchains.toml` says it, and the `[[family]]` of a site file before it. Several entries may speak of one family: of
//! each key the first entry counts that states it for the version. What none states is looked up in the family that
//! `like` names.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use crate::document;
use crate::error::{Fault, Source};
use regex::Regex;

use crate::stack::elf::Vendors;
use crate::stack::inherited::{Inherited, Patterns};
use crate::stack::spack::Packages;
use crate::suite::Layer;
use crate::suite::capability::Limit;
use crate::suite::template::Placeholder;
use crate::suite::tool_name::ToolName;
use crate::suite::version::Version;
pub use entry::FixedHeaders;
use entry::{Entry, Package};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    fn ours() -> Families {
        Families::parse(&embedded::table("toolchains.toml")).unwrap()
    }

    fn with(site: &str) -> Result<Families, Vec<String>> {
        let told = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect();
        ours().under(&Source::new("site.toml", site)).map_err(told)
    }

    #[test]
    fn our_own_table_reads_and_knows_both_names_of_a_family() {
        let families = ours();
        assert_eq!(families.canonical("oneapi"), "intel-oneapi-compilers");
        assert_eq!(families.canonical("R"), "r");
        assert_eq!(families.layer("openmpi"), Some(Layer::Mpi));
        let old = families.find("llvm", "16.0.6").unwrap();
        assert_eq!(old.flags[&Placeholder::Fc], ["-flang-experimental-exec"]);
        assert_eq!(old.tools[&Placeholder::Fc], ["flang-new"]);
        assert_eq!(old.tools[&Placeholder::Cc], ["clang"]);
        assert!(!old.also.contains_key("fc"));
        let new = families.find("clang", "19.1").unwrap();
        assert!(new.flags[&Placeholder::Fc].is_empty() && new.also.contains_key("fc"));
    }

    #[test]
    fn what_the_pod_leaks_goes_by_name_or_by_value() {
        let families = ours();
        let inherited = families.inherited();
        assert!(inherited.is_scrubbed("SLURM_JOB_ID", "1"));
        assert!(inherited.is_scrubbed("PMI_PORT", "tcp://10.0.0.1:80"));
        assert!(inherited.is_scrubbed("MY_SERVICE_PORT", "tcp://10.0.0.1:80"));
        assert!(!inherited.is_scrubbed("PATH", "/usr/bin"));
        assert!(!inherited.is_scrubbed("LMOD_CMD", "/x"));
        assert!(inherited.misleads("OMPI_MCA_btl") && !inherited.misleads("CPATH"));
        assert!(inherited.changes_results("CPATH") && inherited.changes_results("UV_INDEX"));
        assert!(!inherited.changes_results("HOME"));
    }

    #[test]
    fn a_site_changes_one_key_of_a_family_and_keeps_the_rest() {
        let families = with("[[family]]\nname = \"gcc\"\naliases = [\"gnu[0-9]*\"]\nfc = []\n").unwrap();
        assert_eq!(families.canonical("gnu13"), "gcc");
        assert_eq!(families.canonical("gnuplot"), "gnuplot");
        assert_eq!(
            (families.layer("gnu13"), families.layer("gcc")),
            (Some(Layer::Compiler), Some(Layer::Compiler))
        );
        let gcc = families.find("gnu13", "13.2.0").unwrap();
        assert_eq!(gcc.tools[&Placeholder::Cxx], ["g++"]);
        assert!(!gcc.tools.contains_key(&Placeholder::Fc), "the site says that there is none");
        let old = with("[[family]]\nname = \"gcc\"\nversion = \"< 10\"\ncc = [\"oldcc\"]\n").unwrap();
        assert_eq!(old.find("gcc", "9.4").unwrap().tools[&Placeholder::Cc], ["oldcc"]);
        assert_eq!(old.find("gcc", "12.2").unwrap().tools[&Placeholder::Cc], ["gcc"]);
    }

    #[test]
    fn a_family_may_be_like_another_with_versions_of_its_own() {
        let site = "[[family]]\nname = \"house-clang\"\nlike = \"llvm/16\"\ncxx = [\"hclang++\"]\n\
                    [[family]]\nname = \"house-mpi\"\nlike = \"openmpi/4.1\"\n";
        let families = with(site).unwrap();
        assert_eq!(families.layer("house-mpi"), Some(Layer::Mpi));
        let compiler = families.find("house-clang", "3").unwrap();
        assert_eq!(compiler.name, "house-clang");
        assert_eq!(compiler.tools[&Placeholder::Cxx], ["hclang++"]);
        assert_eq!(compiler.tools[&Placeholder::Fc], ["flang-new"]);
        assert_eq!(families.kin("house-mpi", "2")[1], ("openmpi".to_owned(), "4.1".to_owned()));
        assert_eq!(families.speaks_as("house-mpi", "2"), ("openmpi".to_owned(), None));
        assert_eq!(
            families.speaks_as("oneapi", "2"),
            ("intel-oneapi-compilers".to_owned(), Some("2".to_owned()))
        );
        let circle = "[[family]]\nname = \"a\"\nlike = \"b\"\n[[family]]\nname = \"b\"\nlike = \"a\"\n";
        let faults = with(circle).unwrap_err();
        assert!(faults.len() == 2 && faults[0].contains("the family `a` has no `layer`"), "{faults:#?}");
    }

    #[test]
    fn a_runtime_names_tools_that_we_never_heard_of() {
        let site = "[[family]]\nname = \"julia\"\nlayer = \"runtime\"\ntools = { julia = [\"julia\"], \
                    pkg = [\"jl-pkg\"] }\nessential = [\"julia\"]\n";
        let families = with(site).unwrap();
        let julia = families.find("julia", "1.10").unwrap();
        let names: Vec<String> = julia.tools.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["{tool:julia}", "{tool:pkg}"]);
        assert_eq!(julia.essential.len(), 1);
        assert_eq!(families.tool_names().len(), 2);
    }

    #[test]
    fn all_faults_of_a_family_are_told_at_their_places() {
        let site = "[[family]]\nname = \"x\"\naliases = [\"a[\"]\ncc = \"one\"\ncolour = \"red\"\n\
                    tools = { Julia = [\"j\"] }\nessential = [\"mpicc\", \"?\"]\n\
                    [[family]]\nname = \"y\"\nlayer = \"library\"\nlike = \"opnmpi\"\nversion = \"12\"\n\
                    capabilities = { quadmath = \"12\" }\nenvironment = { scrub = [\"[\"], sweep = [] }\n";
        let faults = with(site).unwrap_err();
        let expected = [
            ("site.toml:2:8", "the family `x` has no `layer`"),
            ("site.toml:3:", "cannot read the name `a[`"),
            ("site.toml:4:6", "`cc` must be a list of strings"),
            ("site.toml:5:", "unknown key `colour`"),
            ("site.toml:6:", "`Julia` is not the name of a tool"),
            ("site.toml:7:", "`essential` names {mpicc}"),
            ("site.toml:7:", "`?` is not the name of a tool"),
            ("site.toml:10:", "`layer` must be compiler, mpi or runtime, found `library`"),
            ("site.toml:11:", "`like` names the family `opnmpi`"),
            ("site.toml:12:", "`12`"),
            ("site.toml:13:", "`12`"),
            ("site.toml:14:", "cannot read the pattern `[`"),
            ("site.toml:14:", "unknown key `sweep`"),
        ];
        for (place, words) in expected {
            let is_it = |fault: &&String| fault.contains(place) && fault.contains(words);
            assert!(faults.iter().any(|fault| is_it(&fault)), "{place} {words}: {faults:#?}");
        }
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    }
}
