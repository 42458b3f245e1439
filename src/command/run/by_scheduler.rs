//! What a scheduler started on behalf of a case: it is ended by the scheduler, too, and a launcher that cannot do is named.

use std::path::Path;

use super::session::Session;
use crate::plan::cases::Case;
use crate::report::console::note;
use crate::run::outcome::{Ended, Executed};
use crate::run::scheduler::end_step;
use crate::stack::toolchain::Toolchain;
use crate::verdict::check::{Check, Outcome};

/// What a scheduler calls the step that runs this case, so that it can be found and ended.
pub(super) fn step_name(case: &Case) -> String {
    format!("stackprobe.{}.{}", std::process::id(), case.id)
}

/// Ends the step of a case whose launcher did not end by itself: ranks are no children of it, and outlive its death.
pub(super) fn end(
    executed: &mut Executed,
    toolchain: &Toolchain,
    case: &Case,
    session: &Session<'_>,
    tmp: &Path,
) {
    let starter = toolchain.launcher.as_ref().ok().and_then(|launcher| launcher.starter.as_ref());
    let by_scheduler = starter.is_some_and(|starter| starter.program.is_some());
    let Some(allocation) = session.catalogue.launchers.allocation().filter(|_| by_scheduler) else { return };
    if matches!(executed.ended, Ended::Exit(_) | Ended::NotStarted { .. }) {
        return;
    }
    if let Err(why) = end_step(&allocation.job, &step_name(case), tmp) {
        note(&format!("{}: its step may still run: {why}", case.id));
    }
}

/// Says with each check that did not pass by what its ranks were started, and whether that can be. Diagnoses know these
/// words.
pub(super) fn explain(checks: &mut [Check], toolchain: &Toolchain) {
    let Ok(launcher) = &toolchain.launcher else { return };
    let Some(starter) = launcher.starter.as_ref().filter(|starter| starter.program.is_some()) else { return };
    let said = match &starter.unsuited {
        Some(why) => format!("ranks were started by {}: {why}", starter.method.name),
        None => format!("ranks were started by {}", starter.method.name),
    };
    for check in checks.iter_mut().filter(|check| matches!(check.outcome, Outcome::Failed | Outcome::Error)) {
        let before = std::mem::take(&mut check.detail);
        check.detail = if before.is_empty() { said.clone() } else { format!("{before}\n{said}") };
    }
}
