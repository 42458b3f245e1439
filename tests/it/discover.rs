//! `stackprobe discover`: the stack itself says what there is to test.

use std::collections::BTreeSet;

use crate::fixture::{call, tree};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_real_stack_is_shown_with_nothing_configured() {
    let answer = call(&["discover"]).run().exits(0);
    assert!(answer.stdout.contains("3 compilers, 15 pairs of compiler and MPI"), "{}", answer.stdout);
    let lines: Vec<&str> = answer.stdout.lines().collect();
    let gcc = lines.iter().position(|line| line.starts_with("gcc/12.2.0 ")).unwrap();
    let below = lines[gcc + 1..].iter().take_while(|line| line.starts_with(' '));
    let mpi = below.clone().find(|line| line.trim_start().starts_with("openmpi/5.0.11 ")).unwrap();
    assert!(mpi.contains(" mpi ") && mpi.contains("modules mpi"), "{mpi}");
    assert!(
        below
            .clone()
            .any(|line| line.starts_with("    intel-mpi-benchmarks/") && line.ends_with("loaded only"))
    );
}

#[test]
fn ids_fit_a_label_are_unique_and_do_not_depend_on_what_else_there_is() {
    let all = call(&["discover", "--format", "ids"]).run().exits(0);
    let one =
        call(&["discover", "--format", "ids", "--cc", "gcc/12", "--mpi", "openmpi/5", "--out", "ids.json"]);
    let one = one.run().exits(0);
    assert_eq!(one.stdout, "");
    let written = json(&std::fs::read_to_string(one.folder.path().join("ids.json")).unwrap());
    let all = json(&all.stdout);
    let all = all.as_array().unwrap();
    for entry in written.as_array().unwrap().iter().filter(|entry| entry["cc"] == "gcc/12.2.0") {
        assert!(all.contains(entry), "{entry}");
    }
    let ids: BTreeSet<&str> = all.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    assert!(ids.iter().all(|id| id.len() <= 63 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')));
}

#[test]
fn tcl_hidden_versions_defaults_hashes_and_a_broken_file_are_told_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    tree(
        folder.path(),
        &[
            (
                "Core/gcc/12.2.0.lua",
                "family(\"compiler\")\nprepend_path(\"MODULEPATH\", \"{root}/gcc/12.2.0\")\n",
            ),
            ("Core/gcc/13.1.0.lua", "family(\"compiler\")\n"),
            ("Core/gcc/.modulerc.lua", "module_version(\"gcc/12.2.0\", \"default\")\n"),
            ("Core/house-cc/1", "#%Module\nprepend-path MODULEPATH {root}/house\n"),
            ("house/openmpi/5.0.11-abcdefg", "#%Module\nmodule-whatis m\n"),
            ("gcc/12.2.0/mpich/5.0.2-x7k2abc.lua", "family(\"mpi\")\n"),
            ("gcc/12.2.0/hwloc/2.9.0-hhhhhhh.lua", "whatis(\"h\")\n"),
            ("gcc/12.2.0/hwloc/.modulerc.lua", "hide_version(\"hwloc/2.9.0-hhhhhhh\")\n"),
            ("Core/python/3.12.lua", "whatis(\"p\")\n"),
            ("Core/broken/1.lua", "x = = 1\n"),
        ],
    );
    let discover = |format: &str| {
        call(&["discover", "--site", "site.toml", "--format", format])
            .file("site.toml", "[families]\nhouse-cc = \"compiler\"\n")
            .env("MODULEPATH", format!("{}:/nowhere", folder.path().join("Core").display()))
            .run()
            .exits(0)
            .stdout
    };
    let text = discover("text");
    for told in [
        "gcc/12.2.0 (default)",
        "hwloc/2.9.0-hhhhhhh (hidden)",
        "3 compilers, 2 pairs",
        "1 runtimes",
        "1 hidden",
    ] {
        assert!(text.contains(told), "{told} in\n{text}");
    }
    let known = json(&discover("json"));
    let labels: Vec<&str> = known["toolchains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["toolchain"].as_str().unwrap())
        .collect();
    assert!(labels.contains(&"house-cc/1 openmpi/5.0.11-abcdefg"), "{labels:?}");
    assert!(known["modules"].as_array().unwrap().iter().any(|one| one["module"] == "broken/1"));
}

#[test]
fn a_stack_without_toolchains_is_never_an_empty_success() {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path(), &[("Core/cmake/3.lua", "whatis(\"c\")\n")]);
    let answer = call(&["discover"]).env("MODULEPATH", folder.path().join("Core")).run().exits(3);
    assert!(answer.stderr.contains("no toolchain in 1 modulefiles"), "{}", answer.stderr);
}

#[test]
fn what_cannot_be_read_is_one_line_each_and_the_rest_is_shown() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt as _;

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let module = "family(\"compiler\")\nprepend_path(\"PATH\", \"{root}/opt/gcc/bin\")\n";
    tree(
        root,
        &[
            ("Core/gcc/12.lua", module),
            ("Core/closed/1.lua", "whatis(\"c\")\n"),
            ("opt/.spack-db/index.json", r#"{"database": {"version": "8", "installs": {"aaaa"#),
            ("newer/.spack-db/index.json", r#"{"database": {"version": "99", "installs": {}}}"#),
            ("Core/newer/1.lua", "prepend_path(\"PATH\", \"{root}/newer/x/bin\")\n"),
            ("spack/var/spack/environments/all/spack.lock", r#"{"_meta": {"lockfile-version": 77}}"#),
            ("spack/var/spack/environments/half/spack.lock", r#"{"_meta": "#),
        ],
    );
    std::fs::create_dir(root.join("empty")).unwrap();
    std::fs::set_permissions(root, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(root.join("Core/closed/1.lua"), PermissionsExt::from_mode(0o0)).unwrap();
    let path = ["Core", "nowhere", "empty"].map(|name| root.join(name));
    let mut call = call(&["discover"])
        .env("MODULEPATH", std::env::join_paths(path).unwrap())
        .env("SPACK_ROOT", root.join("spack"))
        .env("HOME", "/tmp");
    std::fs::set_permissions(call.folder(), PermissionsExt::from_mode(0o777)).unwrap();
    // Root may read everything.
    call.command().uid(65534).gid(65534);
    let answer = call.run().exits(0);
    assert!(answer.stdout.contains("gcc/12"), "{}", answer.stdout);
    let notes: Vec<&str> = answer.stderr.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    for words in [
        ["/nowhere", "no such file"],
        ["/empty", "no modulefile is in it"],
        ["closed/1.lua", "cannot be read"],
        ["database is cut short", "opt/.spack-db"],
        ["database version 99 is newer", "newer/.spack-db"],
        ["lock file version 77 is newer", "all/spack.lock"],
        ["lock file is cut short", "half/spack.lock"],
    ] {
        let told = notes.iter().filter(|line| words.iter().all(|word| line.contains(word))).count();
        assert_eq!(told, 1, "{words:?} in {notes:#?}");
    }
    assert_eq!(notes.len(), 7, "{notes:#?}");
}

#[test]
fn a_workflow_fans_out_over_what_its_suites_are_for_and_nothing_else() {
    let names = |args: &[&str]| -> Vec<String> {
        let answer = call(&[&["discover", "--format", "ids"], args].concat()).run().exits(0);
        let list: Vec<Value> = serde_json::from_str(&answer.stdout).unwrap();
        list.iter().map(|one| one["toolchain"].as_str().unwrap().to_owned()).collect()
    };
    let all = names(&[]);
    let mpi = names(&["mpi/hello"]);
    assert!(!mpi.is_empty() && mpi.len() < all.len(), "{mpi:?}");
    let owed = |flags: &[&str]| -> std::collections::BTreeSet<String> {
        let listed = call(&[&["list", "--all", "--format", "json"], flags].concat()).run().exits(0);
        let plan = json(&listed.stdout);
        let cases = plan["cases"].as_array().unwrap();
        cases.iter().map(|case| case["toolchain"].as_str().unwrap().to_owned()).collect()
    };
    for flags in [&["mpi/hello"][..], &["python"], &["--tag", "smoke"], &["compiler", "--cc", "llvm/*"]] {
        let found: std::collections::BTreeSet<String> = names(flags).into_iter().collect();
        assert_eq!(found, owed(flags), "{flags:?}");
    }
    let none = call(&["discover", "mpi", "--cc", "gcc/12", "--mpi", "none/*"]).run();
    assert_ne!(none.code, 0, "{}", none.stdout);
    let wrong = call(&["discover", "mpj"]).run().exits(2);
    assert!(wrong.stderr.contains("mpj"), "{}", wrong.stderr);
}
