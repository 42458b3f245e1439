//! What is known of the pod decides whose fault the same words are.

use super::emulated::{Pod, Refusal, pod};

/// What a case that says `text` and fails is called in this pod: outcome, diagnosis and fault.
fn told(pod: &Pod, text: &str) -> (String, String) {
    let suite = "name = \"words\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"y\"\nsources = [\"p.sh\"]\nrun = \"sh {sources}\"\n";
    pod.file("s/words/suite.toml", suite).file("s/words/p.sh", &format!("echo '{text}' >&2; exit 1\n"));
    let answer = pod.call(&["run", "words", "--cc", "gcc/12", "--suites", "s"]);
    let case = pod.junit().cases.into_iter().next().unwrap();
    assert_eq!(answer.code, if case.outcome == "error" { 78 } else { 1 }, "{}", answer.stdout);
    (case.outcome, case.text)
}

fn is(pod: &Pod, text: &str, outcome: &str, id: &str, fault: &str) {
    let (found, words) = told(pod, text);
    assert_eq!(found, outcome, "{words}");
    assert!(words.contains(id) && words.contains(&format!("fault: {fault}")), "{words}");
}

#[test]
fn limits_and_refusals_of_the_pod_make_it_the_pods_fault() {
    let files = "socket() failed: Too many open files (24)";
    is(&pod("ulimit -n 512"), files, "error", "nofile-limit", "pod");
    is(&pod("ulimit -n 2048"), files, "failure", "nofile-limit", "unknown");
    let bind = "HYD_spawn (../hydra_spawn.c:150): unable to bind process";
    let refused = pod("true").refuse(libc::SYS_sched_setaffinity, Refusal::Error(libc::EPERM));
    is(&refused, bind, "error", "cpu-affinity-denied", "pod");
    is(&pod("true"), bind, "failure", "cpu-affinity-denied-intel", "unknown");
    let written = "touch: cannot touch x: Read-only file system";
    is(&pod("true"), written, "failure", "fs-readonly", "unknown");
}

#[test]
fn what_was_taken_away_is_not_said_to_have_reached_the_case() {
    let slurm = pod("true").env("SLURM_JOB_ID", "7");
    let slots = "There are not enough slots available in the system to satisfy the 4";
    let (_, words) = told(&slurm, slots);
    assert!(!words.contains("env-slurm-leak"), "{words}");
}

#[test]
fn a_bus_error_is_the_stacks_fault_only_where_shared_memory_was_ample() {
    let suite = "name = \"bus\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"y\"\nsources = [\"p.c\"]\nbuild = \"{mpicc} {sources} -o {exe}\"\n\
        run = \"{mpirun} -n {ranks} {exe}\"\nranks = 2\n";
    let source = "#include <mpi.h>\n#include <signal.h>\nint main(int c, char **v) { int r; MPI_Init(&c, &v); \
        MPI_Comm_rank(MPI_COMM_WORLD, &r); if (r) raise(SIGBUS); MPI_Barrier(MPI_COMM_WORLD); return MPI_Finalize(); }\n";
    let fault = |setup: &str| {
        let pod = pod(setup);
        pod.file("s/bus/suite.toml", suite).file("s/bus/p.c", source);
        let answer =
            pod.call(&["run", "bus", "--cc", "gcc/12", "--mpi", "openmpi/5", "--suites", "s", "--jobs", "1"]);
        assert_eq!(answer.code, 1, "{}", answer.stdout);
        let case = pod.junit().cases.into_iter().find(|case| case.outcome == "failure").unwrap();
        assert!(case.text.contains("rank-bus-error"), "{}", case.text);
        case.text.split("fault: ").nth(1).unwrap().split([']', '\n', ',', ')']).next().unwrap().to_owned()
    };
    assert_eq!(fault("mount -t tmpfs -o size=64m tmpfs /dev/shm"), "stack");
    let used = "mount -t tmpfs -o size=64m tmpfs /dev/shm && head -c 30M /dev/zero > /dev/shm/left";
    assert_eq!(fault(used), "unknown", "34 MiB hold two ranks as measured, and nobody can be sure");
}
