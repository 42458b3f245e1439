//! Whether every module does what it says: it loads with its parents alone, points at what exists, and goes again.
//!
//! Judged is the loaded *set* and the environment, never Lmod's exit status: it is 0 for modules that went inactive,
//! for dead paths, and for lists of modules that cannot be loaded.

mod chain;
mod each;
mod effects;
mod scope;
mod script;
mod shell;
mod sight;
mod time;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::native::{Ask, judged, skipped, unanswered};
use crate::stack::bond::Bonds;
use crate::stack::environment::Environment;
use crate::stack::lmod::loaded;
use crate::stack::matrix::Matrix;
use crate::stack::spider::Found;
use crate::stack::system::System;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::budget::Budgets;
use crate::suite::module_name::Module;
use crate::suite::variables::Variables;
use crate::verdict::check::Check;
pub(super) use scope::{Footing, Ward, wards};
use script::{At, Script, Seen};
use sight::Sight;

/// What is walked.
#[derive(Clone, Copy)]
pub struct ModulesInputs<'s> {
    /// The loaded toolchain.
    pub toolchain: &'s Toolchain,
    /// What Lmod is called in: no module is loaded, and `HOME` and `TMPDIR` are the case's own.
    pub base: &'s Environment,
    /// Every module of the stack.
    pub found: &'s [Found],
    /// Every toolchain of the stack.
    pub matrix: &'s Matrix,
    /// What modules of Core bring and want.
    pub bonds: &'s Bonds,
    /// How Lmod is asked.
    pub lmod: Asked<'s>,
    /// How long modules may take to load.
    pub budgets: &'s Budgets,
    /// Which variables change what tools do.
    pub variables: &'s Variables,
}

/// How Lmod is asked.
#[derive(Clone, Copy)]
pub struct Asked<'s> {
    /// How it is called.
    pub lmod: &'s System,
    /// This binary.
    pub own: &'s Path,
    /// A folder for what is said.
    pub tmp: &'s Path,
}

/// One bash looks at so many modules: what it answers, some 40 KB for each, is held in memory.
const BATCH: usize = 100;

/// Looks at the outermost module of the toolchain and at all that it makes visible.
#[must_use]
pub fn look(subject: &ModulesInputs<'_>, ask: &Ask<'_>) -> Vec<Check> {
    let footing = Footing::of(subject.toolchain);
    let toolchain = &footing.asked;
    let Some((last, parents)) = toolchain.split_last() else { return Vec::new() };
    let walk = Walk { subject, ask, toolchain };
    let mut script = Script::default();
    let plan = chain::plan(&mut script, &walk, last, parents);
    let seen = match walk.run(&script) {
        Ok(seen) => seen,
        Err(error) => return vec![unanswered("walk", &error)],
    };
    let mut checks = chain::judge(&plan, &walk, &seen, last, parents);
    let took = checks.iter().find(|check| check.name == format!("{last} loads") && check.reason.is_empty());
    let took = took.and_then(|check| check.millis);
    checks.extend(took.and_then(|millis| time::judge(&walk, last, parents, &[*last], millis)));
    if parents.is_empty() && subject.toolchain.of(Layer::Compiler).is_some() {
        checks.push(tree::reachable(subject, last));
        checks.push(if subject.lmod.lmod.knows_hierarchies() {
            tree::cache(subject.found, plan.cached.and_then(|at| seen.get(&at)))
        } else {
            skipped(
                "cache is of today",
                format!("{} has no list of the whole stack", subject.lmod.lmod.name()),
            )
        });
    }
    let (wards, odd): (Vec<_>, Vec<_>) = wards(&footing, subject.found, subject.matrix, subject.bonds)
        .into_iter()
        .partition(|ward| ward.found.fault.is_none());
    checks.extend(odd.iter().map(|ward| {
        let fault = ward.found.fault.as_ref().map(|fault| format!("{}: {fault}", ward.found.file.display()));
        judged(format!("{} loads", ward.found.module), "module.file", Vec::from_iter(fault))
    }));
    let lists: Vec<List> = plan.lists.iter().map(|at| List::of(seen.get(at))).collect();
    for batch in wards.chunk_by(|a, b| a.instead == b.instead).flat_map(|alike| alike.chunks(BATCH)) {
        checks.extend(walk.wards(batch));
    }
    checks.extend(wards.iter().filter_map(|ward| visible(ward, subject.found, &lists)));
    checks
}

struct Walk<'w> {
    subject: &'w ModulesInputs<'w>,
    ask: &'w Ask<'w>,
    toolchain: &'w [&'w Module],
}

impl Walk<'_> {
    fn run(&self, script: &Script) -> Result<BTreeMap<At, Seen>, Error> {
        let subject = self.subject;
        let Asked { lmod, own, tmp } = subject.lmod;
        let (text, words) = script.parts(tmp);
        let answer = (self.ask)(&lmod.ask_shell(&text, words, subject.base, own))?;
        Ok(script::read(&answer.stdout))
    }

    fn wards(&self, wards: &[Ward<'_>]) -> Vec<Check> {
        let instead = wards.first().is_some_and(|ward| ward.instead);
        let below: &[&Module] = if instead { &[] } else { self.toolchain };
        let mut script = Script::default();
        load(&mut script, below);
        let before = script.see();
        let places: Vec<Places> = wards
            .iter()
            .map(|ward| {
                let all: Vec<&Module> = ward.beside.iter().copied().chain([&ward.found.module]).collect();
                let (with, quiet, after) = script.aside(|script| {
                    script.keep();
                    load(script, &all);
                    let with = script.see();
                    let quiet = script.where_loud(|script| script.aside(|script| quietly(script, &all)));
                    unload(script, &all);
                    script.unload_rest();
                    (with, quiet, script.see())
                });
                let unversioned = ward.found.default.then(|| {
                    script.aside(|script| {
                        load(script, &ward.beside);
                        script.lmod(["load", &ward.found.module.family]);
                        script.see()
                    })
                });
                Places { with, after, quiet, unversioned }
            })
            .collect();
        let seen = match self.run(&script) {
            Ok(seen) => seen,
            Err(error) => {
                let named = wards.iter().map(|ward| format!("{} loads", ward.found.module));
                return named.map(|name| unanswered(name, &error)).collect();
            }
        };
        let judged = wards.iter().zip(places).flat_map(|(ward, places)| {
            let (with, after) = (seen.get(&places.with), seen.get(&places.after));
            let sight = Sight { before: seen.get(&before), with, after, quiet: seen.get(&places.quiet) };
            let parents: Vec<&Module> = below.iter().chain(&ward.beside).copied().collect();
            let unversioned = places.unversioned.and_then(|at| seen.get(&at));
            let mut checks = each::judge(ward.found, &parents, &sight, self.subject.variables);
            let well = checks.first().filter(|first| first.reason.is_empty()).and_then(|first| first.millis);
            let all: Vec<&Module> = ward.beside.iter().copied().chain([&ward.found.module]).collect();
            let timed = |millis| time::judge(self, &ward.found.module, below, &all, millis);
            checks.extend(well.and_then(timed));
            checks.extend(unversioned.map(|seen| each::default(&ward.found.module, seen)));
            checks
        });
        judged.collect()
    }
}

/// Where the script looks at one module.
struct Places {
    with: At,
    after: At,
    /// Once a quiet Lmod loaded it anew, where loading it said something.
    quiet: At,
    /// Once it is asked for by its name alone, where it is marked as the default.
    unversioned: Option<At>,
}

fn load(script: &mut Script, modules: &[&Module]) {
    if !modules.is_empty() {
        let names: Vec<String> = modules.iter().map(ToString::to_string).collect();
        script.lmod(std::iter::once("load").chain(names.iter().map(String::as_str)));
    }
}

/// Loads them anew with an Lmod that is to be quiet: what is still said, no modulefile said by Lmod's own functions.
fn quietly(script: &mut Script, modules: &[&Module]) -> At {
    unload(script, modules);
    let names: Vec<String> = modules.iter().map(ToString::to_string).collect();
    script.lmod(["-q", "load"].into_iter().chain(names.iter().map(String::as_str)));
    script.see()
}

fn unload(script: &mut Script, modules: &[&Module]) {
    let names: Vec<String> = modules.iter().rev().map(ToString::to_string).collect();
    script.lmod(std::iter::once("unload").chain(names.iter().map(String::as_str)));
}

/// What `avail` shows, and what was loaded then.
struct List {
    below: Vec<Module>,
    shown: Vec<Module>,
}

impl List {
    fn of(seen: Option<&Seen>) -> Self {
        let below = seen.into_iter().flat_map(|seen| loaded(&seen.environment)).map(|(module, _)| module);
        Self { below: below.collect(), shown: seen.map(Seen::listed).unwrap_or_default() }
    }
}

/// Whether a module is in `avail` once its parents are loaded and not before, a hidden one never; `lists` are those with
/// none, one, … all of the toolchain loaded. None where more than the toolchain makes it visible.
fn visible(ward: &Ward<'_>, found: &[Found], lists: &[List]) -> Option<Check> {
    let module = &ward.found.module;
    if !ward.beside.is_empty() {
        return None;
    }
    Some(judged(format!("{module} visible"), "module.visible", sights(module, found, lists)))
}

fn sights(module: &Module, found: &[Found], lists: &[List]) -> Vec<String> {
    let mut faults = Vec::new();
    for List { below, shown: list } in lists {
        let expected = found.iter().any(|entry| {
            let shown = |parents: &[Module]| parents.iter().all(|parent| below.contains(parent));
            entry.module == *module
                && !entry.hidden
                && (entry.parents.is_empty() || entry.parents.iter().any(|parents| shown(parents)))
        });
        let under = below.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let under = if under.is_empty() { "nothing".to_owned() } else { under };
        let hidden = found.iter().any(|entry| entry.module == *module && entry.hidden);
        match (expected, list.contains(module)) {
            (true, false) => faults.push(format!("{module} is not in `avail` with {under} loaded")),
            (false, true) if hidden => {
                faults.push(format!("{module} is hidden, but in `avail` with {under} loaded"));
            }
            (false, true) => faults.push(format!("{module} is in `avail` with {under} loaded already")),
            _ => {}
        }
    }
    faults
}
