//! To which toolchain does a module belong that the module tree puts under none? Pure.
//!
//! Where there is no hierarchy only what a module loads, wants to be loaded before it and refuses tells that.

use std::collections::{BTreeMap, BTreeSet};

use crate::stack::closure::Closure;
use crate::stack::matrix::{Chain, Matrix};
use crate::suite::module_name::{Module, Wanted};

/// What one module brings and wants.
#[derive(Clone, Debug, Default)]
struct Bond {
    brings: BTreeSet<Module>,
    /// Of each list one; empty where none of them is there.
    wants: Vec<Vec<Module>>,
    refuses: Vec<String>,
}

/// What the modules that are visible without any other bring and want.
#[derive(Clone, Debug, Default)]
pub struct Bonds(BTreeMap<Module, Bond>);

impl Bonds {
    /// Those of `modules`.
    #[must_use]
    pub fn new<'m>(modules: impl IntoIterator<Item = &'m Module>, closure: &Closure<'_>) -> Self {
        let bond = |module: &Module| {
            let brought = closure.of(module);
            let there = |names: &Vec<String>| {
                names
                    .iter()
                    .filter_map(|name| closure.named(name))
                    .map(|entry| entry.module.clone())
                    .collect()
            };
            Bond {
                brings: brought.modules.into_iter().cloned().collect(),
                wants: brought.wants.iter().map(there).collect(),
                refuses: closure.conflicts(module).to_vec(),
            }
        };
        Self(modules.into_iter().map(|module| (module.clone(), bond(module))).collect())
    }

    /// Whether loading `module` loads `other`.
    #[must_use]
    pub fn brings(&self, module: &Module, other: &Module) -> bool {
        self.0.get(module).is_some_and(|bond| bond.brings.contains(other))
    }

    /// The toolchains to which `module` belongs: the longest of those that it loads itself, else the shortest that have
    /// what it wants. None where it says nothing of any.
    #[must_use]
    pub fn homes<'m>(&self, module: &Module, matrix: &'m Matrix) -> Vec<&'m Chain> {
        let Some(bond) = self.0.get(module) else { return Vec::new() };
        let members: BTreeSet<&Module> = matrix.chains.iter().flat_map(Chain::members).collect();
        let brought: BTreeSet<&Module> = bond.brings.iter().filter(|one| members.contains(one)).collect();
        let wanted: Vec<&Vec<Module>> =
            bond.wants.iter().filter(|names| names.iter().any(|name| members.contains(name))).collect();
        let length = |chain: &&Chain| chain.modules.len();
        let fit = |fits: &dyn Fn(&Chain) -> bool| -> Vec<&'m Chain> {
            matrix.chains.iter().filter(|chain| fits(chain)).collect()
        };
        if brought.is_empty() && wanted.is_empty() {
            return Vec::new();
        }
        if brought.is_empty() {
            let has = |chain: &Chain, names: &[Module]| chain.members().any(|one| names.contains(one));
            let all = fit(&|chain| wanted.iter().all(|names| has(chain, names)));
            let least = all.iter().map(length).min();
            return all.into_iter().filter(|chain| Some(length(chain)) == least).collect();
        }
        let all = fit(&|chain| chain.members().all(|one| brought.contains(one)));
        let most = all.iter().map(length).max();
        let longest: Vec<&Chain> = all.into_iter().filter(|chain| Some(length(chain)) == most).collect();
        // Of `GCC`, which loads `GCCcore`, and `GCCcore` it is `GCC`.
        let inner = |chain: &Chain| {
            let within =
                |other: &Chain| other.members().any(|one| chain.members().any(|own| self.brings(one, own)));
            chain.modules.len() == 1 && longest.iter().any(|other| within(other))
        };
        longest.iter().filter(|chain| !inner(chain)).copied().collect()
    }

    /// Whether `module` cannot stand on these modules: it loads what makes a toolchain by itself, or refuses one of them.
    #[must_use]
    pub fn replaces(&self, module: &Module, modules: &[&Module], matrix: &Matrix) -> bool {
        let Some(bond) = self.0.get(module) else { return false };
        let refused = |name: &String| {
            Wanted::new(name).is_ok_and(|name| modules.iter().any(|one| *one != module && name.matches(one)))
        };
        let loads = matrix.chains.iter().flat_map(Chain::members).any(|one| bond.brings.contains(one));
        loads || bond.refuses.iter().any(refused)
    }

    /// What is to be loaded before `module`, in this order, where `given` is loaded already.
    #[must_use]
    pub fn before<'b>(&'b self, module: &Module, given: &[&Module]) -> Vec<&'b Module> {
        let mut before = Vec::new();
        self.gather(module, given, &mut BTreeSet::new(), &mut before);
        before
    }

    fn gather<'b>(
        &'b self,
        module: &Module,
        given: &[&Module],
        seen: &mut BTreeSet<Module>,
        before: &mut Vec<&'b Module>,
    ) {
        let Some(bond) = self.0.get(module).filter(|_| seen.insert(module.clone())) else { return };
        for names in &bond.wants {
            let there = |one: &&Module| given.contains(one) || before.contains(one);
            let Some(first) = names.first().filter(|_| !names.iter().any(|one| there(&one))) else {
                continue;
            };
            self.gather(first, given, seen, before);
            before.push(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::stack::shown::Shown;
    use crate::stack::spider::Found;
    use crate::suite::Layer;

    fn chain(names: &[&str]) -> Chain {
        let layers = match names {
            [name] if name.starts_with("python") => vec![Layer::Runtime],
            _ => vec![Layer::Compiler, Layer::Mpi],
        };
        let modules = layers.into_iter().zip(names.iter().map(|name| Module::new(name))).collect();
        Chain { modules, apart: names.len() > 1, named: None }
    }

    #[test]
    fn a_module_belongs_where_what_it_loads_or_wants_is() {
        // Each with what it loads, wants and refuses.
        type Entry = (
            &'static str,
            &'static [&'static str],
            &'static [&'static [&'static str]],
            &'static [&'static str],
        );
        let all: [Entry; 12] = [
            ("GCC/12", &["GCCcore/12"], &[], &[]),
            ("GCCcore/12", &[], &[], &[]),
            ("OpenMPI/4", &["GCC/12"], &[], &[]),
            ("clang/16", &[], &[], &["GCC"]),
            ("python/3", &[], &[], &[]),
            ("zlib/1", &["GCC/12"], &[], &[]),
            ("HDF5/1", &["OpenMPI/4"], &[], &[]),
            ("tau/2", &[], &[&["clang/16", "GCC/12"]], &[]),
            ("numpy/1", &[], &[&["python"]], &[]),
            ("cmake/3", &[], &[], &[]),
            ("tool/1", &[], &[&["cmake"]], &["GCC"]),
            ("lost/1", &[], &[&["GCC/9"]], &[]),
        ];
        let found: Vec<Found> = all
            .iter()
            .map(|(name, ..)| Found::bare(Module::new(name), PathBuf::from(format!("/m/{name}"))))
            .collect();
        let words = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let mut closure = Closure::new(&found);
        let shown = all.iter().map(|(name, loads, wants, conflicts)| {
            let wants = wants.iter().map(|names| words(names)).collect();
            let shown = Shown { loads: words(loads), wants, conflicts: words(conflicts), ..Shown::default() };
            (PathBuf::from(format!("/m/{name}")), shown)
        });
        closure.take(shown.collect());
        let bonds = Bonds::new(found.iter().map(|entry| &entry.module), &closure);
        let chains =
            [&["GCC/12"][..], &["GCCcore/12"], &["GCC/12", "OpenMPI/4"], &["clang/16"], &["python/3"]];
        let matrix = Matrix { chains: chains.into_iter().map(chain).collect(), ..Matrix::default() };
        let homes = |name: &str| -> Vec<String> {
            bonds.homes(&Module::new(name), &matrix).into_iter().map(Chain::label).collect()
        };
        assert_eq!(homes("zlib/1"), ["GCC/12"]);
        assert_eq!(homes("HDF5/1"), ["GCC/12 OpenMPI/4"]);
        assert_eq!(homes("tau/2"), ["GCC/12", "clang/16"]);
        assert_eq!(homes("numpy/1"), ["python/3"]);
        for everywhere in ["cmake/3", "tool/1", "lost/1", "unheard/1"] {
            assert!(homes(everywhere).is_empty(), "{everywhere}");
        }
        let [gcc, clang, cmake, tool, hdf5] =
            ["GCC/12", "clang/16", "cmake/3", "tool/1", "HDF5/1"].map(Module::new);
        assert!(bonds.replaces(&hdf5, &[&gcc], &matrix), "it loads a toolchain");
        assert!(bonds.replaces(&tool, &[&gcc], &matrix) && !bonds.replaces(&tool, &[&clang], &matrix));
        assert_eq!(bonds.before(&tool, &[&clang]), [&cmake]);
        assert!(bonds.before(&tool, &[&clang, &cmake]).is_empty());
        assert!(bonds.before(&Module::new("tau/2"), &[&gcc]).is_empty(), "one of them is enough");
    }
}
