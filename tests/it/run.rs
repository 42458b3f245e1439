//! The main job against the real stack: what a person or a pod gets from `stackprobe run`.

mod again;
mod kept;
mod refused;
mod retries;
mod secrets;
mod select;

use crate::fixture::{call, core, valid_against_junit_10};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n";

/// A suite of one probe that runs `script` by sh.
fn shell_suite(script: &str, more: &str) -> (String, String) {
    let suite = format!(
        "{SUITE}[[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"p.sh\"]\nrun = \"sh {{sources}}\"\n{more}\n"
    );
    (suite, script.to_owned())
}

fn run_script(script: &str, more: &str, flags: &[&str]) -> crate::fixture::Answer {
    let (suite, script) = shell_suite(script, more);
    let args = [&["run", "mine", "--cc", "gcc/12", "--suites", "s"][..], flags].concat();
    call(&args).file("s/mine/suite.toml", suite).file("s/mine/p.sh", script).run()
}

#[test]
fn a_toolchain_is_proved_check_by_check() {
    let answer = call(&[
        "run",
        "mpi/hello",
        "mpi/pt2pt",
        "compiler/c11-language",
        "--cc",
        "gcc/12",
        "--mpi",
        "openmpi/5",
    ])
    .run()
    .exits(0);
    let junit = answer.junit();
    assert_eq!(junit.count("passed"), junit.cases.len());
    assert!(junit.cases.len() > 100, "{}", junit.cases.len());
    let suites: Vec<&str> = junit.cases.iter().map(|case| case.suite.as_str()).collect();
    assert!(suites.contains(&"mpi gcc/12.2.0 openmpi/5.0.11"), "{suites:?}");
    assert!(suites.contains(&"compiler gcc/12.2.0"), "{suites:?}");
    assert_eq!(junit.root["tests"], junit.cases.len().to_string());
    assert!(junit.properties["modules"].contains("openmpi/5.0.11"));
    assert!(junit.properties["mpi.prefix"].contains("openmpi-5.0.11"));
    assert!(answer.stdout.contains("gcc/12.2.0 openmpi/5.0.11  mpi: "), "{}", answer.stdout);
}

#[test]
fn strict_junit_is_what_jenkins_accepts() {
    let script =
        "printf 'not ok 1 - red\\nok 2 - fine\\n1..2\\n'; printf '\\033[31m]]>\\000\\377' >&2; exit 1";
    let answer = run_script(script, "protocol = \"tap\"", &["--junit-strict"]).exits(1);
    assert!(valid_against_junit_10(&answer.results().join("junit.xml")));
    assert_eq!(answer.junit().case("mine.p", "red").outcome, "failure");
}

#[test]
fn a_module_is_asked_for_by_prefix_by_flag_or_by_the_names_that_pods_use() {
    let plan = |answer: crate::fixture::Answer| {
        let text = std::fs::read_to_string(answer.results().join("plan.json")).unwrap();
        let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
        plan["cases"].clone()
    };
    let by_flag = call(&["run", "compiler/c11-language", "--cc", "gcc/12"]).run().exits(0);
    let by_pod = call(&["run", "compiler/c11-language"])
        .env("HPC_LMOD_CC_FAMILY", "gcc")
        .env("HPC_LMOD_CC_VERSION", "12")
        .run()
        .exits(0);
    let (by_flag, by_pod) = (plan(by_flag), plan(by_pod));
    assert_eq!(by_flag, by_pod);
    assert_eq!(by_flag[0]["toolchain"], "gcc/12.2.0");
}

#[test]
fn an_unknown_module_is_red_with_lmods_words_and_what_there_is() {
    let answer = call(&["run", "compiler/c11-language", "--cc", "gcc/99", "--cc", "gcc/12"]).run().exits(1);
    let junit = answer.junit();
    let load = junit.case("compiler.c11-language", "load");
    assert_eq!(load.outcome, "failure");
    assert!(load.message.contains("gcc is offered as 11.3.0, 12.2.0"), "{}", load.message);
    assert!(load.text.contains("The following module(s) are unknown"), "{}", load.text);
    assert!(junit.cases.iter().any(|case| case.suite == "compiler gcc/12.2.0" && case.outcome == "passed"));
}

#[test]
fn a_stack_that_is_not_mounted_is_the_pods_fault() {
    let answer = call(&["run", "compiler/c11-language", "--cc", "gcc/12"])
        .env("MODULEPATH", "/nowhere/Core")
        .run()
        .exits(75);
    let told = "no module is visible by MODULEPATH: `/nowhere/Core`: no such file or directory";
    assert!(answer.stderr.contains(told), "{}", answer.stderr);
    assert!(answer.junit().case("run.preflight", "preflight").text.contains(told));
}

#[test]
fn without_lmod_or_modulepath_one_line_says_what_to_set() {
    let answer = call(&["run", "compiler", "--cc", "gcc/12"]).without("MODULEPATH").run().exits(75);
    assert!(answer.stderr.contains("MODULEPATH is not set"), "{}", answer.stderr);
    assert!(answer.stderr.contains("hint: set MODULEPATH"), "{}", answer.stderr);
    assert_eq!(answer.junit().case("run.preflight", "preflight").kind, "modulepath-unset");
}

#[test]
fn spack_root_says_where_the_modules_are() {
    call(&["run", "compiler/c11-language", "--cc", "gcc/12"])
        .without("MODULEPATH")
        .env("SPACK_ROOT", crate::fixture::stack())
        .run()
        .exits(0);
}

#[test]
fn a_module_name_is_no_shell_text() {
    let answer = call(&["run", "compiler/c11-language", "--cc", "gcc/$(touch${IFS}pwned)"]).run();
    assert_ne!(answer.code, 0);
    assert!(!answer.folder.path().join("pwned").exists());
}

#[test]
fn an_empty_selection_is_never_green() {
    call(&["run", "mpi", "--cc", "gcc/12"]).run().exits(3);
    call(&["run", "mpi"]).run().exits(3);
    call(&["run", "compiler/c11-language", "--cc", "gcc/12", "--shard", "2/2"]).run().exits(3);
    call(&["run", "nonsense", "--cc", "gcc/12"]).run().exits(2);
}

#[test]
fn a_wrong_command_line_is_told_whole_before_any_stack_is_looked_at() {
    let words = ["run", "mpi/nothing", "--tag", "fortrn", "--cc=-x", "--module=-y"];
    let answer = call(&words).without("MODULEPATH").run().exits(2);
    for told in [
        "no suite or probe is named `mpi/nothing`",
        "`stackprobe explain mpi` tells its probes",
        "no probe has the tag `fortrn`",
        "tags are: application, c, codegen, ",
        "`-x` is not a name of a module",
        "`-y` is not a name of a module",
    ] {
        assert!(answer.stderr.contains(told), "{told} in\n{}", answer.stderr);
    }
    assert_eq!(answer.stderr.matches("error:").count(), 4, "{}", answer.stderr);
    call(&["list", "mpi", "--mpi", "openmpi/5"]).without("MODULEPATH").run().exits(2);
}

#[test]
fn a_broken_suite_tells_all_its_faults_and_runs_nothing() {
    let suite =
        format!("{SUITE}[[probe]]\nname = \"p\"\nsummmary = \"y\"\nrun = \"{{cz}}\"\nrequires = [\"x\"]\n");
    let answer = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"])
        .file("s/mine/suite.toml", suite)
        .run()
        .exits(2);
    for told in
        ["s/mine/suite.toml:6:1", "did you mean `summary`?", "suite.toml:7:7", "suite.toml:8:13", "^^^"]
    {
        assert!(answer.stderr.contains(told), "{told} in\n{}", answer.stderr);
    }
    assert!(!answer.results().exists());
}

#[test]
fn a_launcher_of_another_library_is_red_although_every_rank_says_ok() {
    let other = crate::fixture::stack().join("opt");
    let mpirun = std::fs::read_dir(&other)
        .unwrap()
        .flatten()
        .flat_map(|arch| std::fs::read_dir(arch.path()).into_iter().flatten().flatten())
        .map(|prefix| prefix.path())
        .find(|prefix| prefix.file_name().unwrap().to_string_lossy().starts_with("mpich-5"))
        .map(|prefix| prefix.join("bin/mpirun"))
        .expect("an MPICH 5 in the stack");
    let site = format!("[[launcher]]\nfamily = \"openmpi\"\ncommand = [\"{}\"]\n", mpirun.display());
    let answer = call(&["run", "mpi/hello", "--cc", "gcc/12", "--mpi", "openmpi/4", "--site", "site.toml"])
        .file("site.toml", site)
        .run()
        .exits(1);
    let junit = answer.junit();
    assert!(junit.cases.iter().any(|case| case.classname == "mpi.hello" && case.outcome == "failure"));
}

#[test]
fn hostile_output_leaves_the_report_valid_and_small() {
    let script =
        "printf '\\033[31m]]>\\000\\001\\377\\376 <![CDATA[ &amp; '; head -c 50000000 /dev/urandom; exit 3";
    let answer = run_script(script, "", &[]).exits(1);
    let path = answer.results().join("junit.xml");
    assert!(std::fs::metadata(&path).unwrap().len() < 64 << 10);
    let junit = answer.junit();
    assert_eq!(junit.case("mine.p", "run").message, "exit status 3: sh p.sh");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.chars().all(|c| c >= ' ' || c == '\n' || c == '\t'));
}

#[test]
fn a_known_issue_is_skipped_with_its_reason_until_it_is_over() {
    let judgement = |until: &str| {
        format!(
            "[[known]]\nmatch = {{ suite = \"mine\" }}\nreason = \"vendor bug\"\nref = \"CASE-7\"\nuntil = \"{until}\"\n"
        )
    };
    let (suite, script) = shell_suite("exit 1", "");
    let known = |until| {
        call(&["run", "mine", "--cc", "gcc/12", "--suites", "s", "--site", "site.toml"])
            .file("s/mine/suite.toml", &suite)
            .file("s/mine/p.sh", &script)
            .file("site.toml", judgement(until))
            .run()
    };
    let answer = known("2999-12-31").exits(0);
    let case = answer.junit().case("mine.p", "run").clone();
    assert_eq!(
        (case.outcome.as_str(), case.message.as_str()),
        ("skipped", "known issue: vendor bug (CASE-7)")
    );
    known("2020-01-01").exits(1);
}

#[test]
fn a_control_that_passes_is_red() {
    run_script("exit 1", "control = true", &[]).exits(0);
    let answer = run_script("exit 0", "control = true", &[]).exits(1);
    assert!(answer.junit().case("mine.p", "must fail").message.contains("this probe cannot go red"));
}

#[test]
fn a_site_adds_a_suite_by_the_variable_that_pods_set() {
    let (suite, script) = shell_suite("exit 0", "");
    let call = call(&["run", "mine", "--cc", "gcc/12"]);
    let folder = call.folder().join("s");
    call.env("HPC_SPACK_TEST_DIR", folder)
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.sh", script)
        .run()
        .exits(0);
}

#[test]
fn what_the_pod_leaks_does_not_reach_a_probe() {
    let (suite, script) =
        shell_suite("env | grep -E '^(SLURM|PMI|FOO_PORT|LD_PRELOAD)' && exit 1; exit 0", "");
    call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"])
        .env("SLURM_JOB_ID", "1")
        .env("PMI_RANK", "0")
        .env("FOO_PORT", "tcp://10.0.0.1:1")
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.sh", script)
        .run()
        .exits(0);
}

#[test]
fn the_pods_too_small_shm_is_an_error_and_not_a_failure() {
    let answer = run_script("exit 0", "requires = [\"shm >= 9000GiB\"]", &[]).exits(78);
    assert_eq!(answer.junit().case("mine.p", "requires").outcome, "error");
}

#[test]
fn the_name_of_the_old_script_does_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("run-test-spack-mpicc.sh");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_stackprobe"), &link).unwrap();
    let output = std::process::Command::new(&link)
        .args(["gcc", "12", "openmpi", "5", "--tag", "smoke"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder.path())
        .env("MODULEPATH", core())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("mpi/hello"));
}

#[test]
fn the_binary_runs_in_an_empty_root() {
    let root = tempfile::tempdir().unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_stackprobe"), root.path().join("stackprobe")).unwrap();
    let output = std::process::Command::new("chroot")
        .arg(root.path())
        .args(["/stackprobe", "--version"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("stackprobe "));
}

#[test]
fn what_a_sigkill_left_is_rebuilt_and_counts_what_was_owed() {
    let answer =
        call(&["run", "compiler/c11-language", "compiler/c-math-ieee", "--cc", "gcc/12"]).run().exits(0);
    let folder = answer.results();
    std::fs::remove_file(folder.join("cases/compiler.c-math-ieee.gcc-12.2.0.json")).unwrap();
    std::fs::remove_file(folder.join("junit.xml")).unwrap();
    call(&["report", folder.to_str().unwrap()]).run().exits(75);
    let junit = answer.junit();
    let lost = junit.case("compiler.c-math-ieee", "case");
    assert_eq!((lost.outcome.as_str(), lost.kind.as_str()), ("error", "lost"));
    assert_eq!(junit.case("compiler.c11-language", "build").outcome, "passed");
}

#[test]
fn a_run_goes_on_where_an_earlier_one_ended() {
    let (suite, script) = shell_suite("exit 0", "");
    let mut resumed = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s", "--resume"])
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.sh", script);
    let first = resumed.command().output().unwrap();
    assert!(first.status.success());
    let record = resumed.folder().join("results/cases/mine.p.gcc-12.2.0.json");
    let before = std::fs::metadata(&record).unwrap().modified().unwrap();
    let answer = resumed.run().exits(0);
    assert_eq!(std::fs::metadata(&record).unwrap().modified().unwrap(), before, "it was run again");
    assert_eq!(answer.junit().count("passed"), 1);
}

#[test]
fn a_failed_case_can_be_done_again_by_hand_without_stackprobe() {
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"p\"\n\
                 summary = \"y\"\nsources = [\"p.c\"]\nbuild = \"{mpicc} {sources} -o {exe}\"\n\
                 run = \"{mpirun} -n {ranks} {exe}\"\nranks = 2\nenv = { SEEN = \"it's $HOME\" }\n";
    let source = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(int n, char **v) {\n\
                  int rank;\nMPI_Init(&n, &v);\nMPI_Comm_rank(MPI_COMM_WORLD, &rank);\n\
                  if (rank == 1) printf(\"seen: %s\\n\", getenv(\"SEEN\"));\nMPI_Finalize();\nreturn 5;\n}\n";
    let answer = call(&["run", "mine", "--cc", "gcc/12", "--mpi", "openmpi/5", "--suites", "s"])
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.c", source)
        .run()
        .exits(1);
    let script = answer.results().join("cases/mine.p.n2.gcc-12.2.0.openmpi-5.0.11/repro.sh");
    let output = std::process::Command::new("bash")
        .arg(&script)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("seen: it's $HOME"), "{said}");
}

#[test]
fn the_pods_status_tells_the_story_in_one_line() {
    let call = call(&["run", "compiler/c11-language", "--cc", "gcc/99"]).file("termination-log", "");
    let log = call.folder().join("termination-log");
    let answer = call.env("STACKPROBE_TERMINATION_LOG", log).run().exits(1);
    let text = std::fs::read_to_string(answer.folder.path().join("termination-log")).unwrap();
    let told = "FAIL 1/1 error=0 first=compiler/c11-language gcc/99: there is no gcc/99; gcc is offered as";
    assert!(text.starts_with(told) && text.len() <= 256, "{text}");
    // Where the kubelet has made no file nobody reads one.
    let quiet = crate::fixture::call(&["run", "compiler/c11-language", "--cc", "gcc/99"]);
    let absent = quiet.folder().join("termination-log");
    let answer = quiet.env("STACKPROBE_TERMINATION_LOG", &absent).run().exits(1);
    assert!(!absent.exists() && !answer.stderr.contains("termination"), "{}", answer.stderr);
}

#[test]
fn the_sites_fault_in_one_check_never_excuses_the_stacks_in_another() {
    let site = "[[diagnosis]]\nid = \"scratch-down\"\nlayer = \"pod\"\nfault = \"site\"\n\
        pattern = 'stale file handle on /scratch'\nsample = \"stale file handle on /scratch\"\n\
        cause = \"scratch is down\"\nfix = \"ask storage\"\n";
    let run = |more: &str| {
        let script = format!(
            "printf 'not ok 1 - io\\n  ---\\n  message: stale file handle on /scratch\\n  ...\\n{more}'; exit 1"
        );
        let (toml, file) = shell_suite(&script, "protocol = \"tap\"");
        let args = ["run", "mine", "--cc", "gcc/12", "--suites", "s", "--site", "site.toml"];
        let call = call(&args).file("s/mine/suite.toml", toml).file("s/mine/p.sh", file);
        call.file("site.toml", site).run()
    };
    let alone = run("1..1\\n").exits(75);
    assert_eq!(alone.junit().case("mine.p", "io").outcome, "error");
    let both = run("not ok 2 - sum\\n1..2\\n").exits(1).junit();
    let io = both.case("mine.p", "io");
    assert_eq!((io.outcome.as_str(), io.kind.as_str()), ("error", "scratch-down"));
    let sum = both.case("mine.p", "sum");
    assert_eq!(sum.outcome, "failure");
    assert!(!sum.text.contains("scratch-down"), "{}", sum.text);
}

#[test]
fn a_log_holds_no_secret_and_nothing_of_an_earlier_run() {
    let (suite, script) = shell_suite("printf 'API_TOKEN='; echo hunter2hunter2; echo said", "");
    let call = call(&["run", "mine", "--cc", "gcc/12", "--suites", "s"]);
    let mut call = call.file("s/mine/suite.toml", suite).file("s/mine/p.sh", script);
    assert!(call.command().output().unwrap().status.success());
    let answer = call.run().exits(0);
    let log = std::fs::read_dir(answer.results().join("logs")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(log).unwrap();
    assert_eq!(text, "$ sh p.sh\nAPI_TOKEN=***\nsaid\n");
}

/// A launcher that finds a variable twice hands on one of the two. With the mark of the call of Lmod beside that of the
/// case, ranks of Open MPI had the wrong one, and outlived their case when its supervisor was killed.
#[test]
fn every_rank_carries_the_mark_of_its_case_and_no_other() {
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"marks\"\n\
                 summary = \"y\"\nsources = [\"p.sh\"]\nranks = 2\nrun = \"sh {sources} {mpirun} -n {ranks}\"\n";
    let script = "own=$STACKPROBE_CASE
        count=$(tr '\\0' '\\n' </proc/$$/environ | grep -c '^STACKPROBE_CASE=')
        [ $count = 1 ] || { echo $count marks; exit 1; }
        \"$@\" sh -c \"[ \\$STACKPROBE_CASE = $own ] || { echo \\$STACKPROBE_CASE is not $own; exit 1; }\"\n";
    let answer = call(&["run", "mine", "--cc", "gcc/12", "--mpi", "*", "--suites", "s"])
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.sh", script)
        .run()
        .exits(0);
    assert_eq!(answer.junit().count("passed"), 5, "{}", answer.stdout);
}
