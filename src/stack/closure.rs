//! What loading a module brings with it, worked out from what modulefiles show. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::stack::shown::Shown;
use crate::stack::spider::Found;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::version::Version;

/// All modules, those first that are visible before any is loaded, and what each of them shows.
#[derive(Clone, Debug)]
pub struct Closure<'f> {
    all: Vec<&'f Found>,
    shown: BTreeMap<PathBuf, Shown>,
}

/// What a module brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought<'f> {
    /// Every module that is loaded with it, it itself left out.
    pub modules: BTreeSet<&'f Module>,
    /// What would be loaded with it and is not there.
    pub lacking: Vec<String>,
    /// What must be loaded before: of each list one.
    pub wants: Vec<Vec<String>>,
}

impl<'f> Closure<'f> {
    /// Of which nothing is shown yet.
    #[must_use]
    pub fn new(found: &'f [Found]) -> Self {
        let mut all: Vec<&Found> = found.iter().filter(|entry| entry.fault.is_none()).collect();
        all.sort_by_key(|entry| !entry.parents.is_empty());
        Self { all, shown: BTreeMap::new() }
    }

    /// Takes what files show.
    pub fn take(&mut self, shown: BTreeMap<PathBuf, Shown>) {
        self.shown.extend(shown);
    }

    /// What is to be shown before it is known what `modules` bring: they themselves, then what they name, and so on
    /// until this is empty.
    #[must_use]
    pub fn next<'m>(&self, modules: impl IntoIterator<Item = &'m Module>) -> Vec<&'f Module> {
        let mut seen = BTreeSet::new();
        let mut open = BTreeSet::new();
        let mut todo: Vec<&Found> = modules.into_iter().filter_map(|module| self.entry(module)).collect();
        while let Some(entry) = todo.pop() {
            if !seen.insert(&entry.file) {
                continue;
            }
            match self.shown.get(&entry.file) {
                Some(shown) => {
                    let names = shown.loads.iter().chain(&shown.tries).chain(shown.wants.iter().flatten());
                    todo.extend(names.filter_map(|name| self.named(name)));
                }
                None => {
                    open.insert(&entry.module);
                }
            }
        }
        open.into_iter().collect()
    }

    fn entry(&self, module: &Module) -> Option<&'f Found> {
        self.all.iter().find(|entry| entry.module == *module).copied()
    }

    /// The module that is loaded by this name: the one that is called so, else the default among those that begin so,
    /// else the newest of them.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&'f Found> {
        if let Some(entry) = self.entry(&Module::new(name)) {
            return Some(entry);
        }
        let wanted = Wanted::new(name).ok()?;
        let fits = || self.all.iter().filter(|entry| wanted.matches(&entry.module)).copied();
        let newest = |entry: &&Found| Version::new(&entry.module.version);
        fits().find(|entry| entry.default).or_else(|| fits().filter(|one| !one.hidden).max_by_key(newest))
    }

    /// What loading `module` brings.
    #[must_use]
    pub fn of(&self, module: &Module) -> Brought<'f> {
        let mut brought = Brought::default();
        let mut todo: Vec<&Found> = self.entry(module).into_iter().collect();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        while let Some(entry) = todo.pop() {
            if !seen.insert(&entry.module) {
                continue;
            }
            if entry.module != *module {
                brought.modules.insert(&entry.module);
            }
            let Some(shown) = self.shown.get(&entry.file) else { continue };
            for name in &shown.loads {
                match self.named(name) {
                    Some(entry) => todo.push(entry),
                    None => brought.lacking.push(name.clone()),
                }
            }
            todo.extend(shown.tries.iter().filter_map(|name| self.named(name)));
            brought.wants.extend(shown.wants.iter().cloned());
        }
        let has = |name: &String| self.named(name).is_some_and(|one| brought.modules.contains(&one.module));
        brought.wants.retain(|names| !names.iter().any(has));
        brought
    }

    /// By which names `module` says that it cannot be loaded with another.
    #[must_use]
    pub fn conflicts(&self, module: &Module) -> &[String] {
        let shown = self.entry(module).and_then(|entry| self.shown.get(&entry.file));
        shown.map_or(&[], |shown| shown.conflicts.as_slice())
    }

    /// Those of `modules` that no other of them brings: of `GCC`, which loads `GCCcore`, and `GCCcore` it is `GCC`.
    #[must_use]
    pub fn outermost(&self, modules: &[Module]) -> Vec<Module> {
        let brought = |module: &Module| {
            modules.iter().any(|other| other != module && self.of(other).modules.contains(module))
        };
        let outermost: BTreeSet<&Module> = modules.iter().filter(|module| !brought(module)).collect();
        outermost.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closure(found: &[Found]) -> Closure<'_> {
        let mut closure = Closure::new(found);
        let shown = |loads: &[&str], wants: &[&str]| Shown {
            loads: loads.iter().map(|one| (*one).to_owned()).collect(),
            wants: wants.iter().map(|one| vec![(*one).to_owned()]).collect(),
            ..Shown::default()
        };
        let all = [
            ("foss/1", shown(&["GCC/12", "OpenMPI"], &[])),
            ("GCC/12", shown(&["GCCcore/12"], &[])),
            ("OpenMPI/4.9", shown(&[], &[])),
            ("OpenMPI/4.10", shown(&["GCC/12", "nowhere/1"], &["GCCcore"])),
        ];
        closure.take(all.into_iter().map(|(name, shown)| (format!("/m/{name}").into(), shown)).collect());
        closure
    }

    fn found() -> Vec<Found> {
        ["foss/1", "GCC/12", "GCCcore/12", "OpenMPI/4.9", "OpenMPI/4.10"]
            .map(|name| Found::bare(Module::new(name), format!("/m/{name}").into()))
            .into()
    }

    #[test]
    fn what_a_module_loads_loads_more() {
        let found = found();
        let closure = closure(&found);
        let brought = closure.of(&Module::new("foss/1"));
        let names: Vec<String> = brought.modules.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["GCC/12", "GCCcore/12", "OpenMPI/4.10"], "the newest by its numbers");
        assert_eq!((brought.lacking, brought.wants.len()), (vec!["nowhere/1".to_owned()], 0));
        assert_eq!(closure.next([&Module::new("foss/1")]), [&Module::new("GCCcore/12")]);
        let both = [Module::new("GCCcore/12"), Module::new("GCC/12")];
        assert_eq!(closure.outermost(&both), [Module::new("GCC/12")]);
    }

    #[test]
    fn a_default_that_is_marked_is_loaded_by_a_bare_name() {
        let mut found = found();
        found[3].default = true;
        assert_eq!(closure(&found).named("OpenMPI").unwrap().module.version, "4.9");
        assert!(closure(&found).named("GCC/1").is_none());
    }
}
