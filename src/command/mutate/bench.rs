//! The probes on the bench: built once, run once healthy, then with one mutant after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

mod ready;

use super::library::{shim, words};
use super::trials::Trials;
use crate::error::{Error, Kind};
use crate::mutate::{CHOICE, Mutant, Trial, Verdict};
use crate::plan::catalogue::Catalogue;
use crate::pod::facts::Facts;
use crate::pod::signals::Stop;
use crate::run::command::{Command, Limits};
use crate::run::execute::{Capture, execute};
use crate::run::outcome::Ended;
use crate::run::output::Stream;
use crate::run::root::Root;
use crate::run::schedule::{Share, Task, carry_out};
use crate::run::stage::{Attempt, Stage, base};
use crate::run::surroundings::{Place, environment};
use crate::stack::toolchain::Toolchain;
use crate::suite::select::Selection;
use crate::suite::template::{Placeholder, Template};
use crate::suite::{Probe, Protocol, Suite};
use crate::verdict::check::{Check, RUN};
use crate::verdict::judge::{self, Step};
use crate::verdict::tap;
use ready::{Ready, bindings, is_red, probes};

/// A mutant that takes so much longer than the healthy library hangs.
const PATIENCE: u32 = 8;
/// A launch may take this long in any case: a busy node has its moments.
const LEAST: Duration = Duration::from_secs(5);

/// Everything that mutants are tried with.
pub(super) struct Bench<'b> {
    catalogue: &'b Catalogue,
    toolchain: &'b Toolchain,
    facts: &'b Facts,
    root: &'b Root,
    stop: &'b Stop,
    env: PathBuf,
    slots: NonZeroU32,
    count: AtomicU32,
    ready: Vec<Ready<'b>>,
    /// Probes that take no part, with the reason.
    pub(super) unfit: Vec<(String, String)>,
    /// Which probe has last caught a mutant of a function.
    catchers: Mutex<BTreeMap<String, usize>>,
}

/// Where one command of a probe works.
struct At<'a> {
    stage: &'a Stage,
    attempt: &'a Attempt,
}

/// What a bench is set up from.
pub(super) struct Equipment<'b> {
    pub(super) catalogue: &'b Catalogue,
    pub(super) selection: &'b Selection,
    pub(super) toolchain: &'b Toolchain,
    pub(super) facts: &'b Facts,
    pub(super) root: &'b Root,
    pub(super) stop: &'b Stop,
    /// How many CPUs to use; none for all.
    pub(super) jobs: Option<NonZeroU32>,
}

impl<'b> Bench<'b> {
    /// Builds every probe that is asked for and launches it once with the healthy library behind the shim.
    ///
    /// # Errors
    /// No `env` program, no probe that works.
    pub(super) fn new(equipment: &Equipment<'b>) -> Result<Self, Error> {
        let Equipment { catalogue, selection, toolchain, facts, root, stop, jobs } = *equipment;
        let env = which::which_in("env", Some("/usr/bin:/bin"), "/").map_err(|_| {
            Error::new(Kind::Pod, "there is no `env` in /usr/bin or /bin, which starts the ranks")
        })?;
        let slots = jobs.or(NonZeroU32::new(facts.cpus)).unwrap_or(NonZeroU32::MIN);
        let mut bench = Self {
            catalogue,
            toolchain,
            facts,
            root,
            stop,
            env,
            slots,
            count: AtomicU32::new(0),
            ready: Vec::new(),
            unfit: Vec::new(),
            catchers: Mutex::default(),
        };
        let (ready, unfit) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let tasks = probes(catalogue, selection).map(|(suite, probe, run)| {
            let (bench, ready, unfit) = (&bench, &ready, &unfit);
            Task::new(Share::Build, move || match bench.build(suite, probe) {
                Ok(stage) => bench.launches(suite, probe, run, &Arc::new(stage), ready, unfit),
                Err(why) => {
                    lock(unfit).push((format!("{}/{}", suite.name, probe.name), why));
                    Vec::new()
                }
            })
        });
        carry_out(tasks.collect(), slots);
        let mut found = ready.into_inner().unwrap_or_else(PoisonError::into_inner);
        bench.unfit = unfit.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|ready| ready.healthy);
        bench.ready = found;
        if bench.ready.is_empty() {
            let why = bench.unfit.first().map_or("none was asked for", |(_, why)| why.as_str());
            return Err(Error::new(Kind::Nothing, format!("no probe works with the healthy library: {why}"))
                .hint("`stackprobe run mpi` with the same toolchain tells why"));
        }
        Ok(bench)
    }

    /// How many launches there are, and what they take with the healthy library.
    pub(super) fn healthy(&self) -> (usize, Duration) {
        (self.ready.len(), self.ready.iter().map(|ready| ready.healthy).sum())
    }

    fn build(&self, suite: &'b Suite, probe: &'b Probe) -> Result<Stage, String> {
        let told = |error: Error| error.what();
        let name = format!("{}.{}", suite.name, probe.name);
        let stage = Stage::new(self.root, &name, suite, probe, false).map_err(told)?;
        let attempt = stage.attempt("build").map_err(told)?;
        let at = At { stage: &stage, attempt: &attempt };
        for template in &probe.build {
            let words = self.fill(template, probe, None, &at)?;
            let step = self.execute(probe, words, None, &at, probe.timeout, &mut |_, _| {});
            let step = step.map_err(told)?;
            if let Some(check) = judge::build([&step]) {
                return Err(check.reason);
            }
        }
        Ok(stage)
    }

    fn launches<'t>(
        &'t self,
        suite: &'b Suite,
        probe: &'b Probe,
        run: &'b Template,
        stage: &Arc<Stage>,
        ready: &'t Mutex<Vec<Ready<'b>>>,
        unfit: &'t Mutex<Vec<(String, String)>>,
    ) -> Vec<Task<'t>>
    where
        'b: 't,
    {
        let symbols = Arc::new(words(&std::fs::read(stage.exe()).unwrap_or_default()).collect());
        let bindings = bindings(suite, probe);
        let ranks: Vec<Option<u32>> = match probe.ranks.as_slice() {
            [] => vec![None],
            ranks => ranks.iter().copied().map(Some).collect(),
        };
        let launch = |ranks: Option<u32>| {
            let mut launch = Ready {
                suite,
                probe,
                run,
                stage: Arc::clone(stage),
                ranks,
                bindings: bindings.clone(),
                symbols: Arc::clone(&symbols),
                healthy: Duration::ZERO,
                red: BTreeSet::new(),
            };
            let slots = probe.slots.or(ranks).unwrap_or(1);
            Task::new(Share::Run(slots), move || {
                let begun = Instant::now();
                match self.launch(&launch, None, probe.timeout) {
                    Ok(checks) => {
                        if let Some(check) = checks.iter().find(|check| check.name == RUN && is_red(check)) {
                            lock(unfit).push((launch.name(), check.reason.clone()));
                        } else {
                            launch.healthy = begun.elapsed();
                            launch.red = checks.into_iter().filter(is_red).map(|check| check.name).collect();
                            lock(ready).push(launch);
                        }
                    }
                    Err(error) => lock(unfit).push((launch.name(), error.what())),
                }
                Vec::new()
            })
        };
        ranks.into_iter().map(launch).collect()
    }

    /// Tries the mutants one after the other until time is up or somebody asks for a stop.
    pub(super) fn attack(&self, mutants: &[Mutant], trials: &Trials<'_>, budget: Option<Duration>) {
        let begun = Instant::now();
        let most =
            self.ready.iter().map(|ready| ready.probe.slots.or(ready.ranks).unwrap_or(1)).max().unwrap_or(1);
        let tasks = trials.open_ones(mutants).map(|mutant| {
            Task::new(Share::Run(most), move || {
                let over = budget.is_some_and(|budget| begun.elapsed() >= budget);
                if !over
                    && self.stop.requested().is_none()
                    && let Some(trial) = self.try_one(mutant)
                {
                    trials.add(mutant, trial);
                }
                Vec::new()
            })
        });
        carry_out(tasks.collect(), self.slots);
    }

    /// None if nothing could be told of it.
    fn try_one(&self, mutant: &Mutant) -> Option<Trial> {
        let symbols = mutant.binding.symbols(&mutant.function);
        let calls = |ready: &Ready<'_>| {
            ready.bindings.contains(&mutant.binding)
                && symbols.iter().any(|symbol| ready.symbols.contains(symbol))
        };
        let mut places: Vec<usize> =
            (0..self.ready.len()).filter(|place| calls(&self.ready[*place])).collect();
        let known = lock(&self.catchers).get(&mutant.function).copied();
        // The sort is stable: those that are done soon stay in front.
        places.sort_by_key(|place| Some(*place) != known);
        let verdict = if places.is_empty() { Verdict::Uncalled } else { Verdict::Survived };
        let mut trial = Trial { mutant: mutant.to_string(), verdict, by: String::new() };
        for place in places {
            let ready = &self.ready[place];
            let limit = (ready.healthy * PATIENCE).max(LEAST).min(ready.probe.timeout.max(LEAST));
            let checks = self.launch(ready, Some(&mutant.choice()), limit).ok()?;
            if self.stop.requested().is_some() {
                return None;
            }
            let mut failing = checks.iter().filter(|check| is_red(check) && !ready.red.contains(&check.name));
            let first = failing.clone().find(|check| check.name != RUN).or_else(|| failing.next());
            let Some(check) = first else { continue };
            trial.verdict = if check.name == RUN { Verdict::Ended } else { Verdict::Caught };
            trial.by = format!(
                "{}: {}: {}",
                ready.name(),
                check.name,
                check.reason.lines().next().unwrap_or_default()
            );
            lock(&self.catchers).insert(mutant.function.clone(), place);
            break;
        }
        Some(trial)
    }

    fn launch(&self, ready: &Ready<'_>, choice: Option<&str>, limit: Duration) -> Result<Vec<Check>, Error> {
        let attempt = ready.stage.attempt(&format!("m{}", self.count.fetch_add(1, Ordering::Relaxed)))?;
        let at = At { stage: &ready.stage, attempt: &attempt };
        let mut words = self
            .fill(ready.run, ready.probe, ready.ranks, &at)
            .map_err(|why| Error::new(Kind::Stack, why))?;
        let exe = ready.stage.exe().to_string_lossy().into_owned();
        // The launcher itself is spared.
        if let Some(place) = words.iter().position(|word| *word == exe) {
            let mut before = vec![
                self.env.to_string_lossy().into_owned(),
                format!("LD_PRELOAD={}", shim(self.root.path()).display()),
            ];
            before.extend(choice.map(|choice| format!("{CHOICE}={choice}")));
            words.splice(place..place, before);
        }
        let mut reader = (ready.probe.protocol == Protocol::Tap).then(tap::Reader::default);
        let step = self.execute(ready.probe, words, ready.ranks, &at, limit, &mut |stream, chunk| {
            if stream == Stream::Stdout
                && let Some(reader) = &mut reader
            {
                reader.add(chunk);
            }
        })?;
        Ok(judge::run(ready.probe, &step, reader.map(tap::Reader::finish)))
    }

    fn fill(
        &self,
        template: &Template,
        probe: &Probe,
        ranks: Option<u32>,
        At { stage, attempt }: &At<'_>,
    ) -> Result<Vec<String>, String> {
        let mut lacking = None;
        let words = template.fill(|placeholder| match placeholder {
            Placeholder::Sources => probe.sources.iter().map(|file| base(file).to_owned()).collect(),
            Placeholder::Exe => vec![stage.exe().to_string_lossy().into_owned()],
            Placeholder::Stage => vec![stage.path().to_string_lossy().into_owned()],
            Placeholder::Tmp => vec![attempt.tmp.to_string_lossy().into_owned()],
            Placeholder::Ranks => vec![ranks.unwrap_or(1).to_string()],
            Placeholder::Cpus => vec![self.facts.cpus.to_string()],
            Placeholder::Mpirun => match &self.toolchain.launcher {
                Ok(launcher) => {
                    let program = launcher.program.to_string_lossy().into_owned();
                    std::iter::once(program).chain(launcher.profile.args.iter().cloned()).collect()
                }
                Err(why) => {
                    lacking = Some(why.clone());
                    Vec::new()
                }
            },
            tool => match self.toolchain.tools.get(&tool) {
                Some(Ok(words)) => words.clone(),
                found => {
                    let why = found.and_then(|found| found.clone().err());
                    lacking =
                        Some(why.unwrap_or_else(|| format!("no loaded module is known to bring {tool}")));
                    Vec::new()
                }
            },
        });
        lacking.map_or(Ok(words), Err)
    }

    fn execute(
        &self,
        probe: &Probe,
        words: Vec<String>,
        ranks: Option<u32>,
        At { stage, attempt }: &At<'_>,
        wall: Duration,
        lines: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Step, Error> {
        let place = Place {
            home: &attempt.home,
            tmp: &attempt.tmp,
            dir: stage.path(),
            ranks: ranks.unwrap_or(1),
            cpus: self.facts.cpus,
            launched: ranks.map(|_| probe.launch),
            root: self.facts.uid == 0,
            toolboxes: &self.catalogue.site.toolboxes,
            job: self.catalogue.launchers.allocation(),
        };
        let mut environment = environment(self.toolchain, &place);
        for (name, value) in &probe.env {
            environment.set(name, value);
        }
        let shown = shell_words::join(&words);
        let command = Command {
            argv: words.into_iter().map(OsString::from).collect(),
            env: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            dir: stage.path().to_path_buf(),
            tmp: attempt.tmp.clone(),
            limits: Limits { wall, grace: Duration::from_millis(500), ..Limits::default() },
        };
        let executed = execute(&command, &Capture::new("/dev/null"), self.stop, lines)?;
        if executed.ended == Ended::Interrupted {
            return Err(Error::new(Kind::Pod, "interrupted"));
        }
        Ok(Step { command: shown, executed })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
