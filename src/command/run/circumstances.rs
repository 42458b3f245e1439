//! What is known of the pod around a case that did not pass, as far as it reached the case. What is not known stays
//! unknown: from that nothing is concluded.

use std::path::Path;
use std::time::Duration;

use crate::pod::facts::{self, free};
use crate::pod::limits::process_limit_hits;
use crate::pod::shm::PATH;
use crate::run::outcome::Executed;
use crate::stack::inherited::Inherited;
use crate::stack::toolchain::Toolchain;
use crate::suite::Probe;
use crate::suite::requirement::{Need, Resource};
use crate::verdict::evidence::Facts;
use crate::verdict::fitness::shared_memory_for;

/// By how much the CPU time that is reported may be less than what a limit was held against.
const TICKS: Duration = Duration::from_millis(200);

/// What changes while cases run, asked before one begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// Bytes free in `/dev/shm`.
    shm: Option<u64>,
    /// How often the limit of processes had been hit.
    process_limit_hits: Option<u64>,
}

impl Before {
    pub(super) fn now() -> Self {
        Self { shm: free(Path::new(PATH)), process_limit_hits: process_limit_hits() }
    }
}

/// What a case was run with.
pub(super) struct Circumstances<'c> {
    pub(super) probe: &'c Probe,
    pub(super) toolchain: &'c Toolchain,
    /// What is taken away from the pod's environment before modules are loaded.
    pub(super) inherited: &'c Inherited,
    pub(super) facts: &'c facts::Facts,
    pub(super) ranks: Option<u32>,
    pub(super) launched: bool,
    /// How many MPI programs may have run at the same time, this one included.
    pub(super) side_by_side: u32,
    pub(super) before: Before,
    /// Bytes free for temporary files when its last command was over.
    pub(super) tmp_free: Option<u64>,
}

/// All that is known. A case has a HOME and a TMPDIR of its own where temporary files go, so both are as that folder is.
pub(super) fn facts(around: &Circumstances<'_>, executed: Option<&Executed>) -> Facts {
    let pod = Facts::of(around.facts);
    Facts {
        shm_free: around.before.shm,
        shm_needed: shm_needed(around),
        oom_kills: executed.map(|executed| executed.oom_kills),
        // The kernel counts its limit in ticks, and so kills a little early by finer clocks.
        cpu_used: executed.map(|executed| (executed.user + executed.system + TICKS).as_secs()),
        pids_limit_hits: hits(around),
        home_writable: pod.tmp_writable,
        tmp_free: around.tmp_free,
        ssh_found: Some(around.toolchain.which_anywhere("ssh").is_some()),
        leaked: Some(leaked(around)),
        ..pod
    }
}

/// What the ranks need of `/dev/shm`, where less than that and more than that mean something: between what was measured
/// for this MPI and what holds every one of them nobody can tell whose fault a bus error is.
fn shm_needed(around: &Circumstances<'_>) -> Option<u64> {
    let launcher = around.toolchain.launcher.as_ref().ok().filter(|_| around.launched)?;
    let ranks = around.ranks.unwrap_or(1);
    let required = around.probe.requires.iter().filter_map(|requirement| match requirement.need {
        Need::Pod { resource: Resource::Shm, at_least } => Some(at_least),
        _ => None,
    });
    let measured = launcher.profile.shm.saturating_mul(u64::from(ranks)).max(required.max().unwrap_or(0));
    let ample = measured.max(shared_memory_for(ranks));
    // What others that ran at the same time took of it is not known.
    let enough = ample.saturating_mul(u64::from(around.side_by_side));
    let free = around.before.shm?;
    (free < measured || free >= enough).then_some(ample)
}

fn hits(around: &Circumstances<'_>) -> Option<u64> {
    Some(process_limit_hits()?.saturating_sub(around.before.process_limit_hits?))
}

/// Variables of the pod that were to be taken away and reached the case all the same.
fn leaked(around: &Circumstances<'_>) -> Vec<String> {
    let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    let all = around.toolchain.base.iter().map(|(name, value)| (text(name), text(value)));
    all.filter(|(name, value)| around.inherited.is_scrubbed(name, value)).map(|(name, _)| name).collect()
}
