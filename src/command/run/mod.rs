//! `stackprobe run`: the main job, from a command line to a report.

mod as_left;
mod budget;
mod by_scheduler;
mod case;
mod circumstances;
mod dress;
mod keep;
mod native;
mod needs;
mod pause;
mod resume;
mod session;
mod tasks;
mod teller;
mod untested;
mod why;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::cli::Run;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::heap;
use crate::history::{Entry, file};
use crate::ledger::{Keys, Since};
use crate::notify::{Message, Notify};
use crate::plan::cases::Plan;
use crate::plan::catalogue::Catalogue;
use crate::plan::missing::unmet;
use crate::plan::owed::{plan, record};
use crate::plan::request::Request;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::init;
use crate::pod::signals::{self, Stop};
use crate::report::account::Account;
use crate::report::claim::Claim;
use crate::report::console::{Console, note};
use crate::report::earlier;
use crate::report::estimate::Estimate;
use crate::report::event::Event;
use crate::report::live::{self, Live};
use crate::report::messages::Messages;
use crate::report::record::{CaseRecord, PlanRecord};
use crate::report::reserve::Reserve;
use crate::report::{results, summary, termination};
use crate::run::execute::dismiss_supervisors;
use crate::run::root::Root;
use crate::run::service::{Given, Services};
use crate::run::sweep::leave_nothing;
use crate::suite::Service;
use pause::Pause;
use resume::resume;
use session::{Parts, Session};
use teller::Teller;
use why::Why;

/// Runs what the flags ask for.
///
/// # Errors
/// What kept the plan from being made or the results from being written.
pub fn run(flags: &Run) -> Result<Exit, Error> {
    let notify = flags.notices.read(Some(&flags.select.results))?;
    let messages = Arc::new(Messages::new(flags.progress.message_format));
    let done = begin(flags, &messages, notify.as_ref());
    // Where the run came to its end, it has said so.
    let (exit, why) = match &done {
        Ok(exit) => (*exit, None),
        Err(error) => (error.exit(), Some(error.what())),
    };
    messages.tell(&Event::over(exit.code(), why, None));
    done
}

fn begin(flags: &Run, messages: &Arc<Messages>, notify: Option<&Notify>) -> Result<Exit, Error> {
    // First, while this process has no other thread.
    heap::be_sparing();
    let mut facts = Facts::gather();
    let mut catalogue = Catalogue::load(&flags.select.suite_folders, flags.select.site.as_ref())?;
    if let Some(told) = catalogue.stand_in_allocation(flags.launcher.as_deref(), &std::env::temp_dir())? {
        note(&told);
    }
    if let Some(cpus) = catalogue.launchers.allocation().and_then(|allocation| allocation.cpus) {
        facts.cpus = facts.cpus.min(cpus);
    }
    let request = Request::new(&flags.select, &catalogue)?;
    let mut course = Course { begun: false, messages, notify };
    let done = attempt(flags, &catalogue, &request, &facts, &mut course);
    if let (Err(error), false) = (&done, course.begun) {
        let why = Why::new(catalogue.site.source.as_ref()).ok();
        untested::leave(flags, &request, &facts, why.as_ref(), error);
    }
    done
}

/// How far a run has come, and who is told.
struct Course<'c> {
    /// Whether the results are there and speak for themselves.
    begun: bool,
    messages: &'c Arc<Messages>,
    notify: Option<&'c Notify>,
}

fn attempt(
    flags: &Run,
    catalogue: &Catalogue,
    request: &Request,
    facts: &Facts,
    course: &mut Course<'_>,
) -> Result<Exit, Error> {
    if !request.has_toolchains() {
        return Err(Error::new(Kind::Nothing, "no toolchain was asked for")
            .hint("give --cc, --mpi or --runtime, or --all for every toolchain of the stack"));
    }
    let why = Why::new(catalogue.site.source.as_ref())?;
    needs::anything(facts, &why)?;
    let stop = Arc::new(Stop::new(flags.grace)?);
    signals::listen(Arc::clone(&stop))?;
    init::adopt_orphans()?;
    let done = carry_out(flags, catalogue, request, facts.clone(), why, &stop, course);
    match (done, stop.requested()) {
        // Whoever asks for a stop while the stack is looked at is told that it was heeded, as at any other time.
        (Err(error), Some(signal)) => {
            crate::report::console::error(&error);
            Ok(Exit::Signal(signal))
        }
        (done, _) => done,
    }
}

/// What the ledger at `path` says, and a note of what is wrong with it.
fn since<'k>(path: &Path, keys: &'k Keys<'k>) -> Since<'k> {
    let (since, told) = Since::new(path, keys);
    if let Some(line) = told {
        note(&line);
    }
    since
}

fn carry_out(
    flags: &Run,
    catalogue: &Catalogue,
    request: &Request,
    facts: Facts,
    why: Why,
    stop: &Arc<Stop>,
    course: &mut Course<'_>,
) -> Result<Exit, Error> {
    let Course { messages, notify, .. } = *course;
    let root = Root::new(flags.keep)?;
    let host = facts.node.clone().or_else(|| Some(facts.host.clone()));
    let stack = Stack::open(catalogue, root.path(), stop, request.all)?;
    let (asked, plan, missing) = plan(catalogue, &stack, request)?;
    let mut record = record(catalogue, &stack, &asked, &plan, request, &facts);
    if let Some(unmet) = unmet(catalogue, &asked, request) {
        note(&unmet);
    }
    let mut missing = untested::records(&missing);
    if request.all {
        missing.extend(untested::hidden(stack.hidden(), &why));
    }
    record.cases.extend(missing.iter().map(|case| case.owed.clone()));
    let claim = Claim::take(&flags.select.results)?;
    let given_servers = Given::or_environment(flags.index_url.as_ref(), flags.cran.as_ref());
    let keys = Keys::new(catalogue, &stack, &facts, given_servers, flags.since.is_some());
    let (done, plan) = resume(flags, catalogue, &stack, &keys, &asked, &request.extra, plan);
    let known = budget::Known { catalogue, stack: &stack, keys: &keys, asked: &asked, extra: &request.extra };
    let (plan, left) = budget::within(flags, &known, plan, session::slots(flags, &facts));
    record.selected.budget = budget::word(flags);
    let since = flags.since.as_deref().map(|path| since(path, &keys));
    let pause = if flags.debug_pause { Some(Pause::new()?) } else { None };
    let live = show(flags, &record, &done);
    if !flags.resume || earlier::would_lose(&flags.select.results, &done) {
        keep_earlier(flags)?;
    }
    course.begun = true;
    let results = results::Results::begin(&flags.select.results, &record, done, flags.reports.order())?;
    let console = Console::new(record.cases.len(), results.done(), flags.progress.level(), live.clone());
    messages.tell(&Event::begun(&flags.select.results, record.cases.len(), results.done()));
    let teller = Teller::start(results, console, Arc::clone(messages), flags.progress.slow_after)?;
    let reserve = Reserve::make(&flags.select.results, plan.cases.len())?;
    let services = services(flags, catalogue, &plan, &root);
    let session = Session::new(Parts {
        flags,
        catalogue,
        stack: &stack,
        extra: &request.extra,
        asked: &asked,
        root: &root,
        keys: &keys,
        since: since.as_ref(),
        facts,
        why,
        stop,
        services,
        owed: record.cases,
        teller,
        live,
        pause,
    });
    for case in missing {
        session.tell(case);
    }
    session.leave(&left);
    session.carry_out(&plan);
    let mut results = session.end();
    drop(reserve);
    dismiss_supervisors();
    leave_nothing();
    let written = results.end().err();
    if written.is_none() {
        remember(flags, results.account(), host.as_deref().unwrap_or_default());
    }
    // What is in no report is in no ledger.
    if let Some(since) = since.filter(|_| written.is_none())
        && let Err(told) = since.enter(results.account().cases())
    {
        note(&told);
    }
    if flags.keep {
        note(&format!("the staged folders of all cases are kept in `{}`", root.path().display()));
    }
    let exit = match stop.requested() {
        Some(signal) => Exit::Signal(signal),
        None => summary::exit(results.account()),
    };
    // What could not be written down is not known to whoever reads the report, whether it passed or failed.
    let written = match written {
        Some(error) if matches!(exit, Exit::Passed | Exit::Failed | Exit::Unknown | Exit::Unfit) => {
            (Some(error), true)
        }
        written => (written, false),
    };
    let fatal = written.0.as_ref().filter(|_| written.1);
    let printed = print(flags, messages, results.account(), exit, fatal).err();
    if let Some(notify) = notify {
        let code = fatal.map_or(exit, Error::exit).code();
        notify.tell(&Message::of_account("run", code, results.account(), Some(&flags.select.results)));
    }
    termination::write(results.account());
    drop(claim);
    ended(written, printed, exit)
}

/// What a run ends with: `written` is what could not be written down, and whether that decides; `printed`, what could
/// not be printed.
fn ended(written: (Option<Error>, bool), printed: Option<Error>, exit: Exit) -> Result<Exit, Error> {
    match written {
        (Some(error), true) => Err(error),
        (Some(error), false) => {
            crate::report::console::error(&error);
            Ok(exit)
        }
        // The results are whole; whoever reads only what is printed must not take half of it for all.
        (None, _) => match printed {
            Some(error) if exit == Exit::Passed => Err(error),
            Some(error) => {
                crate::report::console::error(&error);
                Ok(exit)
            }
            None => Ok(exit),
        },
    }
}

/// Prints how the run ended: the summary, or the last event.
fn print(
    flags: &Run,
    messages: &Messages,
    account: &Account,
    exit: Exit,
    fatal: Option<&Error>,
) -> Result<(), Error> {
    if !messages.are_wanted() {
        return summary::print(account, Some(&flags.select.results), flags.reports.final_status_level);
    }
    let exit = fatal.map_or(exit, Error::exit);
    messages.tell(&Event::over(exit.code(), fatal.map(Error::what), Some(account)));
    messages.end()
}

/// Appends what ran to the history, if there is one.
fn remember(flags: &Run, account: &Account, host: &str) {
    let Some(path) = &flags.history else { return };
    let entries: Vec<Entry> = account.cases().filter_map(|case| Entry::of(case, host)).collect();
    match file::append(path, &entries) {
        Ok(Some(told)) => note(&told),
        Ok(None) => {}
        Err(error) => note(&error.what()),
    }
}

/// Keeps the results that this run is about to write over, and says where.
///
/// # Errors
/// Those of [`earlier::keep`].
fn keep_earlier(flags: &Run) -> Result<(), Error> {
    if let Some(kept) = earlier::keep(&flags.select.results, flags.earlier)? {
        note(&format!(
            "the results that `{}` held are kept as `{}`",
            flags.select.results.display(),
            kept.display()
        ));
    }
    Ok(())
}

/// Shows what is running, where somebody sees it. What cases took when an earlier run wrote into the same results
/// directory tells how long they will take.
fn show(flags: &Run, record: &PlanRecord, done: &[CaseRecord]) -> Option<Arc<Live>> {
    if flags.progress.quiet || !live::is_possible() {
        return None;
    }
    let earlier = earlier::latest(&flags.select.results).and_then(|folder| results::read(&folder).ok());
    let earlier = earlier.map(|(_, earlier, _)| earlier).unwrap_or_default();
    let earlier = earlier.into_iter().filter(|(_, case)| case.seconds > 0.0);
    let mut earlier: HashMap<String, f64> = earlier.map(|(id, case)| (id, case.seconds)).collect();
    // Of many runs rather than of one. What cannot be read is told when the run has ended and is to be appended.
    let history = flags.history.as_deref().and_then(|path| file::read(path).ok());
    earlier.extend(history.unwrap_or_default().seconds());
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
    Services::start(
        &needed,
        &Given::or_environment(flags.index_url.as_ref(), flags.cran.as_ref()),
        root.path(),
    )
}
