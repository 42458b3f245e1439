//! Whether a case can tell anything here: what the pod lacks is an error, what the toolchain does not offer a skip.

use super::family;
use super::session::Session;
use super::why::Why;
use crate::command::catalogue::Catalogue;
use crate::error::{Error, Kind};
use crate::pod::facts::Facts;
use crate::stack::toolchain::Toolchain;
use crate::suite::requirement::{Need, Part, module_is};
use crate::suite::template::Placeholder;
use crate::suite::{Layer, Probe};
use crate::verdict::check::{Check, Outcome};
use crate::verdict::fitness;

/// The check that says what is lacking, or none. What the toolchain does not offer is asked first: in no pod would that
/// case run.
pub(super) fn unmet(
    session: &Session<'_>,
    probe: &Probe,
    toolchain: &Toolchain,
    ranks: Option<u32>,
) -> Option<Check> {
    let lacking = lacking(session, probe, toolchain, ranks)?;
    // What cannot be looked at may be there: nothing is said of the stack then.
    let tool = probe.requires.iter().find_map(|requirement| match &requirement.need {
        Need::Tool(name) if toolchain.which_anywhere(name).is_none() => toolchain.hides(name),
        _ => None,
    });
    let no_tool = || missing_tool(probe, toolchain).or_else(|| missing_launcher(probe, toolchain)).is_some();
    match tool.or_else(|| toolchain.hidden.clone().filter(|_| no_tool())) {
        Some(fault) => {
            let words = fault.to_string();
            let diagnosis = session.why.of_words(&words);
            let check = Check::not_passed("requires", Outcome::Error, "requires.path", words);
            Some(Check { diagnosis, ..check.detail(fault.hint().unwrap_or_default()) })
        }
        None => Some(lacking),
    }
}

fn lacking(session: &Session<'_>, probe: &Probe, toolchain: &Toolchain, ranks: Option<u32>) -> Option<Check> {
    not_offered(probe, toolchain, &session.facts, session.catalogue)
        .or_else(|| family::unknown(probe, toolchain, session.catalogue))
        .or_else(|| missing_tool(probe, toolchain))
        .or_else(|| missing_launcher(probe, toolchain))
        .or_else(|| unfit(session, probe, toolchain, ranks))
}

/// Whether a case would be left out wherever it ran.
pub(in crate::command) fn is_left_out(
    probe: &Probe,
    toolchain: &Toolchain,
    facts: &Facts,
    catalogue: &Catalogue,
) -> bool {
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
        Need::Cpu(feature) if facts.has_feature(feature) => None,
        Need::Cpu(feature) => Some(format!("this node's CPU has no {feature}")),
        Need::Capability(name) => catalogue.capabilities.lacking(name, &toolchain.modules()),
    });
    reason.map(|reason| Check::not_passed("requires", Outcome::Skipped, "requires", reason))
}

/// What the pod lacks, with the diagnosis: told now, it is no crash later.
fn unfit(session: &Session<'_>, probe: &Probe, toolchain: &Toolchain, ranks: Option<u32>) -> Option<Check> {
    let profile = toolchain.launcher.as_ref().ok().map(|launcher| &launcher.profile);
    let demands = fitness::demands(probe, profile, ranks);
    let (unfit, amount) = demands
        .iter()
        .find_map(|demand| Some((demand.unmet(&session.facts, session.root.path())?, demand.quantity())))?;
    let check = Check::not_passed("requires", Outcome::Error, "requires.pod", unfit.what);
    let Some(rule) = session.why.rules().and_then(|rules| rules.explain(unfit.id)) else {
        return Some(check);
    };
    Some(Check { diagnosis: Some(Box::new(rule.found(&amount))), ..check })
}

/// What keeps this pod from running anything at all, before modules are loaded and a plan is made.
///
/// # Errors
/// The first of it, with the id of its diagnosis.
pub(super) fn anything(facts: &Facts, why: &Why) -> Result<(), Error> {
    let tmp = std::env::temp_dir();
    let unmet = fitness::ANYTHING.iter().find_map(|demand| Some((demand, demand.unmet(facts, &tmp)?)));
    let Some((demand, unfit)) = unmet else { return Ok(()) };
    let what = format!("{} ({})", unfit.what, unfit.id);
    Err(match why.rules().and_then(|rules| rules.explain(unfit.id)) {
        Some(rule) => {
            Error::diagnosed(unfit.id, rule.retry(rule.blame()), what).hint(rule.advice(&demand.quantity()))
        }
        None => Error::new(Kind::Unfit, what),
    })
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

fn missing_launcher(probe: &Probe, toolchain: &Toolchain) -> Option<Check> {
    let why = toolchain.launcher.as_ref().err().filter(|_| probe.uses(Placeholder::Mpirun))?;
    Some(Check::not_passed("requires", Outcome::Failed, "launcher.missing", why.clone()))
}
