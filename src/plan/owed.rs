//! What a request owes of a stack: the cases of a run, and how they are written down.

use rayon::prelude::*;

use crate::error::Error;
use crate::plan::asked::Asked;
use crate::plan::basis::basis;
use crate::plan::cases::Plan;
use crate::plan::catalogue::Catalogue;
use crate::plan::missing::{Missing, missing, nothing};
use crate::plan::request::Request;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::report::record::{FORMAT, Owed, PlanRecord, now};

/// What is owed: the plan, the toolchains that it speaks of, and what was named and has no case.
///
/// # Errors
/// A request that leaves nothing, a stack that cannot be looked at.
pub fn plan(
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    request: &Request,
) -> Result<(Vec<Asked>, Plan, Vec<Missing>), Error> {
    let Request { selection, limits, extra, all, share } = request;
    let asked = stack.ask(limits, *all)?;
    let planned = |asked: &[Asked]| asked.iter().map(|asked| asked.planned(catalogue)).collect::<Vec<_>>();
    let mut plan = Plan::new(&catalogue.suites, &planned(&asked), selection, share.as_ref());
    // Names that came from a person are prefixes: loading tells what they mean, and the plan then says so.
    if !all {
        let needed: Vec<&Asked> = asked
            .iter()
            .enumerate()
            .filter(|(index, _)| plan.cases.iter().any(|case| case.toolchain == *index))
            .map(|(_, asked)| asked)
            .collect();
        needed.par_iter().for_each(|asked| {
            stack.load(asked, extra);
        });
        plan = Plan::new(&catalogue.suites, &planned(&asked), selection, share.as_ref());
    }
    let missing = missing(catalogue, &asked, request);
    if plan.cases.is_empty() {
        return Err(nothing(&missing, catalogue, request));
    }
    Ok((asked, plan, missing))
}

/// The plan as it is written down.
#[must_use]
pub fn record(
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    asked: &[Asked],
    plan: &Plan,
    facts: &Facts,
) -> PlanRecord {
    let labels: Vec<String> = asked.iter().map(|asked| asked.planned(catalogue).label).collect();
    let cases = plan.cases.iter().map(|case| {
        let suite = &catalogue.suites[case.suite];
        let probe = &suite.probes[case.probe];
        Owed {
            id: case.id.clone(),
            suite: suite.name.clone(),
            probe: probe.name.clone(),
            toolchain: labels[case.toolchain].clone(),
            ranks: case.ranks.filter(|_| probe.ranks.len() > 1),
            file: suite.source.path.to_string_lossy().into_owned(),
            line: probe.line,
        }
    });
    PlanRecord {
        format: FORMAT,
        stackprobe: env!("CARGO_PKG_VERSION").to_owned(),
        started: now(),
        command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        pod: facts.clone(),
        lmod: stack.lmod_version().to_owned(),
        modulepath: stack.modulepath(),
        shard: String::new(),
        basis: Some(Box::new(basis(catalogue, stack, asked, plan))),
        cases: cases.collect(),
    }
}
