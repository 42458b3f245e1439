//! One module: it loads with its parents alone, what it sets exists, and unloading it gives the environment back.

use std::collections::BTreeSet;
use std::path::Path;

use super::script::Seen;
use super::sight::Sight;
use super::{effects, shell};
use crate::native::{judged, judged_or_hidden, skipped};
use crate::stack::environment::Environment;
use crate::stack::lmod::{SAYS, loaded, quote};
use crate::stack::spider::Found;
use crate::suite::module_name::Module;
use crate::suite::variables::Variables;
use crate::verdict::check::Check;
use path_fault::{PathFault, find};

/// The checks of `found`, whose parents stay loaded beside it.
pub(super) fn judge(
    found: &Found,
    parents: &[&Module],
    sight: &Sight<'_>,
    variables: &Variables,
) -> Vec<Check> {
    let name = &found.module;
    let [loads, paths, unloads] = ["loads", "paths", "unloads"].map(|what| format!("{name} {what}"));
    let mut checks = Vec::new();
    if let (Some(before), Some(with)) = (sight.before, sight.with) {
        let faults = shell::changes(before, with);
        let told =
            faults.into_iter().map(|fault| format!("loading {name}: {fault}: {}", found.file.display()));
        let aloud = sight.quiet.filter(|seen| seen.has(name) && !seen.said.contains(SAYS)).and_then(|seen| shell::first(&seen.said)).map(|line| {
            format!(
                "loading {name}: it prints to stderr by itself, even when Lmod is to be quiet (`module -q`), which \
                 LmodMessage heeds: {line}: {}",
                found.file.display()
            )
        });
        checks.push(judged(format!("{name} shell"), "module.shell-state", told.chain(aloud).collect()));
    }
    let (Some(before), Some(with), Some(after)) = (sight.before, sight.with, sight.after) else {
        let reason = format!(
            "the shell that evaluates Lmod's answers ended early: a value may hold what a shell cannot read, or \
             the module ends it or has it run without end: {}",
            found.file.display()
        );
        checks.insert(0, judged(loads, "module.shell", vec![reason]));
        return checks;
    };
    let faults = load(found, parents, with);
    let well = faults.is_empty();
    let mut words = format!("Lmod: {}", quote(with.said.as_bytes()));
    if with.said.trim().is_empty() {
        words = format!("Lmod said nothing and ended with status {}: does the modulefile exit?", with.ended);
    }
    let mut first = judged(loads, "module.load", faults);
    first.millis = Some(with.millis);
    checks.insert(0, if well { first } else { first.detail(format!("{words}\n{}", found.file.display())) });
    if !well {
        let reason = "it does not load";
        checks.extend([skipped(paths, reason), skipped(unloads, reason), described(found)]);
        return checks;
    }
    checks.push(judged_or_hidden(paths, "module.paths", dead(&before.environment, &with.environment)));
    let left = difference(&before.environment, &after.environment);
    checks.extend([judged(unloads, "module.unload", left), described(found)]);
    checks.extend(effects::judge(found, sight, variables));
    checks
}

/// Whether the version that is marked as the default is what the bare name loads.
pub(super) fn default(module: &Module, seen: &Seen) -> Check {
    let fault = (!seen.has(module)).then(|| {
        format!("{module} is marked as the default, but `{}` loads {}", module.family, seen.names())
    });
    judged(format!("{module} default"), "module.default", Vec::from_iter(fault))
}

fn load(found: &Found, parents: &[&Module], with: &Seen) -> Vec<String> {
    let now = loaded(&with.environment);
    let mut faults: Vec<String> = with
        .said
        .lines()
        .filter_map(|line| line.strip_prefix(SAYS))
        .map(|what| format!("loading {}: {what}: {}", found.module, found.file.display()))
        .collect();
    match now.iter().find(|(module, _)| *module == found.module) {
        None => faults.push(format!("{} is not loaded, but {}", found.module, with.names())),
        Some((_, file)) if file.as_path() != found.file.as_path() && !file.as_os_str().is_empty() => {
            faults.push(format!(
                "{} is loaded from {}, not from {}",
                found.module,
                file.display(),
                found.file.display()
            ));
        }
        Some(_) => {}
    }
    let gone = parents.iter().filter(|parent| !now.iter().any(|(module, _)| module == **parent));
    faults.extend(gone.map(|parent| format!("{} is loaded, but {parent} no longer is", found.module)));
    faults
}

fn described(found: &Found) -> Check {
    let fault = (!found.described)
        .then(|| format!("{} has neither `whatis` nor `help`: {}", found.module, found.file.display()));
    judged(format!("{} described", found.module), "module.described", Vec::from_iter(fault))
}

/// What no module sets, but Lmod or a shell keeps for itself.
fn own(name: &str) -> bool {
    name.starts_with("_ModuleTable")
        || name.starts_with("__LMOD_")
        || ["_", "SHLVL", "PWD", "OLDPWD", "_LMFILES_", "LOADEDMODULES"].contains(&name)
}

/// Every path that `after` has over `before` and that does not exist.
fn dead(before: &Environment, after: &Environment) -> Vec<Result<String, PathFault>> {
    let mut faults = Vec::new();
    for (name, value) in after.since(before) {
        let (name, Some(value)) = (name.to_string_lossy(), value) else { continue };
        // MODULEPATH has a check of its own.
        if own(&name) || name == "MODULEPATH" || name.starts_with("LMOD_") {
            continue;
        }
        let old: BTreeSet<String> = before.words(&name).into_iter().collect();
        let value = value.to_string_lossy();
        // Only what is wholly made of paths is a list of them: a URL or a list of flags has colons and slashes too.
        let entries: Vec<&str> = value.split([':', ';']).filter(|entry| !entry.is_empty()).collect();
        if !entries.iter().all(|entry| entry.starts_with('/')) {
            continue;
        }
        for entry in entries.into_iter().filter(|entry| !old.contains(*entry)) {
            match find(Path::new(entry)) {
                Ok(Some(_)) => {}
                Ok(None) => faults.push(Ok(format!("{name} has {entry}, which does not exist"))),
                Err(fault) => faults.push(Err(fault)),
            }
        }
    }
    faults
}

/// How `after` differs from `before`, one line a variable.
pub(super) fn difference(before: &Environment, after: &Environment) -> Vec<String> {
    changed(before, after, true)
}

/// The same, whatever the order of the entries of each list: a module that is loaded again comes to stand before others.
pub(super) fn gain(before: &Environment, after: &Environment) -> Vec<String> {
    changed(before, after, false)
}

fn changed(before: &Environment, after: &Environment, ordered: bool) -> Vec<String> {
    let changes = after.since(before).filter(|(name, value)| {
        let name = name.to_string_lossy();
        // Lmod takes what stands twice in a path out of it, whoever put it there.
        let once = |value: Option<String>| {
            let mut kept: Vec<String> = Vec::new();
            for entry in
                value.into_iter().flat_map(|value| value.split(':').map(str::to_owned).collect::<Vec<_>>())
            {
                if !entry.is_empty() && !kept.contains(&entry) {
                    kept.push(entry);
                }
            }
            if !ordered {
                kept.sort();
            }
            kept
        };
        let now = value.map(|value| value.to_string_lossy().into_owned());
        let same = now.is_some() == before.get(&name).is_some() && once(now) == once(before.text(&name));
        !own(&name) && !same
    });
    changes
        .map(|(name, value)| {
            let name = name.to_string_lossy();
            let was = before.text(&name).map_or_else(|| "unset".to_owned(), |was| format!("`{was}`"));
            match value {
                Some(value) => {
                    format!("{name} is left as `{}`; it was {was}", value.to_string_lossy())
                }
                None => format!("{name} is left unset; it was {was}"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::check::Outcome;

    fn seen(environment: &str) -> Seen {
        Seen { environment: Environment::from_nul_separated(environment.as_bytes()), ..Seen::default() }
    }

    fn found() -> Found {
        Found::bare(Module::new("zlib/1"), "/m/zlib/1.lua".into())
    }

    fn outcomes(before: &str, with: &str, after: &str) -> Vec<(String, Outcome)> {
        let (before, with, after) = (seen(before), seen(with), seen(after));
        let sight = Sight { before: Some(&before), with: Some(&with), after: Some(&after), quiet: None };
        let gcc = Module::new("gcc/12");
        let known = Variables::default();
        let judged = judge(&found(), &[&gcc], &sight, &known);
        // The shell itself is looked at elsewhere.
        let judged = judged.into_iter().filter(|check| !check.name.ends_with(" shell"));
        judged.map(|check| (check.reason, check.outcome)).collect()
    }

    #[test]
    fn a_module_is_judged_by_what_is_loaded_and_left() {
        let base = "LOADEDMODULES=gcc/12\0_LMFILES_=/m/g.lua\0PATH=/bin\0";
        let with =
            "LOADEDMODULES=gcc/12:zlib/1\0_LMFILES_=/m/g.lua:/m/zlib/1.lua\0PATH=/usr:/bin\0URL=http://x/y\0";
        assert!(outcomes(base, with, base).iter().all(|(_, outcome)| *outcome == Outcome::Passed));
        let gone = with.replace("gcc/12:", "").replace("/m/g.lua:", "");
        assert_eq!(outcomes(base, &gone, base)[0].0, "zlib/1 is loaded, but gcc/12 no longer is");
        let other = with.replace("/m/zlib/1.lua", "/other/zlib/1.lua");
        assert!(outcomes(base, &other, base)[0].0.contains("from /other/zlib/1.lua, not from /m/zlib/1.lua"));
        let dead = with.replace("/usr:/bin", "/nowhere/bin:/bin");
        assert_eq!(outcomes(base, &dead, base)[1].0, "PATH has /nowhere/bin, which does not exist");
        let twice = base.replace("PATH=/bin", "PATH=/bin:/usr:/bin");
        let folded = base.replace("PATH=/bin", "PATH=/bin:/usr");
        assert_eq!(outcomes(&twice, with, &folded)[2].1, Outcome::Passed);
        let list =
            |value: &str| Environment::from_nul_separated(format!("CMAKE_PREFIX_PATH={value}\0").as_bytes());
        assert!(gain(&list("/a:/b"), &list("/b:/a")).is_empty());
        assert_eq!(difference(&list("/a:/b"), &list("/b:/a")).len(), 1);
        assert_eq!(gain(&list("/a:/b"), &list("/b:/c")).len(), 1);
        let leak = base.to_owned() + "LEAK=1\0";
        assert_eq!(outcomes(base, with, &leak)[2].0, "LEAK is left as `1`; it was unset");
        assert_eq!(outcomes(base, base, base)[0].0, "zlib/1 is not loaded, but gcc/12");
    }
}
