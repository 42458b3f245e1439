//! Which modules are looked at under which toolchain: each where it becomes visible. Pure.

use crate::stack::matrix::{Chain, Matrix};
use crate::stack::spider::Found;
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
    /// so makes no toolchain, is one.
    pub(super) instead: bool,
}

/// The modules that `toolchain`, in the order of loading, makes visible and no longer toolchain does; under a compiler
/// also those of Core that belong to no toolchain. In order of name, each name once.
pub(in crate::native) fn wards<'f>(
    toolchain: &[&Module],
    found: &'f [Found],
    matrix: &Matrix,
) -> Vec<Ward<'f>> {
    let chains: Vec<Vec<&Module>> = matrix.chains.iter().map(Chain::unlocking).collect();
    let holds = |chain: &[&Module], parents: &[Module]| chain.iter().all(|one| parents.contains(one));
    let longest = |parents: &[Module]| {
        let held = chains.iter().filter(|chain| holds(chain, parents));
        held.map(Vec::len).max().unwrap_or(0)
    };
    let own = matrix.chains.iter().find(|chain| members(chain) == *toolchain);
    let compiler_alone = own.is_some_and(|chain| chain.layers() == [Layer::Compiler]);
    let unlocking = own.map_or_else(|| toolchain.to_vec(), Chain::unlocking);
    // Of two modules of one name people get the one that the toolchain brings.
    let shadowed = |entry: &Found| {
        let brought = |other: &&Found| {
            other.module == entry.module
                && other.parents.iter().any(|chain| chain.iter().all(|one| toolchain.contains(&one)))
        };
        found.iter().any(|other| brought(&other))
    };
    let mut wards: Vec<Ward<'f>> = Vec::new();
    for entry in found {
        let in_core = entry.parents.is_empty();
        let is_last = |chain: &Chain| chain.unlocking() == [&entry.module];
        let is_toolchain = in_core && matrix.chains.iter().any(is_last);
        let beside = if in_core {
            (compiler_alone && !is_toolchain && !shadowed(entry)).then(Vec::new)
        } else {
            let chain = entry
                .parents
                .iter()
                .find(|parents| holds(&unlocking, parents) && longest(parents) == unlocking.len());
            chain.map(|parents| parents.iter().filter(|one| !toolchain.contains(one)).collect())
        };
        let Some(beside) = beside else { continue };
        if !wards.iter().any(|ward| ward.found.module == entry.module) {
            let replaced = |other: &&Found| {
                toolchain.contains(&&other.module)
                    && (other.module.family == entry.module.family
                        || (entry.family.is_some() && other.family == entry.family))
            };
            let instead = in_core && found.iter().any(|other| replaced(&other));
            wards.push(Ward { found: entry, beside, instead });
        }
    }
    wards
}

fn members(chain: &Chain) -> Vec<&Module> {
    chain.modules.iter().map(|(_, module)| module).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::family::Families;
    use crate::stack::partner::Beside;
    use crate::suite::embedded;
    use std::collections::BTreeMap;

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
            wards(&toolchain, &all, &matrix)
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
            wards(&toolchain, all, &matrix).iter().map(|ward| ward.found.file.display().to_string()).collect()
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
            wards(&[&gcc], &all, &matrix).iter().any(|ward| ward.instead && ward.found.module.family == name)
        };
        assert!(instead("icc") && !instead("cmake"), "a hidden compiler is loaded by itself");
        assert!(files(&["gcc/12", "openmpi/4"], &all).is_empty());
    }
}
