//! `stackprobe submit`: the plan of `run` as a job of SLURM, a part in each task, and one report of what they left.

mod follow;
mod job;
mod script;
mod state;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::{Scheduler, Submit};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::plan::cases::{Plan, Planned};
use crate::plan::catalogue::Catalogue;
use crate::plan::owed::{plan, record};
use crate::plan::request::{Request, seconds};
use crate::plan::share::Share;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::signals::{self, Stop};
use crate::report::console::note;
use crate::report::mask;
use crate::report::print::{answer, to_json};
use crate::report::record::PlanRecord;
use crate::report::text::many;
use crate::run::root::Root;
use job::{Job, write};
use script::Script;

/// How many tasks share a plan where nobody says it.
const TASKS: u32 = 4;

/// Submits, and waits where that is asked.
///
/// # Errors
/// What keeps the plan from being made, SLURM from taking the job, or the reports from being written.
pub fn submit(flags: &Submit) -> Result<Exit, Error> {
    let Scheduler::Slurm = flags.scheduler;
    // First, while this process has no other thread.
    let facts = Facts::gather();
    let results = std::path::absolute(&flags.select.results)
        .map_err(|error| Error::io(Kind::Usage, "find", &flags.select.results, &error))?;
    let folder = results.join("slurm");
    let stop = Arc::new(Stop::new(Duration::from_secs(20))?);
    let root = Root::new(false)?;
    let tmp = root.path();
    refuse(flags)?;
    if !flags.dry_run && which::which("sbatch").is_err() {
        return Err(Error::new(Kind::Usage, "there is no SLURM here: no `sbatch` on PATH")
            .hint("submit from a host of the cluster, or use `stackprobe run`"));
    }
    let job = if flags.resume {
        Job::read(&folder, tmp)?
    } else {
        if !flags.dry_run && Job::is_kept(&folder) {
            let what = format!("`{}` holds a job that was submitted before", results.display());
            return Err(
                Error::new(Kind::Usage, what).hint("--resume goes on with it; or give another --results")
            );
        }
        let plans = parts(flags, &facts, tmp, &stop)?;
        let tasks = u32::try_from(plans.len()).unwrap_or(u32::MAX);
        let since = time::OffsetDateTime::now_utc().unix_timestamp();
        let name = format!("stackprobe-{since}-{}", std::process::id());
        let link = Path::new("/proc/self/exe");
        let program =
            std::fs::read_link(link).map_err(|error| Error::io(Kind::Unfit, "read", link, &error))?;
        let dir = std::env::current_dir()
            .map_err(|error| Error::io(Kind::Unfit, "find", Path::new("."), &error))?;
        let script =
            Script { flags, name: &name, program: &program, dir: &dir, results: &results, tasks }.render();
        if flags.dry_run {
            answer(&script, None)?;
            return Ok(Exit::Passed);
        }
        std::fs::create_dir_all(&folder).map_err(|error| Error::place("make", &folder, &error))?;
        for (index, plan) in (1_u32..).zip(&plans) {
            write(&follow::plan_of(&folder, index), to_json(plan)?.as_bytes())?;
        }
        let mut job = Job { name, id: None, tasks };
        job.submit(&folder, &script, tmp)?;
        job
    };
    let tasks = many(job.tasks as usize, "task");
    note(&format!("job {} has {tasks}; results go to `{}`", job.id(), results.display()));
    match flags.wait {
        None => Ok(Exit::Passed),
        Some(limit) => {
            signals::listen(Arc::clone(&stop))?;
            follow::follow(&job, &results, tmp, limit, &stop)
        }
    }
}

/// What `run` takes and a job cannot be given: each task has a part of its own, and no earlier results.
fn refuse(flags: &Submit) -> Result<(), Error> {
    let given = [("--shard", flags.select.shard.is_some()), ("--failed", flags.select.failed.is_some())];
    let wrong: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("`submit` has no {}", wrong.join(" and no ")))
        .hint("the tasks share the plan among themselves; -E and --exclude say what they share"))
}

/// What each task owes: as many parts as were asked for, but none that is empty.
fn parts(flags: &Submit, facts: &Facts, tmp: &Path, stop: &Stop) -> Result<Vec<PlanRecord>, Error> {
    let catalogue = Catalogue::load(&flags.select.suite_folders, flags.select.site.as_ref())?;
    let request = Request { share: None, ..Request::new(&flags.select, &catalogue)? };
    if !request.has_toolchains() {
        return Err(Error::new(Kind::Nothing, "no toolchain was asked for")
            .hint("give --cc, --mpi or --runtime, or --all for every toolchain of the stack"));
    }
    let stack = Stack::open(&catalogue, tmp, stop, request.all)?;
    let (asked, whole, _) = plan(&catalogue, &stack, &request)?;
    let planned: Vec<Planned> = asked.iter().map(|asked| asked.planned(&catalogue)).collect();
    let wanted = if flags.one_job { 1 } else { flags.array.map_or(TASKS, std::num::NonZeroU32::get) };
    let seconds = seconds(&flags.select)?;
    let deal = |tasks: u32| -> Vec<Plan> {
        let shards = (1..=tasks).filter_map(|index| format!("{index}/{tasks}").parse().ok());
        let part = |shard| {
            let share = match &seconds {
                Some(seconds) => Share::balanced(shard, seconds.clone()),
                None => Share::even(shard),
            };
            Plan::new(&catalogue.suites, &planned, &request.selection, Some(&share))
        };
        shards.map(part).filter(|plan| !plan.cases.is_empty()).collect()
    };
    let mut plans = if wanted == 1 { vec![whole] } else { deal(wanted) };
    let full = u32::try_from(plans.len()).unwrap_or(u32::MAX);
    if full < wanted {
        plans = deal(full);
    }
    let record = |plan: &Plan| {
        let mut record = record(&catalogue, &stack, &asked, plan, &request, facts);
        mask::record::plan(&mut record);
        record
    };
    Ok(plans.iter().map(record).collect())
}
