//! The images of `images/`, built by their own script and run as containers.

pub(crate) mod container;

use container::{Container, build, can_run, root};

const TOOLCHAIN: [&str; 4] = ["--cc", "gcc/12", "--mpi", "openmpi/5"];
const RUN: [&str; 3] = ["run", "--results", "/results"];

fn tester(args: &[&str]) -> Container {
    Container::new("tester", args)
}

#[test]
fn a_healthy_stack_is_green_in_the_tester_image() {
    if !can_run() {
        return;
    }
    let ended = tester(
        &[
            &RUN[..],
            &["mpi/hello", "mpi/pt2pt", "compiler/c-runtime-libraries", "compiler/fortran-core"],
            &TOOLCHAIN,
        ]
        .concat(),
    )
    .run()
    .exits(0);
    let junit = ended.junit();
    assert!(junit.cases.len() > 20, "{}", junit.cases.len());
    assert!(junit.cases.iter().all(|case| case.outcome == "passed"), "{:?}", junit.cases);
    assert!(ended.message().starts_with("PASS"), "{}", ended.message());
    // What a merge pod does: the binary alone, in an image without a shell.
    let merged = Container::new("binary", &["report", "/results", "--out", "/results/merged"]);
    for name in ["plan.json", "cases"] {
        container::must(
            std::process::Command::new("cp").arg("-r").arg(ended.results().join(name)).arg(merged.results()),
        );
    }
    let merged = merged.file(".keep", "").run().exits(0);
    let again = crate::fixture::Junit::read(&merged.results().join("merged/junit.xml"));
    assert_eq!(again.cases.len(), junit.cases.len());
}

#[test]
fn doctor_sees_the_container_as_it_is() {
    if !can_run() {
        return;
    }
    let ended = tester(&["doctor", "mpi", TOOLCHAIN[0], TOOLCHAIN[1], TOOLCHAIN[2], TOOLCHAIN[3]])
        .shm("64m")
        .memory(1 << 30)
        .run();
    let text = ended.text();
    for fact in ["64 MiB", "1 GiB", "54321", "seccomp"] {
        assert!(text.contains(fact), "{fact}:\n{text}");
    }
}

#[test]
fn a_small_shared_memory_is_the_pods_fault_and_no_retry_cures_it() {
    if !can_run() {
        return;
    }
    let suite = "name = \"large\"\nsummary = \"s\"\ntoolchain = [\"compiler\", \"mpi\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"s\"\nwhy = \"w\"\nrun = \"true\"\nprotocol = \"exit\"\nrequires = [\"shm >= 256MiB\"]\n";
    let ended = tester(&[&RUN[..], &["large", "--suites", "/results/suites"], &TOOLCHAIN].concat())
        .file("suites/large/suite.toml", suite)
        .shm("64m")
        .run()
        .exits(78);
    let case = &ended.junit().cases[0];
    assert_eq!(case.outcome, "error");
    assert!(case.text.contains("sizeLimit"), "{}", case.text);
}

#[test]
fn a_profile_that_fixes_the_address_space_layout_is_not_tried_again() {
    if !can_run() {
        return;
    }
    let ended = tester(&[&RUN[..], &["compiler/c-tsan"], &TOOLCHAIN[..2]].concat()).run();
    let junit = ended.junit();
    if junit.cases.iter().any(|case| case.outcome != "passed") {
        // Some kernels place mappings farther away than the sanitizer bears; the profile forbids to switch that off.
        let ended = ended.exits(78);
        assert!(ended.junit().cases.iter().any(|case| case.text.contains("seccomp-personality")));
    } else {
        drop(ended.exits(0));
    }
}

#[test]
fn a_deleted_pod_leaves_a_whole_report() {
    if !can_run() {
        return;
    }
    let ended = tester(&[&RUN[..], &["mpi"], &TOOLCHAIN].concat()).run_while(Container::terminate).exits(143);
    let plan = std::fs::read_to_string(ended.results().join("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let owed = plan["cases"].as_array().unwrap().len();
    let junit = ended.junit();
    assert!(junit.cases.len() >= owed, "{} of {owed}", junit.cases.len());
    // What was never begun is no skip: a report all of whose other cases passed would be green.
    assert!(junit.cases.iter().any(|case| case.outcome == "error"), "{:?}", junit.cases);
    assert!(ended.message().starts_with("UNKNOWN"), "{}\n{}", ended.message(), ended.text());
}

#[test]
fn a_program_that_eats_the_containers_memory_is_called_so() {
    if !can_run() {
        return;
    }
    let suite = "name = \"eater\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\n\
        summary = \"s\"\nwhy = \"w\"\nrun = \"perl eat.pl\"\nfiles = [\"eat.pl\"]\nprotocol = \"exit\"\n";
    let ended = tester(&[&RUN[..], &["eater", "--suites", "/results/suites"], &TOOLCHAIN[..2]].concat())
        .file("suites/eater/suite.toml", suite)
        .file("suites/eater/eat.pl", "my @kept; push @kept, 'x' x 1_000_000 while 1;\n")
        .memory(256 << 20)
        .run();
    let junit = ended.junit();
    let case = &junit.cases[0];
    assert!(matches!(case.outcome.as_str(), "error" | "failure"), "{case:?}");
    assert!(case.text.contains("oom"), "{case:?}");
}

#[test]
fn the_names_that_existing_pods_use_are_in_the_image() {
    if !can_run() {
        return;
    }
    for name in ["run-test-spack-mpicc.sh", "test-spack-rt-python", "test-spack-rt-matlab"] {
        let ended = tester(&["--help"]).program(&format!("/usr/bin/{name}")).run().exits(0);
        assert!(ended.text().contains("stackprobe run"), "{}", ended.text());
    }
}

#[test]
fn the_images_hold_what_they_say_and_no_more() {
    let tester = root("tester");
    for absent in [
        "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "mnt/install-packages",
        "mnt/site.conf",
    ] {
        assert!(!tester.join(absent).exists(), "{absent}");
    }
    let passwd = std::fs::read_to_string(tester.join("etc/passwd")).unwrap();
    assert!(passwd.contains("probe:x:1000:1000:"), "{passwd}");
    let files: Vec<_> = walk(&root("binary"));
    assert_eq!(files, ["usr/bin/stackprobe"]);
}

#[test]
fn the_image_of_the_binary_is_the_same_whenever_it_is_built() {
    let digest = |text: String| text.split_whitespace().nth(1).unwrap().to_owned();
    root("binary");
    let first = digest(build(&["binary"]));
    assert!(first.starts_with("sha256:"), "{first}");
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(digest(build(&["binary"])), first);
}

/// Every file below a folder, by its path in it.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}
