//! One run: who works on what, and where its results go.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::case::{Built, Group};
use super::pause::{Pause, instructions};
use super::teller::Teller;
use super::why::Why;
use crate::cli::Run;
use crate::command::asked::{Asked, Unloaded};
use crate::command::catalogue::Catalogue;
use crate::command::ledger::{Keys, Since};
use crate::command::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::signals::Stop;
use crate::report::counts::UNCHANGED;
use crate::report::live::Live;
use crate::report::mask;
use crate::report::record::{CaseRecord, INTERRUPTED, Owed, UNWRITTEN};
use crate::report::results::Results;
use crate::run::execute::dismiss_supervisors;
use crate::run::memory::Groups;
use crate::run::plan::{Case, Plan};
use crate::run::root::Root;
use crate::run::schedule::{Share, Task, carry_out};
use crate::run::service::Services;
use crate::stack::module::Wanted;
use crate::stack::toolchain::Toolchain;
use crate::suite::Probe;
use crate::suite::Suite;
use crate::suite::site::Subject;
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
    owed: BTreeMap<String, Owed>,
    teller: Teller,
    live: Option<Arc<Live>>,
    pause: Option<Pause>,
}

impl<'s> Session<'s> {
    pub(super) fn new(
        flags: &'s Run,
        catalogue: &'s Catalogue,
        (stack, extra): (&'s Stack<'s>, &'s [Wanted]),
        (asked, root, keys, since): (&'s [Asked], &'s Root, &'s Keys<'s>, Option<&'s Since<'s>>),
        (facts, why): (Facts, Why),
        (stop, services): (&'s Stop, Services),
        (owed, teller, live, pause): (Vec<Owed>, Teller, Option<Arc<Live>>, Option<Pause>),
    ) -> Self {
        let owed = owed.into_iter().map(|owed| (owed.id.clone(), owed)).collect();
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
            stack,
            extra,
            asked,
            root,
            facts,
            why,
            stop,
            services,
            keys,
            since,
            groups,
            owed,
            teller,
            live,
            pause,
        }
    }

    /// How many CPU slots there are to run on.
    pub(super) fn slots(&self) -> NonZeroU32 {
        self.flags.jobs.or(NonZeroU32::new(self.facts.cpus)).unwrap_or(NonZeroU32::MIN)
    }

    /// Tells of a case that was over before it began.
    pub(super) fn tell(&self, record: CaseRecord) {
        self.teller.tell(record, String::new());
    }

    /// Does the plan.
    pub(super) fn carry_out(&self, plan: &Plan) {
        let slots = self.slots();
        let mut toolchains: Vec<&[Case]> = plan.cases.chunk_by(|a, b| a.toolchain == b.toolchain).collect();
        // What waits for a launcher goes first, what only computes fills the cores to the end.
        toolchains.sort_by_key(|cases| Reverse(self.asked[cases[0].toolchain].modules.len()));
        let tasks = toolchains.into_iter().map(|cases| {
            let toolchain = cases[0].toolchain;
            let share = if self.asked[toolchain].loaded.get().is_some() { Share::Build } else { Share::Load };
            Task::new(share, move || self.load(toolchain, cases)).filler(cases.iter().all(|case| case.filler))
        });
        carry_out(tasks.collect(), slots);
    }

    /// Waits until everything is told.
    pub(super) fn end(self) -> Results {
        let results = self.teller.end();
        drop(self.live);
        results
    }

    /// Loads what each suite of these cases wants: for most the toolchain alone.
    fn load<'t>(&'t self, toolchain: usize, cases: &'t [Case]) -> Vec<Task<'t>> {
        let modules = |case: &Case| &self.catalogue.suites[case.suite].modules;
        cases
            .chunk_by(|a, b| modules(a) == modules(b))
            .flat_map(|cases| self.load_for(&self.catalogue.suites[cases[0].suite], toolchain, cases))
            .collect()
    }

    fn load_for<'t>(&'t self, suite: &Suite, toolchain: usize, cases: &'t [Case]) -> Vec<Task<'t>> {
        if self.gives_up(cases) {
            return Vec::new();
        }
        match self.stack.load_for(suite, &self.asked[toolchain], self.extra) {
            Ok(loaded) => {
                mask::learn(loaded.environment.iter());
                for case in cases {
                    // Known before it runs: what changes while it does is no part of what it was asked of. That a
                    // part cannot be known says `--resume`.
                    let _ = self.keys.of(case, loaded);
                }
                let unchanged: BTreeSet<&str> = self.leave_out(cases, loaded);
                let is_left_out = |case: &Case| unchanged.contains(case.id.as_str());
                let groups = cases.chunk_by(|a, b| {
                    (a.suite, a.probe, is_left_out(a)) == (b.suite, b.probe, is_left_out(b))
                });
                groups
                    .filter(|cases| !is_left_out(&cases[0]))
                    .map(|cases| {
                        let group = Group { session: self, toolchain: loaded, cases };
                        Task::new(Share::Build, move || self.build(group))
                            .filler(cases.iter().all(|case| case.filler))
                    })
                    .collect()
            }
            Err(unloaded) => {
                let check = match unloaded {
                    Unloaded::Refused(refusal) => {
                        Check::not_passed("load", Outcome::Failed, "module.load", refusal.what.clone())
                            .detail(format!("Lmod: {}", refusal.words))
                    }
                    Unloaded::Absent(why) => {
                        Check::not_passed("load", Outcome::Skipped, "module.absent", why.clone())
                    }
                    Unloaded::Untested(why) => {
                        let check = Check::not_passed("load", Outcome::Error, "module.untested", why.clone());
                        let rule = self.why.rules().and_then(|rules| rules.explain("mpi-without-compiler"));
                        Check { diagnosis: rule.map(|rule| Box::new(rule.found(""))), ..check }
                    }
                    Unloaded::Unknown(error) => {
                        let what = error.faults.first().map(|fault| fault.what.clone()).unwrap_or_default();
                        let hint =
                            error.faults.first().and_then(|fault| fault.hint.clone()).unwrap_or_default();
                        Check::not_passed("load", Outcome::Error, "module.load", what).detail(hint)
                    }
                };
                for case in cases {
                    self.finish(self.record(case, vec![check.clone()]), String::new());
                }
                Vec::new()
            }
        }
    }

    /// Records those of `cases` that passed before with everything as it is now, and names them.
    fn leave_out<'t>(&self, cases: &'t [Case], toolchain: &Toolchain) -> BTreeSet<&'t str> {
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

    fn build<'t>(&'t self, group: Group<'t>) -> Vec<Task<'t>> {
        if self.gives_up(group.cases) {
            return Vec::new();
        }
        let first = &group.cases[0];
        self.begun(first, "building ");
        let Some(built) = group.build() else { return Vec::new() };
        self.paused(first);
        let built = Arc::new(built);
        group
            .cases
            .iter()
            .map(|case| {
                let built: Arc<Built<'t>> = Arc::clone(&built);
                Task::new(Share::Run(case.slots), move || {
                    if !self.gives_up(std::slice::from_ref(case)) {
                        self.begun(case, "");
                        built.run(case);
                    }
                    Vec::new()
                })
                .filler(case.filler)
            })
            .collect()
    }

    /// Shows that a case is worked on, to whoever is looking.
    fn begun(&self, case: &Case, what: &str) {
        if let (Some(live), Some(owed)) = (&self.live, self.owed.get(&case.id)) {
            let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
            let label = format!("{what}{}/{}{ranks} [{}]", owed.suite, owed.probe, owed.toolchain);
            live.begun(&case.id, &label);
        }
    }

    fn paused(&self, case: &Case) {
        if let Some(live) = &self.live {
            live.left(&case.id);
        }
    }

    /// Whether nothing more is to be begun; these cases are recorded as not run then. Waits while the run is paused.
    fn gives_up(&self, cases: &[Case]) -> bool {
        if let Some(pause) = &self.pause {
            pause.wait();
        }
        let check = if self.stop.requested().is_some() {
            Check::not_passed("case", Outcome::Skipped, INTERRUPTED, "not run: asked to stop first")
        } else if let Some(why) = self.teller.unwritable() {
            // Nobody could read of it.
            Check::not_passed("case", Outcome::Error, UNWRITTEN, format!("not run: {why}"))
        } else {
            return false;
        };
        for case in cases {
            self.finish(self.record(case, vec![check.clone()]), String::new());
        }
        true
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

    /// Hands a finished case on to be written down and told, with what its commands said, if that is to be shown.
    pub(super) fn finish(&self, mut record: CaseRecord, said: String) {
        let owed = &record.owed;
        let (suite, probe, toolchain) = (owed.suite.clone(), owed.probe.clone(), owed.toolchain.clone());
        let subject = Subject { suite: &suite, probe: &probe, check: "", toolchain: &toolchain };
        excuse(&self.catalogue.site.known, subject, &mut record.checks, OffsetDateTime::now_utc().date());
        let pause = self.pause.as_ref().filter(|pause| pause.is_for(&record, self.stop));
        let told =
            pause.map(|_| instructions(&record, &self.flags.results, self.root.path(), &self.facts.host));
        self.teller.tell(record, said);
        if let (Some(pause), Some(told)) = (pause, told) {
            self.teller.say(told);
            pause.hold(self.stop);
        }
    }
}

/// RFC 3339 in UTC, to the second: `2026-08-20T10:11:12Z`.
pub(super) fn now() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    now.format(&Rfc3339).unwrap_or_default()
}
