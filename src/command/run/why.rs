//! Why a case did not pass, and whose fault it is: the catalogue of diagnoses asked with what is known here.

use std::sync::OnceLock;

use super::circumstances::{Circumstances, facts};
use crate::error::{Error, Kind, Source};
use crate::run::outcome::{Ended, Executed};
use crate::suite::Layer;
use crate::verdict::check::{BUILD, CONTROL, Check, Diagnosed, Outcome, RUN};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::evidence::{self, Evidence};
use crate::verdict::rules::{Rules, shipped};
use crate::verdict::stall::Stall;
use crate::verdict::telling::Tellings;
use crate::verdict::terms::Blame;

/// The catalogue, read when the first case fails: runs in which all is well never pay for it.
pub(super) struct Why {
    rules: OnceLock<Option<Rules>>,
    site: Option<Source>,
}

impl Why {
    /// Takes the site's own rules, which are proved now: a wrong one is told before anything runs.
    ///
    /// # Errors
    /// Every fault of the site's rules.
    pub(super) fn new(site: Option<&Source>) -> Result<Self, Error> {
        if let Some(site) = site {
            Rules::parse(std::slice::from_ref(site))?.prove()?;
        }
        Ok(Self { rules: OnceLock::new(), site: site.cloned() })
    }

    pub(super) fn rules(&self) -> Option<&Rules> {
        let read = || Rules::parse(&shipped().into_iter().chain(self.site.clone()).collect::<Vec<_>>()).ok();
        self.rules.get_or_init(read).as_ref()
    }

    /// The diagnosis of our own words, of which nothing else is known.
    pub(super) fn of_words(&self, words: &str) -> Option<Box<Diagnosed>> {
        let (rules, facts) = (self.rules()?, evidence::Facts::default());
        let found = rules.diagnose(&Evidence::new(words.as_bytes(), &facts));
        found.into_iter().find(|diagnosis| !diagnosis.noise).map(|found| Box::new(diagnosed(rules, found)))
    }

    /// The diagnosis of an error of ours: the one that it names, else what its words tell. Where no other try ends
    /// otherwise, that is kept.
    pub(super) fn of_error(&self, error: &Error) -> Option<Box<Diagnosed>> {
        let retry = error.kind == Kind::Pod;
        if let Some(rule) = error.id.and_then(|id| self.rules()?.explain(id)) {
            return Some(Box::new(Diagnosed { retry, ..rule.found("") }));
        }
        let hint = error.faults.iter().find_map(|fault| fault.hint.clone()).unwrap_or_default();
        let unfit = || Diagnosed {
            id: "unfit".to_owned(),
            fault: "pod".to_owned(),
            cause: error.what(),
            fix: hint,
            retry,
            spec: String::new(),
        };
        self.of_words(&error.what()).or_else(|| (error.kind == Kind::Unfit).then(|| Box::new(unfit())))
    }

    /// Finds the best diagnosis of every check that did not pass. Where the pod or the site is at fault, a failure
    /// becomes an error: the stack may be right. Each check is judged by its own words, so that the pod's fault in one
    /// never excuses the stack's in another.
    pub(super) fn diagnose(
        &self,
        checks: &mut [Check],
        executed: Option<&Executed>,
        around: &Circumstances<'_>,
    ) {
        let bad = |check: &Check| matches!(check.outcome, Outcome::Failed | Outcome::Error);
        if !checks.iter().any(bad)
            || checks.iter().any(|check| check.name == CONTROL && check.kind.starts_with("control"))
        {
            return;
        }
        let Some(rules) = self.rules() else { return };
        for check in checks.iter_mut().filter(|check| bad(check)) {
            tell(&rules.tellings, check, executed);
        }
        let facts = facts(around, executed);
        for check in checks.iter_mut().filter(|check| bad(check) && check.diagnosis.is_none()) {
            // A check that a probe named says itself what is wrong: what passed beside it may have provoked errors on
            // purpose. Of a probe that did not come to its end, all that it said may tell why.
            let finished = ![RUN, BUILD, CONTROL].contains(&check.name.as_str());
            let said = executed.filter(|_| !finished).map_or_else(String::new, |executed| {
                format!("{}\n{}", executed.stderr.text(), executed.stdout.text())
            });
            // What was seen first counts most, so that a line of the output stays where it was said.
            let reason = if said.contains(&check.reason) { "" } else { check.reason.as_str() };
            let output = [reason, &said, &check.detail].map(|part| format!("{part}\n")).concat();
            let evidence = evidence(&output, &facts, executed, around, finished);
            let Some(found) = rules.diagnose(&evidence).into_iter().find(|diagnosis| !diagnosis.noise) else {
                continue;
            };
            if matches!(found.fault, Some(Blame::Pod | Blame::Site)) {
                check.outcome = Outcome::Error;
            }
            check.diagnosis = Some(Box::new(diagnosed(rules, found)));
        }
    }
}

/// Puts what the tool itself said in the place of a bare exit status or signal.
fn tell(tellings: &Tellings, check: &mut Check, executed: Option<&Executed>) {
    if let Some(step) = Step::of(check) {
        if let Some(told) = tellings.of(&[step.output.as_bytes()]) {
            check.reason = told;
            check.command = step.command;
        }
        return;
    }
    let bare = !check.command.is_empty() && check.command.starts_with(&format!("{}: ", check.reason));
    let Some(executed) = executed.filter(|_| bare) else { return };
    let (stderr, stdout) = (executed.stderr.text(), executed.stdout.text());
    let outputs = [stderr.as_bytes(), stdout.as_bytes()];
    let told = match executed.ended {
        Ended::Exit(_) => tellings.of(&outputs),
        // What was said before a crash need not be why: only what is sure to be.
        Ended::Signal(_) => tellings.sure(&outputs),
        _ => None,
    };
    if let Some(told) = told {
        check.reason = told;
    }
}

/// A step of a probe that runs tools itself and says how one ended and what it wrote: `exit status 1: OUTPUT`.
struct Step {
    command: String,
    output: String,
}

impl Step {
    fn of(check: &Check) -> Option<Self> {
        let (ended, output) = check.reason.split_once(": ").filter(|_| check.command.is_empty())?;
        let number = ended.strip_prefix("exit status ").or_else(|| ended.strip_prefix("signal "))?;
        number.parse::<u32>().ok()?;
        let command = check.detail.lines().find_map(|line| line.strip_prefix("command: "))?;
        let command = format!("{ended}: {}", command.trim().trim_matches('"'));
        Some(Self { command, output: output.replace("\\n", "\n").replace("\\\"", "\"") })
    }
}

fn diagnosed(rules: &Rules, found: Diagnosis) -> Diagnosed {
    let fault = found.fault_word().to_owned();
    let spec = rules.explain(&found.id).and_then(|rule| rule.spec("")).unwrap_or_default();
    let Diagnosis { id, cause, fix, retry, .. } = found;
    Diagnosed { id, fault, cause, fix, retry, spec }
}

fn evidence<'e>(
    output: &'e str,
    facts: &'e evidence::Facts,
    executed: Option<&Executed>,
    around: &Circumstances<'e>,
    finished: bool,
) -> Evidence<'e> {
    let ended = executed.map(|executed| &executed.ended);
    let loaded = |layer| {
        let loaded = around.toolchain.of(layer)?;
        Some((loaded.family.as_str(), loaded.module.plain_version()))
    };
    Evidence {
        exit: ended.and_then(|ended| if let Ended::Exit(code) = ended { Some(*code) } else { None }),
        signal: ended.and_then(|ended| if let Ended::Signal(signal) = ended { Some(*signal) } else { None }),
        timed_out: ended == Some(&Ended::Timeout),
        stall: executed.and_then(|executed| Stall::of(&executed.hang)),
        finished,
        launched: around.launched,
        ranks: around.ranks,
        mpi: loaded(Layer::Mpi),
        compiler: loaded(Layer::Compiler),
        ..Evidence::new(output.as_bytes(), facts)
    }
}
