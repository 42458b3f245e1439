//! `stackprobe mutate`: which seeded faults of the loaded MPI the suites would catch.

mod bench;
mod library;
mod page;
mod tell;
mod trials;

use std::sync::Arc;

use anstream::println;

use crate::cli::{Mutate, Select};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::mutate::{self, Mutant, Score};
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::catalogue::Catalogue;
use crate::plan::request::Request;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::init;
use crate::pod::signals::{self, Stop};
use crate::report::text::line;
use crate::run::root::Root;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::embedded::table;
use bench::{Bench, Equipment};
use library::Attacked;

/// Builds the shim, tries the faults, tells what was caught.
///
/// # Errors
/// A toolchain that is not one compiler and one MPI, a shim that cannot be built, probes none of which runs.
pub fn mutate(flags: &Mutate) -> Result<Exit, Error> {
    let catalogue = Catalogue::load(&flags.suite_folders, flags.site.as_ref())?;
    let select = Select {
        suites: flags.suites.clone(),
        modules: flags.modules.clone(),
        suite_folders: flags.suite_folders.clone(),
        ..Select::default()
    };
    let request = Request::new(&select, &catalogue)?;
    let faults = mutate::Catalogue::parse(&table("mutants/mpi.toml"))
        .map_err(|faults| Error::of(Kind::Internal, faults))?;
    let stop = Arc::new(Stop::unheard()?);
    signals::listen(Arc::clone(&stop))?;
    init::adopt_orphans()?;
    let root = Root::new(false)?;
    let stack = Stack::open(&catalogue, root.path(), &stop, false)?;
    let asked = one(&stack, &request)?;
    let toolchain = loaded(&stack, &asked, &request)?;
    let attacked = Attacked::new(toolchain, root.path(), &stop)?;
    let mutants = chosen(flags, &faults, &attacked);
    if mutants.is_empty() {
        return Err(Error::new(Kind::Nothing, "no fault is left to try")
            .hint("--list without --only prints all that this library can have"));
    }
    if flags.list {
        for mutant in &mutants {
            println!("{mutant}");
        }
        return Ok(Exit::Passed);
    }
    attacked.build_shim(toolchain, &faults, root.path(), &stop)?;
    let facts = Facts::gather();
    let bench = Bench::new(&Equipment {
        catalogue: &catalogue,
        selection: &request.selection,
        toolchain,
        facts: &facts,
        root: &root,
        stop: &stop,
        jobs: flags.jobs,
    })?;
    let (launches, time) = bench.healthy();
    tell::bench(&bench.unfit, launches, time, &toolchain.label, mutants.len());
    let trials = trials::Trials::open(&flags.results, &mutants)?;
    bench.attack(&mutants, &trials, flags.budget);
    let tried = trials.tried();
    let score = Score::new(tried.iter().map(|(mutant, trial)| (*mutant, trial.verdict)));
    page::write(&flags.results, &toolchain.label, &score, &tried)?;
    tell::score(&score, &tried, mutants.len(), &flags.results);
    if let Some(signal) = stop.requested() {
        return Ok(Exit::Signal(signal));
    }
    let enough =
        flags.at_least.is_none_or(|least| score.whole.red * 100 >= usize::from(least) * score.whole.all);
    Ok(match (score.whole.all, enough) {
        (0, _) => Exit::Nothing,
        (_, true) => Exit::Passed,
        (_, false) => Exit::Failed,
    })
}

/// The mutants that are asked for, in the order in which they are tried.
fn chosen(flags: &Mutate, faults: &mutate::Catalogue, attacked: &Attacked) -> Vec<Mutant> {
    let mut mutants =
        mutate::in_order(mutate::all(faults, &attacked.prototypes, &attacked.library), flags.seed);
    mutants.retain(|mutant| {
        let id = mutant.to_string();
        let asked = flags.only.is_empty() || flags.only.iter().any(|only| id.contains(only.as_str()));
        asked && !faults.equal.iter().any(|(which, _)| which.is_match(&id))
    });
    if let Some(shard) = flags.shard {
        let mut place = 0..;
        mutants.retain(|_| place.next().is_some_and(|place| shard.takes(place)));
    }
    mutants.truncate(flags.sample.unwrap_or(usize::MAX));
    mutants
}

fn one(stack: &Stack<'_>, request: &Request) -> Result<Asked, Error> {
    let mut asked = stack.ask(&request.limits, false)?;
    asked.retain(|asked| {
        [Layer::Compiler, Layer::Mpi]
            .iter()
            .all(|wanted| asked.modules.iter().any(|(layer, _)| layer == wanted))
    });
    match (asked.pop(), asked.len()) {
        (Some(only), 0) => Ok(only),
        (Some(_), more) => {
            Err(Error::new(Kind::Usage, format!("{} toolchains were asked for, one is attacked", more + 1)))
        }
        (None, _) => {
            Err(Error::new(Kind::Usage, "no compiler with an MPI was asked for").hint("give --cc and --mpi"))
        }
    }
}

fn loaded<'a>(stack: &Stack<'_>, asked: &'a Asked, request: &Request) -> Result<&'a Toolchain, Error> {
    stack.load(asked, &request.extra).as_ref().map_err(|unloaded| match unloaded {
        Unloaded::Refused(refusal) => Error::new(Kind::Stack, refusal.what.clone())
            .hint(format!("Lmod says: {}", line(&refusal.words, 400))),
        Unloaded::Absent(what) | Unloaded::Untested(what) => Error::new(Kind::Stack, what.clone()),
        Unloaded::Unknown(error) => error.clone(),
    })
}
