//! Shared memory beside what ranks need of it, one launch and all at once.

use super::line::{Level, Line};
use super::pod::Look;
use crate::suite::requirement::{Resource, amount};
use crate::verdict::fitness::{Amount, Demand, mebibytes, shared_memory_for};

impl Look<'_> {
    pub(super) fn shared_memory(&self) -> Line {
        let shm = &self.found.shm;
        let size = |bytes| amount(Resource::Shm, bytes);
        let found = match (shm.exists, shm.read_only, shm.writable || shm.free == 0) {
            (false, ..) if shm.barred.is_some() => "cannot be looked at".to_owned(),
            (false, ..) => "no /dev/shm".to_owned(),
            (true, true, _) => "read-only".to_owned(),
            (true, false, false) => "cannot be written".to_owned(),
            (true, false, true) => {
                let kind = if shm.tmpfs { "tmpfs" } else { "no tmpfs" };
                format!("{kind}, {}, {} free", size(shm.total), size(shm.free))
            }
        };
        let mut line = self.line("shm", found, |demand| match demand {
            Demand::SharedMemory { ranks, per_rank } => {
                let much = shared_memory_for(*ranks).max(per_rank.saturating_mul(u64::from(*ranks)));
                Some((much, format!("{} for {ranks} ranks", size(much))))
            }
            Demand::Amount(Amount { resource: Resource::Shm, at_least }) => {
                Some((*at_least, size(*at_least)))
            }
            _ => None,
        });
        if line.needed.is_none() || line.level() == Level::Unfit {
            return line;
        }
        if !shm.tmpfs {
            line = line.note("shm-on-disk", "/dev/shm is not a tmpfs");
            advise(&mut line, self.at_once());
        }
        let at_once = self.at_once();
        if at_once > shm.free {
            let what = format!("cases that run side by side may need {}", size(at_once));
            line = line.note("shm-too-small", what);
            advise(&mut line, at_once);
        }
        let spare = 512 << 20;
        if self.found.limits.memory.is_some_and(|limit| limit < at_once.saturating_add(spare)) {
            let limit = amount(Resource::Memory, self.found.limits.memory.unwrap_or_default());
            let what = format!("{} of shared memory count towards a memory limit of {limit}", size(at_once));
            line = line.note("shm-over-memory", what);
            advise(&mut line, at_once.saturating_add(spare));
        }
        line
    }

    /// What all ranks that run at the same time share, as many as there are CPUs for.
    fn at_once(&self) -> u64 {
        let all = self.demands.keys().filter_map(|demand| match demand {
            Demand::SharedMemory { ranks, per_rank } => {
                let launches = (u64::from(self.facts.cpus) / u64::from((*ranks).max(1))).max(1);
                Some(per_rank.saturating_mul(u64::from(*ranks)).saturating_mul(launches))
            }
            _ => None,
        });
        all.max().unwrap_or(0)
    }
}

/// Says of the last finding how much a pod spec is to ask for, and for whom.
fn advise(line: &mut Line, bytes: u64) {
    if let Some(last) = line.findings.last_mut() {
        last.amount = mebibytes(bytes.max(64 << 20));
        last.suites.clone_from(&line.suites);
    }
}
