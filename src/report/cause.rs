//! Failures by their cause: one cause, forty reds, one entry. Pure.
//!
//! A diagnosis names a cause. Where there is none, checks with the same kind and the same words are taken to have the
//! same one; numbers, addresses and paths differ between ranks, pods and attempts and do not count as words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::report::account::{Account, Told};
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
            let diagnosis = check.diagnosis.as_deref();
            let key = diagnosis.map_or_else(
                || format!("{} {}", check.kind, words(&check.reason)),
                |diagnosis| diagnosis.id.clone(),
            );
            let index = *places.entry((check.outcome, key)).or_insert_with(|| {
                let title = diagnosis.map_or(&check.reason, |diagnosis| &diagnosis.cause);
                let title = line(if title.is_empty() { &check.name } else { title }, REASON);
                causes.push(Cause {
                    outcome: check.outcome,
                    title,
                    diagnosis,
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
    }
    causes.sort_by_key(|cause| (std::cmp::Reverse(cause.outcome), std::cmp::Reverse(cause.reds.len())));
    causes
}

/// The words of a reason without what differs from case to case.
fn words(reason: &str) -> String {
    let mut words = String::new();
    for word in reason.split_whitespace().take(60) {
        let word = if word.contains('/') { word.rsplit('/').next().unwrap_or(word) } else { word };
        let mut number = false;
        for letter in word.chars() {
            // A hexadecimal address is a number, too; `add` is a word.
            let digit = letter.is_ascii_digit()
                || (number && letter.is_ascii_hexdigit())
                || (number && letter == 'x');
            if digit && !number {
                words.push('0');
            } else if !digit {
                words.extend(letter.to_lowercase());
            }
            number = digit;
        }
        words.push(' ');
    }
    words
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
    fn words_are_compared_and_numbers_are_not() {
        assert_eq!(words("rank 1: put[0]: wanted 0, found 17"), words("rank 12: put[3]: wanted 4, found 0"));
        assert_eq!(words("at 0x7ffd12ab"), words("at 0x55de90ff"));
        assert_ne!(words("wanted add"), words("wanted sub"));
    }
}
