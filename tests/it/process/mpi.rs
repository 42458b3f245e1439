//! Ranks sit in process groups and sessions of their own: of no MPI and no end is anything left.

use std::path::PathBuf;

use stackprobe::run::outcome::{Ended, Executed};

use super::harness::{Trial, isolated, shell};
use crate::fixture::core;

const LIBRARIES: [&str; 5] =
    ["openmpi/4.1.4", "openmpi/5.0.11", "mpich/4.0.2", "mpich/5.0.2", "intel-oneapi-mpi/2021.18.1"];

/// Several ranks on one machine as any user, without ssh and without looking for a network.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    ("OMPI_MCA_plm_rsh_agent", "false"),
    ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
    ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
    ("OMPI_MCA_pml", "ob1"),
    ("OMPI_MCA_btl", "self,vader"),
    ("HYDRA_LAUNCHER", "fork"),
    ("I_MPI_HYDRA_BOOTSTRAP", "fork"),
];

/// `mpirun -n 2` of `ranks.c` under this MPI.
fn ranks(core: &std::path::Path, library: &str, end: &str) -> Trial {
    let mut trial = shell(&format!(
        "source /usr/share/lmod/lmod/init/bash && module use {} && module load gcc/12.2.0 {library} &&
         mpicc {}/tests/it/process/ranks.c -o ranks && export LAUNCHER=$$ && exec mpirun -n 2 ./ranks {end}",
        core.display(),
        env!("CARGO_MANIFEST_DIR"),
    ));
    let tmp = trial.command.tmp.clone();
    for (name, value) in ENVIRONMENT.into_iter().chain([("HOME", tmp.to_str().unwrap())]) {
        trial.command.env.push((name.into(), value.into()));
    }
    trial.command.env.push(("TMPDIR".into(), tmp.into()));
    trial
}

fn shared_memory() -> Vec<PathBuf> {
    std::fs::read_dir("/dev/shm").unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Runs this end under every MPI; how it ended is for `expected` to say.
fn every_library(test: &str, end: &str, wall: u64, expected: impl Fn(&str, &Executed)) {
    let core = core();
    if isolated(test) {
        return;
    }
    for library in LIBRARIES {
        let trial = ranks(&core, library, end).wall(wall);
        let result = trial.run();
        println!("{library} {end}: {:?} in {:?}", result.executed.ended, result.took);
        for process in result.executed.hang.iter().chain(&result.executed.leaked) {
            println!("    {process}");
        }
        for remains in &result.executed.remains {
            println!("    {}", remains.display());
        }
        assert!(result.executed.stdout.head.starts_with(b"sum 1 of 2\n"), "{library}: {}", trial.log());
        expected(library, &result.executed);
        assert_eq!(result.survivors, [] as [i32; 0], "{library}");
        assert_eq!(shared_memory(), [] as [PathBuf; 0], "{library}");
    }
}

#[test]
fn ranks_that_pass_leave_nothing_and_leak_nothing() {
    every_library(
        "process::mpi::ranks_that_pass_leave_nothing_and_leak_nothing",
        "pass",
        20_000,
        |library, it| {
            assert_eq!(it.ended, Ended::Exit(0), "{library}");
            assert!(it.leaked.is_empty(), "{library}: {:?}", it.leaked);
        },
    );
}

#[test]
fn ranks_that_hang_are_named_and_gone() {
    every_library("process::mpi::ranks_that_hang_are_named_and_gone", "hang", 3_000, |library, it| {
        assert_eq!(it.ended, Ended::Timeout, "{library}");
        let mut ranks: Vec<_> = it.hang.iter().filter_map(|process| process.rank).collect();
        ranks.sort_unstable();
        assert_eq!(ranks, [0, 1], "{library}: {:?}", it.hang);
    });
}

#[test]
fn ranks_that_ignore_sigterm_are_gone() {
    every_library("process::mpi::ranks_that_ignore_sigterm_are_gone", "stubborn", 3_000, |library, it| {
        assert_eq!(it.ended, Ended::Timeout, "{library}");
    });
}

#[test]
fn a_rank_that_crashes_takes_everything_with_it() {
    for end in ["crash", "abort"] {
        let test = "process::mpi::a_rank_that_crashes_takes_everything_with_it";
        every_library(test, end, 20_000, |library, it| {
            assert!(matches!(it.ended, Ended::Exit(1..)), "{library}: {:?}", it.ended);
        });
    }
}

#[test]
fn ranks_whose_launcher_is_killed_are_a_leak_and_gone() {
    let test = "process::mpi::ranks_whose_launcher_is_killed_are_a_leak_and_gone";
    every_library(test, "launcher", 20_000, |library, it| {
        assert_eq!(it.ended, Ended::Signal(9), "{library}");
    });
}
