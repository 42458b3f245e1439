//! The toolchain itself: loaded level by level, unloaded, purged, and swapped for another.

use std::collections::BTreeMap;

use super::each::{difference, gain};
use super::script::{At, Script, Seen};
use super::sight::Sight;
use super::{List, Walk, each, load, quietly, sights, unload};
use crate::native::{judged, skipped};
use crate::stack::lmod::{loaded, quote};
use crate::stack::matrix::Chain;
use crate::stack::spider::Found;
use crate::suite::Layer;
use crate::suite::module_name::Module;
use crate::verdict::check::Check;

/// Where the script looks.
pub(super) struct Plan<'m> {
    /// What `avail` lists with none, one, … all of the toolchain loaded.
    pub(super) lists: Vec<At>,
    /// What people see of the whole stack, the cache in use.
    pub(super) cached: Option<At>,
    base: At,
    before: At,
    with: At,
    after: At,
    quiet: At,
    /// Once the last is asked for by its name alone, where it is marked as the default.
    unversioned: Option<At>,
    purged: At,
    swap: Option<Swap<'m>>,
    family: Option<(&'m Module, At)>,
    orphaned: Option<At>,
}

struct Swap<'m> {
    to: &'m Module,
    swapped: At,
    back: At,
}

/// Writes the script for `last`, which stands on `parents`.
pub(super) fn plan<'w>(
    script: &mut Script,
    walk: &'w Walk<'w>,
    last: &Module,
    parents: &[&Module],
) -> Plan<'w> {
    let base = script.see();
    // It is of the whole stack, so once for each compiler is often enough.
    let hierarchies = walk.subject.lmod.lmod.knows_hierarchies();
    let cached = (hierarchies && parents.is_empty() && is(walk, Layer::Compiler)).then(|| {
        script.aside(|script| {
            script.cached(["-t", "spider"]);
            script.see()
        })
    });
    let mut lists = vec![list(script)];
    for parent in parents {
        load(script, &[parent]);
        lists.push(list(script));
    }
    let before = script.see();
    let (after, quiet) = script.aside(|script| {
        script.keep();
        load(script, &[last]);
        let quiet = script.where_loud(|script| script.aside(|script| quietly(script, &[last])));
        unload(script, &[last]);
        script.unload_rest();
        (script.see(), quiet)
    });
    let unversioned = entry(walk, last, parents).filter(|found| found.default).map(|_| {
        script.aside(|script| {
            script.lmod(["load", &last.family]);
            script.see()
        })
    });
    load(script, &[last]);
    let with = script.see();
    lists.push(list(script));
    let purged = script.aside(|script| {
        script.lmod(["purge"]);
        script.see()
    });
    let compiler = walk.toolchain.first().copied().filter(|_| is(walk, Layer::Compiler));
    let swap = compiler
        .filter(|_| hierarchies || parents.is_empty())
        .and_then(|from| Some((from, other_compiler(walk, from)?)))
        .map(|(from, to)| {
            script.aside(|script| {
                script.lmod(["swap", &from.to_string(), &to.to_string()]);
                let swapped = script.see();
                script.lmod(["swap", &to.to_string(), &from.to_string()]);
                Swap { to, swapped, back: script.see() }
            })
        });
    let family = other_family(walk, last, parents).map(|other| {
        let at = script.aside(|script| {
            load(script, &[other]);
            script.see()
        });
        (other, at)
    });
    let below_compiler = entry(walk, last, parents).is_some_and(|found| !found.parents.is_empty());
    let orphaned =
        compiler.filter(|_| hierarchies && !parents.is_empty() && below_compiler).map(|compiler| {
            script.aside(|script| {
                unload(script, &[compiler]);
                script.see()
            })
        });
    Plan { lists, cached, base, before, with, after, quiet, unversioned, purged, swap, family, orphaned }
}

/// What spider found of `last` where it stands on `parents`: under just these, under some of them, or in Core.
fn entry<'w>(walk: &'w Walk<'w>, last: &Module, parents: &[&Module]) -> Option<&'w Found> {
    let depth = |entry: &Found| {
        let under = |chain: &&Vec<Module>| chain.iter().all(|one| parents.contains(&one));
        let deepest = entry.parents.iter().filter(under).map(Vec::len).max();
        deepest.or(entry.parents.is_empty().then_some(0))
    };
    let named = walk.subject.found.iter().filter(|entry| entry.module == *last);
    named
        .filter_map(|entry| Some((depth(entry)?, entry)))
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, entry)| entry)
}

fn list(script: &mut Script) -> At {
    script.aside(|script| {
        script.lmod(["-t", "avail"]);
        script.see()
    })
}

fn is(walk: &Walk<'_>, layer: Layer) -> bool {
    walk.subject.toolchain.of(layer).is_some()
}

/// The next compiler of the stack, the first after the last: one that neither loads this one nor is loaded by it. What
/// only loads a compiler is swapped for its like.
fn other_compiler<'w>(walk: &'w Walk<'w>, from: &Module) -> Option<&'w Module> {
    let mut compilers: Vec<&Module> = alone(walk, Layer::Compiler).collect();
    if !compilers.contains(&from) {
        let first = walk.subject.matrix.chains.iter().filter_map(|chain| chain.members().next());
        compilers = first.filter(|one| one.family == from.family).collect();
        compilers.dedup();
    }
    let place = compilers.iter().position(|one| *one == from)?;
    let bonds = walk.subject.bonds;
    let apart = |other: &&&Module| !bonds.brings(from, other) && !bonds.brings(other, from);
    let others = compilers.iter().cycle().skip(place + 1).take(compilers.len() - 1);
    others.copied().find(|other| apart(&other))
}

fn alone<'w>(walk: &'w Walk<'w>, layer: Layer) -> impl Iterator<Item = &'w Module> {
    let chains = walk.subject.matrix.chains.iter();
    chains
        .filter(move |chain| chain.layers() == [layer])
        .filter_map(|chain| chain.modules.first())
        .map(|(_, one)| one)
}

/// Another module that must take the place of `last`, of another name, since Lmod itself swaps those of one name.
fn other_family<'w>(walk: &'w Walk<'w>, last: &Module, parents: &[&Module]) -> Option<&'w Module> {
    let layer = if parents.is_empty() { Layer::Compiler } else { Layer::Mpi };
    if !is(walk, layer) || !says_family(walk.subject.found, last) {
        return None;
    }
    let same_level = |chain: &&Chain| {
        chain.modules.split_last().is_some_and(|((own, module), below)| {
            *own == layer
                && module.family != last.family
                && below.iter().map(|(_, module)| module).eq(parents.iter().copied())
                && says_family(walk.subject.found, module)
        })
    };
    walk.subject.matrix.chains.iter().find(same_level)?.modules.last().map(|(_, module)| module)
}

fn says_family(found: &[Found], module: &Module) -> bool {
    found.iter().any(|entry| entry.module == *module && entry.family.is_some())
}

/// What came of it.
pub(super) fn judge(
    plan: &Plan<'_>,
    walk: &Walk<'_>,
    seen: &BTreeMap<At, Seen>,
    last: &Module,
    parents: &[&Module],
) -> Vec<Check> {
    let found = entry(walk, last, parents);
    let mut checks = Vec::new();
    if let Some(found) = found {
        let at = |at: &At| seen.get(at);
        let sight = Sight {
            before: at(&plan.before),
            with: at(&plan.with),
            after: at(&plan.after),
            quiet: at(&plan.quiet),
        };
        checks.extend(match (seen.get(&plan.base), sight.before) {
            (Some(base), Some(before)) if before.has(last) => brought(found, base, before, walk),
            _ => each::judge(found, parents, &sight, walk.subject.variables),
        });
        let unversioned = plan.unversioned.and_then(|at| seen.get(&at));
        checks.extend(unversioned.map(|seen| each::default(last, seen)));
        let lists = plan.lists.iter().take(walk.toolchain.len());
        let lists: Vec<List> = lists.map(|at| List::of(seen.get(at))).collect();
        let faults = sights(last, walk.subject.found, &lists);
        checks.push(judged(format!("{last} visible"), "module.visible", faults));
    } else {
        let reason = format!("spider does not find {last} where it was loaded from");
        checks.push(judged(format!("{last} loads"), "module.spider", vec![reason]));
    }
    let (Some(base), Some(with)) = (seen.get(&plan.base), seen.get(&plan.with)) else { return checks };
    if let Some(purged) = seen.get(&plan.purged) {
        let left = difference(&base.environment, &purged.environment);
        checks.push(judged("purge", "module.unload", left));
    }
    checks.extend(swapped(plan, walk, seen, base, with));
    if let Some((other, at)) = plan.family
        && let Some(now) = seen.get(&at)
    {
        let fault = (now.has(last) || !now.has(other))
            .then(|| format!("loading {other} over {last} leaves {}: they are of one family", now.names()));
        let check = judged("replaced by its family", "module.family", Vec::from_iter(fault));
        checks.push(quoted(check, now));
    }
    if let Some(now) = plan.orphaned.and_then(|at| seen.get(&at)) {
        let fault = now.has(last).then(|| format!("{last} stays loaded without {}", walk.toolchain[0]));
        checks.push(quoted(
            judged("inactive without its compiler", "module.inactive", Vec::from_iter(fault)),
            now,
        ));
    }
    checks
}

/// The checks of what the modules before it load themselves, as it was `with` them.
fn brought(found: &Found, base: &Seen, with: &Seen, walk: &Walk<'_>) -> Vec<Check> {
    let sight = Sight { before: Some(base), with: Some(with), after: Some(base), quiet: None };
    let unloads = format!("{} unloads", found.module);
    let mut checks = each::judge(found, &[], &sight, walk.subject.variables);
    for check in checks.iter_mut().filter(|check| check.name == unloads) {
        *check = skipped(&*unloads, "it is loaded by what is loaded before it, and goes with that");
    }
    checks
}

fn quoted(check: Check, seen: &Seen) -> Check {
    if check.reason.is_empty() {
        check
    } else {
        check.detail(format!("Lmod: {}", quote(seen.said.as_bytes())))
    }
}

/// Swapping the compiler takes everything of the old one away, reloads what the new one has, and can be undone.
fn swapped(
    plan: &Plan<'_>,
    walk: &Walk<'_>,
    seen: &BTreeMap<At, Seen>,
    base: &Seen,
    with: &Seen,
) -> Vec<Check> {
    let names = ["swapped for another compiler", "swapped back"];
    let Some(swap) = &plan.swap else {
        return if is(walk, Layer::Compiler) {
            let system = walk.subject.lmod.lmod;
            let why = if system.knows_hierarchies() || walk.toolchain.len() == 1 {
                "the stack has no other compiler that could take its place".to_owned()
            } else {
                format!("{} leaves what stands on a compiler as it is when that is swapped", system.name())
            };
            names.map(|name| skipped(name, why.clone())).to_vec()
        } else {
            Vec::new()
        };
    };
    let (Some(now), Some(back)) = (seen.get(&swap.swapped), seen.get(&swap.back)) else { return Vec::new() };
    let compiler = walk.toolchain[0];
    let mut faults = Vec::new();
    if now.has(compiler) || !now.has(swap.to) {
        faults.push(format!("swapping {compiler} for {} leaves {}", swap.to, now.names()));
    }
    let own = |seen: &Seen| seen.environment.paths("MODULEPATH");
    let (core, old) = (own(base), own(with));
    let stays = own(now).into_iter().filter(|folder| old.contains(folder) && !core.contains(folder));
    faults.extend(stays.map(|folder| format!("{} of {compiler} stays in MODULEPATH", folder.display())));
    for module in &walk.toolchain[1..] {
        // What the other compiler brings comes before what is visible without it.
        let offered = entry(walk, module, &[swap.to]);
        let file = loaded(&now.environment).into_iter().find(|(one, _)| one == *module).map(|(_, file)| file);
        match (offered, file) {
            (Some(offered), Some(file)) if file != offered.file => {
                faults.push(format!("{module} is still {}, not {}", file.display(), offered.file.display()));
            }
            (Some(_), None) => faults.push(format!("{} offers {module}, but it was not reloaded", swap.to)),
            (None, Some(_)) => {
                faults.push(format!("{} does not offer {module}, but it stays loaded", swap.to));
            }
            _ => {}
        }
    }
    let left = gain(&with.environment, &back.environment);
    [(names[0], faults, now), (names[1], left, back)]
        .map(|(name, faults, seen)| quoted(judged(name, "module.swap", faults), seen))
        .to_vec()
}
