//! Whether a case can tell anything here: what the pod lacks is an error, what the toolchain does not offer a skip.

use super::session::Session;
use super::why::Why;
use crate::error::{Error, Kind};
use crate::plan::offer;
use crate::pod::facts::Facts;
use crate::stack::toolchain::Toolchain;
use crate::suite::requirement::Need;
use crate::suite::{Probe, Suite};
use crate::verdict::check::{Check, Outcome};
use crate::verdict::fitness;

/// The check that says what is lacking, or none. What the toolchain does not offer is asked first: in no pod would that
/// case run.
pub(super) fn unmet(
    session: &Session<'_>,
    suite: &Suite,
    probe: &Probe,
    toolchain: &Toolchain,
    ranks: Option<u32>,
) -> Option<Check> {
    let lacking = offer::lacking(suite, probe, toolchain, &session.facts, session.catalogue)
        .or_else(|| unfit(session, probe, toolchain, ranks))?;
    // What cannot be looked at may be there: nothing is said of the stack then.
    let tool = probe.requires.iter().find_map(|requirement| match &requirement.need {
        Need::Tool(name) if toolchain.which_anywhere(name).is_none() => toolchain.hides(name),
        _ => None,
    });
    let no_tool = || offer::no_tool(probe, toolchain).is_some();
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
