//! What a scheduler around this process offers to the cases.

use super::line::Line;
use crate::report::text::many;
use crate::run::scheduler::Around;

/// The line about it; none where nothing speaks of one.
pub(super) fn line(around: &Around) -> Option<Line> {
    match around {
        Around::Nothing => None,
        Around::Leaked(why) => Some(Line::new("scheduler", why.clone())),
        Around::Allocation(job) => {
            let node = job.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
            let cpus = job.cpus.map(|cpus| format!(", {} of this node", many(cpus as usize, "CPU")));
            let kinds = if job.plugins.is_empty() { "of no kind".to_owned() } else { job.plugins.join(", ") };
            Some(Line::new(
                "scheduler",
                format!(
                    "job {} of SLURM{node}: {}{}; srun --mpi: {kinds}",
                    job.job,
                    many(job.nodes as usize, "node"),
                    cpus.unwrap_or_default()
                ),
            ))
        }
    }
}
