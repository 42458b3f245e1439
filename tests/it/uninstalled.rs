//! A library was uninstalled by force although others of the stack need it: whatever becomes red is the stack's fault and
//! says which library it is, and where the host has one of its name, that is no cure.

use std::process::Command;

use crate::fixture::{Answer, call, skip, stack};

/// Sees the stack without its hwloc, and a host with or without one, in a mount namespace: nothing changes outside.
const WITHOUT_HWLOC: &str = r#"
    opt=$1 also=$2 here=$3 host=/usr/lib/x86_64-linux-gnu
    shift 3
    mkdir "$here/upper" "$here/work" "$here/host-upper" "$here/host-work"
    mount -t overlay -o "lowerdir=$host,upperdir=$here/host-upper,workdir=$here/host-work" overlay "$host"
    rm -f "$host"/libhwloc.so*
    [ "$also" = none ] || cp -L "$opt"/linux-*/hwloc-*/lib/libhwloc.so.15 "$host"
    /sbin/ldconfig -X -C "$here/cache" 2>/dev/null
    mount --bind "$here/cache" /etc/ld.so.cache
    mount -t overlay -o "lowerdir=$opt,upperdir=$here/upper,workdir=$here/work" overlay "$opt"
    prefix=$(echo "$opt"/linux-*/hwloc-*)
    sed -i "/^\"${prefix##*-}\": /s|\"installed\": true|\"installed\": false|" "$opt/.spack-db/index.json"
    rm -r "$prefix"
    exec "$@""#;

fn run(also_on_the_host: bool, words: &[&str]) -> Answer {
    let call = call(&[&["run"], words].concat());
    let here = call.folder().join("namespace");
    std::fs::create_dir(&here).unwrap();
    let opt = stack().join("opt").canonicalize().unwrap();
    let given = [
        "--mount",
        "sh",
        "-euc",
        WITHOUT_HWLOC,
        "sh",
        opt.to_str().unwrap(),
        if also_on_the_host { "both" } else { "none" },
        here.to_str().unwrap(),
    ];
    call.below("/usr/bin/unshare", &given).run()
}

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stack/site.toml");
const ASKED: [&str; 9] =
    ["mpi/hello", "mpi/identity", "linkage", "--cc", "gcc/12", "--mpi", "openmpi/4", "--mpi", "mpich/4"];

fn can_mount() -> bool {
    nix::unistd::geteuid().is_root()
        && Command::new("unshare").args(["--mount", "true"]).status().unwrap().success()
}

#[test]
fn the_books_name_each_module_whose_library_is_gone() {
    if !can_mount() {
        return skip("root", "only root can take a library away from one run");
    }
    let asked = ["modules/spack", "--cc", "gcc/12", "--mpi", "openmpi/4", "--site", SITE];
    let junit = run(false, &asked).exits(1).junit();
    let case = junit.case("modules.spack", "openmpi/4.1.4 dependencies [gcc/12.2.0");
    assert_eq!(case.outcome, "failure");
    assert!(case.message.contains("openmpi/4.1.4 needs hwloc@"), "{}", case.message);
    assert!(case.text.contains("the database says that it is not installed"), "{}", case.message);
    let junit = call(&[&["run"], &asked[..]].concat()).run().exits(0).junit();
    assert_eq!(junit.case("modules.spack", "openmpi/4.1.4 dependencies [gcc/12.2.0").outcome, "passed");
}

#[test]
fn a_library_that_others_need_is_missed_by_name_and_that_is_the_stacks_fault() {
    if !can_mount() {
        return skip("root", "only root can take a library away from one run");
    }
    let answer = run(false, &[&ASKED[..], &["--site", SITE]].concat()).exits(1);
    let cases = answer.results().join("cases");
    let mut red = Vec::new();
    for record in
        std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        let record: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
        for check in record["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "failed")
        {
            red.push((record["id"].as_str().unwrap().to_owned(), check.clone()));
        }
    }
    // Each case, also those that share a build with another, says why.
    for case in ["hello.n2", "hello.n4"] {
        for mpi in ["openmpi-4", "mpich-4"] {
            let of = |(id, _): &&(String, serde_json::Value)| id.contains(case) && id.contains(mpi);
            let (_, check) = red.iter().find(of).unwrap_or_else(|| panic!("{case} {mpi}: {}", answer.stdout));
            assert_eq!(check["diagnosis"]["fault"], "stack", "{case} {mpi}: {check}");
            let cause = check["diagnosis"]["cause"].as_str().unwrap();
            assert!(cause.contains("libhwloc.so.15"), "{case} {mpi}: {check}");
            assert!(!check["reason"].as_str().unwrap().starts_with("exit status"), "{case} {mpi}: {check}");
        }
    }
    for (id, check) in red.iter().filter(|(id, _)| id.starts_with("linkage")) {
        assert!(
            check["name"] == "missing" && check["reason"].to_string().contains("libhwloc.so.15"),
            "{id}: {check}"
        );
    }
    assert!(red.iter().filter(|(id, _)| id.starts_with("linkage")).count() == 2, "{red:?}");
}

#[test]
fn a_host_that_has_the_library_too_does_not_make_it_green() {
    if !can_mount() {
        return skip("root", "only root can take a library away from one run");
    }
    let junit = run(true, &[&ASKED[2..], &["--site", SITE]].concat()).exits(1).junit();
    let leaks = junit.cases.iter().filter(|case| case.outcome == "failure");
    let names: Vec<&str> = leaks.map(|case| case.name.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(names, ["host-leak", "host-leak"]);
}
