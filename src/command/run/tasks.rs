//! The tasks of a run: each toolchain is loaded, each probe built under it, each case run.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::case::{Built, Group};
use super::session::Session;
use crate::plan::asked::Unloaded;
use crate::plan::cases::{Case, Plan};
use crate::report::event::Doing;
use crate::report::mask;
use crate::run::schedule::{Share, Task, carry_out};
use crate::suite::Suite;
use crate::verdict::check::{Check, Diagnosed, Outcome};

impl Session<'_> {
    /// Does the plan.
    pub(super) fn carry_out(&self, plan: &Plan) {
        let slots = self.slots();
        let launches = |case: &Case| case.filler && case.ranks.is_some();
        self.launches_beside.get_or_init(|| plan.cases.iter().any(launches));
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
                            .detail(if refusal.words.is_empty() {
                                String::new()
                            } else {
                                format!("Lmod: {}", refusal.words)
                            })
                    }
                    Unloaded::Absent(why) => {
                        Check::not_passed("load", Outcome::Skipped, "module.absent", why.clone())
                    }
                    Unloaded::Untested(why) => {
                        let check = Check::not_passed("load", Outcome::Error, "module.untested", why.clone());
                        let rule = self.why.rules().and_then(|rules| rules.explain("mpi-without-compiler"));
                        let found = rule.map(|rule| Diagnosed { cause: why.clone(), ..rule.found("") });
                        Check { diagnosis: found.map(Box::new), ..check }
                    }
                    Unloaded::Unknown(error) => {
                        let what = error.what();
                        let hint =
                            error.faults.first().and_then(|fault| fault.hint.clone()).unwrap_or_default();
                        let check =
                            Check::not_passed("load", Outcome::Error, "module.load", what).detail(hint);
                        Check { diagnosis: self.why.of_error(error), ..check }
                    }
                };
                for case in cases {
                    self.finish(self.record(case, vec![check.clone()]), String::new());
                }
                Vec::new()
            }
        }
    }

    fn build<'t>(&'t self, group: Group<'t>) -> Vec<Task<'t>> {
        if self.gives_up(group.cases) {
            return Vec::new();
        }
        let first = &group.cases[0];
        self.begun(first, Doing::Build);
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
                        self.begun(case, Doing::Run);
                        built.run(case);
                    }
                    Vec::new()
                })
                .filler(case.filler)
            })
            .collect()
    }
}
