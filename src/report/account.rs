//! What was owed and what came of it, in one or many pods: everything that a report is made from. Pure.

use std::path::PathBuf;

use crate::pod::facts::Facts;
use crate::report::mask;
use crate::report::record::{CaseRecord, FORMAT, Owed, PlanRecord, Selected};
use crate::report::text::without_overrides;
use crate::verdict::check::{Check, Outcome};

/// The suite that inputs which could not be read are reported under.
pub const INPUT: &str = "report";

/// One run: a results directory, or a file that another harness wrote.
#[derive(Clone, Debug)]
pub struct Pod {
    /// How people tell it from the others: its host name, or where it was read from.
    pub name: String,
    /// Where it was read from; empty for the run that is writing.
    pub folder: PathBuf,
    /// From the page to its results directory, with a slash at the end; none if the page must not point there.
    pub link: Option<String>,
    /// What it was asked to do, without its cases.
    pub plan: PlanRecord,
}

impl Pod {
    /// Stands for what ran in no pod that we know of.
    #[must_use]
    pub fn nowhere(name: &str) -> Self {
        let plan = PlanRecord {
            format: FORMAT,
            stackprobe: String::new(),
            started: String::new(),
            command: Vec::new(),
            pod: Facts::default(),
            lmod: String::new(),
            modulepath: String::new(),
            shard: String::new(),
            basis: None,
            selected: Selected::default(),
            cases: Vec::new(),
        };
        Self { name: name.to_owned(), folder: PathBuf::new(), link: None, plan }
    }
}

/// A case and where it ran.
#[derive(Clone, Debug)]
pub struct Told {
    /// The case.
    pub case: CaseRecord,
    /// Its place among the pods.
    pub pod: usize,
    /// Whether the pod left a script that runs exactly this case.
    pub repro: bool,
}

/// Every case that was owed, once.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Where they ran.
    pub pods: Vec<Pod>,
    /// The cases in the order of the plans.
    pub told: Vec<Told>,
    /// What a reader must know of the inputs before trusting the numbers.
    pub notes: Vec<String>,
}

impl Account {
    /// The account of one run that has done nothing yet: each case of the plan is an error that says so.
    #[must_use]
    pub fn owed(plan: &PlanRecord) -> Self {
        let absent = |owed| CaseRecord::absent(owed, "owed", Outcome::Error, "not run yet");
        let told = plan.cases.iter().map(|owed| Told { case: absent(owed), pod: 0, repro: false });
        let told = told.collect();
        let plan = PlanRecord {
            format: plan.format,
            stackprobe: plan.stackprobe.clone(),
            started: plan.started.clone(),
            command: plan.command.clone(),
            pod: plan.pod.clone(),
            lmod: plan.lmod.clone(),
            modulepath: plan.modulepath.clone(),
            shard: plan.shard.clone(),
            basis: None,
            selected: plan.selected.clone(),
            cases: Vec::new(),
        };
        let pod =
            Pod { name: plan.pod.host.clone(), folder: PathBuf::new(), link: Some(String::new()), plan };
        let mut account = Self { pods: vec![pod], told, notes: Vec::new() };
        account.tidy();
        account
    }

    /// All cases.
    #[must_use]
    pub fn cases(&self) -> impl ExactSizeIterator<Item = &CaseRecord> {
        self.told.iter().map(|told| &told.case)
    }

    /// How many cases may still come to another result: those that are missing, were cut short, or could not be determined for
    /// a reason that another try may cure.
    #[must_use]
    pub fn open(&self) -> usize {
        let open = |check: &Check| check.outcome == Outcome::Error && check.retry();
        self.cases().filter(|case| case.is_unfinished() || case.checks.iter().any(open)).count()
    }

    /// Takes out of every text what may not stand in a report: secrets, and letters that make a text look like another.
    pub(super) fn tidy(&mut self) {
        for pod in &mut self.pods {
            mask::record::plan(&mut pod.plan);
            without_overrides(&mut pod.name);
            without_overrides(&mut pod.plan.pod.host);
        }
        for told in &mut self.told {
            tidy(&mut told.case);
        }
    }
}

/// Takes out of every text of a case what may not stand in a report.
pub(super) fn tidy(case: &mut CaseRecord) {
    mask::record::case(case);
    let Owed { suite, probe, toolchain, .. } = &mut case.owed;
    for text in [suite, probe, toolchain] {
        without_overrides(text);
    }
    for check in case.checks.iter_mut().chain(&mut case.earlier) {
        for text in [&mut check.name, &mut check.reason, &mut check.detail, &mut check.command] {
            without_overrides(text);
        }
    }
    without_overrides(&mut case.output);
}

/// A case that stands for an input which could not be read: what it holds is not known, and that is never green.
#[must_use]
pub fn unread(place: usize, input: &str, kind: &str, why: &str) -> CaseRecord {
    let owed = Owed {
        id: format!("{INPUT}.{place}"),
        suite: INPUT.to_owned(),
        probe: "input".to_owned(),
        toolchain: String::new(),
        ranks: None,
        file: String::new(),
        line: 0,
    };
    let mut case = CaseRecord::absent(&owed, kind, Outcome::Error, why);
    input.clone_into(&mut case.checks[0].name);
    case
}
