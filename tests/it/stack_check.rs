//! `stackprobe stack check`: what Spack says of a stack against what is there.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::fixture::{Answer, call, core, stack};
use crate::realspack::RealSpack;
use crate::schemas::faults;
use crate::spack;

mod cache;
mod inputs;

/// The answer as JSON, which is as its schema says.
pub(crate) fn audit(answer: &Answer) -> Value {
    let value = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr));
    let faults = faults("stack", &value);
    assert!(faults.is_empty(), "{faults:#?}");
    value
}

/// `stack check --format json` of the modules of `set`.
fn check(spack: &RealSpack, set: &str, words: &[&str]) -> Answer {
    spack.run(set, &[&["stack", "check", "--format", "json"], words].concat())
}

/// Kind and text of each finding.
pub(crate) fn findings(audit: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let all = audit["findings"].as_array().unwrap();
    assert!(all.iter().all(|finding| !text(finding, "fix").is_empty()));
    all.iter().map(|finding| (text(finding, "kind"), text(finding, "what"))).collect()
}

fn in_json(file: &Path, change: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(file, value.to_string()).unwrap();
}

/// The hash of the install of this name; of several, the first.
fn hash_of(spack: &RealSpack, short: &str) -> String {
    let value: Value = serde_json::from_slice(&std::fs::read(spack.database()).unwrap()).unwrap();
    let installs = value["database"]["installs"].as_object().unwrap();
    installs.keys().find(|hash| hash.starts_with(short)).unwrap().clone()
}

/// Changes the record of the install whose hash begins so.
fn record(spack: &RealSpack, short: &str, change: impl Fn(&mut Value)) {
    let hash = hash_of(spack, short);
    in_json(&spack.database(), |value| change(&mut value["database"]["installs"][&hash]));
}

fn prefix(spack: &RealSpack, name: &str) -> PathBuf {
    let folder = spack.root().join("opt/spack/linux-x86_64_v4");
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name)).unwrap()
}

#[test]
fn what_agrees_is_green_and_says_what_was_looked_at() {
    let answer = call(&["stack", "check", "--format", "json"]).run().exits(0);
    let real = audit(&answer);
    assert_eq!(real["read"]["trees"][0]["path"], stack().join("opt").to_str().unwrap());
    assert!(real["read"]["trees"][0]["installs"].as_u64().unwrap() > 50, "{real}");
    assert!(real["read"]["modulefiles"]["of_installs"].as_u64().unwrap() > 40, "{real}");
    let spack = RealSpack::new();
    for set in ["lmod", "lmod-plain", "lmod-flat0"] {
        let found = audit(&check(&spack, set, &[]).exits(0));
        assert_eq!(found["read"]["trees"][0]["installs"], 30, "{set}: {found}");
        assert_eq!(found["read"]["environments"][0]["specs"], 22, "{set}: {found}");
        assert!(found["read"]["modulefiles"]["of_installs"].as_u64().unwrap() >= 12, "{set}: {found}");
    }
    let text = spack.run("lmod", &["stack", "check"]).exits(0).stdout;
    assert!(text.ends_with("all of it agrees\n") && text.contains("30 installs in "), "{text}");
    // The same without any module system.
    let tree = spack.root().join("opt/spack");
    // Prefixes are written with one path to them, and there may be others.
    std::os::unix::fs::symlink(spack.root(), spack.at("link")).unwrap();
    let link = spack.at("link/opt/spack");
    for (tree, folder) in
        [(tree.as_path(), "/"), (&link, "/"), (Path::new("opt/spack"), spack.root().to_str().unwrap())]
    {
        let words = ["stack", "check", "--tree", tree.to_str().unwrap(), "--format", "json"];
        let mut call = call(&words).without("MODULEPATH");
        call.command().current_dir(folder);
        let found = audit(&call.run().exits(0));
        assert_eq!(
            (&found["read"]["modulefiles"], &found["read"]["trees"][0]["installs"]),
            (&Value::Null, &json!(30))
        );
    }
}

/// A name for people, the modules, the break, and all that is to be found: kind, and a part of the line.
type Break = (&'static str, fn(&RealSpack), &'static [(&'static str, &'static str)]);

const BREAKS: [Break; 9] = [
    (
        "lmod",
        |spack| {
            let lock = spack.root().join("var/spack/environments/lab/spack.lock");
            let hash = hash_of(spack, "pjpiqhx");
            RealSpack::edit(&lock, |text| text.replace(&hash, &"a".repeat(32)));
        },
        &[("unbuilt", "hdf5@1.10.8/aaaaaaa: in ")],
    ),
    (
        "lmod",
        |spack| std::fs::remove_dir_all(prefix(spack, "bzip2")).unwrap(),
        &[("no-prefix", "bzip2@1.0.8/q2md75j: ")],
    ),
    (
        "lmod",
        |spack| {
            let hash = hash_of(spack, "q2md75j");
            in_json(&spack.database(), |value| {
                value["database"]["installs"].as_object_mut().unwrap().shift_remove(&hash);
            });
        },
        &[("no-record", "bzip2@1.0.8/q2md75j: "), ("no-install", "bzip2/1.0.8-q2md75j, for an install that")],
    ),
    (
        "lmod",
        |spack| {
            record(spack, "ksvfp77", |record| record["installed"] = false.into());
            std::fs::remove_dir_all(prefix(spack, "numactl")).unwrap();
        },
        &[
            ("unbuilt", "numactl@2.0.16/ksvfp77: "),
            ("no-dependency", "openmpi@4.1.4/zxc3hf4 needs numactl@2.0.16/ksvfp77"),
            ("no-install", "numactl/2.0.16-ksvfp77, of numactl@2.0.16/ksvfp77"),
        ],
    ),
    (
        "lmod",
        |spack| record(spack, "q2md75j", |record| record["deprecated_for"] = "b".repeat(32).into()),
        &[("unwanted", "of bzip2@1.0.8/q2md75j, which is deprecated")],
    ),
    (
        "lmod",
        |spack| {
            let modules = spack.modules("lmod");
            let file = modules.join("gcc/12.2.0/zlib/1.2.13-67hopm3.lua");
            std::fs::rename(file, modules.join("llvm/16.0.6/zlib/1.2.13-67hopm3.lua")).unwrap();
        },
        &[("branch", "is built with gcc 12.2.0, lies under llvm 16.0.6")],
    ),
    (
        "lmod",
        |spack| {
            std::fs::remove_file(spack.modules("lmod").join("gcc/12.2.0/zlib/1.2.13-67hopm3.lua")).unwrap();
        },
        &[("no-module", "zlib@1.2.13/67hopm3")],
    ),
    (
        "lmod-flat0",
        |spack| {
            let hash = hash_of(spack, "q2md75j");
            let other = spack.root().join("opt/spack/bzip2-other");
            std::fs::create_dir(&other).unwrap();
            in_json(&spack.database(), |value| {
                let mut record = value["database"]["installs"][&hash].clone();
                record["path"] = other.to_str().unwrap().into();
                record["spec"]["hash"] = "b".repeat(32).into();
                value["database"]["installs"]["b".repeat(32)] = record;
            });
        },
        &[("one-modulefile", "bzip2@1.0.8/bbbbbbb and bzip2@1.0.8/q2md75j write ")],
    ),
    (
        "lmod",
        |spack| {
            let half = spack.root().join("var/spack/environments/half");
            std::fs::create_dir(&half).unwrap();
            std::fs::write(half.join("spack.lock"), "{\"_meta\": {").unwrap();
        },
        &[("unread", "a Spack lock file is cut short: ")],
    ),
];

#[test]
fn each_kind_of_disagreement_is_found_alone_and_with_what_to_do() {
    for (set, change, wanted) in BREAKS {
        let spack = RealSpack::new();
        change(&spack);
        let found = audit(&check(&spack, set, &[]).exits(1));
        let mut findings = findings(&found);
        for (kind, words) in wanted {
            let at = findings.iter().position(|(found, what)| found == kind && what.contains(words));
            let at = at.unwrap_or_else(|| panic!("{kind} {words}: {findings:#?}"));
            findings.remove(at);
        }
        assert!(findings.is_empty(), "{wanted:?}: {findings:#?}");
        assert_eq!(found["unknown"], json!([]), "{wanted:?}");
        let text = spack.run(set, &["stack", "check"]).exits(1).stdout;
        for (kind, words) in wanted {
            assert!(text.contains(&format!("[{kind}]: ")) && text.contains(words), "{text}");
        }
        assert_eq!(text.matches("  hint: ").count(), wanted.len(), "{text}");
        assert!(text.ends_with(" not agree\n"), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let spack = RealSpack::new();
    std::fs::remove_dir_all(prefix(&spack, "bzip2")).unwrap();
    std::fs::remove_file(spack.modules("lmod").join("gcc/12.2.0/zlib/1.2.13-67hopm3.lua")).unwrap();
    let lock = spack.root().join("var/spack/environments/lab/spack.lock");
    let hash = hash_of(&spack, "pjpiqhx");
    RealSpack::edit(&lock, |text| text.replace(&hash, &"a".repeat(32)));
    let found = findings(&audit(&check(&spack, "lmod", &[]).exits(1)));
    let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["unbuilt", "no-prefix", "no-module"]);
}

#[test]
fn what_a_database_that_cannot_be_read_may_hold_is_not_said_to_be_lacking() {
    let spack = RealSpack::new();
    RealSpack::edit(&spack.database(), |text| text[..text.len() / 2].to_owned());
    let found = audit(&check(&spack, "lmod", &[]).exits(1));
    let findings = findings(&found);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(
        findings[0].0 == "unread" && findings[0].1.contains("a Spack database is cut short"),
        "{findings:?}"
    );
    let unknown = found["unknown"].as_array().unwrap();
    let of_hdf5 = |one: &&Value| one["what"].as_str().unwrap().starts_with("hdf5@1.10.8/pjpiqhx: in ");
    assert_eq!(unknown.iter().filter(of_hdf5).count(), 1, "{unknown:#?}");
}

#[test]
fn a_change_is_followed_to_packages_modules_toolchains_and_cases() {
    let spack = RealSpack::new();
    let impact = |words: &[&str]| audit(&check(&spack, "lmod", words).exits(0))["impact"].clone();
    let hwloc = &impact(&["--impact", "hwloc"])[0];
    let names = |list: &Value| -> Vec<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one.as_str().unwrap().split('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&hwloc["rebuilt"]), ["fftw@3.3.10", "hdf5@1.10.8", "hwloc@2.9.0", "openmpi@4.1.4"]);
    let modules: Vec<&str> =
        hwloc["modules"].as_array().unwrap().iter().map(|one| one["module"].as_str().unwrap()).collect();
    assert_eq!(
        modules,
        ["fftw/3.3.10-n4iyd7t", "hdf5/1.10.8-pjpiqhx", "hwloc/2.9.0-adotlcw", "openmpi/4.1.4-zxc3hf4"]
    );
    // The other MPI's toolchain is not among them: of it only what looks at the whole stack is to be tested.
    assert_eq!(hwloc["tests"]["toolchains"], json!(["gcc/12.2.0-7whyzjn openmpi/4.1.4-zxc3hf4"]));
    assert!(hwloc["tests"]["looking"].as_u64().unwrap() > 0, "{hwloc}");
    let cases = |one: &Value| one["tests"]["cases"].as_u64().unwrap();
    let all = hwloc["tests"]["of_cases"].as_u64().unwrap();
    assert!(0 < cases(hwloc) && cases(hwloc) < all, "{hwloc}");
    let both = impact(&["--impact", "openmpi@4.1", "--impact", "bzip2"]);
    assert_eq!(both[0]["change"], "openmpi@4.1");
    assert_eq!(cases(&both[0]), cases(hwloc), "hwloc is tested by way of Open MPI alone");
    assert_eq!(names(&both[1]["rebuilt"]), ["bzip2@1.0.8"]);
    assert_eq!((cases(&both[1]), &both[1]["tests"]["toolchains"]), (0, &json!([])), "no suite loads it");
    // A compiler builds all that is built with it, and is none of it: it is an external.
    let gcc = &impact(&["--impact", "gcc@12"])[0];
    assert!(names(&gcc["rebuilt"]).len() == 9 && cases(gcc) > cases(hwloc), "{gcc}");
    assert!(!names(&gcc["rebuilt"]).iter().any(|name| name.starts_with("gcc@")), "an external is not built");
    let text = spack.run("lmod", &["stack", "check", "--impact", "hwloc"]).exits(0).stdout;
    for words in
        ["a change of hwloc (1 package): 4 packages to build again, 4 modulefiles", "  to test again: "]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn an_impact_of_the_real_stack_stays_within_what_it_is_built_with() {
    let words = ["stack", "check", "--format", "json", "--impact", "openmpi@4", "--impact", "openmpi"];
    let found = audit(&call(&words).run().exits(0));
    let labels = |one: &Value| -> Vec<String> {
        let all = one["tests"]["toolchains"].as_array().unwrap().iter();
        all.map(|label| label.as_str().unwrap().to_owned()).collect()
    };
    let cases = |one: &Value| one["tests"]["cases"].as_u64().unwrap();
    let (four, all) = (&found["impact"][0], &found["impact"][1]);
    let with_four =
        ["gcc/11.3.0", "gcc/12.2.0", "llvm/16.0.6"].map(|compiler| format!("{compiler} openmpi/4.1.4"));
    assert_eq!(labels(four), with_four);
    assert_eq!(labels(all).len(), 6, "{all}");
    assert!(cases(four) < cases(all) && cases(all) < all["tests"]["of_cases"].as_u64().unwrap(), "{all}");
    let rebuilt = four["rebuilt"].as_array().unwrap();
    let is = |name: &str| rebuilt.iter().any(|one| one.as_str().unwrap().starts_with(name));
    assert!(is("lammps@") && is("netcdf-fortran@") && !is("openmpi@5") && !is("gsl@"), "{rebuilt:?}");
    assert_eq!(four["tests"]["unloaded"], json!([]));
}

#[test]
fn every_version_of_the_database_is_followed_alike() {
    for (version, specfile) in [("5", 1), ("6", 2), ("6", 3), ("7", 4), ("8", 5), ("9", 6)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".spack-db")).unwrap();
        let text = spack::database(version, specfile).to_string();
        std::fs::write(folder.path().join(".spack-db/index.json"), text).unwrap();
        let tree = folder.path().to_str().unwrap();
        let words =
            ["stack", "check", "--tree", tree, "--format", "json", "--impact", "openmpi", "--impact", "gcc"];
        let found = audit(&call(&words).without("MODULEPATH").run().exits(1));
        let kinds: Vec<String> = findings(&found).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "no-prefix").count(), 4, "{version}: {kinds:?}");
        let short = |letter| spack::hash(letter)[..7].to_owned();
        let (hdf5, openmpi) =
            (format!("hdf5@1.14.5/{}", short('h')), format!("openmpi@5.0.6/{}", short('o')));
        assert_eq!(found["impact"][0]["rebuilt"], json!([hdf5, openmpi]), "{version}/{specfile}");
        assert_eq!(
            found["impact"][1]["rebuilt"].as_array().unwrap().len(),
            4,
            "{version}/{specfile}: {found}"
        );
        assert_eq!(found["impact"][0]["tests"], Value::Null);
    }
}

#[test]
fn nothing_read_is_never_green() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("tree/.spack-db")).unwrap();
    let empty = r#"{"database": {"version": "8", "installs": {}}}"#;
    std::fs::write(folder.path().join("tree/.spack-db/index.json"), empty).unwrap();
    let tree = folder.path().join("tree");
    let answer = call(&["stack", "check", "--tree", tree.to_str().unwrap()]).run().exits(3);
    assert!(
        answer.stderr.contains("nothing of this stack is installed") && answer.stderr.contains("hint: "),
        "{}",
        answer.stderr
    );
    assert_eq!(answer.stdout, "");
    // A stack without Spack.
    let modules = folder.path().join("Core");
    crate::fixture::tree(&modules, &[("gcc/12.lua", "family(\"compiler\")\n")]);
    let answer = call(&["stack", "check"]).env("MODULEPATH", &modules).run().exits(3);
    assert!(
        answer.stderr.contains("holds a .spack-db") && answer.stderr.contains("--tree"),
        "{}",
        answer.stderr
    );
    let answer = call(&["stack", "check", "--impact", "opnmpi"]).env("MODULEPATH", core()).run().exits(3);
    assert!(
        answer.stderr.contains("called `opnmpi`") && answer.stderr.contains("did you mean `openmpi`?"),
        "{}",
        answer.stderr
    );
}
