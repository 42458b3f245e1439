//! WHAT stackprobe sees with its own eyes: probes that need no program of their own.
//!
//! They ask the tools of a toolchain, read files, and judge. Every process goes through an [`Ask`], so that it runs
//! below a supervisor like every case, and so that a test can answer in its place.

pub mod identity;
pub mod linkage;
pub mod modules;
pub mod place;
pub mod spack;

use crate::error::Error;
use crate::stack::lmod::{Answer, Call};
use crate::verdict::check::{Check, Outcome};
use path_fault::PathFault;

/// Starts a process and brings its answer.
pub type Ask<'a> = dyn Fn(&Call) -> Result<Answer, Error> + Sync + 'a;

/// A check that passed, or failed for the first of `faults`; the others are its detail.
fn judged(name: impl Into<String>, kind: &str, faults: Vec<String>) -> Check {
    let mut faults = faults.into_iter();
    match faults.next() {
        None => Check::passed(name),
        Some(first) => {
            let rest = faults.collect::<Vec<_>>().join("\n");
            Check::not_passed(name, Outcome::Failed, kind, first).detail(rest)
        }
    }
}

/// The same where some of what was to be judged cannot be looked at: that is told of it only if nothing is wrong beyond
/// doubt, for one check has one verdict, and the rest is seen once the stack's own faults are mended.
fn judged_or_hidden(name: impl Into<String>, kind: &str, found: Vec<Result<String, PathFault>>) -> Check {
    let (mut faults, mut hidden) = (Vec::new(), Vec::new());
    for one in found {
        match one {
            Ok(fault) => faults.push(fault),
            Err(fault) => hidden.push(fault.to_string()),
        }
    }
    match hidden.split_first() {
        Some((first, rest)) if faults.is_empty() => {
            Check::not_passed(name, Outcome::Error, "native.hidden", first.clone()).detail(rest.join("\n"))
        }
        _ => judged(name, kind, faults),
    }
}

fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Check {
    Check::not_passed(name, Outcome::Skipped, "native", reason)
}

/// What could not be asked is no verdict on the stack.
fn unanswered(name: impl Into<String>, error: &Error) -> Check {
    let what = error.what();
    Check::not_passed(name, Outcome::Error, "native.unanswered", what)
}
