//! One run: who works on what, and where its results go.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use time::OffsetDateTime;

use super::budget::reason;
use super::pause::{Pause, instructions};
use super::teller::{Begun, Teller};
use super::why::Why;
use crate::cli::Run;
use crate::ledger::{Keys, Since};
use crate::plan::asked::Asked;
use crate::plan::cases::Case;
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::signals::Stop;
use crate::report::counts::UNCHANGED;
use crate::report::event::Doing;
use crate::report::live::Live;
use crate::report::record::now;
use crate::report::record::{CaseRecord, INTERRUPTED, OVER_BUDGET, Owed, UNWRITTEN};
use crate::report::results::Results;
use crate::report::text::many;
use crate::run::execute::dismiss_supervisors;
use crate::run::memory::Groups;
use crate::run::root::Root;
use crate::run::service::Services;
use crate::stack::toolchain::Toolchain;
use crate::suite::Probe;
use crate::suite::module_name::Wanted;
use crate::suite::site::ExcusedCheck;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::known::excuse;

/// Everything that the cases of a run share.
pub(super) struct Session<'s> {
    pub(super) flags: &'s Run,
    pub(super) catalogue: &'s Catalogue,
    pub(super) stack: &'s Stack<'s>,
    pub(super) extra: &'s [Wanted],
    pub(super) asked: &'s [Asked],
    pub(super) root: &'s Root,
    pub(super) facts: Facts,
    pub(super) why: Why,
    pub(super) stop: &'s Stop,
    pub(super) services: Services,
    pub(super) keys: &'s Keys<'s>,
    pub(super) since: Option<&'s Since<'s>>,
    /// Where the memory of a case can be limited, if any is to be.
    pub(super) groups: Option<Groups>,
    /// Whether MPI programs may run beside one that has every slot; known once the plan is carried out.
    pub(super) launches_beside: OnceLock<bool>,
    begun: Instant,
    /// How many cases have failed or could not be determined.
    bad: AtomicUsize,
    owed: BTreeMap<String, Owed>,
    teller: Teller,
    live: Option<Arc<Live>>,
    pause: Option<Pause>,
}

/// What a session is made of.
pub(super) struct Parts<'s> {
    pub(super) flags: &'s Run,
    pub(super) catalogue: &'s Catalogue,
    pub(super) stack: &'s Stack<'s>,
    pub(super) extra: &'s [Wanted],
    pub(super) asked: &'s [Asked],
    pub(super) root: &'s Root,
    pub(super) keys: &'s Keys<'s>,
    pub(super) since: Option<&'s Since<'s>>,
    pub(super) facts: Facts,
    pub(super) why: Why,
    pub(super) stop: &'s Stop,
    pub(super) services: Services,
    pub(super) owed: Vec<Owed>,
    pub(super) teller: Teller,
    pub(super) live: Option<Arc<Live>>,
    pub(super) pause: Option<Pause>,
}

impl<'s> Session<'s> {
    pub(super) fn new(parts: Parts<'s>) -> Self {
        let Parts { flags, catalogue, .. } = parts;
        let owed = parts.owed.into_iter().map(|owed| (owed.id.clone(), owed)).collect();
        let limited = |probe: &Probe| flags.limits().or(probe.limits).memory.is_some();
        let probes = catalogue.suites.iter().flat_map(|suite| &suite.probes);
        let groups = probes.into_iter().any(limited).then(|| {
            // They would stay in a group that must be empty of processes once it has limited ones below it.
            dismiss_supervisors();
            Groups::open()
        });
        let groups = groups.flatten();
        Self {
            flags,
            catalogue,
            stack: parts.stack,
            extra: parts.extra,
            asked: parts.asked,
            root: parts.root,
            facts: parts.facts,
            why: parts.why,
            stop: parts.stop,
            services: parts.services,
            keys: parts.keys,
            since: parts.since,
            groups,
            launches_beside: OnceLock::new(),
            begun: Instant::now(),
            bad: AtomicUsize::new(0),
            owed,
            teller: parts.teller,
            live: parts.live,
            pause: parts.pause,
        }
    }

    /// How many MPI programs may run beside one of these ranks, itself included.
    pub(super) fn side_by_side(&self, ranks: u32) -> u32 {
        let slots = self.slots().get();
        let fillers = if self.launches_beside.get() == Some(&true) { slots } else { 0 };
        (slots / ranks.max(1)).max(1) + fillers
    }

    /// How many CPU slots there are to run on.
    pub(super) fn slots(&self) -> NonZeroU32 {
        slots(self.flags, &self.facts)
    }

    /// Records what is left out for want of time.
    pub(super) fn leave(&self, cases: &[Case]) {
        let Some(budget) = self.flags.budget else { return };
        for case in cases {
            let check = Check::not_passed("case", Outcome::Skipped, OVER_BUDGET, reason(budget));
            self.tell(self.record(case, vec![check]));
        }
    }

    /// Tells of a case that was over before it began.
    pub(super) fn tell(&self, mut record: CaseRecord) {
        self.excuse(&mut record);
        self.teller.tell(record, String::new());
    }

    /// Waits until everything is told.
    pub(super) fn end(self) -> Results {
        let results = self.teller.end();
        drop(self.live);
        results
    }

    /// Records those of `cases` that passed before with everything as it is now, and names them.
    pub(super) fn leave_out<'t>(&self, cases: &'t [Case], toolchain: &Toolchain) -> BTreeSet<&'t str> {
        let Some(since) = self.since else { return BTreeSet::new() };
        let unchanged = cases.iter().filter_map(|case| Some((case, since.unchanged(case, toolchain)?)));
        unchanged
            .map(|(case, entry)| {
                let reason =
                    format!("unchanged since {}, when it passed: {}", entry.passed, since.path.display());
                let check = Check::not_passed("case", Outcome::Skipped, UNCHANGED, reason);
                let mut record = self.record(case, vec![check]);
                Self::describe(&mut record, toolchain);
                self.finish(record, String::new());
                case.id.as_str()
            })
            .collect()
    }

    /// Shows that a case is worked on, to whoever is looking.
    pub(super) fn begun(&self, case: &Case, doing: Doing) {
        let Some(owed) = self.owed.get(&case.id) else { return };
        let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
        let what = if doing == Doing::Build { "building " } else { "" };
        let label = format!("{what}{}/{}{ranks} [{}]", owed.suite, owed.probe, owed.toolchain);
        if let Some(live) = &self.live {
            live.begun(&case.id, &label);
        }
        self.teller.begun(Begun { owed: owed.clone(), label, doing });
    }

    pub(super) fn paused(&self, case: &Case) {
        if let Some(live) = &self.live {
            live.left(&case.id);
        }
        self.teller.left(&case.id);
    }

    /// Whether nothing more is to be begun; these cases are recorded as not run then. Waits while the run is paused.
    pub(super) fn gives_up(&self, cases: &[Case]) -> bool {
        if let Some(pause) = &self.pause {
            pause.wait();
        }
        let check = if self.stop.requested().is_some() {
            // Not skipped: a report all of whose other cases passed would be green.
            Check::not_passed("case", Outcome::Error, INTERRUPTED, "not run: asked to stop first")
        } else if let Some(why) = self.teller.unwritable() {
            // Nobody could read of it.
            Check::not_passed("case", Outcome::Error, UNWRITTEN, format!("not run: {why}"))
        } else if let Some(budget) = self.flags.budget.filter(|budget| self.begun.elapsed() >= *budget) {
            Check::not_passed("case", Outcome::Skipped, OVER_BUDGET, reason(budget))
        } else if let Some(why) = self.has_seen_enough() {
            Check::not_passed("case", Outcome::Skipped, INTERRUPTED, why)
        } else {
            return false;
        };
        for case in cases {
            self.finish(self.record(case, vec![check.clone()]), String::new());
        }
        true
    }

    /// Why nothing more is begun, where enough has gone wrong.
    fn has_seen_enough(&self) -> Option<String> {
        let most = self.flags.most_failures().filter(|most| self.bad.load(Ordering::Relaxed) >= *most)?;
        let flag = if self.flags.fail_fast { "--fail-fast".to_owned() } else { format!("--max-fail {most}") };
        Some(format!("not run: {} had not passed by then ({flag})", many(most, "case")))
    }

    /// A record of this case with these checks.
    pub(super) fn record(&self, case: &Case, checks: Vec<Check>) -> CaseRecord {
        let fallback = || Owed {
            id: case.id.clone(),
            suite: String::new(),
            probe: String::new(),
            toolchain: String::new(),
            ranks: case.ranks,
            file: String::new(),
            line: 0,
        };
        let owed = self.owed.get(&case.id).cloned().unwrap_or_else(fallback);
        let mut record = CaseRecord::absent(&owed, "", Outcome::Error, "");
        record.checks = checks;
        record.started = now();
        if let Some(key) = self.keys.known(&case.id) {
            record.key.clone_from(&key.digest);
            record.inputs.clone_from(&key.inputs);
        }
        record
    }

    /// Adds what is known of the toolchain.
    pub(super) fn describe(record: &mut CaseRecord, toolchain: &Toolchain) {
        let modules: Vec<String> = toolchain.loaded.iter().map(|loaded| loaded.module.to_string()).collect();
        record.properties.insert("modules".to_owned(), modules.join(" "));
        for loaded in &toolchain.loaded {
            if let (Some(layer), Some(prefix)) = (loaded.layer, &loaded.prefix) {
                let layer = format!("{layer:?}").to_lowercase();
                record.properties.insert(format!("{layer}.prefix"), prefix.to_string_lossy().into_owned());
            }
        }
        let hashes = toolchain
            .loaded
            .iter()
            .filter_map(|loaded| Some(format!("{}/{}", loaded.module, loaded.hash.as_deref()?)));
        let hashes: Vec<String> = hashes.collect();
        if !hashes.is_empty() {
            record.properties.insert("spack.hashes".to_owned(), hashes.join(" "));
        }
    }

    /// What the site knows of is excused, in whatever record it stands.
    fn excuse(&self, record: &mut CaseRecord) {
        let CaseRecord { owed, checks, .. } = record;
        let subject =
            ExcusedCheck { suite: &owed.suite, probe: &owed.probe, check: "", toolchain: &owed.toolchain };
        excuse(&self.catalogue.site.known, subject, checks, OffsetDateTime::now_utc().date());
    }

    /// Hands a finished case on to be written down and told, with what its commands said, if that is to be shown.
    pub(super) fn finish(&self, mut record: CaseRecord, said: String) {
        self.excuse(&mut record);
        if record.outcome() > Outcome::Skipped {
            self.bad.fetch_add(1, Ordering::Relaxed);
        }
        let pause = self.pause.as_ref().filter(|pause| pause.is_for(&record, self.stop));
        let told = pause
            .map(|_| instructions(&record, &self.flags.select.results, self.root.path(), &self.facts.host));
        self.teller.tell(record, said);
        if let (Some(pause), Some(told)) = (pause, told) {
            self.teller.say(told);
            pause.hold(self.stop);
        }
    }
}

/// How many CPU slots a run has.
pub(super) fn slots(flags: &Run, facts: &Facts) -> NonZeroU32 {
    flags.jobs.or(NonZeroU32::new(facts.cpus)).unwrap_or(NonZeroU32::MIN)
}
