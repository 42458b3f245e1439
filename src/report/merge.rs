//! Many runs into one account: what every one of them owed, once, with the result that may be believed. Pure.
//!
//! A case may have several results: a pod that was retried, a plan that ran on two kinds of nodes. Whoever could tell
//! outweighs whoever could not, and a failure is never outvoted by another pod's success. What was outweighed is kept as
//! an earlier attempt, so the case is seen to be flaky.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::report::account::{Account, Pod, Told, unread};
use crate::report::record::{CaseRecord, LOST, Owed, PlanRecord, UNREADABLE};
use crate::suite::select::Shard;
use crate::verdict::check::{Check, Outcome};

/// One input as it was read.
#[derive(Clone, Debug)]
pub struct Part {
    /// The run.
    pub pod: Pod,
    /// What it owed.
    pub owed: Vec<Owed>,
    /// What came of it, by id.
    pub done: BTreeMap<String, CaseRecord>,
    /// Cases for which the pod left a script.
    pub repro: BTreeSet<String>,
    /// What of it could not be read, and why.
    pub left_out: Vec<String>,
    /// Who still writes it.
    pub writer: Option<String>,
}

/// An input that could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it is.
    pub input: PathBuf,
    /// Why.
    pub why: String,
}

/// Makes one account of all inputs. `plan` is what was to be done altogether, where that is known.
#[must_use]
pub fn merge(parts: Vec<Part>, unreadable: &[Unread], plan: Option<(Pod, Vec<Owed>)>) -> Account {
    let mut account = Account::default();
    let mut problems: Vec<CaseRecord> = Vec::new();
    let mut problem =
        |input: &str, kind: &str, why: &str| problems.push(unread(problems.len() + 1, input, kind, why));
    for Unread { input, why } in unreadable {
        problem(&input.display().to_string(), UNREADABLE, why);
    }
    for shard in absent_shards(&parts) {
        problem(&shard, "lost", "no results of this shard of the plan were given");
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut several = BTreeSet::new();
    for part in parts {
        for why in &part.left_out {
            problem(&part.pod.folder.display().to_string(), "plan.mixed", why);
        }
        let pod = account.pods.len();
        let Part { owed, mut done, repro, writer, .. } = part;
        for owed in owed {
            let case = done.remove(&owed.id).unwrap_or_else(|| lost(&owed, writer.as_deref()));
            let told = Told { repro: repro.contains(&owed.id), case, pod };
            match places.get(&owed.id) {
                None => {
                    places.insert(owed.id, account.told.len());
                    account.told.push(told);
                }
                Some(place) => {
                    if weight(&told.case) > 0 && weight(&account.told[*place].case) > 0 {
                        several.insert(owed.id);
                    }
                    outweigh(&mut account.told[*place], told);
                }
            }
        }
        account.pods.push(part.pod);
    }
    if let Some((pod, owed)) = plan {
        let absent: Vec<Owed> = owed.into_iter().filter(|owed| !places.contains_key(&owed.id)).collect();
        if !absent.is_empty() {
            let pod_index = account.pods.len();
            account.pods.push(pod);
            let none = "no result: no pod has answered for this case";
            account.told.extend(absent.iter().map(|owed| Told {
                case: CaseRecord::absent(owed, LOST, Outcome::Error, none),
                pod: pod_index,
                repro: false,
            }));
        }
    }
    if !problems.is_empty() {
        let pod = account.pods.len();
        account.pods.push(Pod::nowhere("inputs"));
        account.told.extend(problems.into_iter().map(|case| Told { case, pod, repro: false }));
    }
    account.notes = notes(&account, several.len());
    account.tidy();
    account
}

fn lost(owed: &Owed, writer: Option<&str>) -> CaseRecord {
    let why = match writer {
        Some(writer) => format!("no result yet: the run is still going on, {writer}"),
        None => "no result: the run ended before this case could be written".to_owned(),
    };
    CaseRecord::absent(owed, LOST, Outcome::Error, &why)
}

/// How much a result can tell. Zero: there is none.
#[must_use]
pub fn weight(case: &CaseRecord) -> u8 {
    let none = |check: &Check| {
        matches!(check.kind.as_str(), "lost" | "owed" | "unreadable" | "interrupted" | "budget")
    };
    match case.outcome() {
        _ if case.checks.iter().any(none) => 0,
        Outcome::Error => 1,
        Outcome::Skipped => 2,
        Outcome::Passed => 3,
        Outcome::Failed => 4,
    }
}

/// Puts the weightier of two results of one case in place, the later one where they weigh the same.
fn outweigh(place: &mut Told, other: Told) {
    let key = |told: &Told| (weight(&told.case), told.case.started.clone());
    let (winner, loser) =
        if key(&other) > key(place) { (other, place.clone()) } else { (place.clone(), other) };
    *place = winner;
    if weight(&loser.case) > 0 {
        let reds = loser.case.checks.into_iter().filter(|check| check.outcome > Outcome::Skipped);
        place.case.earlier.extend(loser.case.earlier.into_iter().chain(reds));
    }
}

/// `shard 3/8`, where other shards of eight are among the parts. One part alone is a pod that reports on itself.
fn absent_shards(parts: &[Part]) -> Vec<String> {
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for shard in parts.iter().filter_map(|part| part.pod.plan.shard.parse::<Shard>().ok()) {
        found.entry(shard.count()).or_default().insert(shard.index());
    }
    if parts.len() < 2 {
        return Vec::new();
    }
    found
        .into_iter()
        .flat_map(|(count, found)| {
            (1..=count)
                .filter(move |index| !found.contains(index))
                .map(move |index| format!("shard {index}/{count}"))
        })
        .take(1000)
        .collect()
}

fn notes(account: &Account, several: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if several > 0 {
        notes.push(format!(
            "{several} cases have results of several runs: a failure outweighs a pass, and a pass what could not tell"
        ));
    }
    let differing = |what: &str, of: fn(&PlanRecord) -> &str| {
        let values: BTreeSet<&str> =
            account.pods.iter().map(|pod| of(&pod.plan)).filter(|value| !value.is_empty()).collect();
        (values.len() > 1)
            .then(|| format!("the runs had different {what}: {}", Vec::from_iter(values).join(", ")))
    };
    notes.extend(differing("module trees", |plan| &plan.modulepath));
    notes.extend(differing("versions of stackprobe", |plan| &plan.stackprobe));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(id: &str) -> Owed {
        Owed {
            id: id.into(),
            suite: "mpi".into(),
            probe: id.into(),
            toolchain: "gcc/12".into(),
            ranks: None,
            file: "f".into(),
            line: 1,
        }
    }

    /// A run that owed `a` and `b`, of which `a` came to this.
    fn part(name: &str, started: &str, a: Option<(Outcome, &str)>) -> Part {
        let mut done = BTreeMap::new();
        if let Some((outcome, kind)) = a {
            let mut case = CaseRecord::absent(&owed("a"), kind, outcome, "because");
            started.clone_into(&mut case.started);
            done.insert("a".to_owned(), case);
        }
        let pod = Pod::nowhere(name);
        Part {
            pod,
            owed: vec![owed("a"), owed("b")],
            done,
            repro: BTreeSet::new(),
            left_out: Vec::new(),
            writer: None,
        }
    }

    fn outcome(account: &Account, id: &str) -> (Outcome, String) {
        let told = account.told.iter().find(|told| told.case.owed.id == id).unwrap();
        (told.case.outcome(), told.case.checks[0].kind.clone())
    }

    #[test]
    fn what_is_owed_and_absent_is_lost_and_counted_once() {
        let parts = vec![part("x", "1", Some((Outcome::Passed, ""))), part("y", "2", None)];
        let account = merge(parts, &[], None);
        assert_eq!(account.told.len(), 2);
        assert_eq!(outcome(&account, "a").0, Outcome::Passed);
        assert_eq!(outcome(&account, "b"), (Outcome::Error, "lost".into()));
    }

    #[test]
    fn a_failure_is_never_outvoted_and_a_retry_mends_what_could_not_be_told() {
        let run = |first, second| {
            let account = merge(vec![part("x", "1", Some(first)), part("y", "2", Some(second))], &[], None);
            (outcome(&account, "a").0, account.told[0].case.earlier.len(), account.notes.len())
        };
        let (failed, passed, error) = ((Outcome::Failed, "k"), (Outcome::Passed, ""), (Outcome::Error, "k"));
        assert_eq!(run(failed, passed), (Outcome::Failed, 0, 1));
        assert_eq!(run(passed, failed), (Outcome::Failed, 0, 1));
        assert_eq!(run(error, passed), (Outcome::Passed, 1, 1));
        assert_eq!(run((Outcome::Error, "lost"), passed), (Outcome::Passed, 0, 0));
        assert_eq!(run((Outcome::Skipped, "interrupted"), error), (Outcome::Error, 0, 0));
    }

    #[test]
    fn inputs_that_cannot_be_read_are_errors_and_so_are_absent_shards_and_pods() {
        let mut one = part("x", "1", Some((Outcome::Passed, "")));
        one.owed.pop();
        one.pod.plan.shard = "1/3".into();
        let mut three = part("y", "1", None);
        three.owed.clear();
        three.pod.plan.shard = "3/3".into();
        let unread = Unread { input: "gone".into(), why: "no plan".into() };
        let plan = (Pod::nowhere("plan"), vec![owed("a"), owed("never")]);
        let account = merge(vec![one.clone(), three], &[unread], Some(plan));
        let told: Vec<(&str, &str, &str)> = account
            .cases()
            .map(|case| {
                (case.owed.suite.as_str(), case.checks[0].name.as_str(), case.checks[0].kind.as_str())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("mpi", "case", ""),
                ("mpi", "case", "lost"),
                ("report", "gone", "unreadable"),
                ("report", "shard 2/3", "lost")
            ]
        );
        assert_eq!(merge(vec![one], &[], None).told.len(), 1, "a pod that reports on itself misses no shard");
    }

    #[test]
    fn two_stacks_in_one_report_are_named() {
        let (mut one, mut two) = (part("x", "1", None), part("y", "1", None));
        one.pod.plan.modulepath = "/old".into();
        two.pod.plan.modulepath = "/new".into();
        assert_eq!(
            merge(vec![one, two], &[], None).notes,
            ["the runs had different module trees: /new, /old"]
        );
    }
}
