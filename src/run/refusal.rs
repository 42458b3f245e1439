//! Whether it was the limit on memory that ended a command: the harness's side of the limits.

use super::command::Limits;
use super::outcome::{Ended, Executed, Limit};
use super::output::Captured;

/// What programs and libraries say when they are refused address space.
const REFUSALS: [&str; 7] = [
    "cannot allocate memory",
    "out of memory",
    "bad_alloc",
    "memoryerror",
    "failed to allocate",
    "insufficient virtual memory",
    "memory exhausted",
];

/// Blames the limit on memory where it was that which ended the command: `kills` counts the processes that the kernel
/// has killed in the case's own group, and without a group the case's own words have to do.
pub fn blame(executed: &mut Executed, limits: &Limits, kills: u64) {
    let (Some(bytes), Ended::Exit(1..) | Ended::Signal(_)) = (limits.memory, &executed.ended) else { return };
    let says = |captured: &Captured| {
        [&captured.head, &captured.tail].into_iter().any(|part| {
            let text = String::from_utf8_lossy(part).to_lowercase();
            REFUSALS.iter().any(|refusal| text.contains(refusal))
        })
    };
    if kills > 0 {
        executed.ended = Ended::Limit(Limit::Memory(bytes));
    } else if limits.group.is_none() && (says(&executed.stderr) || says(&executed.stdout)) {
        executed.ended = Ended::Limit(Limit::AddressSpace(bytes));
    }
}
