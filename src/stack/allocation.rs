//! What a scheduler has given this process: an allocation of SLURM, as it told of it. Pure.

use crate::stack::environment::Environment;

/// The job that this process is part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The id of the job.
    pub job: String,
    /// What SLURM calls this node; none where the job has not started this process on one of its own.
    pub node: Option<String>,
    /// How many nodes the job has.
    pub nodes: u32,
    /// The CPUs that the job has on this node.
    pub cpus: Option<u32>,
    /// The kinds that `srun --mpi` takes.
    pub plugins: Vec<String>,
    /// The variables around this process, of which a launcher is given what it wants.
    pub environment: Environment,
}

impl Allocation {
    /// Reads what the variables say of the job; none where they name no job.
    #[must_use]
    pub fn of(environment: &Environment) -> Option<Self> {
        let text = |name: &str| environment.text(name).filter(|value| !value.is_empty());
        let number = |names: &[&str]| names.iter().find_map(|name| text(name)?.parse().ok());
        Some(Self {
            job: text("SLURM_JOB_ID").or_else(|| text("SLURM_JOBID"))?,
            node: text("SLURMD_NODENAME"),
            nodes: number(&["SLURM_JOB_NUM_NODES", "SLURM_NNODES"]).unwrap_or(1),
            cpus: number(&["SLURM_CPUS_ON_NODE"]).filter(|cpus| *cpus > 0),
            plugins: Vec::new(),
            environment: environment.clone(),
        })
    }
}

/// The kinds of `srun --mpi=list`, in the words of any version of SLURM.
#[must_use]
pub fn plugins(said: &str) -> Vec<String> {
    let mut plugins: Vec<String> = Vec::new();
    for line in said.lines() {
        let line = line.trim();
        let line = line.strip_prefix("srun:").unwrap_or(line).trim();
        let names: Vec<&str> = match line.split_once("available:") {
            Some((_, names)) => names.split(',').map(str::trim).collect(),
            None if !line.is_empty() && !line.contains(char::is_whitespace) => vec![line],
            None => continue,
        };
        for name in names {
            if !name.is_empty() && !plugins.iter().any(|known| known == name) {
                plugins.push(name.to_owned());
            }
        }
    }
    plugins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_mpi_are_read_as_each_version_prints_them() {
        let of_22 = "MPI plugin types are...\n\tpmix\n\tnone\n\tcray_shasta\n\tpmi2\nspecific pmix plugin versions available: pmix_v4\n";
        assert_eq!(plugins(of_22), ["pmix", "none", "cray_shasta", "pmi2", "pmix_v4"]);
        let of_20 = "srun: MPI types are...\nsrun: cray_shasta\nsrun: none\nsrun: pmi2\n";
        assert_eq!(plugins(of_20), ["cray_shasta", "none", "pmi2"]);
        assert_eq!(plugins(""), [""; 0]);
    }

    #[test]
    fn a_job_is_read_from_its_variables() {
        let environment = Environment::from_nul_separated(
            b"SLURM_JOB_ID=7\0SLURM_JOB_NUM_NODES=2\0SLURM_CPUS_ON_NODE=3\0SLURMD_NODENAME=n1\0",
        );
        let allocation = Allocation::of(&environment).unwrap();
        assert_eq!((allocation.job.as_str(), allocation.nodes, allocation.cpus), ("7", 2, Some(3)));
        assert_eq!(allocation.node.as_deref(), Some("n1"));
        assert_eq!(Allocation::of(&Environment::default()), None);
    }
}
