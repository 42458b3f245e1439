//! A part of an account: what a filter takes of it. Pure.

use crate::report::account::{Account, INPUT, Told};
use crate::report::record::PlanRecord;
use crate::report::text::many;
use crate::suite::Layer;
use crate::suite::filter::{Answer, Filter, Subject};
use crate::suite::module_name::Module;
use crate::verdict::check::Check;

/// Leaves in the account what one of the filters takes, check by check, and says in a note how much that is. Inputs that
/// could not be read stay: what they hold is not known.
pub fn narrow(account: &mut Account, filters: &[Filter]) {
    if filters.is_empty() {
        return;
    }
    let all = account.told.len();
    let mut unknown = 0;
    let pods = std::mem::take(&mut account.pods);
    account.told.retain_mut(|told| {
        if told.case.owed.suite == INPUT {
            return true;
        }
        let (taken, maybe) = taken(told, pods.get(told.pod).map(|pod| &pod.plan), filters);
        unknown += usize::from(maybe);
        let mut taken = taken.into_iter();
        told.case.checks.retain(|_| taken.next().unwrap_or_default());
        !told.case.checks.is_empty()
    });
    account.pods = pods;
    let words: Vec<&str> = filters.iter().map(Filter::text).collect();
    let taken = account.told.iter().filter(|told| told.case.owed.suite != INPUT).count();
    account.notes.push(format!("only what {} takes: {taken} of {}", words.join(", "), many(all, "case")));
    if unknown > 0 {
        account.notes.push(format!(
            "left out are {} of which tags or modules are not known: another harness or an older stackprobe wrote them",
            many(unknown, "case")
        ));
    }
}

/// Which checks of a case are taken, and whether that cannot be determined of some.
fn taken(told: &Told, plan: Option<&PlanRecord>, filters: &[Filter]) -> (Vec<bool>, bool) {
    let owed = &told.case.owed;
    let tags: Option<&[String]> = plan.and_then(|plan| plan.basis.as_ref()).map(|basis| {
        basis.tags.get(&format!("{}/{}", owed.suite, owed.probe)).map(Vec::as_slice).unwrap_or_default()
    });
    let layers = plan.and_then(|plan| plan.selected.toolchains.get(&owed.toolchain));
    let modules: Option<Vec<(Layer, Module)>> =
        layers.map(|layers| layers.iter().map(|(layer, name)| (*layer, Module::new(name))).collect());
    let mut maybe = false;
    let mut take = |check: &Check| {
        let outcome = check.outcome.to_string();
        let subject = Subject {
            suite: &owed.suite,
            probe: &owed.probe,
            tags,
            modules: modules.as_deref(),
            toolchain: Some(&owed.toolchain),
            check: Some(&check.name),
            outcome: Some(&outcome),
        };
        let answer = filters.iter().map(|filter| filter.answer(&subject)).max();
        maybe |= answer == Some(Answer::Maybe);
        answer == Some(Answer::Yes)
    };
    (told.case.checks.iter().map(&mut take).collect(), maybe)
}
