//! Which modules are looked at under which toolchain: each where it becomes visible, or where what it loads or wants is.
//! Pure.

use crate::stack::bond::Bonds;
use crate::stack::matrix::{Chain, Matrix};
use crate::stack::spider::Found;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::module_name::Module;

/// A module to look at.
#[derive(Clone, Debug)]
pub(in crate::native) struct Ward<'f> {
    /// What spider found of it.
    pub(in crate::native) found: &'f Found,
    /// What must be loaded before it, besides the toolchain.
    pub(super) beside: Vec<&'f Module>,
    /// It takes the place of a module of the toolchain, so it is loaded without that: a compiler that is hidden, and
    /// so makes no toolchain, is one; what loads a compiler itself, or refuses this one, is another.
    pub(super) instead: bool,
}

/// A toolchain that is loaded.
#[derive(Clone, Debug)]
pub(in crate::native) struct Footing<'t> {
    /// Its compiler, MPI and runtime.
    pub(super) members: Vec<&'t Module>,
    /// The modules by which it is loaded: `PrgEnv-gnu` loads its compiler.
    pub(super) asked: Vec<&'t Module>,
}

impl<'t> Footing<'t> {
    pub(in crate::native) fn of(toolchain: &'t Toolchain) -> Self {
        Self { members: toolchain.members(), asked: toolchain.asked.iter().collect() }
    }

    /// The toolchain of the matrix that this is: by what it was loaded by, else by what it holds.
    fn own<'m>(&self, matrix: &'m Matrix) -> Option<&'m Chain> {
        let is = |modules: &[&'t Module]| {
            matrix.chains.iter().find(|chain| chain.members().eq(modules.iter().copied()))
        };
        is(&self.asked).or_else(|| is(&self.members))
    }
}

/// The modules that `toolchain` makes visible and no longer toolchain does; of Core those that load or want what makes
/// this toolchain, and under a compiler those that belong to none. In order of name, each name once.
pub(in crate::native) fn wards<'f>(
    toolchain: &Footing<'_>,
    found: &'f [Found],
    matrix: &Matrix,
    bonds: &'f Bonds,
) -> Vec<Ward<'f>> {
    let loaded: Vec<&Module> = toolchain.asked.iter().chain(&toolchain.members).copied().collect();
    let chains: Vec<Vec<&Module>> = matrix.chains.iter().map(Chain::unlocking).collect();
    let holds = |chain: &[&Module], parents: &[Module]| chain.iter().all(|one| parents.contains(one));
    let longest = |parents: &[Module]| {
        let held = chains.iter().filter(|chain| holds(chain, parents));
        held.map(Vec::len).max().unwrap_or(0)
    };
    let own = toolchain.own(matrix);
    let compiler_alone = own.is_some_and(|chain| chain.layers() == [Layer::Compiler]);
    let unlocking = own.map_or_else(|| toolchain.members.clone(), Chain::unlocking);
    // Of two modules of one name people get the one that the toolchain brings.
    let shadowed = |entry: &Found| {
        let brought = |other: &&Found| {
            other.module == entry.module
                && other.parents.iter().any(|chain| chain.iter().all(|one| loaded.contains(&one)))
        };
        found.iter().any(|other| brought(&other))
    };
    let mut wards: Vec<Ward<'f>> = Vec::new();
    for entry in found {
        let in_core = entry.parents.is_empty();
        let is_last = |chain: &Chain| chain.unlocking() == [&entry.module];
        let is_toolchain = in_core && matrix.chains.iter().any(is_last);
        let beside = if in_core {
            let homes = bonds.homes(&entry.module, matrix);
            let here = match own {
                Some(own) if !homes.is_empty() => homes.contains(&own),
                _ => homes.is_empty() && compiler_alone,
            };
            (here && !is_toolchain && !shadowed(entry)).then(Vec::new)
        } else {
            let chain = entry
                .parents
                .iter()
                .find(|parents| holds(&unlocking, parents) && longest(parents) == unlocking.len());
            chain.map(|parents| parents.iter().filter(|one| !loaded.contains(one)).collect())
        };
        let Some(beside): Option<Vec<&'f Module>> = beside else { continue };
        if !wards.iter().any(|ward| ward.found.module == entry.module) {
            let replaced = |other: &&Found| {
                loaded.contains(&&other.module)
                    && (other.module.family == entry.module.family
                        || (entry.family.is_some() && other.family == entry.family))
            };
            let by_itself = || {
                found.iter().any(|other| replaced(&other)) || bonds.replaces(&entry.module, &loaded, matrix)
            };
            let instead = in_core && by_itself();
            let given: &[&Module] = if instead { &[] } else { &loaded };
            let before = bonds.before(&entry.module, given);
            let beside = beside.into_iter().chain(before).collect();
            wards.push(Ward { found: entry, beside, instead });
        }
    }
    wards
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::family::Families;
    use crate::stack::partner::Beside;
    use crate::suite::embedded;
    use std::collections::BTreeMap;

    /// What is loaded by the names of its members.
    fn footing<'t>(modules: &[&'t Module]) -> Footing<'t> {
        Footing { members: modules.to_vec(), asked: modules.to_vec() }
    }

    fn found(name: &str, parents: &[&[&str]]) -> Found {
        let parents = parents.iter().map(|chain| chain.iter().map(|name| Module::new(name)).collect());
        Found {
            parents: parents.collect(),
            ..Found::bare(Module::new(name), format!("/m/{name}.lua").into())
        }
    }

    #[test]
    fn each_module_is_looked_at_where_it_becomes_visible() {
        let all = [
            found("cmake/3", &[]),
            found("gcc/12", &[]),
            found("hdf5/1", &[&["gcc/12", "openmpi/5"]]),
            found("openmpi/5", &[&["gcc/12"]]),
            found("python/3.12", &[]),
            found("zlib/1", &[&["llvm/16"], &["gcc/12"]]),
            found("odd/1", &[&["gcc/12", "zlib/1"]]),
        ];
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let matrix = Matrix::new(&all, &families, &BTreeMap::new(), &Beside::default());
        let names = |toolchain: &[&str]| -> Vec<String> {
            let toolchain: Vec<Module> = toolchain.iter().map(|name| Module::new(name)).collect();
            let toolchain: Vec<&Module> = toolchain.iter().collect();
            wards(&footing(&toolchain), &all, &matrix, &Bonds::default())
                .iter()
                .map(|ward| format!("{}+{}", ward.found.module, ward.beside.len()))
                .collect()
        };
        assert_eq!(names(&["gcc/12"]), ["cmake/3+0", "openmpi/5+0", "zlib/1+0", "odd/1+1"]);
        assert_eq!(names(&["gcc/12", "openmpi/5"]), ["hdf5/1+0"]);
        assert!(names(&["python/3.12"]).is_empty());
    }
    #[test]
    fn what_an_mpi_beside_its_compiler_opens_is_looked_at_with_both() {
        let mut all = vec![
            found("cmake/3", &[]),
            found("gcc/11", &[]),
            found("gcc/12", &[]),
            found("hdf5/1", &[&["openmpi/4"]]),
            found("openmpi/4", &[]),
            found("openmpi/4", &[&["gcc/12"]]),
        ];
        all[5].file = "/m/gcc/12/openmpi/4.lua".into();
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let partners = BTreeMap::from([(all[4].file.clone(), Ok(vec![Module::new("gcc/11")]))]);
        let matrix =
            Matrix::new(&all, &families, &BTreeMap::new(), &Beside { partners, ..Beside::default() });
        let files = |toolchain: &[&str], all: &[Found]| -> Vec<String> {
            let toolchain: Vec<Module> = toolchain.iter().map(|name| Module::new(name)).collect();
            let toolchain: Vec<&Module> = toolchain.iter().collect();
            wards(&footing(&toolchain), all, &matrix, &Bonds::default())
                .iter()
                .map(|ward| ward.found.file.display().to_string())
                .collect()
        };
        assert_eq!(files(&["gcc/11", "openmpi/4"], &all), ["/m/hdf5/1.lua"]);
        assert_eq!(files(&["gcc/12"], &all), ["/m/cmake/3.lua", "/m/gcc/12/openmpi/4.lua"]);
        assert_eq!(files(&["gcc/11"], &all), ["/m/cmake/3.lua"]);
        all.push(Found { hidden: true, ..found("icc/9", &[]) });
        for at in [1, 2, 6] {
            all[at].family = Some("compiler".to_owned());
        }
        let gcc = Module::new("gcc/12");
        let instead = |name: &str| {
            wards(&footing(&[&gcc]), &all, &matrix, &Bonds::default())
                .iter()
                .any(|ward| ward.instead && ward.found.module.family == name)
        };
        assert!(instead("icc") && !instead("cmake"), "a hidden compiler is loaded by itself");
        assert!(files(&["gcc/12", "openmpi/4"], &all).is_empty());
    }
}
