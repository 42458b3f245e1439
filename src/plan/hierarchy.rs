//! The hierarchy of a stack: as spider tells it, and as loading tells it where spider cannot.
//!
//! A healthy stack costs one call of spider. Only what spider leaves open is loaded, several at a time and so many at
//! most; what then is not known is left as spider told it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use crate::error::Error;
use crate::plan::spied;
use crate::pod::signals::Stop;
use crate::run::call::call;
use crate::stack::environment::Environment;
use crate::stack::lmod::{Answer, Call, Lmod, loaded};
use crate::stack::modulefiles;
use crate::stack::modulerc;
use crate::stack::parents::{Load, Parents, are_known, is_conditional, may_open, named};
use crate::stack::spider::Found;
use crate::stack::system::System;
use crate::stack::walk;
use crate::suite::module_name::{Module, Wanted};

/// Lmod took 3.2 s at most in 3,636 modulefiles without a cache; a stack on a cold network mount may take long.
pub(super) const LMOD_LIMIT: Duration = Duration::from_mins(3);

/// So many loads are tried at most for all that spider leaves open, each of some 60 ms.
const MOST_LOADS: usize = 600;

/// Who asks Lmod.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) system: &'a System,
    pub(super) base: &'a Environment,
    pub(super) own: &'a Path,
    pub(super) tmp: &'a Path,
    pub(super) stop: &'a Stop,
}

/// What spider found, and the modulefiles on disk that it did not find.
pub(super) struct Sight {
    pub(super) found: Vec<Found>,
    missing: Vec<PathBuf>,
}

/// Asks spider for every module, and looks meanwhile at what is on disk. Without a spider that is all there is.
pub(super) fn look(system: &System, base: &Environment, tmp: &Path, stop: &Stop) -> Result<Sight, Error> {
    let roots = base.paths("MODULEPATH");
    let System::Lmod(lmod) = system else {
        let found = roots.iter().flat_map(|root| walk::modules(root)).collect();
        return Ok(Sight { found, missing: Vec::new() });
    };
    std::thread::scope(|scope| {
        let walk = || modulefiles::trees(&roots).iter().flat_map(|tree| modulefiles::below(tree)).collect();
        let walk = std::thread::Builder::new().spawn_scoped(scope, walk);
        let found = spied(lmod, base, &base.text("MODULEPATH").unwrap_or_default(), tmp, stop)?;
        // A pod that lets us have no thread shows no more than spider does.
        let files: Vec<PathBuf> = walk.ok().and_then(|walk| walk.join().ok()).unwrap_or_default();
        if let (true, Some(file)) = (found.is_empty(), files.iter().find(|file| visible(file, &roots))) {
            return Err(spied::broken(format!(
                "the spider of `{}` finds no module, and {} is one",
                lmod.command().display(),
                file.display()
            )));
        }
        let known: BTreeSet<&Path> = found.iter().map(|entry| entry.file.as_path()).collect();
        let missing = files.into_iter().filter(|file| !known.contains(file.as_path())).collect();
        Ok(Sight { found, missing })
    })
}

/// Whether a modulefile that can be read stands where Lmod looks first, by a name and a version.
fn visible(file: &Path, roots: &[PathBuf]) -> bool {
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    roots.iter().filter_map(|root| file.strip_prefix(root).ok()).any(|inside| {
        inside.components().count() == 2 && !inside.iter().any(hidden) && std::fs::File::open(file).is_ok()
    })
}

fn spied(lmod: &Lmod, base: &Environment, roots: &str, tmp: &Path, stop: &Stop) -> Result<Vec<Found>, Error> {
    let mut found = spied::spider(lmod, base, roots, tmp, stop)?;
    modulerc::heed(&mut found);
    Ok(found)
}

impl Asker<'_> {
    /// The hierarchy, with what spider leaves open.
    pub(super) fn complete(&self, sight: &Sight) -> Vec<Found> {
        let roots = self.base.paths("MODULEPATH");
        let mut found = sight.found.clone();
        let System::Lmod(lmod) = self.system else { return self.walked(found, &roots) };
        if !are_known(&found, &roots) {
            self.follow(&mut found, &roots);
        }
        for _ in 0..2 {
            let more = self.beyond(lmod, &found, &roots, &sight.missing);
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        found.sort_by(|left, right| (&left.module, &left.file).cmp(&(&right.module, &right.file)));
        found
    }

    /// What there is where no spider tells: what `found` in the roots opens when it is loaded, level by level, and what
    /// the modules put on `PATH`, as they show it.
    fn walked(&self, mut found: Vec<Found>, roots: &[PathBuf]) -> Vec<Found> {
        let mut parents = Parents::new(roots);
        let mut seen: BTreeSet<PathBuf> = roots.iter().cloned().collect();
        let mut left = MOST_LOADS;
        loop {
            let loads = parents.next(&found, |entry| text(&entry.file).is_some_and(|text| may_open(&text)));
            let Some(rest) = left.checked_sub(loads.len()).filter(|_| !loads.is_empty()) else { break };
            left = rest;
            for (load, environment) in self.environments(loads) {
                let Some(environment) = environment else { continue };
                parents.take(&load, &environment);
                let opened = environment.paths("MODULEPATH");
                let new = opened.into_iter().filter(|folder| seen.insert(folder.clone()));
                found.extend(new.flat_map(|folder| walk::modules(&folder)).collect::<Vec<_>>());
            }
        }
        parents.settle(&mut found);
        modulerc::heed(&mut found);
        let visible: Vec<&Module> =
            found.iter().filter(|entry| entry.parents.is_empty()).map(|entry| &entry.module).collect();
        let question = self.system.ask_show(&visible, self.base);
        if let Ok(answer) = self.call(&question) {
            let mut shown = self.system.read_shown(&answer);
            for entry in &mut found {
                entry.paths = shown.remove(&entry.file).map(|shown| shown.paths).unwrap_or_default();
            }
        }
        found.sort_by(|left, right| (&left.module, &left.file).cmp(&(&right.module, &right.file)));
        found
    }

    /// Finds all chains by loading every module that may open a folder, level by level.
    fn follow(&self, found: &mut Vec<Found>, roots: &[PathBuf]) {
        let mut parents = Parents::new(roots);
        let mut left = MOST_LOADS;
        loop {
            let loads = parents.next(found, |entry| {
                entry.fault.is_none() && text(&entry.file).is_some_and(|text| may_open(&text))
            });
            if loads.is_empty() {
                return parents.settle(found);
            }
            let Some(rest) = left.checked_sub(loads.len()) else { return };
            left = rest;
            for (load, environment) in self.environments(loads) {
                let Some(environment) = environment else { return };
                parents.take(&load, &environment);
            }
        }
    }

    /// What lies in folders that modules open on conditions which spider does not meet: the folders of the files that
    /// it did not find name the modules.
    fn beyond(&self, lmod: &Lmod, found: &[Found], roots: &[PathBuf], missing: &[PathBuf]) -> Vec<Found> {
        let known: BTreeSet<&Path> = found.iter().map(|entry| entry.file.as_path()).collect();
        let mut loads: BTreeSet<Load> = BTreeSet::new();
        for tree in modulefiles::trees(roots) {
            let below =
                missing.iter().filter(|file| file.starts_with(&tree) && !known.contains(file.as_path()));
            let folders: BTreeSet<&Path> = below.filter_map(|file| file.parent()).collect();
            for folder in folders {
                loads.extend(named(folder, &tree, found));
            }
        }
        let conditional = |load: &Load| {
            let files = found.iter().filter(|entry| load.contains(&entry.module));
            files.filter_map(|entry| text(&entry.file)).any(|text| is_conditional(&text))
        };
        let loads: Vec<Load> = loads.into_iter().filter(conditional).take(MOST_LOADS).collect();
        let known: BTreeSet<PathBuf> = found.iter().map(Found::folder).chain(roots.iter().cloned()).collect();
        let mut seen = BTreeSet::new();
        let mut more = Vec::new();
        for (load, environment) in self.environments(loads) {
            let Some(environment) = environment else { continue };
            let now = loaded(&environment);
            if !load.iter().all(|module| now.iter().any(|(one, _)| one == module)) {
                continue;
            }
            for folder in environment.paths("MODULEPATH").into_iter().filter(|folder| !known.contains(folder))
            {
                let inside = missing.iter().any(|file| file.starts_with(&folder));
                if !inside || !seen.insert(folder.clone()) {
                    continue;
                }
                let within = spied(lmod, &environment, &folder.to_string_lossy(), self.tmp, self.stop);
                more.extend(within.unwrap_or_default().into_iter().map(|entry| below(&load, entry)));
            }
        }
        more
    }

    pub(super) fn call(&self, question: &Call) -> Result<Answer, Error> {
        call(question, LMOD_LIMIT, self.tmp, self.stop)
    }

    /// Loads each of `loads`, several at a time: the environment of each, none where Lmod gave none. In their order.
    pub(super) fn environments(&self, loads: Vec<Load>) -> Vec<(Load, Option<Environment>)> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        let todo = Mutex::new(loads.iter().enumerate());
        let done = Mutex::new(Vec::with_capacity(loads.len()));
        let work = || {
            while let Some((at, load)) = todo.lock().ok().and_then(|mut todo| todo.next()) {
                let environment = self.environment(load);
                if let Ok(mut done) = done.lock() {
                    done.push((at, environment));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..workers.min(loads.len()) {
                // Without further threads this one does it all.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_default();
        done.sort_by_key(|(at, _)| *at);
        loads.into_iter().zip(done.into_iter().map(|(_, environment)| environment)).collect()
    }

    fn environment(&self, load: &Load) -> Option<Environment> {
        let wanted = load.iter().map(|module| Wanted::new(&module.to_string()));
        let wanted: Vec<Wanted> = wanted.collect::<Result<_, _>>().ok()?;
        let answer = self.call(&self.system.ask_load(&wanted, self.base, self.own)).ok()?;
        self.system.read_environment(&answer, self.base).ok()
    }
}

/// `entry`, which spider found alone in a folder that `load` opens.
fn below(load: &Load, mut entry: Found) -> Found {
    entry.conditional = true;
    if entry.parents.is_empty() {
        entry.parents.push(Load::new());
    }
    for chain in &mut entry.parents {
        chain.splice(0..0, load.iter().cloned());
    }
    entry
}

/// A modulefile's text; none where it cannot be read.
fn text(file: &Path) -> Option<String> {
    std::fs::read(file).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
