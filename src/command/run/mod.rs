//! `stackprobe run`: the main job, from a command line to a report.

mod as_left;
mod case;
mod circumstances;
mod dress;
mod family;
mod keep;
mod native;
pub(super) mod needs;
mod pause;
mod resume;
mod session;
mod tasks;
mod teller;
mod untested;
mod why;

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cli::Run;
use crate::command::asked::Asked;
use crate::command::catalogue::Catalogue;
use crate::command::ledger::{Keys, Since};
use crate::command::missing::{Missing, missing, nothing};
use crate::command::request::Request;
use crate::command::toolchains::Stack;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::heap;
use crate::pod::facts::Facts;
use crate::pod::init;
use crate::pod::signals::{self, Stop};
use crate::report::claim::Claim;
use crate::report::console::{Console, note};
use crate::report::estimate::Estimate;
use crate::report::live::{self, Live};
use crate::report::record::{CaseRecord, FORMAT, Owed, PlanRecord};
use crate::report::reserve::Reserve;
use crate::report::{results, summary, termination};
use crate::run::execute::dismiss_supervisors;
use crate::run::plan::Plan;
use crate::run::root::Root;
use crate::run::service::{Given, Services};
use crate::run::sweep::leave_nothing;
use crate::suite::Service;
use pause::Pause;
use resume::resume;
use session::{Session, now};
use teller::Teller;
use why::Why;

/// Runs what the flags ask for.
///
/// # Errors
/// What kept the plan from being made or the results from being written.
pub fn run(flags: &Run) -> Result<Exit, Error> {
    // First, while this process has no other thread.
    heap::be_sparing();
    let facts = Facts::gather();
    let catalogue = Catalogue::load(&flags.select.suite_folders, flags.select.site.as_ref())?;
    let request = Request::new(&flags.select, &catalogue)?;
    let mut begun = false;
    let done = attempt(flags, (&catalogue, &request), &facts, &mut begun);
    if let (Err(error), false) = (&done, begun) {
        let why = Why::new(catalogue.site.source.as_ref()).ok();
        untested::leave(flags, &request, &facts, why.as_ref(), error);
    }
    done
}

/// The run; `begun` says whether the results are there and speak for themselves.
fn attempt(
    flags: &Run,
    (catalogue, request): (&Catalogue, &Request),
    facts: &Facts,
    begun: &mut bool,
) -> Result<Exit, Error> {
    if !request.has_toolchains() {
        return Err(Error::new(Kind::Nothing, "no toolchain was asked for")
            .hint("give --cc, --mpi or --runtime, or --all for every toolchain of the stack"));
    }
    let why = Why::new(catalogue.site.source.as_ref())?;
    needs::anything(facts, &why)?;
    let stop = Stop::new(flags.grace).map_err(|error| {
        Error::new(Kind::Pod, format!("cannot open a pipe: {}", crate::error::reason(&error)))
    })?;
    let stop = Arc::new(stop);
    signals::listen(Arc::clone(&stop))?;
    init::adopt_orphans()?;
    let done = carry_out(flags, (catalogue, request), (facts.clone(), why), &stop, begun);
    match (done, stop.requested()) {
        // Whoever asks for a stop while the stack is looked at is told that it was heeded, as at any other time.
        (Err(error), Some(signal)) => {
            crate::report::console::error(&error);
            Ok(Exit::Signal(signal))
        }
        (done, _) => done,
    }
}

fn carry_out(
    flags: &Run,
    (catalogue, request): (&Catalogue, &Request),
    (facts, why): (Facts, Why),
    stop: &Arc<Stop>,
    begun: &mut bool,
) -> Result<Exit, Error> {
    let root = Root::new(flags.keep)?;
    let stack = Stack::open(catalogue, root.path(), stop, request.all)?;
    let (asked, plan, missing) = plan(catalogue, &stack, request)?;
    let mut record = record(catalogue, &stack, &asked, &plan, &facts);
    let mut missing = untested::records(&missing);
    if request.all {
        missing.extend(untested::hidden(stack.hidden(), &why));
    }
    record.cases.extend(missing.iter().map(|case| case.owed.clone()));
    record.shard = flags.select.shard.map(|shard| shard.to_string()).unwrap_or_default();
    let claim = Claim::take(&flags.results)?;
    let given_servers = given(flags.index_url.as_ref(), flags.cran.as_ref());
    let keys = Keys::new(catalogue, &stack, &facts, given_servers, flags.since.is_some());
    let (done, plan) = resume(flags, (catalogue, &stack, &keys), (&asked, &request.extra), plan);
    let since = flags.since.as_deref().map(|path| {
        let (since, told) = Since::new(path, &keys);
        if let Some(line) = told {
            note(&line);
        }
        since
    });
    let pause = if flags.debug_pause { Some(Pause::new()?) } else { None };
    let live = show(flags, &record, &done);
    *begun = true;
    let results = results::Results::begin(&flags.results, &record, done, flags.junit_strict)?;
    let console = Console::new(record.cases.len(), results.done(), flags.quiet, live.clone());
    let told = (record.cases, Teller::start(results, console)?, live, pause);
    let reserve = Reserve::make(&flags.results, plan.cases.len())?;
    let services = services(flags, catalogue, &plan, &root);
    let place = (&asked[..], &root, &keys, since.as_ref());
    let session =
        Session::new(flags, catalogue, (&stack, &request.extra), place, (facts, why), (stop, services), told);
    for case in missing {
        session.tell(case);
    }
    session.carry_out(&plan);
    let mut results = session.end();
    drop(reserve);
    dismiss_supervisors();
    leave_nothing();
    let written = results.end().err();
    // What is in no report is in no ledger.
    if let Some(since) = since.filter(|_| written.is_none())
        && let Err(told) = since.enter(results.account().cases())
    {
        note(&told);
    }
    let printed = summary::print(results.account(), &flags.results).err();
    termination::write(results.account());
    drop(claim);
    let exit = match stop.requested() {
        Some(signal) => Exit::Signal(signal),
        None => summary::exit(results.account()),
    };
    match written {
        // What could not be written down is not known to whoever reads the report, whether it passed or failed.
        Some(error) if matches!(exit, Exit::Passed | Exit::Failed | Exit::Unknown | Exit::Unfit) => {
            Err(error)
        }
        Some(error) => {
            crate::report::console::error(&error);
            Ok(exit)
        }
        // The results are whole; whoever reads only what is printed must not take half of it for all.
        None => match printed {
            Some(error) if exit == Exit::Passed => Err(error),
            Some(error) => {
                crate::report::console::error(&error);
                Ok(exit)
            }
            None => Ok(exit),
        },
    }
}

/// Shows what is running, where somebody sees it. What cases took when an earlier run wrote into the same results
/// directory tells how long they will take.
fn show(flags: &Run, record: &PlanRecord, done: &[CaseRecord]) -> Option<Arc<Live>> {
    if flags.quiet || !live::is_possible() {
        return None;
    }
    let earlier = results::read(&flags.results).map(|(_, earlier, _)| earlier).unwrap_or_default();
    let earlier = earlier.into_iter().filter(|(_, case)| case.seconds > 0.0);
    let earlier = earlier.map(|(id, case)| (id, case.seconds)).collect();
    let over: HashSet<&str> = done.iter().map(|case| case.owed.id.as_str()).collect();
    let owed = record.cases.iter().filter(|owed| !over.contains(owed.id.as_str()));
    Live::begin(done.len(), record.cases.len(), Estimate::new(owed, earlier)).ok().map(Arc::new)
}

/// Starts what the probes of the plan ask to be served.
fn services(flags: &Run, catalogue: &Catalogue, plan: &Plan, root: &Root) -> Services {
    let probes = plan.cases.iter().map(|case| &catalogue.suites[case.suite].probes[case.probe]);
    let needed: Vec<Service> = Service::ALL
        .into_iter()
        .map(|(_, service)| service)
        .filter(|service| probes.clone().any(|probe| probe.services.contains(service)))
        .collect();
    Services::start(&needed, &given(flags.index_url.as_ref(), flags.cran.as_ref()), root.path())
}

/// The real servers that a run was given.
pub(super) fn given(index: Option<&String>, cran: Option<&String>) -> Given {
    let set = |name| std::env::var(name).ok().filter(|url| !url.trim().is_empty());
    let index = index.cloned().or_else(|| set("STACKPROBE_INDEX_URL")).or_else(|| set("PIP_INDEX_URL"));
    Given {
        index: index.filter(|url| !url.trim().is_empty()),
        cran: cran.cloned().or_else(|| set("STACKPROBE_CRAN")),
    }
}

/// What is owed: the plan, the toolchains that it speaks of, and what was named and has no case.
///
/// # Errors
/// A request that leaves nothing, a stack that cannot be looked at.
pub(super) fn plan(
    catalogue: &Catalogue,
    stack: &Stack<'_>,
    request: &Request,
) -> Result<(Vec<Asked>, Plan, Vec<Missing>), Error> {
    let Request { selection, limits, extra, all, shard } = request;
    let asked = stack.ask(limits, *all)?;
    let planned = |asked: &[Asked]| asked.iter().map(|asked| asked.planned(catalogue)).collect::<Vec<_>>();
    let mut plan = Plan::new(&catalogue.suites, &planned(&asked), selection, *shard);
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
        plan = Plan::new(&catalogue.suites, &planned(&asked), selection, *shard);
    }
    let missing = missing(catalogue, &asked, request);
    if plan.cases.is_empty() {
        return Err(nothing(&missing, catalogue, request));
    }
    Ok((asked, plan, missing))
}

/// The plan as it is written down.
pub(super) fn record(
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
        cases: cases.collect(),
    }
}
