//! `stackprobe submit slurm`: an array of tasks, and one report that owns up to each of them.

use serde_json::Value;

use super::{is_there, with};
use crate::fixture::{Call, Junit, call};

const SELECTED: [&str; 6] = ["mpi/hello", "--cc", "gcc/12", "--mpi", "mpich/*", "--all"];

fn submit(args: &[&str]) -> Call {
    call(&[&["submit", "slurm"], args].concat())
}

/// `stackprobe submit slurm ARGS...` by a shell script, in which it is `"$@"`, beside a SLURM.
fn scripted(script: &str, args: &[&str]) -> Call {
    submit(args).below(with().to_str().unwrap(), &["sh", "-c", script, "sh"])
}

/// A suite whose only probe takes as long as nobody waits.
fn with_sleeper(call: Call) -> Call {
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"sleeper\"\n\
                 summary = \"y\"\nsources = [\"p.sh\"]\nrun = \"sh {sources}\"\ntimeout = \"600s\"\n";
    call.file("s/mine/suite.toml", suite).file("s/mine/p.sh", "sleep 600\n")
}

#[test]
fn a_dry_run_prints_the_script_and_leaves_nothing() {
    let answer = submit(&[&SELECTED[..], &["--array=3", "--partition", "a b", "--dry-run"]].concat());
    let answer = answer.run().exits(0);
    assert!(answer.stdout.starts_with("#!/bin/sh\n"), "{}", answer.stdout);
    for line in [
        "#SBATCH '--array=1-2'\n",
        "#SBATCH '--partition=a b'\n",
        "'--mpi=mpich/*'",
        " run --resume --shard ",
    ] {
        assert!(answer.stdout.contains(line), "{line} in {}", answer.stdout);
    }
    assert!(!answer.results().exists());
}

#[test]
fn a_plan_is_shared_by_the_tasks_of_an_array_and_merged() {
    if !is_there() {
        return;
    }
    let args = [&SELECTED[..], &["--array=3", "--cpus", "2", "--results", "r s", "--wait"]].concat();
    let answer = scripted("\"$@\"", &args).run().exits(0);
    let results = answer.folder.path().join("r s");
    let junit = Junit::read(&results.join("junit.xml"));
    assert!(junit.cases.len() > 40 && junit.count("passed") == junit.cases.len(), "{}", junit.cases.len());
    assert!(answer.stderr.contains("COMPLETED"), "{}", answer.stderr);
    // The whole plan has two groups, a probe under each MPI: a third task would have nothing to do.
    let tasks = std::fs::read_dir(results.join("tasks")).unwrap().count();
    assert_eq!(tasks, 2, "{}", answer.stderr);
    assert!(results.join("slurm/script.sh").exists() && results.join("report.html").exists());
}

#[test]
fn tasks_of_a_balanced_array_take_what_the_kept_plans_say() {
    if !is_there() {
        return;
    }
    let select = ["mpi/hello", "--cc", "gcc/12", "--mpi", "mpich/*", "--mpi", "openmpi/*", "--all"];
    let mut plan: Value = serde_json::from_str(
        &call(&[&["list"], &select[..], &["--format", "json"]].concat()).run().exits(0).stdout,
    )
    .unwrap();
    let ids = |plan: &Value| -> Vec<String> {
        let cases = plan["cases"].as_array().unwrap().iter();
        cases.map(|owed| owed["id"].as_str().unwrap().to_owned()).collect()
    };
    // One group takes longer than all others: dealt in turn, the first task would have a third of them beside it.
    let all = ids(&plan);
    let seconds = |id: &String| if *id == all[0] { 100.0 } else { 1.0 };
    let seconds: serde_json::Map<String, Value> =
        all.iter().map(|id| (id.clone(), seconds(id).into())).collect();
    plan["basis"]["seconds"] = seconds.into();
    let args = [&select[..], &["--array=2", "--balance", "times.json", "--wait"]].concat();
    let answer = scripted("\"$@\"", &args).file("times.json", plan.to_string()).run().exits(0);
    let read = |path: &str| -> Vec<String> {
        ids(&serde_json::from_str(&std::fs::read_to_string(answer.results().join(path)).unwrap()).unwrap())
    };
    let (one, two) = (read("slurm/plan-1.json"), read("slurm/plan-2.json"));
    assert!(
        !one.is_empty() && one.len() < two.len() && one.len() + two.len() == all.len(),
        "{one:?} {two:?}"
    );
    assert_eq!((read("tasks/1/plan.json"), read("tasks/2/plan.json")), (one, two));
}

#[test]
fn what_a_job_cannot_be_given_is_refused_before_anything_is_read() {
    let answer = submit(&["mpi", "--all", "--shard", "1/2", "--failed", "--dry-run"]).run().exits(2);
    assert!(answer.stderr.contains("--shard and no --failed"), "{}", answer.stderr);
    assert!(answer.stderr.contains("hint: the tasks share the plan"), "{}", answer.stderr);
}

/// What `stackprobe.toml` says where a job is submitted holds for its tasks, too.
#[test]
fn a_task_starts_where_its_job_was_submitted() {
    if !is_there() {
        return;
    }
    let args = ["mine", "--cc", "gcc/12", "--suites", "s", "--one-job", "--wait"];
    let call = with_sleeper(scripted("\"$@\"", &args)).file("stackprobe.toml", "timeout = \"2s\"\n");
    let answer = call.run().exits(75);
    assert!(answer.stderr.contains(" has 1 task;"), "{}", answer.stderr);
    let junit = answer.junit();
    assert!(junit.cases[0].message.contains("when its time was over"), "{}", junit.cases[0].message);
    let said = std::fs::read_to_string(answer.results().join("slurm/task-1.out")).unwrap();
    assert!(!said.contains("chdir"), "{said}");
}

#[test]
fn a_submission_is_found_again_and_not_made_twice() {
    if !is_there() {
        return;
    }
    let args = [&SELECTED[..], &["--one-job"]].concat();
    let script = "\"$@\" || exit 90; \"$@\" --wait; [ $? = 2 ] || exit 91; \"$@\" --resume --wait";
    let answer = scripted(script, &args).run().exits(0);
    assert!(answer.stderr.contains("holds a job that was submitted before"), "{}", answer.stderr);
    assert!(answer.junit().count("passed") > 40);
}

#[test]
fn a_task_that_never_starts_or_loses_its_node_is_an_error_with_slurms_words() {
    if !is_there() {
        return;
    }
    let args = [&SELECTED[..], &["--one-job", "--partition", "down", "--wait=4s"]].concat();
    let answer = scripted("\"$@\"", &args).run().exits(75);
    let junit = answer.junit();
    assert!(!junit.cases.is_empty() && junit.count("error") == junit.cases.len());
    let told = &junit.cases[0].message;
    assert!(told.contains("never started: CANCELLED (PartitionDown)"), "{told}");

    let script = "\"$@\" & while [ -z \"$(squeue -h -t RUNNING)\" ]; do sleep 0.3; done; sleep 1
        scontrol update nodename=n1 state=down reason=test; wait $!";
    let args = ["mine", "--cc", "gcc/12", "--suites", "s", "--one-job", "--sbatch=--no-requeue", "--wait"];
    let answer = with_sleeper(scripted(script, &args)).run().exits(75);
    let junit = answer.junit();
    assert_eq!((junit.cases.len(), junit.count("error")), (1, 1));
    assert!(junit.cases[0].message.contains("NODE_FAIL"), "{}", junit.cases[0].message);
}

#[test]
fn an_interrupt_cancels_what_was_submitted() {
    if !is_there() {
        return;
    }
    let script = "\"$@\" & while [ -z \"$(squeue -h -t RUNNING)\" ]; do sleep 0.3; done; sleep 1
        kill -INT $(pgrep -o -x stackprobe); wait $!; code=$?
        squeue --noheader --format 'left %i'; exit $code";
    let args = ["mine", "--cc", "gcc/12", "--suites", "s", "--one-job", "--wait"];
    let answer = with_sleeper(scripted(script, &args)).run().exits(130);
    assert!(!answer.stdout.contains("left "), "{}", answer.stdout);
    assert!(answer.stderr.contains("is cancelled"), "{}", answer.stderr);
    assert_eq!(answer.junit().count("error"), 1);
}

#[test]
fn what_slurm_does_not_take_is_one_line_with_a_hint() {
    if !is_there() {
        return;
    }
    let wrong = |script: &str, more: &[&str], code: i32, words: &str| {
        let answer = scripted(script, &[&SELECTED[..], more].concat()).run().exits(code);
        assert!(answer.stderr.contains("SLURM does not take the job"), "{}", answer.stderr);
        assert!(answer.stderr.contains(words) && answer.stderr.contains("hint: "), "{}", answer.stderr);
        assert!(!answer.results().join("slurm/job.json").exists());
    };
    wrong("\"$@\"", &["--partition", "nosuch"], 2, "nvalid partition");
    wrong("\"$@\"", &["--sbatch=--constraint=nosuch"], 2, "eature");
    wrong("\"$@\"", &["--sbatch=--nosuch"], 2, "unrecognized option");
    wrong("kill $(cat /run/slurm-fixture/munged.pid); sleep 1; \"$@\"", &[], 75, "uthentication");
    wrong("kill $(cat /run/slurm-fixture/ctld.pid); sleep 1; \"$@\"", &[], 75, "slurm controller");
}
