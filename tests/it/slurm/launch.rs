//! Ranks that `srun` starts, and an MPI's own launcher inside an allocation.

use super::{in_job, is_there};
use crate::fixture::call;

#[test]
fn each_mpi_is_launched_by_what_slurm_and_it_both_speak() {
    if !is_there() {
        return;
    }
    let mpis = [
        ("openmpi/4", "--mpi=pmix"),
        ("openmpi/5", "--mpi=pmix"),
        ("mpich/4", "--mpi=pmi2"),
        ("mpich/5", "--mpi=pmi2"),
        ("intel-oneapi-mpi", "--mpi=pmi2"),
    ];
    let mut args = vec!["run", "mpi/hello", "--cc", "gcc/12"];
    args.extend(mpis.iter().flat_map(|(mpi, _)| ["--mpi", mpi]));
    let answer = in_job(&["--ntasks=2"], &args).run().exits(0);
    let junit = answer.junit();
    assert_eq!(junit.count("passed"), junit.cases.len());
    assert!(junit.cases.len() > 100, "{}", junit.cases.len());
    for (mpi, kind) in mpis {
        let logs = std::fs::read_dir(answer.results().join("logs")).unwrap().flatten();
        let name = mpi.replace('/', "-");
        let log = logs
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().contains(&format!("n4.gcc-12.2.0.{name}")));
        let text = std::fs::read_to_string(log.unwrap()).unwrap();
        let line = text.lines().find(|line| line.starts_with("$ ") && line.contains(" -n 4 ")).unwrap();
        assert!(line.contains("/srun ") && line.contains(kind), "{mpi}: {line}");
    }
    // The job has two CPUs of a node that has four.
    let plan = std::fs::read_to_string(answer.results().join("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert!(plan["pod"]["cpus"].as_u64().unwrap() <= 2, "{}", plan["pod"]["cpus"]);
}

#[test]
fn the_launcher_of_an_mpi_starts_its_ranks_in_an_allocation_too() {
    if !is_there() {
        return;
    }
    let args = [
        "run",
        "mpi/hello",
        "--cc",
        "gcc/12",
        "--mpi",
        "openmpi/*",
        "--mpi",
        "mpich/5",
        "--launcher",
        "mpirun",
    ];
    let answer = in_job(&["--ntasks=4"], &args).run().exits(0);
    let junit = answer.junit();
    assert_eq!(junit.count("passed"), junit.cases.len());
    assert!(junit.cases.len() > 60, "{}", junit.cases.len());
}

#[test]
fn ranks_that_do_not_find_each_other_are_red_and_say_what_to_use() {
    if !is_there() {
        return;
    }
    for (mpi, launcher, sentence) in [
        ("openmpi/5", "srun-pmi2", "this Open MPI has no PMI2; use --mpi=pmix"),
        ("openmpi/4", "srun-none", "--mpi=none tells them nothing of each other; use --mpi=pmix"),
        ("mpich/4", "srun-pmix", "this MPICH has no PMIx; use --mpi=pmi2"),
        ("mpich/5", "srun-pmix", "this MPICH has no PMIx; use --mpi=pmi2"),
        ("intel-oneapi-mpi", "srun-none", "--mpi=none tells them nothing of each other; use --mpi=pmi2"),
    ] {
        let args = ["run", "mpi/hello", "--cc", "gcc/12", "--mpi", mpi, "--launcher", launcher];
        let answer = in_job(&["--ntasks=2"], &args).run().exits(1);
        let wanted = format!("ranks did not find each other: {sentence}");
        assert!(answer.stdout.contains(&wanted), "{mpi} {launcher}\n{}", answer.stdout);
    }
}

#[test]
fn a_step_ends_with_its_case() {
    if !is_there() {
        return;
    }
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"p\"\n\
                 summary = \"y\"\nsources = [\"p.sh\"]\nrun = \"{mpirun} -n 2 sh {sources}\"\nranks = 2\ntimeout = \"2s\"\n";
    // A rank that does not heed SIGTERM: only SLURM itself reaches it once srun is gone.
    let rank = "trap '' TERM\nsleep 4711 & sleep 4711\n";
    let args = ["run", "mine", "--cc", "gcc/12", "--mpi", "mpich/4", "--suites", "s"];
    let script = "\"$@\"; code=$?; squeue --noheader --steps --format 'step %j'; pgrep -x sleep && echo survivor; exit $code";
    let options = ["--ntasks=2", "--", "sh", "-c", script, "sh"];
    let call = in_job(&options, &args).file("s/mine/suite.toml", suite).file("s/mine/p.sh", rank);
    let answer = call.run().exits(75);
    assert!(answer.stdout.contains("step batch"), "{}", answer.stdout);
    assert!(
        !answer.stdout.contains("step stackprobe.") && !answer.stdout.contains("survivor"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_launcher_that_cannot_be_used_here_is_refused_in_one_line() {
    let args = ["run", "mpi/hello", "--cc", "gcc/12", "--mpi", "openmpi/5", "--launcher"];
    let answer = crate::fixture::call(&[&args[..], &["srun-pmix"]].concat()).run().exits(78);
    assert!(answer.stderr.contains("--launcher srun-pmix: this is no allocation"), "{}", answer.stderr);
    let answer = crate::fixture::call(&[&args[..], &["pmix"]].concat()).run().exits(2);
    assert!(answer.stderr.contains("--launcher must be one of srun-pmix, srun-pmi2"), "{}", answer.stderr);
}

#[test]
fn the_doctor_of_an_allocation_names_it_and_calls_nothing_of_it_leaked() {
    if !is_there() {
        return;
    }
    let text = in_job(&["--ntasks=2"], &["doctor", "mpi"]).run().exits(0).stdout;
    assert!(text.contains("of SLURM on n1: 1 node, 2 CPUs of this node; srun --mpi: "), "{text}");
    assert!(text.contains("pmix") && !text.contains("env-leaked"), "{text}");
    let log = "srun returned non-zero exit status (256) from launching\nthe per-node daemon.\n";
    let answer = in_job(&["--ntasks=2"], &["diagnose", "--here", "log"]).file("log", log).run().exits(0);
    assert!(
        answer.stdout.contains("env-slurm-leak") && !answer.stdout.contains("fault: pod"),
        "{}",
        answer.stdout
    );
}

/// What a job does otherwise than the machine itself is told, and that its launcher is why.
#[test]
fn what_cases_do_otherwise_in_a_job_is_explained_by_what_starts_their_ranks() {
    if !is_there() {
        return;
    }
    let args = ["run", "mpi/transport", "--cc", "gcc/12", "--mpi", "openmpi/5"];
    let here = call(&args).run().exits(0);
    let there = in_job(&["--ntasks=2"], &args).run().exits(0);
    let (before, after) = (here.results(), there.results());
    let words = ["compare", before.to_str().unwrap(), after.to_str().unwrap(), "--format", "json"];
    let value: serde_json::Value = serde_json::from_str(&call(&words).run().exits(0).stdout).unwrap();
    let fidelity = &value["fidelity"];
    assert!(fidelity["after"].as_str().unwrap().ends_with("a job of SLURM"), "{fidelity:#}");
    let groups = fidelity["groups"].as_array().unwrap();
    let why = |what: &str| {
        let mut conducts = groups.iter().flat_map(|group| {
            group["conducts"].as_array().unwrap().iter().map(|conduct| (&group["why"]["what"], conduct))
        });
        let (why, conduct) = conducts.find(|(_, conduct)| conduct["what"] == what)?;
        Some((why.as_str()?.to_owned(), conduct["after"].as_str()?.to_owned()))
    };
    assert_eq!(
        why("launcher"),
        Some(("the kind of place".to_owned(), "srun-pmix".to_owned())),
        "{fidelity:#}"
    );
    assert_eq!(why("transport"), None, "shared memory in both: {fidelity:#}");
}
