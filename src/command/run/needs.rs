//! Whether a case can tell anything here: what the pod lacks is an error, what the toolchain does not offer a skip.

use std::path::Path;

use crate::command::catalogue::Catalogue;
use crate::pod::facts::Facts;
use crate::stack::toolchain::Toolchain;
use crate::suite::requirement::{Need, Part, Resource, module_is};
use crate::suite::template::Placeholder;
use crate::suite::{Layer, Probe};
use crate::verdict::check::{Check, Outcome};

/// The check that says what is lacking, or none.
pub(in crate::command) fn unmet(
    probe: &Probe,
    toolchain: &Toolchain,
    facts: &Facts,
    stage: &Path,
    catalogue: &Catalogue,
    ranks: Option<u32>,
) -> Option<Check> {
    let skip = |reason: String| Some(Check::not_passed("requires", Outcome::Skipped, "requires", reason));
    let error = |reason: String| Some(Check::not_passed("requires", Outcome::Error, "requires.pod", reason));
    for requirement in &probe.requires {
        let lacking = match &requirement.need {
            Need::Pod { resource, at_least } => match facts.amount(*resource, stage) {
                Some(amount) if amount >= *at_least => None,
                Some(amount) => {
                    error(format!("`{requirement}` is not met: there is {}", shown(*resource, amount)))
                }
                None => {
                    error(format!("`{requirement}` cannot be told: this pod does not say how much there is"))
                }
            },
            Need::Tool(name) => match toolchain.which_anywhere(name) {
                Some(_) => None,
                None => skip(format!("there is no `{name}` on the toolchain's PATH")),
            },
            Need::Module { part, not, family, range } => {
                let layer = match part {
                    Part::Compiler => Layer::Compiler,
                    Part::Mpi => Layer::Mpi,
                };
                let is = toolchain.of(layer).is_some_and(|loaded| {
                    module_is(&loaded.family, loaded.module.plain_version(), family, range)
                });
                (is == *not).then(|| skip(format!("`{requirement}` does not hold"))).flatten()
            }
            Need::Cpu(feature) if facts.cpu_features.contains(feature) => None,
            Need::Cpu(feature) => skip(format!("this node's CPU has no {feature}")),
            Need::Capability(name) => {
                catalogue.capabilities.lacking(name, &toolchain.modules()).and_then(skip)
            }
        };
        if lacking.is_some() {
            return lacking;
        }
    }
    missing_tool(probe, toolchain).or_else(|| launch(probe, toolchain, facts, ranks))
}

/// A tool that the toolchain does not bring: a skip for a second language, a failure for what it exists for.
fn missing_tool(probe: &Probe, toolchain: &Toolchain) -> Option<Check> {
    for (_, tool, _) in Placeholder::ALL {
        if !probe.uses(tool) {
            continue;
        }
        if let Some(Err(why)) = toolchain.tools.get(&tool) {
            let essential = matches!(
                tool,
                Placeholder::Cc
                    | Placeholder::Mpicc
                    | Placeholder::Python
                    | Placeholder::Rscript
                    | Placeholder::Matlab
            );
            let (outcome, kind) =
                if essential { (Outcome::Failed, "tool.missing") } else { (Outcome::Skipped, "requires") };
            return Some(Check::not_passed("requires", outcome, kind, why.clone()));
        }
        let needs_entry = !matches!(
            tool,
            Placeholder::Mpirun
                | Placeholder::Sources
                | Placeholder::Exe
                | Placeholder::Ranks
                | Placeholder::Cpus
                | Placeholder::Stage
                | Placeholder::Tmp
        );
        if needs_entry && !toolchain.tools.contains_key(&tool) {
            let reason = format!("no loaded module is known to bring {tool}");
            return Some(Check::not_passed("requires", Outcome::Skipped, "requires", reason));
        }
    }
    None
}

fn launch(probe: &Probe, toolchain: &Toolchain, facts: &Facts, ranks: Option<u32>) -> Option<Check> {
    if !probe.uses(Placeholder::Mpirun) {
        return None;
    }
    let launcher = match &toolchain.launcher {
        Ok(launcher) => launcher,
        Err(why) => {
            return Some(Check::not_passed("requires", Outcome::Failed, "launcher.missing", why.clone()));
        }
    };
    let need = launcher.profile.shm.saturating_mul(u64::from(ranks.unwrap_or(1)));
    let free = facts.shm.unwrap_or(0);
    (free < need).then(|| {
        let reason = format!(
            "/dev/shm has {} free, {} ranks need {}",
            shown(Resource::Shm, free),
            ranks.unwrap_or(1),
            shown(Resource::Shm, need)
        );
        Check::not_passed("requires", Outcome::Error, "requires.pod", reason)
            .detail("mount an emptyDir of medium Memory at /dev/shm with a sizeLimit that holds this")
    })
}

fn shown(resource: Resource, amount: u64) -> String {
    match resource {
        Resource::Cpus => format!("{amount} CPUs"),
        _ if amount >= 10 << 30 => format!("{} GiB", amount >> 30),
        _ if amount >= 10 << 20 => format!("{} MiB", amount >> 20),
        _ => format!("{} KiB", amount >> 10),
    }
}
