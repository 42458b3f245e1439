//! One case from its staged folder to its verdicts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::as_left;
use super::by_scheduler;
use super::circumstances::{Before, Circumstances};
use super::needs::unmet;
use super::session::Session;
use super::why::Why;
use crate::error::Error;
use crate::plan::cases::Case;
use crate::pod::facts::free;
use crate::report::mask;
use crate::report::results::Results;
use crate::run::command::{Command, Limits};
use crate::run::execute::{Capture, execute};
use crate::run::memory::Group as MemoryGroup;
use crate::run::outcome::Ended;
use crate::run::output::Stream;
use crate::run::refusal::blame;
use crate::run::stage::{Attempt, Stage};
use crate::stack::environment::Environment;
use crate::stack::toolchain::Toolchain;
use crate::suite::launch::Launch;
use crate::suite::template::{Placeholder, Template};
use crate::suite::{Action, Probe, Protocol, Suite};
use crate::verdict::check::{BUILD, Check, Diagnosed, Outcome};
use crate::verdict::fitness;
use crate::verdict::judge::{self, Step};
use crate::verdict::tap;

/// The cases of one probe under one toolchain: built once, run with each number of ranks.
#[derive(Clone, Copy)]
pub(super) struct Group<'g> {
    pub(super) session: &'g Session<'g>,
    pub(super) toolchain: &'g Toolchain,
    pub(super) cases: &'g [Case],
}

/// A group that is ready to run.
pub(super) struct Built<'g> {
    pub(super) group: Group<'g>,
    pub(super) stage: Stage,
    steps: Vec<Execution>,
    seconds: f64,
}

/// A command that was carried out, with what it takes to do it again by hand.
pub(super) struct Execution {
    pub(super) step: Step,
    pub(super) words: Vec<String>,
    pub(super) environment: Environment,
    pub(super) folders: [PathBuf; 2],
    /// What was known just before.
    before: Before,
    /// Bytes free for temporary files when it was over, with all that it had written.
    tmp_free: Option<u64>,
    /// What it said that it saw, beside its checks.
    observed: BTreeMap<String, String>,
}

impl<'g> Group<'g> {
    pub(super) fn suite(&self) -> &'g Suite {
        &self.session.catalogue.suites[self.cases[0].suite]
    }

    pub(super) fn probe(&self) -> &'g Probe {
        &self.suite().probes[self.cases[0].probe]
    }

    /// Stages and builds. None if that was the end of these cases; they are recorded then.
    pub(super) fn build(self) -> Option<Built<'g>> {
        let begun = Instant::now();
        let probe = self.probe();
        if let Some(check) = self.unserved() {
            for case in self.cases {
                self.close(case, vec![check.clone()], &[], 0.0, Vec::new(), BTreeMap::new());
            }
            return None;
        }
        let lacking = self.cases.iter().map(|case| self.lacking(case)).collect::<Vec<_>>();
        if lacking.iter().all(Option::is_some) {
            for (case, check) in self.cases.iter().zip(lacking) {
                let seconds = begun.elapsed().as_secs_f64();
                self.close(case, Vec::from_iter(check), &[], seconds, Vec::new(), BTreeMap::new());
            }
            return None;
        }
        let stage = match Stage::new(
            self.session.root,
            &self.cases[0].id,
            self.suite(),
            probe,
            self.session.flags.keep,
        ) {
            Ok(stage) => stage,
            Err(error) => return self.could_not(&error),
        };
        let steps = match self.build_steps(&stage) {
            Ok(steps) => steps,
            Err(error) => return self.could_not(&error),
        };
        let seconds = begun.elapsed().as_secs_f64();
        let built = Built { group: self, stage, steps, seconds };
        if let Some(check) = judge::build(built.steps.iter().map(|done| &done.step)) {
            for case in self.cases {
                built.conclude(case, vec![check.clone()]);
            }
            return None;
        }
        Some(built)
    }

    /// Carries out what builds, up to the first that fails.
    fn build_steps(&self, stage: &Stage) -> Result<Vec<Execution>, Error> {
        let templates = &self.probe().build;
        let mut steps = Vec::new();
        if templates.is_empty() {
            return Ok(steps);
        }
        let attempt = stage.attempt("build")?;
        for template in templates {
            let step = self.execute(template, &self.cases[0], stage, &attempt, &mut |_, _| {})?;
            let well = step.step.executed.ended == Ended::Exit(0);
            steps.push(step);
            if !well {
                break;
            }
        }
        Ok(steps)
    }

    /// A service that the probe asks for and cannot have: nothing could be told of the stack.
    fn unserved(&self) -> Option<Check> {
        let services = &self.session.services;
        let unserved =
            self.probe().services.iter().find_map(|service| services.environment(*service).err())?;
        let check = Check::not_passed("requires", Outcome::Error, "requires.service", unserved.what.clone());
        let rule = self.session.why.rules().and_then(|rules| rules.explain(unserved.id));
        let diagnosis = Diagnosed {
            id: unserved.id.to_owned(),
            fault: unserved.fault.to_owned(),
            cause: unserved.what.clone(),
            fix: unserved.hint.clone(),
            retry: rule.is_none_or(|rule| rule.retry(rule.blame())),
            spec: String::new(),
        };
        Some(Check { diagnosis: Some(Box::new(diagnosis)), ..check.detail(unserved.hint.clone()) })
    }

    fn lacking(&self, case: &Case) -> Option<Check> {
        unmet(self.session, self.suite(), self.probe(), self.toolchain, case.ranks)
    }

    /// The pod kept these cases from being tried at all.
    fn could_not<T>(&self, error: &Error) -> Option<T> {
        for case in self.cases {
            let checks = vec![stage_fault(error, &self.session.why)];
            self.close(case, checks, &[], 0.0, Vec::new(), BTreeMap::new());
        }
        None
    }

    fn execute(
        &self,
        template: &Template,
        case: &Case,
        stage: &Stage,
        attempt: &Attempt,
        lines: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Execution, Error> {
        let probe = self.probe();
        let session = self.session;
        let words = template.fill(|placeholder| self.fill(placeholder, case, stage, attempt));
        let shown = shell_words::join(&words);
        let launched = template.placeholders().any(|used| used == Placeholder::Mpirun);
        let environment = self.environment(probe, case, stage, attempt, launched);
        let asked = session.flags.limits().or(probe.limits);
        let group = session.groups.as_ref().zip(asked.memory);
        let group = group.and_then(|(groups, bytes)| groups.make(bytes).ok());
        let command = Command {
            argv: words.iter().map(OsString::from).collect(),
            env: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            dir: stage.path().to_path_buf(),
            tmp: attempt.tmp.clone(),
            limits: Limits {
                wall: session.flags.timeout.unwrap_or(probe.timeout),
                grace: session.flags.grace.min(Duration::from_secs(5)),
                cpu: asked.cpu_time,
                memory: asked.memory,
                group: group.as_ref().map(MemoryGroup::membership),
                file_size: asked.file_size,
                core: session.flags.keep,
                // Where that is refused and is not asked for either, it stays on: see `Demand::Layout`.
                aslr: probe.aslr || fitness::layout_is_kept(&session.facts),
            },
        };
        let mut capture = Capture::new(Results::log(&session.flags.select.results, &case.id));
        capture.head = usize::try_from(session.flags.output).unwrap_or(usize::MAX);
        capture.tail = capture.head;
        capture.log_cap = session.flags.log;
        capture.filter = mask::stream;
        capture.heading = format!("$ {shown}\n");
        let before = Before::now();
        let mut executed = execute(&command, &capture, session.stop, lines)?;
        if launched {
            by_scheduler::end(&mut executed, self.toolchain, case, session, &attempt.tmp);
        }
        blame(&mut executed, &command.limits, group.as_ref().map_or(0, MemoryGroup::kills));
        let tmp_free = free(&attempt.tmp);
        let folders = [attempt.tmp.clone(), attempt.home.clone()];
        Ok(Execution {
            step: Step { command: shown, executed },
            words,
            environment,
            folders,
            before,
            tmp_free,
            observed: BTreeMap::new(),
        })
    }
}

impl Built<'_> {
    /// Runs one case, again where that is allowed, and records it.
    pub(super) fn run(&self, case: &Case) {
        let probe = self.group.probe();
        let template = match &probe.action {
            Action::Run(template) => template,
            Action::Build => return self.conclude(case, Vec::new()),
            Action::Native(native) => return self.look(*native, case),
        };
        if let Some(check) = self.group.lacking(case) {
            return self.conclude(case, vec![check]);
        }
        let begun = Instant::now();
        let mut earlier = Vec::new();
        for attempt in 0.. {
            let (checks, step) = match self.attempt(template, case, attempt) {
                Ok((checks, step)) => (checks, Some(step)),
                Err(error) => (vec![stage_fault(&error, &self.group.session.why)], None),
            };
            let allowed =
                if attempt < self.retries() { self.allowed(&checks, case, step.as_ref()) } else { 0 };
            if attempt < allowed && self.group.session.stop.requested().is_none() {
                earlier.extend(checks.into_iter().filter(|check| check.outcome > Outcome::Skipped));
                continue;
            }
            let seconds = begun.elapsed().as_secs_f64();
            return self.conclude_after(case, checks, step.as_ref(), seconds, earlier);
        }
    }

    /// How often a case that ended like this may be tried again: not at all where its diagnosis says that no try cures it.
    fn allowed(&self, checks: &[Check], case: &Case, run: Option<&Execution>) -> u32 {
        let probe = self.group.probe();
        let mut checks = checks.to_vec();
        if !probe.control {
            let executed = run.map(|done| &done.step.executed);
            self.group.session.why.diagnose(&mut checks, executed, &self.circumstances(case, run, run));
        }
        let lost = |check: &Check| check.diagnosis.as_ref().is_some_and(|diagnosis| !diagnosis.retry);
        match checks.iter().map(|check| check.outcome).max() {
            Some(Outcome::Error)
                if checks.iter().any(|check| check.outcome == Outcome::Error && lost(check)) =>
            {
                0
            }
            Some(Outcome::Error) => self.retries(),
            Some(Outcome::Failed) if !probe.control => self.retries().min(probe.retries),
            _ => 0,
        }
    }

    /// How often at most: as the command line says, or else as the probe does.
    fn retries(&self) -> u32 {
        self.group.session.flags.retries.unwrap_or(self.group.probe().retries)
    }

    /// What is known around a case; `last` is what ran last of it.
    fn circumstances(
        &self,
        case: &Case,
        run: Option<&Execution>,
        last: Option<&Execution>,
    ) -> Circumstances<'_> {
        let (session, probe) = (self.group.session, self.group.probe());
        Circumstances {
            probe,
            inherited: session.catalogue.families.inherited(),
            toolchain: self.group.toolchain,
            facts: &session.facts,
            ranks: case.ranks,
            launched: run.is_some() && probe.uses(Placeholder::Mpirun),
            side_by_side: session.side_by_side(case.ranks.unwrap_or(1)),
            before: last.map_or_else(Before::now, |done| done.before),
            tmp_free: last.and_then(|done| done.tmp_free),
        }
    }

    fn attempt(
        &self,
        template: &Template,
        case: &Case,
        number: u32,
    ) -> Result<(Vec<Check>, Execution), Error> {
        let probe = self.group.probe();
        let attempt = self.stage.attempt(&format!("{}{number}", case.ranks.map_or(0, |ranks| ranks)))?;
        let mut reader = (probe.protocol == Protocol::Tap).then(tap::Reader::default);
        let mut done = self.group.execute(template, case, &self.stage, &attempt, &mut |stream, chunk| {
            if stream == Stream::Stdout
                && let Some(reader) = &mut reader
            {
                reader.add(chunk);
            }
        })?;
        let stream = reader.map(tap::Reader::finish);
        if let Some(stream) = &stream {
            done.observed.clone_from(&stream.observed);
        }
        Ok((judge::run(probe, &done.step, stream), done))
    }

    /// What was seen of its run beside its checks. What a control does is seeded, and is no news of this place.
    fn observed(&self, around: &Circumstances<'_>, run: Option<&Execution>) -> BTreeMap<String, String> {
        let Some(done) = run.filter(|_| !around.probe.control) else { return BTreeMap::new() };
        let mut observed = done.observed.clone();
        if around.launched {
            let launcher = self.group.toolchain.launcher.as_ref().ok();
            observed.extend(launcher.map(|launcher| ("launcher".to_owned(), launcher.name())));
        }
        observed
    }

    fn conclude(&self, case: &Case, checks: Vec<Check>) {
        self.conclude_after(case, checks, None, 0.0, Vec::new());
    }

    pub(super) fn conclude_after(
        &self,
        case: &Case,
        mut checks: Vec<Check>,
        run: Option<&Execution>,
        seconds: f64,
        earlier: Vec<Check>,
    ) {
        let probe = self.group.probe();
        let first = self.group.cases.first().is_some_and(|first| first.id == case.id);
        let well_built = checks.iter().all(|check| check.name != BUILD);
        if probe.control {
            let last = run.or(self.steps.last()).map(|done| &done.step.executed);
            checks = vec![judge::control(probe, &checks, last)];
        } else if first && well_built && !self.steps.is_empty() {
            checks.insert(0, Check { millis: Some(millis(self.seconds)), ..Check::passed(BUILD) });
        }
        let built = if first { self.steps.as_slice() } else { &[] };
        let done: Vec<&Execution> = built.iter().chain(run).collect();
        if checks.iter().any(|check| matches!(check.outcome, Outcome::Failed | Outcome::Error)) {
            self.keep_repro(case, &checks, &self.steps.iter().chain(run).collect::<Vec<_>>());
        }
        let steps: Vec<&Step> = done.iter().map(|done| &done.step).collect();
        let seconds = seconds + if first { self.seconds } else { 0.0 };
        // Cases that share a build fail of it alike, though it was carried out once.
        let failed_build = self.steps.last().filter(|_| !well_built).map(|done| &done.step.executed);
        let last = steps.last().map(|step| &step.executed).or(failed_build);
        let around = self.circumstances(case, run, done.last().copied());
        if run.is_some() && probe.launch == Launch::AsLeft {
            as_left::explain(&mut checks, self.group.toolchain, self.group.session.facts.uid == 0);
        }
        if around.launched {
            by_scheduler::explain(&mut checks, self.group.toolchain);
        }
        self.group.session.why.diagnose(&mut checks, last, &around);
        let observed = self.observed(&around, run);
        self.group.close(case, checks, &steps, seconds, earlier, observed);
    }
}

pub(super) fn stage_fault(error: &Error, why: &Why) -> Check {
    let fault = error.faults.first();
    let what = fault.map(|fault| fault.what.clone()).unwrap_or_default();
    let hint = fault.and_then(|fault| fault.hint.clone()).unwrap_or_default();
    let check = Check::not_passed("stage", Outcome::Error, "stage", what).detail(hint);
    Check { diagnosis: why.of_error(error), ..check }
}

fn millis(seconds: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds.max(0.0)).as_millis()).unwrap_or(u64::MAX)
}
