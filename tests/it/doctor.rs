//! `stackprobe doctor`, and `run` before it starts a case, in pods that are emulated for real: mounts, users, limits and
//! seccomp filters of their own. As root, or in a user namespace where that is enough.

pub(crate) mod emulated;
mod evidence;

use emulated::{Pod, Refusal, pod};
use stackprobe::verdict::rules::{Rules, shipped};

use crate::control_group::Group;

const TOOLCHAIN: [&str; 4] = ["--cc", "gcc/12", "--mpi", "openmpi/5"];

/// The doctor for MPI in this pod: its exit code, and every finding as `LEVEL ID`.
fn findings(pod: &Pod) -> (i32, Vec<String>) {
    let answer = pod.call(&[&["doctor", "mpi", "--format", "json"], &TOOLCHAIN[..]].concat());
    let told: serde_json::Value = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr));
    assert_eq!(told["fit"], answer.code == 0);
    let all = told["lines"].as_array().unwrap().iter().flat_map(|line| line["findings"].as_array().unwrap());
    let word = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    // The stack of the tests is always writable to root.
    let all = all.map(|finding| format!("{} {}", word(finding, "level"), word(finding, "id")));
    (answer.code, all.filter(|told| told != "note stack-writable").collect())
}

/// An MPI case in this pod is an error with this diagnosis, at once; the code says whether a retry may help.
fn is_error(pod: &Pod, id: &str) {
    let answer = pod.call(&[&["run", "mpi/hello"], &TOOLCHAIN[..]].concat());
    let rules = Rules::parse(&shipped()).unwrap();
    let rule = rules.explain(id).unwrap();
    let retry = rule.retry(rule.blame());
    assert_eq!(answer.code, if retry { 75 } else { 78 }, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains(&format!("(a retry {}", if retry { "may" } else { "does not" })));
    let junit = pod.junit();
    assert!(!junit.cases.is_empty());
    for case in &junit.cases {
        assert_eq!((case.outcome.as_str(), case.name.split(' ').next().unwrap()), ("error", "requires"));
        assert!(case.text.contains(id), "{case:?}");
    }
    // What of the pod spec must change stands wherever somebody may look.
    for line in rule.spec.iter().flat_map(|spec| spec.lines()).filter(|line| !line.contains('{')) {
        assert!(junit.cases[0].text.contains(line), "{line} in {:?}", junit.cases[0]);
        assert!(answer.stdout.contains(line), "{line} in {}", answer.stdout);
    }
}

/// An MPI case passes in this pod.
fn passes(pod: &Pod) {
    let answer = pod.call(&[&["run", "mpi/hello"], &TOOLCHAIN[..]].concat());
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(pod.junit().count("passed") > 10);
}

/// Nothing can run in this pod, and one line says so.
fn is_told_before_anything(pod: &Pod, id: &str) {
    let answer = pod.call(&[&["run", "mpi/hello"], &TOOLCHAIN[..]].concat());
    assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
    assert!(
        answer.stderr.contains(&format!("({id})")) && answer.stderr.contains("hint: "),
        "{}",
        answer.stderr
    );
}

fn expect(pod: &Pod, code: i32, wanted: &[&str]) {
    let (found, findings) = findings(pod);
    assert_eq!((found, findings.iter().map(String::as_str).collect::<Vec<_>>()), (code, wanted.to_vec()));
}

#[test]
fn a_pod_that_is_as_it_should_be_is_fit() {
    let pod = pod("mount -t tmpfs -o size=64m tmpfs /dev/shm");
    expect(&pod, 0, &[]);
    passes(&pod);
}

#[test]
fn a_shared_memory_that_is_too_small() {
    let pod = pod("mount -t tmpfs -o size=16m tmpfs /dev/shm");
    expect(&pod, 78, &["unfit shm-too-small"]);
    is_error(&pod, "shm-too-small");
    let text = pod.call(&[&["doctor", "mpi"], &TOOLCHAIN[..]].concat()).stdout;
    for told in [
        "not fit",
        "UNFIT  shm  ",
        "tmpfs, 16 MiB, 16 MiB free",
        "needs 64 MiB for 5 ranks (mpi)",
        "shm-too-small (pod's fault): /dev/shm has 16 MiB, 5 ranks need 64 MiB",
        "- { name: shm, emptyDir: { medium: Memory, sizeLimit: 64Mi } }",
    ] {
        assert!(text.contains(told), "{told} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "NO_COLOR is set");
}

#[test]
fn a_shared_memory_that_others_have_filled() {
    let pod = pod("mount -t tmpfs -o size=64m tmpfs /dev/shm && head -c 60M /dev/zero > /dev/shm/left");
    expect(&pod, 75, &["unfit shm-full"]);
    is_error(&pod, "shm-full");
    let full =
        emulated::pod("mount -t tmpfs -o size=64m tmpfs /dev/shm; cat /dev/zero > /dev/shm/left; true");
    expect(&full, 75, &["unfit shm-full"]);
    is_error(&full, "shm-full");
}

#[test]
fn a_shared_memory_that_is_read_only() {
    let pod = pod("mount -t tmpfs -o ro,size=64m tmpfs /dev/shm");
    expect(&pod, 78, &["unfit shm-readonly"]);
    is_error(&pod, "shm-readonly");
}

#[test]
fn no_shared_memory_at_all() {
    let pod = pod(&emulated::devices(&["null", "zero", "urandom", "random"]));
    expect(&pod, 78, &["unfit shm-missing-by-facts"]);
    is_error(&pod, "shm-missing-by-facts");
}

#[test]
fn a_shared_memory_on_disk_is_worth_knowing() {
    let pod = pod("mkdir \"$FOLDER/shm\" && mount --bind \"$FOLDER/shm\" /dev/shm");
    expect(&pod, 0, &["note shm-on-disk"]);
}

#[test]
fn a_shared_memory_that_a_user_may_not_write() {
    let Some(pod) = pod("mount -t tmpfs -o mode=755,size=64m tmpfs /dev/shm").user(54321) else { return };
    expect(&pod, 78, &["unfit shm-not-writable", "note uid-unnamed"]);
    is_error(&pod, "shm-not-writable");
}

#[test]
fn a_user_id_without_a_name_is_no_hindrance() {
    let Some(pod) = pod("mount -t tmpfs -o size=64m tmpfs /dev/shm").user(54321) else { return };
    expect(&pod, 0, &["note uid-unnamed"]);
    passes(&pod);
    let homeless = pod.env("HOME", "/nonexistent");
    expect(&homeless, 0, &["note uid-unnamed", "note home-unwritable"]);
    passes(&homeless);
}

#[test]
fn a_folder_for_temporary_files_that_does_not_execute() {
    let pod =
        pod("mkdir \"$FOLDER/t\" && mount -t tmpfs -o noexec tmpfs \"$FOLDER/t\"").env_below("TMPDIR", "t");
    expect(&pod, 78, &["unfit tmp-noexec"]);
    is_error(&pod, "tmp-noexec");
}

#[test]
fn a_root_that_is_read_only_needs_a_folder_for_temporary_files() {
    let read_only = "mount --bind \"$FOLDER\" \"$FOLDER\" && mount -o remount,ro,bind /";
    let pod = pod(read_only).env("TMPDIR", "/tmp").env("HOME", "/");
    expect(&pod, 78, &["note home-unwritable", "unfit tmp-unwritable"]);
    is_told_before_anything(&pod, "tmp-unwritable");
    let pod = emulated::pod(&format!("mkdir \"$FOLDER/t\" && {read_only}")).env_below("TMPDIR", "t");
    expect(&pod, 0, &[]);
    passes(&pod);
}

#[test]
fn what_every_program_takes_for_granted() {
    let null = pod(&format!(
        "{}; mkdir /dev/shm; mount -t tmpfs -o size=64m tmpfs /dev/shm",
        emulated::devices(&["zero"])
    ));
    expect(&null, 78, &["unfit null-missing"]);
    is_told_before_anything(&null, "null-missing");
    let proc = pod("mount -t tmpfs tmpfs /proc");
    let (code, told) = findings(&proc);
    assert_eq!(code, 78);
    assert!(told.contains(&"unfit proc-missing".to_owned()), "{told:?}");
    is_told_before_anything(&proc, "proc-missing");
}

#[test]
fn limits_that_are_too_tight() {
    let files = pod("ulimit -n 40");
    expect(&files, 78, &["unfit open-files-too-few"]);
    is_error(&files, "open-files-too-few");
    let fewer = pod("ulimit -n 24");
    assert_eq!(findings(&fewer).0, 78);
    is_told_before_anything(&fewer, "open-files-too-few");
    let space = pod("ulimit -v 1048576");
    expect(&space, 0, &[]);
    let intel =
        space.call(&["doctor", "mpi", "--cc", "gcc/12", "--mpi", "intel-oneapi-mpi", "--format", "json"]);
    assert_eq!(intel.code, 78, "{}", intel.stdout);
    assert!(intel.stdout.contains("\"address-space-too-small\""), "{}", intel.stdout);
}

#[test]
fn a_limit_of_processes_that_is_too_tight() {
    let Some(group) = Group::new("pids", &[("pids.max", "14")]) else { return };
    let pod = pod(&group.enter());
    expect(&pod, 78, &["unfit processes-too-few"]);
    is_error(&pod, "processes-too-few");
    let Some(user) = emulated::pod("prlimit --nproc=8:8 --pid $$").user(54321) else { return };
    assert!(findings(&user).1.contains(&"unfit processes-too-few".to_owned()));
}

#[test]
fn a_limit_of_memory_that_shared_memory_counts_towards() {
    let Some(group) =
        Group::new("memory", &[("memory.limit_in_bytes", "419430400"), ("memory.max", "419430400")])
    else {
        return;
    };
    let pod = pod(&group.enter());
    expect(&pod, 0, &["note shm-over-memory"]);
    let text = pod.call(&["doctor", "mpi"]).stdout;
    assert!(text.contains("400 MiB of the node's"), "{text}");
    let needy = SUITE.replace("REQUIRES", "memory >= 1GiB");
    assert_eq!(pod.file("s/needy/suite.toml", &needy).call(&["doctor", "needy", "--suites", "s"]).code, 78);
    let answer = pod.call(&["run", "needy", "--cc", "gcc/12", "--suites", "s"]);
    assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
    assert!(pod.junit().cases[0].text.contains("memory-too-small"), "{:?}", pod.junit().cases);
}

const SUITE: &str = "name = \"needy\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\n\
    summary = \"y\"\nrun = \"true\"\nrequires = [\"REQUIRES\"]\n";

#[test]
fn what_a_probe_requires_is_told_with_what_there_is() {
    let pod = pod("true");
    for (requires, id, there) in [
        ("cpus >= 9999", "cpus-too-few", "9999 CPUs needed"),
        ("disk >= 9999TiB", "disk-too-small", "GiB needed"),
        ("shm >= 9999TiB", "shm-too-small", "GiB needed"),
    ] {
        pod.file("s/needy/suite.toml", &SUITE.replace("REQUIRES", requires));
        let text = pod.call(&["doctor", "needy", "--suites", "s"]);
        assert_eq!(text.code, 78, "{}", text.stdout);
        assert!(text.stdout.contains(id) && text.stdout.contains(there), "{}", text.stdout);
        let answer = pod.call(&["run", "needy", "--cc", "gcc/12", "--suites", "s"]);
        assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
        assert!(pod.junit().cases[0].text.contains(id), "{:?}", pod.junit().cases);
    }
    pod.file("s/needy/suite.toml", &SUITE.replace("REQUIRES", "cpus >= 1"));
    assert_eq!(pod.call(&["run", "needy", "--cc", "gcc/12", "--suites", "s"]).code, 0);
}

#[test]
fn a_disk_that_is_full_may_be_emptied_and_one_that_is_too_small_stays_so() {
    for (size, left, code, id) in [("64m", "40M", 75, "disk-low"), ("24m", "1K", 78, "disk-too-small")] {
        let pod = emulated::pod(&format!(
            "mkdir \"$FOLDER/t\" && mount -t tmpfs -o size={size} tmpfs \"$FOLDER/t\" && head -c {left} /dev/zero > \"$FOLDER/t/left\""
        ));
        let pod = pod.env_below("TMPDIR", "t");
        pod.file("s/needy/suite.toml", &SUITE.replace("REQUIRES", "disk >= 40MiB"));
        let text = pod.call(&["doctor", "needy", "--suites", "s"]);
        assert!(text.stdout.contains(id), "{size}: {}", text.stdout);
        assert_eq!(text.code, code, "{size}: {}", text.stdout);
    }
}

#[test]
fn a_module_tree_that_is_closed_in_part_is_told_and_never_green() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    let family = "family(\"compiler\")\nwhatis(\"g\")\nprepend_path(\"MODULEPATH\", \"{root}/gcc/12.2.0\")\n";
    crate::fixture::tree(
        folder.path(),
        &[
            ("Core/gcc/12.2.0.lua", family),
            ("gcc/12.2.0/zlib/1.lua", "whatis(\"z\")\n"),
            ("gcc/12.2.0/openmpi/5.0.lua", "family(\"mpi\")\nwhatis(\"o\")\n"),
            ("gcc/12.2.0/mpich/4.0.lua", "family(\"mpi\")\nwhatis(\"m\")\n"),
        ],
    );
    let core = folder.path().join("Core");
    let closed = [folder.path().join("gcc/12.2.0/openmpi"), folder.path().join("gcc/12.2.0/mpich/4.0.lua")];
    let pod = || emulated::pod("true").env("MODULEPATH", core.to_str().unwrap()).user(54321);
    let Some(healthy) = pod() else { return };
    let answer = healthy.call(&["run", "modules", "--all"]);
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    for path in &closed {
        open(path, 0o700);
        let Some(pod) = pod() else { return };
        let shown = path.display().to_string();
        let doctor = pod.call(&["doctor", "modules", "--all"]);
        assert!(
            doctor.stdout.contains("modules-hidden") && doctor.stdout.contains(&shown),
            "{}",
            doctor.stdout
        );
        assert_eq!(doctor.code, 78, "{}", doctor.stdout);
        let family = if shown.contains("openmpi") { "openmpi" } else { "mpich" };
        for words in
            [&["run", "modules", "--all"][..], &["run", "modules", "--cc", "gcc/12.2.0", "--mpi", family]]
        {
            let answer = pod.call(words);
            assert_eq!(answer.code, 78, "{words:?}: {}{}", answer.stdout, answer.stderr);
            let text = format!("{}{}", answer.stdout, answer.stderr);
            assert!(text.contains(&shown) && text.contains("path-closed"), "{words:?}: {text}");
        }
        open(path, 0o755);
    }
}

#[test]
fn a_log_of_this_pod_is_judged_by_what_the_pod_is_only_if_asked_to() {
    let pod = pod("mount -t tmpfs -o size=16m tmpfs /dev/shm");
    pod.file("log", "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Bus error (signal 7)\n");
    let args = ["diagnose", "log", "--mpi", "mpich/5.0.2", "--ranks", "4", "--exit", "7"];
    let elsewhere = pod.call(&args).stdout;
    assert!(elsewhere.contains("rank-bus-error") && !elsewhere.contains("shm-too-small"), "{elsewhere}");
    let here = pod.call(&[&args[..], &["--here"]].concat()).stdout;
    assert!(here.contains("shm-too-small-sigbus"), "{here}");
    let ample = emulated::pod("mount -t tmpfs -o size=256m tmpfs /dev/shm");
    ample.file("log", "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Bus error (signal 7)\n");
    let told = ample.call(&[&args[..], &["--here"]].concat()).stdout;
    assert!(told.contains("rank-bus-error") && !told.contains("shm-too-small"), "{told}");
}

#[test]
fn what_a_scheduler_leaks_is_told_and_reaches_no_case() {
    let pod = pod("mount -t tmpfs -o size=64m tmpfs /dev/shm")
        .env("SLURM_JOB_ID", "7")
        .env("SLURM_NODELIST", "n[1-9]")
        .env("PMI_PORT", "tcp://10.0.0.1:80")
        .env("CC", "gcc");
    expect(&pod, 0, &["note env-leaked"]);
    let text = pod.call(&["doctor", "mpi"]).stdout;
    assert!(text.contains("PMI_PORT, SLURM_JOB_ID, SLURM_NODELIST: taken away from cases"), "{text}");
    assert!(text.contains("SLURM_JOB_ID is 7, and there is no such allocation here"), "{text}");
    passes(&pod);
}

#[test]
fn without_a_loopback_only_what_needs_it_is_not_run() {
    let pod = pod("true").alone();
    let told = findings(&pod);
    assert_eq!(told, (78, vec!["unfit net-no-interface".to_owned()]));
    is_error(&pod, "net-no-interface");
    let other = pod.call(&["doctor", "mpi", "--cc", "gcc/12", "--mpi", "mpich/5"]);
    assert_eq!(other.code, 0, "{}", other.stdout);
}

#[test]
fn a_system_call_that_is_refused_or_kills() {
    let denied = |call, refusal| pod("mount -t tmpfs -o size=64m tmpfs /dev/shm").refuse(call, refusal);
    let reading = denied(libc::SYS_process_vm_readv, Refusal::Error(libc::EPERM));
    expect(&reading, 0, &["note cma-refused"]);
    passes(&reading);
    let binding = denied(libc::SYS_sched_setaffinity, Refusal::Error(libc::EPERM));
    expect(&binding, 0, &["note cpu-affinity-denied"]);
    let old = denied(libc::SYS_faccessat2, Refusal::Error(libc::EPERM));
    expect(&old, 0, &["note seccomp-faccessat2"]);
    expect(&denied(libc::SYS_faccessat2, Refusal::Error(libc::ENOSYS)), 0, &[]);
    let killed = denied(libc::SYS_set_mempolicy, Refusal::Kill);
    expect(&killed, 0, &["note seccomp-refused"]);
    assert!(killed.call(&["doctor", "mpi"]).stdout.contains("set_mempolicy kills who calls it"));
}

#[test]
fn sanitizers_run_where_the_layout_of_memory_stays_or_is_bearable() {
    let bits = |bits: u32| {
        let setup =
            format!("echo {bits} > \"$FOLDER/b\" && mount --bind \"$FOLDER/b\" /proc/sys/vm/mmap_rnd_bits");
        pod(&setup).refuse(libc::SYS_personality, Refusal::Error(libc::EPERM))
    };
    let asan = |pod: &Pod| pod.call(&["run", "compiler/c-asan", "--cc", "gcc/12"]);
    let compiler = |pod: &Pod| pod.call(&["doctor", "compiler", "--cc", "gcc/12", "--format", "json"]);
    let well = bits(28);
    expect(&well, 0, &["note seccomp-refused"]);
    assert_eq!(compiler(&well).code, 0);
    let ill = bits(32);
    expect(&ill, 0, &["note seccomp-refused", "note mmap-randomised"]);
    let answer = compiler(&ill);
    assert_eq!(answer.code, 78, "{}", answer.stdout);
    assert!(answer.stdout.contains("\"seccomp-personality\""), "{}", answer.stdout);
    let answer = asan(&ill);
    assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
    assert!(ill.junit().cases[0].text.contains("seccomp-personality"), "{:?}", ill.junit().cases);
    // What the emulated number promises is true on this machine only if its own is no larger.
    let own = std::fs::read_to_string("/proc/sys/vm/mmap_rnd_bits").unwrap_or_default();
    if own.trim().parse().is_ok_and(|own: u32| own <= 28) {
        let answer = asan(&well);
        assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    }
}

#[test]
fn a_runtime_that_refuses_threads_lets_nothing_run() {
    let pod = pod("true").refuse(libc::SYS_clone3, Refusal::Error(libc::EPERM));
    let (code, told) = findings(&pod);
    assert_eq!(code, 78);
    assert!(told.contains(&"unfit seccomp-clone3".to_owned()), "{told:?}");
    is_told_before_anything(&pod, "seccomp-clone3");
    // What is absent is done without.
    let absent = emulated::pod("true").refuse(libc::SYS_clone3, Refusal::Error(libc::ENOSYS));
    expect(&absent, 0, &[]);
    passes(&absent);
}

#[test]
fn a_stack_that_is_not_there() {
    let missing = pod("true").env("MODULEPATH", "/nowhere/Core");
    expect(&missing, 75, &["unfit stack-not-mounted"]);
    let unset = pod("true").without("MODULEPATH");
    expect(&unset, 75, &["unfit modulepath-unset"]);
    let spack =
        pod("true").without("MODULEPATH").env("SPACK_ROOT", crate::fixture::stack().to_str().unwrap());
    expect(&spack, 0, &[]);
    let broken =
        pod("printf '#!/bin/sh\\necho oops >&2; exit 3\\n' > \"$FOLDER/lmod\"; chmod +x \"$FOLDER/lmod\"")
            .env_below("LMOD_CMD", "lmod");
    expect(&broken, 78, &["unfit lmod-broken"]);
}

#[test]
fn every_finding_is_explained() {
    let rules = Rules::parse(&shipped()).unwrap();
    let preflight: Vec<_> = rules.iter().filter(|rule| rule.preflight).collect();
    assert!(preflight.len() > 25);
    // Every id that the sources of the doctor speak of is one of the catalogue, and every entry is spoken of.
    let mut sources = String::new();
    for file in [
        "src/verdict/fitness.rs",
        "src/verdict/tight.rs",
        "src/command/doctor/pod.rs",
        "src/command/doctor/shm.rs",
        "src/command/doctor/stack.rs",
        "src/pod/reach/mod.rs",
        "src/run/service.rs",
        "src/pod/reach/unreachable.rs",
        "src/command/run/tasks.rs",
        "src/plan/family.rs",
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        sources.push_str(&std::fs::read_to_string(path).unwrap());
    }
    for rule in &preflight {
        assert!(sources.contains(&format!("\"{}\"", rule.id)), "nobody finds {}", rule.id);
        assert!(rule.blame().is_some() && rule.patterns.is_empty(), "{}", rule.id);
    }
    let said = crate::fixture::call(&["explain", "shm-too-small"]).run().exits(0).stdout;
    assert!(said.contains("found by `stackprobe doctor`") && said.contains("emptyDir"), "{said}");
}
