//! Why a case did not pass, and whose fault it is: the catalogue of diagnoses asked with what is known here.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::error::{Error, Source};
use crate::pod::facts::{Facts, free};
use crate::report::record::DiagnosisRecord;
use crate::run::execute::{Ended, Executed};
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::diagnosis::Blame;
use crate::verdict::evidence::{self, Evidence};
use crate::verdict::judge::{self, BUILD, CONTROL, RUN};
use crate::verdict::rules::{Rules, shipped};

/// The catalogue, read when the first case fails: runs in which all is well never pay for it.
pub(super) struct Why {
    rules: OnceLock<Option<Rules>>,
    site: Option<Source>,
}

/// What a case was run with.
pub(super) struct Circumstances<'c> {
    pub(super) toolchain: &'c Toolchain,
    pub(super) facts: &'c Facts,
    pub(super) ranks: Option<u32>,
    pub(super) launched: bool,
    /// Bytes free in `/dev/shm` before it began.
    pub(super) shm: Option<u64>,
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

    fn rules(&self) -> Option<&Rules> {
        let read = || Rules::parse(&shipped().into_iter().chain(self.site.clone()).collect::<Vec<_>>()).ok();
        self.rules.get_or_init(read).as_ref()
    }

    /// The best diagnosis of a case that did not pass. Where the pod or the site is at fault, its failures become
    /// errors: the stack may be right.
    pub(super) fn diagnose(
        &self,
        checks: &mut [Check],
        executed: Option<&Executed>,
        around: &Circumstances<'_>,
    ) -> Option<DiagnosisRecord> {
        let bad = |check: &Check| matches!(check.outcome, Outcome::Failed | Outcome::Error);
        if !checks.iter().any(bad)
            || checks.iter().any(|check| check.name == CONTROL && check.kind.starts_with("control"))
        {
            return None;
        }
        // A probe that came to its end names what failed; what passed may have provoked errors on purpose.
        let named: Vec<&Check> = checks.iter().filter(|check| bad(check)).collect();
        let finished = named.iter().all(|check| ![RUN, BUILD, CONTROL].contains(&check.name.as_str()));
        let mut output = String::new();
        for check in &named {
            let _ = writeln!(output, "{}\n{}", check.reason, check.detail);
        }
        if let Some(executed) = executed.filter(|_| !finished) {
            output.push_str(&judge::text(&executed.stderr));
            output.push('\n');
            output.push_str(&judge::text(&executed.stdout));
        }
        let facts = facts(around, executed);
        let ended = executed.map(|executed| &executed.ended);
        let loaded = |layer| {
            let loaded = around.toolchain.of(layer)?;
            Some((loaded.family.as_str(), loaded.module.plain_version()))
        };
        let evidence = Evidence {
            exit: ended.and_then(|ended| if let Ended::Exit(code) = ended { Some(*code) } else { None }),
            signal: ended
                .and_then(|ended| if let Ended::Signal(signal) = ended { Some(*signal) } else { None }),
            timed_out: ended == Some(&Ended::Timeout),
            finished,
            launched: around.launched,
            ranks: around.ranks,
            mpi: loaded(Layer::Mpi),
            compiler: loaded(Layer::Compiler),
            ..Evidence::new(output.as_bytes(), &facts)
        };
        let found = self.rules()?.diagnose(&evidence).into_iter().find(|diagnosis| !diagnosis.noise)?;
        if matches!(found.fault, Some(Blame::Pod | Blame::Site)) {
            for check in checks.iter_mut().filter(|check| check.outcome == Outcome::Failed) {
                check.outcome = Outcome::Error;
            }
        }
        let fault = found.fault_word().to_owned();
        Some(DiagnosisRecord { id: found.id, fault, cause: found.cause, fix: found.fix })
    }
}

/// Bytes free in `/dev/shm`, to be asked before a case begins.
pub(super) fn shm() -> Option<u64> {
    free(std::path::Path::new("/dev/shm"))
}

fn facts(around: &Circumstances<'_>, executed: Option<&Executed>) -> evidence::Facts {
    let needed = around.toolchain.launcher.as_ref().ok().filter(|_| around.launched).map(|launcher| {
        // 64 MiB and 8 MiB for each rank hold every MPI library that was measured.
        let ranks = u64::from(around.ranks.unwrap_or(1));
        (launcher.profile.shm * ranks).max((64 << 20).max((8 << 20) * ranks))
    });
    evidence::Facts {
        shm_exists: Some(std::path::Path::new("/dev/shm").is_dir()),
        shm_free: around.shm,
        shm_needed: needed,
        memory_limit: around.facts.memory,
        oom_kills: executed.map(|executed| executed.oom_kills),
        cpus: Some(u64::from(around.facts.cpus)),
        root: Some(around.facts.uid == 0),
        ..evidence::Facts::default()
    }
}
