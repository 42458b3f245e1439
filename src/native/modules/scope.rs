//! Which modules are looked at under which toolchain: each where it becomes visible. Pure.

use crate::stack::matrix::{Chain, Matrix};
use crate::stack::module::Module;
use crate::stack::spider::Found;
use crate::suite::Layer;

/// A module to look at.
#[derive(Clone, Debug)]
pub(in crate::native) struct Ward<'f> {
    /// What spider found of it.
    pub(in crate::native) found: &'f Found,
    /// What must be loaded before it, besides the toolchain.
    pub(super) beside: Vec<&'f Module>,
}

/// The modules that `toolchain`, in the order of loading, makes visible and no longer toolchain does; under a compiler
/// also those of Core that belong to no toolchain. In order of name, each name once.
pub(in crate::native) fn wards<'f>(
    toolchain: &[&Module],
    found: &'f [Found],
    matrix: &Matrix,
) -> Vec<Ward<'f>> {
    let chains: Vec<Vec<&Module>> = matrix.chains.iter().map(members).collect();
    let holds = |chain: &[&Module], parents: &[Module]| chain.iter().all(|one| parents.contains(one));
    let longest = |parents: &[Module]| {
        let held = chains.iter().filter(|chain| holds(chain, parents));
        held.map(Vec::len).max().unwrap_or(0)
    };
    let compiler_alone =
        matrix.chains.iter().any(|chain| chain.layers() == [Layer::Compiler] && members(chain) == *toolchain);
    let mut wards: Vec<Ward<'f>> = Vec::new();
    for entry in found {
        let in_core = entry.parents.is_empty();
        let is_toolchain = in_core && chains.iter().any(|chain| chain == &[&entry.module]);
        let beside = if in_core {
            (compiler_alone && !is_toolchain).then(Vec::new)
        } else {
            let chain = entry
                .parents
                .iter()
                .find(|parents| holds(toolchain, parents) && longest(parents) == toolchain.len());
            chain.map(|parents| parents.iter().filter(|one| !toolchain.contains(one)).collect())
        };
        let Some(beside) = beside else { continue };
        if !wards.iter().any(|ward| ward.found.module == entry.module) {
            wards.push(Ward { found: entry, beside });
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
    use crate::suite::embedded;
    use std::collections::BTreeMap;

    fn found(name: &str, parents: &[&[&str]]) -> Found {
        let parents = parents.iter().map(|chain| chain.iter().map(|name| Module::new(name)).collect());
        Found {
            module: Module::new(name),
            file: format!("/m/{name}.lua").into(),
            parents: parents.collect(),
            family: None,
            hidden: false,
            default: false,
            described: true,
            paths: Vec::new(),
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
        let matrix = Matrix::new(&all, &families, &BTreeMap::new());
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
}
