//! Failures by their cause: one cause, forty reds, one entry. Pure.
//!
//! A diagnosis names a cause. Where there is none, checks with the same kind and the same words are taken to have the
//! same one; numbers, addresses and paths differ between ranks, pods and attempts and do not count as words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::report::account::{Account, Told};
use crate::report::alike::{broken_library, words};
use crate::report::text::line;
use crate::verdict::check::{Check, Diagnosed, Outcome};

/// Longest reason that is told of apart from the case itself.
const REASON: usize = 300;

/// A check that did not pass, and its case.
#[derive(Clone, Copy, Debug)]
pub struct Red<'a> {
    /// Place of the case in the account.
    pub place: usize,
    /// The case.
    pub told: &'a Told,
    /// The check.
    pub check: &'a Check,
}

/// Why some checks did not pass.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// Failed, or could not tell.
    pub outcome: Outcome,
    /// The cause in one line: the diagnosis, or the reason of the first check.
    pub title: String,
    /// What is known of it.
    pub diagnosis: Option<&'a Diagnosed>,
    /// The command of the first check, and how it ended; empty where no command ended badly.
    pub command: String,
    /// The checks, in the order of the account; never empty.
    pub reds: Vec<Red<'a>>,
    /// What all of them share and others do not: `only under mpich/4.0.2`.
    pub scope: Vec<String>,
}

impl Cause<'_> {
    /// How many cases it took.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.reds.iter().map(|red| red.place).collect::<BTreeSet<_>>().len()
    }
}

/// Every failure and error of the account by its cause, failures first, then the cause of most reds.
#[must_use]
pub fn causes(account: &Account) -> Vec<Cause<'_>> {
    let mut places: HashMap<(Outcome, String), usize> = HashMap::new();
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for (place, told) in account.told.iter().enumerate() {
        let case = &told.case;
        for check in case.checks.iter().filter(|check| check.outcome > Outcome::Skipped) {
            let index = *places.entry((check.outcome, key(check))).or_insert_with(|| {
                let diagnosis = check.diagnosis.as_deref();
                // Where the tool said nothing, how it ended is all that is known.
                let silent = diagnosis.is_none() && check.told() == check.command;
                let told = if silent { &check.command } else { &check.reason };
                let title = diagnosis.map_or(told, |diagnosis| &diagnosis.cause);
                let title = line(if title.is_empty() { &check.name } else { title }, REASON);
                causes.push(Cause {
                    outcome: check.outcome,
                    title,
                    diagnosis,
                    command: if silent { String::new() } else { line(&check.command, REASON) },
                    reds: Vec::new(),
                    scope: Vec::new(),
                });
                causes.len() - 1
            });
            causes[index].reds.push(Red { place, told, check });
        }
    }
    let owed = Cases::new(account);
    for cause in &mut causes {
        cause.scope = owed.scope(account, cause);
        if let Some(title) = listed(cause) {
            cause.title = title;
        }
    }
    causes.sort_by_key(|cause| (std::cmp::Reverse(cause.outcome), std::cmp::Reverse(cause.reds.len())));
    causes
}

/// What checks of one cause have in common.
fn key(check: &Check) -> String {
    if let Some(library) = broken_library(&check.reason) {
        return format!("library {library}");
    }
    if let Some(diagnosis) = &check.diagnosis {
        return format!("diagnosis {}", diagnosis.id);
    }
    if MANY.iter().any(|(kind, _)| *kind == check.kind) {
        return format!("kind {}", check.kind);
    }
    // What a tool said is the same cause whichever command said it.
    let kind = if check.command.is_empty() { &check.kind } else { "" };
    format!("{kind} {}", words(&check.reason))
}

/// What is told of many subjects in one sentence.
const MANY: [(&str, &str); 5] = [
    ("spack.no-dependency", "modules need installs that are not there"),
    ("spack.no-module", "installs have no module"),
    ("spack.no-install", "modules are of installs that are not there"),
    ("spack.unwanted", "modules are of installs that are deprecated or orphaned"),
    ("spack.branch", "modules stand in a wrong branch"),
];

/// How many subjects are named.
const NAMED: usize = 12;

/// `21 installs have no module: zlib, hdf5, …`: the subjects are the first words of the checks' names.
fn listed(cause: &Cause<'_>) -> Option<String> {
    let kind = &cause.reds.first().filter(|_| cause.diagnosis.is_none())?.check.kind;
    let (_, sentence) = MANY.iter().find(|(known, _)| known == kind)?;
    let mut subjects: Vec<&str> = Vec::new();
    for red in &cause.reds {
        let subject = red.check.name.split(' ').next().unwrap_or_default();
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    if subjects.len() < 2 {
        return None;
    }
    let more = if subjects.len() > NAMED { ", …" } else { "" };
    let named = subjects.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    Some(format!("{} {sentence}: {named}{more}", subjects.len()))
}

/// The cases of the account by probe, to see which of them a cause left alone.
struct Cases<'a> {
    by_probe: HashMap<(&'a str, &'a str), Vec<usize>>,
    nodes: Vec<&'a str>,
}

impl<'a> Cases<'a> {
    fn new(account: &'a Account) -> Self {
        let mut by_probe: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (place, case) in account.cases().enumerate() {
            by_probe.entry((&case.owed.suite, &case.owed.probe)).or_default().push(place);
        }
        let nodes = account.pods.iter().map(|pod| pod.plan.pod.node.as_deref().unwrap_or(&pod.plan.pod.host));
        Self { by_probe, nodes: nodes.collect() }
    }

    /// Modules and nodes that hold every red of this cause, though the same probes ran elsewhere, too.
    fn scope(&self, account: &'a Account, cause: &Cause<'a>) -> Vec<String> {
        let red: BTreeSet<usize> = cause.reds.iter().map(|red| red.place).collect();
        let probes: BTreeSet<(&str, &str)> = cause
            .reds
            .iter()
            .map(|red| (red.told.case.owed.suite.as_str(), red.told.case.owed.probe.as_str()))
            .collect();
        let ran: Vec<usize> =
            probes.iter().filter_map(|probe| self.by_probe.get(probe)).flatten().copied().collect();
        let mut traits: BTreeMap<(bool, &str), (usize, usize)> = BTreeMap::new();
        for place in &ran {
            let told = &account.told[*place];
            let modules = told.case.owed.toolchain.split(' ').map(|module| (false, module));
            let node = self.nodes.get(told.pod).map(|node| (true, *node));
            for key in modules.chain(node).filter(|(_, name)| !name.is_empty()) {
                let counts = traits.entry(key).or_default();
                counts.0 += 1;
                counts.1 += usize::from(red.contains(place));
            }
        }
        let told = traits.iter().filter(|(_, (all, hit))| *hit == red.len() && *all < ran.len());
        told.map(|((node, name), (all, hit))| {
            let place = if *node { format!("only on {name}") } else { format!("only under {name}") };
            if *all == 1 {
                place
            } else if all == hit {
                format!("{place}, always")
            } else {
                format!("{place}, {hit} of {all} cases")
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::account::Pod;
    use crate::report::record::{CaseRecord, Owed};

    fn told(toolchain: &str, pod: usize, reason: &str) -> Told {
        let owed = Owed {
            id: format!("{toolchain}{pod}"),
            suite: "mpi".into(),
            probe: "rma".into(),
            toolchain: toolchain.into(),
            ranks: None,
            file: String::new(),
            line: 0,
        };
        let mut case = CaseRecord::absent(&owed, "tap.not-ok", Outcome::Failed, reason);
        if reason.is_empty() {
            case.checks = vec![Check::passed("x")];
        }
        Told { case, pod, repro: false }
    }

    fn pod(node: &str) -> Pod {
        let plan = format!(
            r#"{{"format":1,"stackprobe":"","started":"","command":[],"cases":[],"pod":{{"host":"h","node":"{node}",
                "image":null,"cpus":1,"memory":null,"shm":null,"uid":0}}}}"#
        );
        Pod { name: node.into(), folder: "".into(), link: None, plan: serde_json::from_str(&plan).unwrap() }
    }

    #[test]
    fn forty_reds_of_one_cause_are_one_entry_and_its_scope_is_told() {
        let mut account = Account { pods: vec![pod("n1"), pod("n2")], ..Account::default() };
        for rank in 0..40 {
            account.told.push(told(
                "gcc/12 mpich/4",
                0,
                &format!("rank {rank}: /tmp/s{rank}/x: 0x{rank:x}f differs"),
            ));
        }
        account.told.push(told("gcc/12 mpich/4", 0, "something else"));
        account.told.push(told("gcc/12 openmpi/5", 1, ""));
        let causes = causes(&account);
        assert_eq!(causes.len(), 2);
        assert_eq!(causes[0].reds.len(), 40);
        assert_eq!(causes[0].scope, ["only under mpich/4, 40 of 41 cases", "only on n1, 40 of 41 cases"]);
    }

    #[test]
    fn a_diagnosis_is_the_cause_whatever_the_checks_say() {
        let mut account = Account { pods: vec![pod("n1")], ..Account::default() };
        for reason in ["died", "no plan"] {
            let mut told = told("gcc/12", 0, reason);
            told.case.checks[0].diagnosis = Some(Box::new(Diagnosed {
                id: "shm.small".into(),
                fault: "pod".into(),
                cause: "/dev/shm is too small".into(),
                fix: "mount more".into(),
                retry: false,
                spec: String::new(),
            }));
            account.told.push(told);
        }
        let causes = causes(&account);
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].title, "/dev/shm is too small");
        assert!(causes[0].scope.is_empty(), "{:?}", causes[0].scope);
    }

    #[test]
    fn one_broken_library_is_one_cause_whoever_misses_it() {
        let mut account = Account { pods: vec![pod("n1")], ..Account::default() };
        for reason in [
            "./a: error while loading shared libraries: libhdf5.so.200: cannot open shared object file: No such file or directory",
            "ImportError: libhdf5.so.200: cannot open shared object file: No such file or directory",
            "/usr/bin/ld: cannot find -lhdf5: No such file or directory",
            "/opt/netcdf/lib/libnetcdf.so.19: libhdf5.so.200 is not found (needed by /opt/netcdf/bin/ncdump)",
            "/opt/hdf5/lib/libhdf5.so: file too short",
            "./b: symbol lookup error: /opt/hdf5/lib/libhdf5.so.200: undefined symbol: H5open",
        ] {
            account.told.push(told("gcc/12", 0, reason));
        }
        account.told.push(told(
            "gcc/12",
            0,
            "./a: error while loading shared libraries: libz.so.1: cannot open shared object file",
        ));
        let causes = causes(&account);
        assert_eq!(causes.iter().map(|cause| cause.reds.len()).collect::<Vec<_>>(), [6, 1]);
    }

    #[test]
    fn many_of_a_kind_are_told_in_one_sentence_with_their_names() {
        let mut account = Account { pods: vec![pod("n1")], ..Account::default() };
        for name in ["zlib/abc1234", "r/9fceb02", "hdf5/k3fpqx7"] {
            let mut told = told(
                "gcc/12",
                0,
                &format!("{name} is installed, and no visible module is its own: /opt/{name}"),
            );
            told.case.checks[0].kind = "spack.no-module".into();
            told.case.checks[0].name = format!("{name} module");
            account.told.push(told);
        }
        let all = causes(&account);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].title, "3 installs have no module: zlib/abc1234, r/9fceb02, hdf5/k3fpqx7");
        account.told.truncate(1);
        assert!(causes(&account)[0].title.starts_with("zlib/abc1234 is installed"), "one is told by itself");
    }

    #[test]
    fn what_a_tool_said_is_one_cause_whichever_command_said_it() {
        let mut account = Account { pods: vec![pod("n1")], ..Account::default() };
        for (kind, command) in
            [("build.exit", "exit status 1: gcc -c a.c"), ("exit", "exit status 2: make b")]
        {
            let mut told = told("gcc/12", 0, "a.c:1:1: error: unknown type name 'foo'");
            told.case.checks[0].kind = kind.into();
            told.case.checks[0].command = command.into();
            account.told.push(told);
        }
        let all = causes(&account);
        assert_eq!((all.len(), all[0].command.as_str()), (1, "exit status 1: gcc -c a.c"));
    }
}
