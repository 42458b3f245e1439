//! How long a module takes to load, against what it may take.

use std::time::Duration;

use humantime::format_duration;

use super::script::Script;
use super::{Walk, load};
use crate::native::judged;
use crate::suite::module_name::Module;
use crate::verdict::check::Check;

/// A pod may have been busy elsewhere, and a file server cold: what was too slow is tried again so often, and the best
/// time counts.
const AGAIN: usize = 2;

/// Judges `module`, which took `millis` to load with all of `together` over `parents`. None where no budget is for it.
pub(super) fn judge(
    walk: &Walk<'_>,
    module: &Module,
    parents: &[&Module],
    together: &[&Module],
    millis: u64,
) -> Option<Check> {
    let budget = walk.subject.budgets.of(&module.to_string())?;
    let limit = u64::try_from(budget.limit.as_millis()).unwrap_or(u64::MAX);
    let mut best = millis;
    if best > limit {
        let mut script = Script::default();
        load(&mut script, parents);
        let places: Vec<_> = (0..AGAIN)
            .map(|_| {
                script.aside(|script| {
                    load(script, together);
                    script.see()
                })
            })
            .collect();
        let seen = walk.run(&script).unwrap_or_default();
        let again = places.iter().filter_map(|at| seen.get(at)).map(|seen| seen.millis);
        best = again.fold(best, u64::min);
    }
    let fault = (best > limit).then(|| {
        format!(
            "{module} takes {} to load; its budget is {} (`{}`)",
            format_duration(Duration::from_millis(best)),
            format_duration(budget.limit),
            budget.pattern
        )
    });
    let mut check = judged(format!("{module} load time"), "module.slow", Vec::from_iter(fault));
    check.millis = Some(best);
    Some(if check.reason.is_empty() {
        check
    } else {
        check.detail(format!(
            "the best of {} times; a [load-time] of the site file may allow more, or see what the modulefile runs",
            AGAIN + 1
        ))
    })
}
