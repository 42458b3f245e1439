//! Probes that stackprobe answers itself: what each is given, and that its processes are supervised.

use std::path::Path;
use std::time::{Duration, Instant};

use super::case::{Built, stage_fault};
use super::session::Session;
use crate::error::Error;
use crate::native::{identity, linkage, modules, spack};
use crate::plan::cases::Case;
use crate::plan::catalogue::Catalogue;
use crate::run::call::call;
use crate::stack::bond::Bonds;
use crate::stack::environment::Environment;
use crate::stack::inventory::Claim;
use crate::stack::matrix::Matrix;
use crate::stack::spider::Found;
use crate::stack::toolchain::Toolchain;
use crate::suite::Native;
use crate::suite::alternatives::Alternatives;
use crate::verdict::check::{Check, Outcome};

impl Built<'_> {
    /// Looks, and records what was seen.
    pub(super) fn look(&self, native: Native, case: &Case) {
        let begun = Instant::now();
        let (group, probe) = (&self.group, self.group.probe());
        let checks = match self.stage.attempt("look") {
            Ok(attempt) => {
                let environment = group.environment(probe, case, &self.stage, &attempt, false);
                let limit = group.session.flags.timeout.unwrap_or(probe.timeout);
                let named = group.suite().modules.as_slice();
                look(native, group.session, group.toolchain, named, &environment, &attempt.tmp, limit)
            }
            Err(error) => vec![stage_fault(&error, &self.group.session.why)],
        };
        self.conclude_after(case, checks, None, begun.elapsed().as_secs_f64(), Vec::new());
    }
}

/// Looks, in `environment`, with processes in `tmp`.
fn look(
    native: Native,
    session: &Session<'_>,
    toolchain: &Toolchain,
    named: &[Alternatives],
    environment: &Environment,
    tmp: &Path,
    limit: Duration,
) -> Vec<Check> {
    let ask = |question: &_| call(question, limit, tmp, session.stop);
    let mut checks = match native {
        Native::Identity => {
            let families = &session.catalogue.families;
            let external = |file: &Path| match session.stack.inventory().ok()?.claim(file) {
                Claim::Of(record) if record.external => record.prefix.clone(),
                _ => None,
            };
            let subject = identity::IdentityInputs { toolchain, environment, families, external: &external };
            identity::look(&subject, &ask)
        }
        Native::Modules => match all(session) {
            Ok((found, matrix, bonds)) => {
                let base = &based(&toolchain.base, environment);
                let (lmod, own) = session.stack.asked();
                let Catalogue { budgets, variables, .. } = session.catalogue;
                let lmod = modules::Asked { lmod, own, tmp };
                let subject = modules::ModulesInputs {
                    toolchain,
                    base,
                    found,
                    matrix,
                    bonds,
                    lmod,
                    budgets,
                    variables,
                };
                modules::look(&subject, &ask)
            }
            Err(error) => vec![stage_fault(&error, &session.why)],
        },
        Native::Linkage => linkage::look(toolchain, named, environment, session.catalogue.families.vendors()),
        Native::Spack => {
            match session.stack.inventory().and_then(|inventory| Ok((inventory, all(session)?))) {
                Ok((inventory, (found, matrix, bonds))) => {
                    spack::look(&spack::SpackInputs { toolchain, found, matrix, bonds, inventory })
                }
                Err(error) => vec![stage_fault(&error, &session.why)],
            }
        }
    };
    if let (Native::Modules | Native::Spack, Some((_, fault))) = (native, session.stack.hidden().first()) {
        doubt(&mut checks, &fault.to_string());
    }
    if checks.is_empty() {
        let reason = "this probe saw nothing that it could judge";
        return vec![Check::not_passed("look", Outcome::Error, "native.nothing", reason)];
    }
    checks
}

/// All modules, all toolchains, and what those of Core bring and want.
fn all<'s>(session: &'s Session<'_>) -> Result<(&'s [Found], &'s Matrix, &'s Bonds), Error> {
    Ok((session.stack.found()?, session.stack.matrix()?, session.stack.bonds()?))
}

/// What is nowhere to be seen may be where we cannot look.
fn doubt(checks: &mut [Check], fault: &str) {
    const ABSENCES: [&str; 3] = ["module.unreachable", "module.cache", "spack.no-module"];
    for check in checks.iter_mut().filter(|check| ABSENCES.contains(&check.kind.as_str())) {
        check.outcome = Outcome::Error;
        check.reason = format!("{}; but not all of the module tree can be looked at: {fault}", check.reason);
    }
}

/// The environment before any module, as a user with a HOME has it. What Lmod takes away with a module that sets it
/// (it unsets, whatever was there before) must not be what we or the pod had set.
fn based(base: &Environment, case: &Environment) -> Environment {
    let mut environment = base.clone();
    if let Some(home) = case.get("HOME") {
        environment.set("HOME", home);
    }
    environment.unset_where(|name, _| name == "TMPDIR" || name == "LANG" || name.starts_with("LC_"));
    environment
}
