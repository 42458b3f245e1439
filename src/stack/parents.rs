//! Which modules must be loaded before a folder of modules is visible, where only loading them tells.
//!
//! Spider reads every modulefile by itself. Lmod 8 then loses every chain once a module adds a folder that is visible
//! already, as Spack's module of a core compiler does; and a folder that is added on a condition, such as another
//! module's variable, is never seen. Pure: it says what to load and takes what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::stack::environment::Environment;
use crate::stack::lmod::loaded;
use crate::stack::spider::Found;
use crate::suite::module_name::Module;

/// Modules in the order of loading.
pub type Load = Vec<Module>;

/// A stack whose modules open each other in a circle is cut here.
const DEEPEST: usize = 8;

/// What is known so far.
#[derive(Clone, Debug)]
pub struct Parents {
    roots: Vec<PathBuf>,
    chains: BTreeMap<PathBuf, Vec<Load>>,
    tried: BTreeSet<Load>,
}

/// Whether spider tells all chains: what lies in `roots` has none, everything else has one.
#[must_use]
pub fn are_known(found: &[Found], roots: &[PathBuf]) -> bool {
    found.iter().all(|entry| entry.parents.is_empty() == roots.contains(&entry.folder()))
}

impl Parents {
    /// Nothing but `roots`, which are the folders of `MODULEPATH` before any load.
    #[must_use]
    pub fn new(roots: &[PathBuf]) -> Self {
        Self { roots: roots.to_vec(), chains: BTreeMap::new(), tried: BTreeSet::new() }
    }

    /// What to load next: every module that may open a folder, upon every chain that makes it visible.
    pub fn next(&mut self, found: &[Found], opens: impl Fn(&Found) -> bool) -> Vec<Load> {
        let mut loads = Vec::new();
        for entry in found.iter().filter(|entry| opens(entry)) {
            for chain in self.of(&entry.folder()).unwrap_or_default() {
                if chain.len() >= DEEPEST || chain.contains(&entry.module) {
                    continue;
                }
                let load: Load = chain.iter().chain([&entry.module]).cloned().collect();
                if self.tried.insert(load.clone()) {
                    loads.push(load);
                }
            }
        }
        loads
    }

    /// Takes what came of loading `load`: the folders that are visible then, and not with less.
    pub fn take(&mut self, load: &Load, environment: &Environment) {
        let now = loaded(environment);
        if !load.iter().all(|module| now.iter().any(|(one, _)| one == module)) {
            return;
        }
        for folder in environment.paths("MODULEPATH").into_iter().filter(|one| !self.roots.contains(one)) {
            let chains = self.chains.entry(folder).or_default();
            if !chains.iter().any(|chain| chain.iter().all(|module| load.contains(module))) {
                chains.push(load.clone());
            }
        }
    }

    /// The chains that make `folder` visible; `None` where it is not known that any does.
    #[must_use]
    pub fn of(&self, folder: &Path) -> Option<Vec<Load>> {
        if self.roots.iter().any(|root| root == folder) {
            return Some(vec![Load::new()]);
        }
        self.chains.get(folder).cloned()
    }

    /// Gives every entry its chains. What no chain makes visible is none of the stack's modules.
    pub fn settle(&self, found: &mut Vec<Found>) {
        found.retain_mut(|entry| {
            let Some(mut chains) = self.of(&entry.folder()) else { return false };
            chains.retain(|chain| !chain.is_empty());
            chains.sort();
            entry.parents = chains;
            true
        });
    }
}

/// Whether a modulefile with this text may add to `MODULEPATH`.
#[must_use]
pub fn may_open(text: &str) -> bool {
    text.contains("MODULEPATH")
        || text.contains("inherit")
        || text.split_whitespace().any(|word| word.starts_with("use"))
}

/// Whether a modulefile with this text may do so on a condition that spider does not meet.
#[must_use]
pub fn is_conditional(text: &str) -> bool {
    let conditions = ["getenv", "mode(", "isloaded", "is-loaded", "module-info", "env("];
    may_open(text) && conditions.iter().any(|condition| text.contains(condition))
}

/// The modules that the folders of `file` below `tree` name, in orders that are worth loading them in:
/// `mpich/4.0.2-qrzvhyi/openblas/0.3.21-abcdefg/gcc/12.2.0/scalapack/2.2.0.lua` lies below three.
#[must_use]
pub fn named(file: &Path, tree: &Path, found: &[Found]) -> Vec<Load> {
    let inside = file.strip_prefix(tree).unwrap_or(file);
    let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
    let mut members: Vec<(usize, &Module)> = Vec::new();
    for pair in parts.windows(2) {
        let wanted = Module::new(&format!("{}/{}", pair[0], pair[1].trim_end_matches(".lua")));
        let same = |module: &Module| {
            let hashed = |module: &Module| module.unhashed_version() != module.version;
            let versions = module.version == wanted.version
                || (module.unhashed_version() == wanted.unhashed_version()
                    && !(hashed(module) && hashed(&wanted)));
            module.family == wanted.family && versions
        };
        let depth = |entry: &Found| entry.parents.iter().map(Vec::len).min().unwrap_or(0);
        let entries = found.iter().filter(|entry| same(&entry.module));
        if let Some(entry) =
            entries.min_by_key(|entry| (entry.module.version != wanted.version, depth(entry)))
        {
            members.push((depth(entry), &entry.module));
        }
    }
    members.sort_by_key(|(depth, _)| *depth);
    let first: Load = members.iter().map(|(_, module)| (*module).clone()).collect();
    // A module that looks for another's variable does so when it is loaded after it.
    let (below, above): (Vec<_>, Vec<_>) = members.into_iter().partition(|(depth, _)| *depth == 0);
    let second: Load =
        below.into_iter().chain(above.into_iter().rev()).map(|(_, module)| module.clone()).collect();
    if first.is_empty() {
        Vec::new()
    } else if first == second {
        vec![first]
    } else {
        vec![first, second]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, name: &str, parents: &[&[&str]]) -> Found {
        let parents = parents.iter().map(|chain| chain.iter().map(|name| Module::new(name)).collect());
        Found {
            parents: parents.collect(),
            ..Found::bare(Module::new(name), format!("/m/{file}.lua").into())
        }
    }

    /// A core compiler that opens `Core` itself, another, and an MPI below it; spider has lost all chains.
    fn lost() -> Vec<Found> {
        vec![
            found("Core/gcc/11", "gcc/11", &[]),
            found("Core/gcc/12", "gcc/12", &[]),
            found("gcc/12/mpich/4", "mpich/4", &[]),
            found("mpich/4/gcc/12/fftw/3", "fftw/3", &[]),
            found("nowhere/odd/1", "odd/1", &[]),
        ]
    }

    fn environment(modules: &str, path: &str) -> Environment {
        Environment::from_nul_separated(format!("LOADEDMODULES={modules}\0MODULEPATH={path}\0").as_bytes())
    }

    #[test]
    fn chains_are_what_loads_make_visible_and_less_does_not() {
        let (mut all, roots) = (lost(), [PathBuf::from("/m/Core")]);
        assert!(!are_known(&all, &roots));
        let mut parents = Parents::new(&roots);
        let opens = |entry: &Found| !entry.module.family.starts_with("fftw");
        let mut loads = parents.next(&all, opens);
        assert_eq!(loads, [vec![Module::new("gcc/11")], vec![Module::new("gcc/12")]]);
        parents.take(&loads[0], &environment("gcc/11", "/m/Core"));
        parents.take(&loads[1], &environment("gcc/12", "/m/gcc/12:/m/Core"));
        loads = parents.next(&all, opens);
        assert_eq!(loads, [vec![Module::new("gcc/12"), Module::new("mpich/4")]]);
        parents.take(&loads[0], &environment("gcc/12", "/m/other:/m/Core"));
        assert!(parents.of(Path::new("/m/other")).is_none(), "what was not loaded opens nothing");
        parents.take(&loads[0], &environment("gcc/12:mpich/4", "/m/mpich/4/gcc/12:/m/gcc/12:/m/Core"));
        assert!(parents.next(&all, opens).is_empty());
        parents.settle(&mut all);
        let told: Vec<String> =
            all.iter().map(|entry| format!("{} {:?}", entry.module, entry.parents.len())).collect();
        assert_eq!(told, ["gcc/11 0", "gcc/12 0", "mpich/4 1", "fftw/3 1"], "odd/1 is visible with nothing");
        assert_eq!(all[3].parents, [[Module::new("gcc/12"), Module::new("mpich/4")]]);
        assert!(are_known(&all, &roots));
    }

    #[test]
    fn the_folders_of_a_file_name_what_it_lies_below() {
        let all = [
            found("Core/gcc/12", "gcc/12.2.0-aaaaaaa", &[]),
            found("gcc/12/mpich/4", "mpich/4.0.2", &[&["gcc/12.2.0-aaaaaaa"]]),
            found("gcc/12/mpich/4", "mpich/4.1", &[&["gcc/12.2.0-aaaaaaa"]]),
            found("gcc/12/openblas/0", "openblas/0.3-bbbbbbb", &[&["gcc/12.2.0-aaaaaaa"]]),
        ];
        let named = |file: &str| -> Vec<String> {
            let loads = named(&Path::new("/m").join(file), Path::new("/m"), &all);
            let words = |load: &Load| load.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            loads.iter().map(words).collect()
        };
        assert_eq!(
            named("mpich/4.0.2-ccccccc/openblas/0.3-bbbbbbb/gcc/12.2.0/scalapack/2.lua"),
            [
                "gcc/12.2.0-aaaaaaa mpich/4.0.2 openblas/0.3-bbbbbbb",
                "gcc/12.2.0-aaaaaaa openblas/0.3-bbbbbbb mpich/4.0.2"
            ]
        );
        assert_eq!(
            named("openblas/0.3-ddddddd/gcc/12.2.0/x/1.lua"),
            ["gcc/12.2.0-aaaaaaa"],
            "another's hash"
        );
        assert!(named("intel/2024/x/1.lua").is_empty());
    }
}
