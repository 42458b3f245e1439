//! Every toolchain that a stack offers, out of what spider found. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::stack::bundle::Bundle;
use crate::stack::family::Families;
use crate::stack::partner::Beside;
use crate::stack::spider::Found;
use crate::suite::Layer;
use crate::suite::module_name::{Module, Wanted};

/// The modules of a toolchain as they are asked for, in the order of loading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    /// Compiler, MPI or runtime, each with its layer.
    pub modules: Vec<(Layer, Module)>,
    /// The MPI is visible without its compiler: it lies beside it.
    pub apart: bool,
    /// What a site file that names it calls it and has loaded.
    pub named: Option<Named>,
}

/// How a toolchain is called that is named by hand, and what is loaded instead of its compiler and MPI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its name.
    pub label: String,
    /// What is loaded, in this order.
    pub load: Vec<String>,
}

impl Chain {
    /// A compiler and an MPI.
    fn pair(compiler: &Module, mpi: &Module, apart: bool) -> Self {
        Self {
            modules: vec![(Layer::Compiler, compiler.clone()), (Layer::Mpi, mpi.clone())],
            apart,
            named: None,
        }
    }

    /// `gcc/12.2.0 openmpi/5.0.11`.
    #[must_use]
    pub fn label(&self) -> String {
        if let Some(named) = &self.named {
            return named.label.clone();
        }
        let mut names: Vec<String> = self.modules.iter().map(|(_, module)| module.to_string()).collect();
        names.dedup();
        names.join(" ")
    }

    /// Its modules, in the order of loading.
    pub fn members(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().map(|(_, module)| module)
    }

    /// The modules that make others visible.
    #[must_use]
    pub fn unlocking(&self) -> Vec<&Module> {
        let above = if self.apart { self.modules.len() - 1 } else { 0 };
        self.modules[above..].iter().map(|(_, module)| module).collect()
    }

    /// Which layers it has.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        self.modules.iter().map(|(layer, _)| *layer).collect()
    }
}

/// All toolchains of a stack: compilers, compilers with an MPI, runtimes.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Sorted, without duplicates.
    pub chains: Vec<Chain>,
    /// MPIs that stand under no compiler and belong to none that has a module, each with the reason.
    pub untested: Vec<(Module, String)>,
    /// Modules that are tested by what they load, and in which words that is said.
    pub covered: BTreeMap<Module, String>,
}

/// Which toolchains of the matrix are asked for. An empty list takes all of its layer.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// `--cc`
    pub compilers: Vec<Wanted>,
    /// `--mpi`
    pub mpis: Vec<Wanted>,
    /// `--runtime`
    pub runtimes: Vec<Wanted>,
}

impl Limits {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.compilers.is_empty() && self.mpis.is_empty() && self.runtimes.is_empty()
    }

    /// Whether `module`, which stands in `layer`, is within what is asked for.
    #[must_use]
    pub fn take(&self, layer: Layer, module: &Module) -> bool {
        let wanted = match layer {
            Layer::Compiler => &self.compilers,
            Layer::Mpi => &self.mpis,
            Layer::Runtime => &self.runtimes,
        };
        wanted.is_empty() || wanted.iter().any(|wanted| wanted.matches(module))
    }
}

impl Limits {
    /// Whether `module`, which makes no toolchain, is within what is asked for: a limit on runtimes alone leaves it out.
    #[must_use]
    pub fn take_alone(&self, layer: Layer, module: &Module) -> bool {
        (self.runtimes.is_empty() || !self.mpis.is_empty()) && self.take(layer, module)
    }
}

impl Matrix {
    /// Finds compilers, MPIs and runtimes: by `family()`, then by what the site or our table says of the name.
    /// `beside` tells the compilers of MPIs that stand under none.
    #[must_use]
    pub fn new(
        found: &[Found],
        families: &Families,
        site: &BTreeMap<String, Layer>,
        beside: &Beside,
    ) -> Self {
        let is_bundle = |entry: &Found| beside.bundles.iter().any(|bundle| bundle.module == entry.module);
        let layer = |entry: &Found| layer(entry, families, site).filter(|_| !is_bundle(entry));
        let compilers: BTreeSet<&Module> = found
            .iter()
            .filter(|entry| layer(entry) == Some(Layer::Compiler))
            .map(|entry| &entry.module)
            .collect();
        let mut chains = BTreeSet::new();
        let mut untested = BTreeMap::new();
        for entry in found.iter().filter(|entry| !entry.hidden && entry.fault.is_none()) {
            match layer(entry) {
                Some(Layer::Mpi) => {
                    let pair = |compiler: &Module, apart| Chain::pair(compiler, &entry.module, apart);
                    let mut paired = false;
                    for chain in &entry.parents {
                        if let Some(compiler) = chain.iter().rev().find(|parent| compilers.contains(parent)) {
                            paired |= true;
                            chains.insert(pair(compiler, false));
                        }
                    }
                    match beside.partners.get(&entry.file) {
                        _ if paired => {}
                        Some(Ok(compilers)) => {
                            chains.extend(compilers.iter().map(|compiler| pair(compiler, true)));
                        }
                        Some(Err(why)) => {
                            untested.insert(entry.module.clone(), why.clone());
                        }
                        None => {
                            untested.insert(entry.module.clone(), "it stands under no compiler".to_owned());
                        }
                    }
                }
                Some(layer) if entry.parents.is_empty() => {
                    chains.insert(Chain {
                        modules: vec![(layer, entry.module.clone())],
                        apart: false,
                        named: None,
                    });
                }
                Some(_) | None => {}
            }
        }
        untested.extend(beside.unknown.iter().cloned());
        let mut covered = BTreeMap::new();
        for Bundle { module, compiler, mpi } in &beside.bundles {
            let holds = |layers: &[&Module]| {
                chains
                    .iter()
                    .any(|chain| chain.modules.iter().map(|(_, module)| module).eq(layers.iter().copied()))
            };
            let (whole, words) = match mpi {
                Some(mpi) => {
                    (holds(&[compiler, mpi]), format!("{compiler} and {mpi}, which are tested together"))
                }
                None => (holds(&[compiler]), format!("{compiler}, which is tested")),
            };
            if whole {
                covered.insert(module.clone(), format!("it loads {words}"));
            } else if let Some(mpi) = mpi {
                untested.remove(mpi);
                chains.insert(Chain::pair(module, mpi, true));
            } else {
                chains.insert(Chain {
                    modules: vec![(Layer::Compiler, module.clone())],
                    apart: false,
                    named: None,
                });
            }
        }
        let (chains, untested) = (chains.into_iter().collect(), untested.into_iter().collect());
        Self { chains, untested, covered }
    }

    /// Adds a toolchain that is named by hand, or why there is none.
    pub fn add(&mut self, named: Result<Chain, (Module, String)>) {
        match named {
            Ok(chain) => self.chains.push(chain),
            Err(untested) => self.untested.push(untested),
        }
    }

    /// The toolchains that `limits` leave. A limit on runtimes alone leaves no compiler, one on compilers or MPIs alone
    /// no runtime.
    pub fn select<'m>(&'m self, limits: &'m Limits) -> impl Iterator<Item = &'m Chain> {
        let compilers = limits.runtimes.is_empty() || !limits.compilers.is_empty() || !limits.mpis.is_empty();
        let runtimes = limits.is_empty() || !limits.runtimes.is_empty();
        self.chains.iter().filter(move |chain| {
            let asked_for = if chain.layers().contains(&Layer::Runtime) { runtimes } else { compilers };
            asked_for && chain.modules.iter().all(|(layer, module)| limits.take(*layer, module))
        })
    }
}

/// Where a module stands: the site's word before the module's own `family()` before our table of names.
#[must_use]
pub fn layer(entry: &Found, families: &Families, site: &BTreeMap<String, Layer>) -> Option<Layer> {
    let said = entry.family.as_deref().and_then(|family| match family {
        "compiler" => Some(Layer::Compiler),
        "mpi" | "MPI" => Some(Layer::Mpi),
        _ => None,
    });
    site.get(&entry.module.family).copied().or(said).or_else(|| families.layer(&entry.module.family))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    fn found(name: &str, family: Option<&str>, parents: &[&[&str]]) -> Found {
        let parents = parents.iter().map(|chain| chain.iter().map(|name| Module::new(name)).collect());
        Found {
            parents: parents.collect(),
            family: family.map(str::to_owned),
            ..Found::bare(Module::new(name), format!("/m/{name}.lua").into())
        }
    }

    fn matrix() -> Matrix {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let entries = [
            found("gcc/12.2.0", Some("compiler"), &[]),
            found("house-cc/1", None, &[]),
            found("openmpi/5", Some("mpi"), &[&["gcc/12.2.0"], &["house-cc/1"]]),
            found("hdf5/1", None, &[&["gcc/12.2.0", "openmpi/5"]]),
            found("python/3.12", None, &[]),
            found("mpich/4", Some("mpi"), &[]),
            found("mpich/5", Some("mpi"), &[]),
            found("mvapich/3", Some("mpi"), &[&["site/1"]]),
        ];
        let partners = [("mpich/4", Ok(vec![Module::new("gcc/12.2.0")])), ("mpich/5", Err("why".to_owned()))];
        let partners =
            partners.map(|(name, partner)| (std::path::PathBuf::from(format!("/m/{name}.lua")), partner));
        let site = BTreeMap::from([("house-cc".to_owned(), Layer::Compiler)]);
        let beside = Beside { partners: BTreeMap::from(partners), ..Beside::default() };
        Matrix::new(&entries, &families, &site, &beside)
    }

    #[test]
    fn a_bundle_is_tested_by_what_it_loads_or_else_itself() {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let entries = ["gcc/12", "gcc/13", "openmpi/4", "mpich/8", "foss/1", "PrgEnv/8", "intel/1"];
        let entries = entries.map(|name| found(name, None, &[]));
        let bundle = |name: &str, compiler: &str, mpi: Option<&str>| {
            let [module, compiler] = [name, compiler].map(Module::new);
            Bundle { module, compiler, mpi: mpi.map(Module::new) }
        };
        let beside = Beside {
            partners: [
                ("/m/openmpi/4.lua".into(), Ok(vec![Module::new("gcc/12")])),
                ("/m/mpich/8.lua".into(), Err("it loads with no compiler".to_owned())),
            ]
            .into(),
            bundles: vec![
                bundle("foss/1", "gcc/12", Some("openmpi/4")),
                bundle("PrgEnv/8", "gcc/13", Some("mpich/8")),
                bundle("intel/1", "gcc/13", None),
            ],
            unknown: vec![(Module::new("odd/1"), "why".to_owned())],
        };
        let matrix = Matrix::new(&entries, &families, &BTreeMap::new(), &beside);
        let labels: Vec<String> = matrix.chains.iter().map(Chain::label).collect();
        assert_eq!(labels, ["PrgEnv/8 mpich/8", "gcc/12", "gcc/12 openmpi/4", "gcc/13"]);
        let covered: Vec<String> =
            matrix.covered.iter().map(|(module, words)| format!("{module}: {words}")).collect();
        assert_eq!(
            covered,
            [
                "foss/1: it loads gcc/12 and openmpi/4, which are tested together",
                "intel/1: it loads gcc/13, which is tested"
            ]
        );
        assert_eq!(matrix.untested.len(), 1, "{:?}", matrix.untested);
    }

    #[test]
    fn the_matrix_is_every_compiler_every_pair_and_every_runtime() {
        let labels: Vec<String> = matrix().chains.iter().map(Chain::label).collect();
        assert_eq!(
            labels,
            [
                "gcc/12.2.0",
                "gcc/12.2.0 mpich/4",
                "gcc/12.2.0 openmpi/5",
                "house-cc/1",
                "house-cc/1 openmpi/5",
                "python/3.12"
            ]
        );
    }

    #[test]
    fn an_mpi_beside_its_compiler_is_paired_and_one_without_is_told() {
        let matrix = matrix();
        let mpich = matrix.chains.iter().find(|chain| chain.label() == "gcc/12.2.0 mpich/4").unwrap();
        assert_eq!(mpich.unlocking(), [&Module::new("mpich/4")]);
        let openmpi = matrix.chains.iter().find(|chain| chain.label() == "gcc/12.2.0 openmpi/5").unwrap();
        assert_eq!(openmpi.unlocking().len(), 2);
        let told: Vec<String> =
            matrix.untested.iter().map(|(module, why)| format!("{module}: {why}")).collect();
        assert_eq!(told, ["mpich/5: why", "mvapich/3: it stands under no compiler"]);
    }

    #[test]
    fn limits_narrow_it() {
        let wanted = |name: &str| if name.is_empty() { Vec::new() } else { vec![Wanted::new(name).unwrap()] };
        let matrix = matrix();
        for (compiler, mpi, runtime, left) in [
            ("gcc", "", "", &["gcc/12.2.0", "gcc/12.2.0 mpich/4", "gcc/12.2.0 openmpi/5"][..]),
            ("", "", "python", &["python/3.12"]),
            (
                "gcc",
                "",
                "python",
                &["gcc/12.2.0", "gcc/12.2.0 mpich/4", "gcc/12.2.0 openmpi/5", "python/3.12"],
            ),
            ("", "mpich", "", &["gcc/12.2.0", "gcc/12.2.0 mpich/4", "house-cc/1"]),
        ] {
            let limits = Limits { compilers: wanted(compiler), mpis: wanted(mpi), runtimes: wanted(runtime) };
            let labels: Vec<String> = matrix.select(&limits).map(Chain::label).collect();
            assert_eq!(labels, left, "{compiler} {mpi} {runtime}");
        }
    }
}
