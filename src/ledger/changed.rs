//! Which toolchains have something that the ledger does not answer.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::{Keys, Since};
use crate::error::Error;
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::cases::{Case, Plan};
use crate::plan::catalogue::Catalogue;
use crate::plan::offer::is_left_out;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::report::console::note;
use crate::run::service::Given;
use crate::stack::matrix::{Chain, Limits, Matrix};
use crate::suite::select::Selection;

/// The toolchains within `limits` that must be tested again: those that have a case which did not pass as it is now,
/// or which cannot be loaded. What would be skipped by its requirements is owed to nobody.
///
/// # Errors
/// A chain whose modules have no whole name.
pub fn changed<'m>(
    selection: &Selection,
    ledger: &Path,
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    matrix: &'m Matrix,
    limits: &'m Limits,
) -> Result<BTreeSet<&'m Chain>, Error> {
    let facts = Facts::gather();
    let keys = Keys::new(catalogue, stack, &facts, Given::or_environment(None, None), true);
    let (since, told) = Since::new(ledger, &keys);
    if let Some(line) = told {
        note(&line);
    }
    let chains: Vec<&Chain> = matrix.select(limits).collect();
    let all = chains.len();
    let must_run = |chain: &&Chain| {
        let asked = Asked::exactly(chain, &catalogue.suites)?;
        let plan = Plan::new(&catalogue.suites, &[asked.planned(catalogue)], selection, None);
        if plan.cases.is_empty() {
            return Ok(false);
        }
        let is_owed = |case: &Case| {
            let suite = &catalogue.suites[case.suite];
            let toolchain = match stack.load_for(suite, &asked, &[]) {
                Ok(toolchain) => toolchain,
                // What the stack does not offer is owed to nobody.
                Err(unloaded) => return !matches!(unloaded, Unloaded::Absent(_)),
            };
            let probe = &suite.probes[case.probe];
            since.unchanged(case, toolchain).is_none() && !is_left_out(probe, toolchain, &facts, catalogue)
        };
        Ok(plan.cases.iter().any(is_owed))
    };
    let owed = chains.par_iter().map(must_run).collect::<Result<Vec<bool>, Error>>()?;
    let changed: BTreeSet<&Chain> =
        chains.into_iter().zip(owed).filter_map(|(chain, owed)| owed.then_some(chain)).collect();
    note(&format!("{} of {all} toolchains have changed since {}", changed.len(), ledger.display()));
    Ok(changed)
}
