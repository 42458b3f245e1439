//! What a request owes of a stack: the cases of a run, and how they are written down.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::error::Error;
use crate::plan::again::Again;
use crate::plan::asked::Asked;
use crate::plan::basis::basis;
use crate::plan::cases::{Plan, Planned};
use crate::plan::catalogue::Catalogue;
use crate::plan::missing::{Missing, missing, nothing};
use crate::plan::request::Request;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::report::record::{FORMAT, Owed, PlanRecord, Selected, now};
use crate::stack::matrix::Limits;
use crate::suite::Layer;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::select::Selection;

/// What is owed: the plan, the toolchains that it speaks of, and what was named and has no case.
///
/// # Errors
/// A request that leaves nothing, a stack that cannot be looked at.
pub fn plan(
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    request: &Request,
) -> Result<(Vec<Asked>, Plan, Vec<Missing>), Error> {
    let Request { selection, limits, extra, all, share, again } = request;
    let asked = match again {
        Some(again) => asked_again(again, limits, catalogue),
        None => stack.ask(limits, *all)?,
    };
    let planned = |asked: &[Asked]| asked.iter().map(|asked| asked.planned(catalogue)).collect::<Vec<_>>();
    // What an expression takes of them is known only then, and with it what each shard gets.
    let first = share.as_ref().filter(|_| *all || selection.filters().is_empty());
    let mut plan = Plan::new(&catalogue.suites, &planned(&asked), selection, first);
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
    let mut missing = missing(catalogue, &asked, request);
    if let Some(again) = again {
        missing.extend(gone(catalogue, &planned(&asked), request, again));
    }
    if plan.cases.is_empty() {
        return Err(nothing(&missing, &asked, catalogue, request));
    }
    Ok((asked, plan, missing))
}

/// The toolchains of what was not green, as far as they are within the limits.
fn asked_again(again: &Again, limits: &Limits, catalogue: &Catalogue) -> Vec<Asked> {
    let within = |(_, modules): &&(String, Vec<(Layer, Wanted)>)| {
        modules.iter().all(|(layer, wanted)| limits.take(*layer, &Module::new(wanted.text())))
    };
    let toolchains = again.toolchains.iter().filter(within);
    let asked = |(label, modules): &(String, Vec<(Layer, Wanted)>)| Asked {
        label: label.clone(),
        named: true,
        ..Asked::by_full_names(modules.clone(), &catalogue.suites)
    };
    toolchains.map(asked).collect()
}

/// Cases that were not green and that nothing is any more: a suite that was not given, a probe that has another name.
fn gone(catalogue: &Catalogue, planned: &[Planned], request: &Request, again: &Again) -> Vec<Missing> {
    if !request.limits.is_empty() || request.selection.is_narrowed() {
        return Vec::new();
    }
    let whole = Plan::new(&catalogue.suites, planned, &Selection::default(), None);
    let here: HashSet<&str> = whole.cases.iter().map(|case| case.id.as_str()).collect();
    let gone = again.cases.values().filter(|owed| !here.contains(owed.id.as_str()));
    gone.map(|owed| Missing {
        suite: owed.suite.clone(),
        probe: owed.probe.clone(),
        why: format!(
            "{}/{} [{}] was not green in `{}`, and there is no such case now",
            owed.suite,
            owed.probe,
            owed.toolchain,
            again.from.display()
        ),
        fix: "give the --suites of that run, or leave --failed out".to_owned(),
    })
    .collect()
}

/// What a part of the plan can be asked for by.
fn selected(catalogue: &Catalogue, asked: &[Asked], plan: &Plan, request: &Request) -> Selected {
    let toolchains =
        asked.iter().enumerate().filter(|(index, _)| plan.cases.iter().any(|case| case.toolchain == *index));
    Selected {
        filter: request.selection.narrowing(),
        tags: request.selection.tags().to_vec(),
        again: request.again.as_ref().map(|again| again.from.display().to_string()).unwrap_or_default(),
        budget: String::new(),
        modules: request.extra.iter().map(|wanted| wanted.text().to_owned()).collect(),
        toolchains: toolchains
            .filter_map(|(_, asked)| {
                let modules = asked.known()?.into_iter().map(|(layer, module)| (layer, module.to_string()));
                Some((asked.planned(catalogue).label, modules.collect()))
            })
            .collect(),
    }
}

/// The plan as it is written down.
#[must_use]
pub fn record(
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    asked: &[Asked],
    plan: &Plan,
    request: &Request,
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
        lmod: stack.lmod_version(),
        modulepath: stack.modulepath(),
        shard: request.share.as_ref().map(|share| share.shard.to_string()).unwrap_or_default(),
        basis: Some(Box::new(basis(catalogue, stack, asked, plan))),
        selected: selected(catalogue, asked, plan, request),
        cases: cases.collect(),
    }
}
