//! The modulefiles on disk against what Lmod shows of them: unreachable ones, and a cache that tells of another day.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::ModulesInputs;
use super::script::Seen;
use crate::native::place::real;
use crate::native::{judged, skipped};
use crate::run::within;
use crate::stack::modulefiles::{below, trees};
use crate::stack::spider::Found;
use crate::suite::module_name::Module;
use crate::verdict::check::Check;

/// Every modulefile below the roots is made visible by some chain of modules. A file is looked at under the compiler
/// that its path names, and under every compiler if it names none that the stack offers.
pub(super) fn reachable(subject: &ModulesInputs<'_>, compiler: &Module) -> Check {
    let name = "modulefiles reachable";
    let roots = trees(&subject.base.paths("MODULEPATH"));
    if roots.is_empty() {
        return skipped(name, "no folder of MODULEPATH is called Core, so the tree's root is not known");
    }
    let known: BTreeSet<PathBuf> = subject.found.iter().map(|entry| real(&entry.file)).collect();
    let compilers: Vec<String> = subject
        .matrix
        .chains
        .iter()
        .filter_map(|chain| chain.modules.first())
        .map(|(_, module)| named(module))
        .collect();
    let own = named(compiler);
    let mut faults = Vec::new();
    for root in &roots {
        for file in below(root).iter().filter(|file| !known.contains(&real(file))) {
            let inside = file.strip_prefix(root).unwrap_or(file);
            let text = format!("/{}", inside.display());
            if text.contains(&own) || !compilers.iter().any(|compiler| text.contains(compiler)) {
                faults.push(format!("no chain of modules makes {} visible", file.display()));
            }
        }
    }
    judged(name, "module.unreachable", faults)
}

/// A compiler's part of a path: Spack leaves the hash out that the module's name ends in.
fn named(compiler: &Module) -> String {
    format!("/{}/{}/", compiler.family, compiler.unhashed_version())
}

/// What people see through Lmod's cache is what is on disk.
pub(super) fn cache(found: &[Found], cached: Option<&Seen>) -> Check {
    let name = "cache is of today";
    let Some(cached) = cached.filter(|seen| seen.ended != within::LATE) else {
        return skipped(name, "Lmod gave no list");
    };
    // A file that is a finding of its own may be listed in any way.
    let odd = |module: &Module| {
        let known = found.iter().any(|entry| entry.fault.is_some() && entry.module == *module);
        known || !module.to_string().chars().all(|letter| letter.is_ascii_graphic() && letter != ':')
    };
    let listed: BTreeSet<Module> = cached.listed().into_iter().filter(|module| !odd(module)).collect();
    // Spider lists some hidden modules and leaves others out: that one is listed, or is not, proves nothing. What is
    // visible on a condition only it may or may not know.
    let names = |hidden: bool| {
        let told = move |entry: &&Found| hidden || !(entry.hidden || entry.conditional);
        let sound = found.iter().filter(|entry| entry.fault.is_none());
        sound.filter(told).map(|entry| entry.module.clone())
    };
    let (shown, real): (BTreeSet<Module>, BTreeSet<Module>) = (names(false).collect(), names(true).collect());
    let missing =
        shown.difference(&listed).map(|module| format!("{module} is installed, but the cache hides it"));
    let stale =
        listed.difference(&real).map(|module| format!("{module} is in the cache, but no longer on disk"));
    judged(name, "module.cache", missing.chain(stale).collect())
}
