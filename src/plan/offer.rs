//! Whether a toolchain offers what a probe asks of it. Pure.

use std::collections::BTreeSet;
use std::path::Path;

use crate::plan::catalogue::Catalogue;
use crate::plan::family;
use crate::pod::facts::Facts;
use crate::stack::root::{module_of, named, root};
use crate::stack::toolchain::Toolchain;
use crate::suite::alternatives::Alternatives;
use crate::suite::requirement::{Need, Part, module_is};
use crate::suite::template::{Placeholder, Template};
use crate::suite::{Layer, Probe, Suite};
use crate::verdict::check::{Check, Outcome};
use spack_db::built_with;

/// The check that says what the toolchain does not offer.
#[must_use]
pub fn lacking(
    suite: &Suite,
    probe: &Probe,
    toolchain: &Toolchain,
    facts: &Facts,
    catalogue: &Catalogue,
) -> Option<Check> {
    not_offered(probe, toolchain, facts, catalogue)
        .or_else(|| family::unknown(probe, toolchain, catalogue))
        .or_else(|| no_tool(probe, toolchain))
        .or_else(|| no_prefix(probe, toolchain, &suite.modules))
}

/// The check that says which of its own tools the toolchain does not bring.
#[must_use]
pub fn no_tool(probe: &Probe, toolchain: &Toolchain) -> Option<Check> {
    missing_tool(probe, toolchain).or_else(|| missing_launcher(probe, toolchain))
}

/// Whether a case would be left out wherever it ran.
#[must_use]
pub fn is_left_out(probe: &Probe, toolchain: &Toolchain, facts: &Facts, catalogue: &Catalogue) -> bool {
    let check = not_offered(probe, toolchain, facts, catalogue).or_else(|| missing_tool(probe, toolchain));
    check.is_some_and(|check| check.outcome == Outcome::Skipped)
}

fn not_offered(probe: &Probe, toolchain: &Toolchain, facts: &Facts, catalogue: &Catalogue) -> Option<Check> {
    let reason = probe.requires.iter().find_map(|requirement| match &requirement.need {
        Need::Pod { .. } => None,
        Need::Tool(name) => match toolchain.which_anywhere(name) {
            Some(_) => None,
            None => Some(format!("there is no `{name}` on the toolchain's PATH")),
        },
        Need::Module { part, not, family, range } => {
            let layer = match part {
                Part::Compiler => Layer::Compiler,
                Part::Mpi => Layer::Mpi,
            };
            let is = toolchain.of(layer).is_some_and(|loaded| {
                module_is(&loaded.family, loaded.module.plain_version(), family, range)
            });
            (is == *not).then(|| format!("`{requirement}` does not hold"))
        }
        Need::Spack { not, names, variants } => built(toolchain, names, variants, *not),
        Need::Cpu(feature) if facts.has_feature(feature) => None,
        Need::Cpu(feature) => Some(format!("this node's CPU has no {feature}")),
        Need::Capability(name) => {
            let kin = |(family, version)| catalogue.families.kin(family, version);
            let modules: Vec<_> = toolchain.modules().into_iter().map(kin).collect();
            catalogue.capabilities.lacking(name, &modules)
        }
    });
    reason.map(|reason| Check::not_passed("requires", Outcome::Skipped, "requires", reason))
}

/// Why the loaded module that is one of `names` is not known to be built so.
fn built(toolchain: &Toolchain, names: &[String], variants: &[String], not: bool) -> Option<String> {
    let Some(loaded) = named(toolchain, names) else {
        return Some(format!("no module {} is loaded", names.join(" or ")));
    };
    let module = &loaded.module;
    let record = root(loaded, &toolchain.environment).and_then(|root| {
        let install = root.ancestors().find(|folder| folder.join(".spack/spec.json").is_file());
        install.map(Path::to_path_buf)
    });
    let wanted = variants.join(" ");
    let Some(install) = record else {
        return (!not).then(|| format!("no record of Spack says whether {module} was built {wanted}"));
    };
    let is = variants.iter().all(|variant| built_with(&install, variant));
    (is == not).then(|| format!("{module} was {}built {wanted}", if is { "" } else { "not " }))
}

/// A module that a command names and that shows no prefix.
fn no_prefix(probe: &Probe, toolchain: &Toolchain, modules: &[Alternatives]) -> Option<Check> {
    probe.commands().flat_map(Template::placeholders).find_map(|used| {
        let (Placeholder::Prefix(name) | Placeholder::Libdir(name)) = used else { return None };
        let entry = modules.iter().find(|entry| entry.has(name.as_str()))?;
        let loaded = module_of(toolchain, entry)?;
        root(loaded, &toolchain.environment).is_none().then(|| {
            let what = format!(
                "the modulefile of {} leads to no prefix: it puts no folder on PATH, CMAKE_PREFIX_PATH, \
                 PKG_CONFIG_PATH or LD_LIBRARY_PATH, and no variable of its name says where it is installed",
                loaded.module
            );
            Check::not_passed("requires", Outcome::Failed, "module.prefix", what)
        })
    })
}

/// A tool that the toolchain does not bring: a skip for a second language, a failure for what it exists for.
fn missing_tool(probe: &Probe, toolchain: &Toolchain) -> Option<Check> {
    // The command's order would say another thing first for one and the same toolchain.
    let used: BTreeSet<Placeholder> =
        probe.commands().flat_map(Template::placeholders).filter(|used| used.is_of_toolchain()).collect();
    for tool in used {
        match toolchain.tools.get(&tool) {
            Some(Ok(_)) => {}
            Some(Err(why)) => {
                let essential = toolchain.essential.contains(&tool);
                let (outcome, kind) = if essential {
                    (Outcome::Failed, "tool.missing")
                } else {
                    (Outcome::Skipped, "requires")
                };
                return Some(Check::not_passed("requires", outcome, kind, why.clone()));
            }
            None => {
                let reason = format!("no loaded module is known to bring {tool}");
                return Some(Check::not_passed("requires", Outcome::Skipped, "requires", reason));
            }
        }
    }
    None
}

fn missing_launcher(probe: &Probe, toolchain: &Toolchain) -> Option<Check> {
    let why = toolchain.launcher.as_ref().err().filter(|_| probe.uses(Placeholder::Mpirun))?;
    Some(Check::not_passed("requires", Outcome::Failed, "launcher.missing", why.clone()))
}
