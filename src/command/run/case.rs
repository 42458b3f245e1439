//! One case from its staged folder to its verdicts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, Instant};

use super::needs::unmet;
use super::session::Session;
use crate::error::Error;
use crate::report::record::{CaseRecord, CommandRecord};
use crate::report::results::Results;
use crate::report::text::{clean, head_and_tail};
use crate::run::command::{Command, Limits};
use crate::run::execute::{Capture, Ended, execute};
use crate::run::output::Stream;
use crate::run::plan::Case;
use crate::run::stage::{Attempt, Stage, base};
use crate::stack::environment::Environment;
use crate::stack::toolchain::Toolchain;
use crate::suite::template::{Placeholder, Template};
use crate::suite::{Action, Layer, Probe, Protocol, Suite};
use crate::verdict::check::{Check, Outcome};
use crate::verdict::judge::{self, Step};
use crate::verdict::tap;

/// What of an output goes into a case's record.
const KEPT: usize = 24 << 10;

/// The cases of one probe under one toolchain: built once, run with each number of ranks.
#[derive(Clone, Copy)]
pub(super) struct Group<'g> {
    pub(super) session: &'g Session<'g>,
    pub(super) toolchain: &'g Toolchain,
    pub(super) cases: &'g [Case],
}

/// A group that is ready to run.
pub(super) struct Built<'g> {
    group: Group<'g>,
    stage: Stage,
    steps: Vec<Step>,
    seconds: f64,
}

impl<'g> Group<'g> {
    fn suite(&self) -> &'g Suite {
        &self.session.catalogue.suites[self.cases[0].suite]
    }

    fn probe(&self) -> &'g Probe {
        &self.suite().probes[self.cases[0].probe]
    }

    /// Stages and builds. None if that was the end of these cases; they are recorded then.
    pub(super) fn build(self) -> Option<Built<'g>> {
        let begun = Instant::now();
        let probe = self.probe();
        let lacking = self.cases.iter().map(|case| self.lacking(case)).collect::<Vec<_>>();
        if lacking.iter().all(Option::is_some) {
            for (case, check) in self.cases.iter().zip(lacking) {
                self.close(case, Vec::from_iter(check), &[], begun.elapsed().as_secs_f64(), Vec::new());
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
        let attempt = match stage.attempt("build") {
            Ok(attempt) => attempt,
            Err(error) => return self.could_not(&error),
        };
        let mut steps = Vec::new();
        for template in &probe.build {
            let step = match self.execute(template, &self.cases[0], (&stage, &attempt), &mut |_, _| {}) {
                Ok(step) => step,
                Err(error) => return self.could_not(&error),
            };
            let well = step.executed.ended == Ended::Exit(0);
            steps.push(step);
            if !well {
                break;
            }
        }
        let built = Built { group: self, stage, steps, seconds: begun.elapsed().as_secs_f64() };
        if let Some(check) = judge::build(&built.steps) {
            for case in self.cases {
                built.conclude(case, vec![check.clone()], None);
            }
            return None;
        }
        Some(built)
    }

    fn lacking(&self, case: &Case) -> Option<Check> {
        let session = self.session;
        unmet(
            self.probe(),
            self.toolchain,
            &session.facts,
            session.root.path(),
            session.catalogue,
            case.ranks,
        )
    }

    /// The pod kept these cases from being tried at all.
    fn could_not<T>(&self, error: &Error) -> Option<T> {
        for case in self.cases {
            self.close(case, vec![stage_fault(error)], &[], 0.0, Vec::new());
        }
        None
    }

    fn execute(
        &self,
        template: &Template,
        case: &Case,
        (stage, attempt): (&Stage, &Attempt),
        lines: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Step, Error> {
        let probe = self.probe();
        let session = self.session;
        let words = template.fill(|placeholder| self.fill(placeholder, case, stage, attempt));
        let shown = shell_words::join(&words);
        let launched = template.placeholders().any(|used| used == Placeholder::Mpirun);
        let command = Command {
            argv: words.into_iter().map(OsString::from).collect(),
            env: self
                .environment(probe, case, stage, attempt, launched)
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            dir: stage.path().to_path_buf(),
            tmp: attempt.tmp.clone(),
            limits: Limits {
                wall: session.flags.timeout.unwrap_or(probe.timeout),
                grace: session.flags.grace.min(Duration::from_secs(5)),
                core: session.flags.keep,
                aslr: probe.aslr,
                ..Limits::default()
            },
        };
        let mut capture = Capture::new(Results::log(&session.flags.results, &case.id));
        capture.head = usize::try_from(session.flags.output).unwrap_or(usize::MAX);
        capture.tail = capture.head;
        capture.log_cap = session.flags.log;
        capture.heading = format!("$ {shown}\n");
        let executed = execute(&command, &capture, session.stop, lines)?;
        Ok(Step { command: shown, executed })
    }

    fn fill(&self, placeholder: Placeholder, case: &Case, stage: &Stage, attempt: &Attempt) -> Vec<String> {
        let path = |path: &Path| vec![path.to_string_lossy().into_owned()];
        match placeholder {
            Placeholder::Sources => self.probe().sources.iter().map(|file| base(file).to_owned()).collect(),
            Placeholder::Exe => path(&stage.exe()),
            Placeholder::Stage => path(stage.path()),
            Placeholder::Tmp => path(&attempt.tmp),
            Placeholder::Ranks => vec![case.ranks.unwrap_or(1).to_string()],
            Placeholder::Cpus => vec![self.session.facts.cpus.to_string()],
            Placeholder::Mpirun => match &self.toolchain.launcher {
                Ok(launcher) => {
                    let mut words = path(&launcher.program);
                    words.extend(launcher.profile.args.iter().cloned());
                    words
                }
                Err(_) => Vec::new(),
            },
            tool => self.toolchain.tools.get(&tool).and_then(|found| found.clone().ok()).unwrap_or_default(),
        }
    }

    fn environment(
        &self,
        probe: &Probe,
        case: &Case,
        stage: &Stage,
        attempt: &Attempt,
        launched: bool,
    ) -> Environment {
        let mut environment = self.toolchain.environment.clone();
        environment.set("LC_ALL", "C.UTF-8");
        environment.set("HOME", &attempt.home);
        environment.set("TMPDIR", &attempt.tmp);
        environment.set("PWD", stage.path());
        environment.set("STACKPROBE_RANKS", case.ranks.unwrap_or(1).to_string());
        environment.set("STACKPROBE_CPUS", self.session.facts.cpus.to_string());
        for (layer, name) in [(Layer::Compiler, "CC"), (Layer::Mpi, "MPI"), (Layer::Runtime, "RUNTIME")] {
            let loaded = self.toolchain.of(layer);
            let set = |environment: &mut Environment, what: &str, value: String| {
                environment.set(format!("STACKPROBE_{name}_{what}"), value);
            };
            let Some(loaded) = loaded else { continue };
            set(&mut environment, "FAMILY", loaded.family.clone());
            set(&mut environment, "VERSION", loaded.module.plain_version().to_owned());
            let prefix = loaded.prefix.as_deref().map(Path::to_string_lossy).unwrap_or_default();
            set(&mut environment, "PREFIX", prefix.into_owned());
        }
        if launched && let Ok(launcher) = &self.toolchain.launcher {
            let root = self.session.facts.uid == 0;
            let root_env = launcher.profile.root_env.iter().filter(|_| root);
            for (name, value) in launcher.profile.env.iter().chain(root_env) {
                environment.set(name, value);
            }
        }
        for (name, value) in &probe.env {
            environment.set(name, value);
        }
        environment
    }

    /// Records a case.
    fn close(&self, case: &Case, checks: Vec<Check>, steps: &[&Step], seconds: f64, earlier: Vec<Check>) {
        let mut record = self.session.record(case, checks);
        record.seconds = seconds;
        record.earlier = earlier;
        record.commands = steps.iter().map(|step| command_record(step)).collect();
        Session::describe(&mut record, self.toolchain);
        keep_output(&mut record, steps);
        if matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
            record.environment = changes(self.toolchain);
        }
        if !steps.is_empty() {
            record.log = format!("logs/{}.log", case.id);
        }
        self.session.finish(record);
    }
}

impl Built<'_> {
    /// Runs one case, again where that is allowed, and records it.
    pub(super) fn run(&self, case: &Case) {
        let probe = self.group.probe();
        let template = match &probe.action {
            Action::Run(template) => template,
            Action::Build | Action::Native(_) => return self.conclude(case, Vec::new(), None),
        };
        if let Some(check) = self.group.lacking(case) {
            return self.conclude(case, vec![check], None);
        }
        let begun = Instant::now();
        let mut earlier = Vec::new();
        for attempt in 0.. {
            let (checks, step) = match self.attempt(template, case, attempt) {
                Ok((checks, step)) => (checks, Some(step)),
                Err(error) => (vec![stage_fault(&error)], None),
            };
            let worst = checks.iter().map(|check| check.outcome).max();
            let allowed = match worst {
                Some(Outcome::Error) => self.group.session.flags.retries,
                Some(Outcome::Failed) if !probe.control => {
                    self.group.session.flags.retries.min(probe.retries)
                }
                _ => 0,
            };
            if attempt < allowed && self.group.session.stop.requested().is_none() {
                earlier.extend(checks.into_iter().filter(|check| check.outcome > Outcome::Skipped));
                continue;
            }
            let seconds = begun.elapsed().as_secs_f64();
            return self.conclude_after(case, checks, step, (seconds, earlier));
        }
    }

    fn attempt(&self, template: &Template, case: &Case, number: u32) -> Result<(Vec<Check>, Step), Error> {
        let probe = self.group.probe();
        let attempt = self.stage.attempt(&format!("{}{number}", case.ranks.map_or(0, |ranks| ranks)))?;
        let mut reader = (probe.protocol == Protocol::Tap).then(tap::Reader::default);
        let step = self.group.execute(template, case, (&self.stage, &attempt), &mut |stream, chunk| {
            if stream == Stream::Stdout
                && let Some(reader) = &mut reader
            {
                reader.add(chunk);
            }
        })?;
        let checks = judge::run(probe, &step, reader.map(tap::Reader::finish));
        Ok((checks, step))
    }

    fn conclude(&self, case: &Case, checks: Vec<Check>, step: Option<Step>) {
        self.conclude_after(case, checks, step, (0.0, Vec::new()));
    }

    fn conclude_after(
        &self,
        case: &Case,
        mut checks: Vec<Check>,
        step: Option<Step>,
        (seconds, earlier): (f64, Vec<Check>),
    ) {
        let probe = self.group.probe();
        let first = self.group.cases.first().is_some_and(|first| first.id == case.id);
        let well_built = checks.iter().all(|check| check.name != judge::BUILD);
        if probe.control {
            let last = step.as_ref().or(self.steps.last()).map(|step| &step.executed);
            checks = vec![judge::control(probe, &checks, last)];
        } else if first && well_built && !self.steps.is_empty() {
            checks.insert(0, Check { millis: Some(millis(self.seconds)), ..Check::passed(judge::BUILD) });
        }
        let built = if first { self.steps.as_slice() } else { &[] };
        let steps: Vec<&Step> = built.iter().chain(&step).collect();
        let seconds = seconds + if first { self.seconds } else { 0.0 };
        self.group.close(case, checks, &steps, seconds, earlier);
    }
}

fn stage_fault(error: &Error) -> Check {
    let fault = error.faults.first();
    let what = fault.map(|fault| fault.what.clone()).unwrap_or_default();
    let hint = fault.and_then(|fault| fault.hint.clone()).unwrap_or_default();
    Check::not_passed("stage", Outcome::Error, "stage", what).detail(hint)
}

fn millis(seconds: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds.max(0.0)).as_millis()).unwrap_or(u64::MAX)
}

fn command_record(step: &Step) -> CommandRecord {
    let executed = &step.executed;
    CommandRecord {
        command: step.command.clone(),
        ended: judge::ended(&executed.ended),
        seconds: executed.wall.as_secs_f64(),
        cpu: (executed.user + executed.system).as_secs_f64(),
        peak_memory: executed.peak_memory,
    }
}

/// What the modules did to the environment, for whoever has to do the same by hand.
fn changes(toolchain: &Toolchain) -> BTreeMap<String, Option<String>> {
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let changes = toolchain.environment.since(&toolchain.base);
    changes.map(|(name, value)| (text(name), value.map(text))).collect()
}

/// A case that did not pass keeps the head and tail of what its commands said.
fn keep_output(record: &mut CaseRecord, steps: &[&Step]) {
    if !matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
        return;
    }
    let mut output = String::new();
    for step in steps.iter().rev().take(2).rev() {
        for captured in [&step.executed.stdout, &step.executed.stderr] {
            output.push_str(&judge::text(captured));
            if !output.is_empty() && !output.ends_with('\n') {
                output.push('\n');
            }
        }
        for process in &step.executed.hang {
            output.push_str(&format!("still running: {process}\n"));
        }
        for process in &step.executed.leaked {
            output.push_str(&format!("left running: {process}\n"));
        }
    }
    record.output = head_and_tail(&clean(&output), KEPT / 3, KEPT * 2 / 3);
}
