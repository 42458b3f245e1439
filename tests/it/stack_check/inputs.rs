//! Files of the command line that are not what they should be: a line each, with the file and what to do.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cache::{Made, lock};
use super::{audit, in_json};
use crate::fixture::{Answer, call};
use crate::realspack::RealSpack;

/// `stack check` of the tree alone, with these words.
fn check(spack: &RealSpack, words: &[&str]) -> Answer {
    let tree = spack.root().join("opt/spack");
    let words = [&["stack", "check", "--tree", tree.to_str().unwrap()], words].concat();
    call(&words).without("MODULEPATH").run()
}

/// Makes sure of one error that says `wanted`, names the file and says what to do, and of nothing on standard output.
fn one(answer: Answer, file: &Path, wanted: &str) {
    let answer = answer.exits(2);
    let lines: Vec<&str> = answer.stderr.lines().collect();
    let errors: Vec<&&str> = lines.iter().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && errors[0].contains(wanted), "{wanted}: {lines:#?}");
    assert!(errors[0].contains(file.to_str().unwrap()), "{}: {lines:#?}", file.display());
    assert_eq!(lines.iter().filter(|line| line.starts_with("  hint: ")).count(), 1, "{lines:#?}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_lock_file_that_is_none_is_one_line() {
    let spack = RealSpack::new();
    let text = fs::read_to_string(lock(&spack)).unwrap();
    let bad = spack.at("bad.lock");
    let with = |text: &str| {
        fs::write(&bad, text).unwrap();
        check(&spack, &["--lock", bad.to_str().unwrap()])
    };
    for length in [0, 1, 40, text.len() / 2, text.len() - 2] {
        one(with(&text[..length]), &bad, "a Spack lock file is cut short");
    }
    one(with("<html>"), &bad, "not a Spack lock file");
    one(with("{}"), &bad, "has neither `_meta` nor roots");
    one(with(&fs::read_to_string(spack.database()).unwrap()), &bad, "has neither `_meta` nor roots");
    one(
        with(r#"{"_meta": {"lockfile-version": 6}, "roots": [], "concrete_specs": {}}"#),
        &bad,
        "asks for nothing",
    );
    one(with("[]"), &bad, "not a Spack lock file");
    let gone = spack.at("nowhere.lock");
    one(check(&spack, &["--lock", gone.to_str().unwrap()]), &gone, "no such file");
    // The folder of an environment is as good as its file, and one that was not concretized says so.
    check(&spack, &["--lock", lock(&spack).parent().unwrap().to_str().unwrap()]).exits(0);
    let folder = spack.at("fresh");
    fs::create_dir(&folder).unwrap();
    one(check(&spack, &["--lock", folder.to_str().unwrap()]), &folder.join("spack.lock"), "no such file");
}

#[test]
fn what_is_no_build_cache_is_one_line() {
    let spack = RealSpack::new();
    let check = |root: &Path| check(&spack, &["--mirror", root.to_str().unwrap()]);
    let at = |name: &str| -> PathBuf {
        let path = spack.at(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    one(check(&spack.at("nowhere")), &spack.at("nowhere"), "no such file");
    one(check(&at("empty")), &at("empty"), "is empty");
    fs::write(spack.at("file"), "x").unwrap();
    one(check(&spack.at("file")), &spack.at("file"), "is a file");
    at("sources/_source-cache");
    one(check(&at("sources")), &at("sources"), "has neither `v3` nor `build_cache`");
    at("newer/v4/manifests");
    one(check(&at("newer")), &at("newer"), "a build cache of layout 4, which is newer than 3");
    one(check(at("bare/v3/manifests/spec").ancestors().nth(3).unwrap()), &at("bare"), "without an index");
    one(check(at("old/build_cache").parent().unwrap()), &at("old"), "without an index");
    for address in ["s3://bucket/cache", "https://host/cache", "oci://host/cache"] {
        one(check(Path::new(address)), Path::new(address), "is an address of");
    }
    for (layout, inner) in [("v2", "build_cache"), ("v3", "v3")] {
        let made = Made::new(&spack, layout, false);
        one(check(&made.root.join(inner)), &made.root.join(inner), "seems to be a folder of one");
        let file = format!("file://{}", made.root.display());
        check(Path::new(&file)).exits(0);
    }
}

#[test]
fn an_index_that_is_not_whole_is_one_line() {
    let spack = RealSpack::new();
    for (layout, packed, wanted) in [
        ("v2", false, "the index of a build cache is cut short"),
        ("v3", false, "is not whole"),
        ("v3", true, "is not whole"),
    ] {
        let made = Made::new(&spack, layout, packed);
        let index = made.write_index();
        let bytes = fs::read(&index).unwrap();
        for length in [0, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&index, &bytes[..length]).unwrap();
            one(check(&spack, &["--mirror", made.root.to_str().unwrap()]), &index, wanted);
        }
        fs::remove_file(&index).unwrap();
        let wanted = if layout == "v2" { "without an index" } else { "no such file" };
        let told = if layout == "v2" { made.root.join("build_cache") } else { index };
        one(check(&spack, &["--mirror", made.root.to_str().unwrap()]), &told, wanted);
        fs::remove_dir_all(&made.root).unwrap();
    }
    let made = Made::new(&spack, "v3", false);
    let manifest = made.root.join("v3/manifests/index/index.manifest.json");
    for (change, wanted) in [
        (json!({"version": 3, "data": []}), "it names no index of packages"),
        (json!({"version": 3, "data": [{"mediaType": "text/html"}]}), "it names no index of packages"),
        (
            json!({"version": 3, "data": [{"mediaType": "application/vnd.spack.db.v8+json", "checksumAlgorithm": "sha256",
                   "checksum": "../../../../etc/passwd"}]}),
            "it names its index by no checksum",
        ),
    ] {
        fs::write(&manifest, change.to_string()).unwrap();
        one(check(&spack, &["--mirror", made.root.to_str().unwrap()]), &manifest, wanted);
    }
    in_json(&manifest, |value| *value = json!({"version": 3}));
    fs::write(&manifest, "{\"version\": 3, \"data\"").unwrap();
    one(
        check(&spack, &["--mirror", made.root.to_str().unwrap()]),
        &manifest,
        "the manifest of an index is cut short",
    );
}

#[test]
fn what_is_newer_than_known_is_read_as_far_as_understood_and_noted() {
    let spack = RealSpack::new();
    let made = Made::new(&spack, "v2", false);
    let newer = spack.at("newer.lock");
    fs::copy(lock(&spack), &newer).unwrap();
    in_json(&newer, |value| value["_meta"]["lockfile-version"] = 77.into());
    in_json(&made.root.join("build_cache/index.json"), |value| value["database"]["version"] = "55".into());
    in_json(&spack.database(), |value| value["database"]["version"] = "66".into());
    let words =
        ["--lock", newer.to_str().unwrap(), "--mirror", made.root.to_str().unwrap(), "--format", "json"];
    let answer = check(&spack, &words).exits(0);
    for words in
        ["lock file version 77 is newer", "index version 55 is newer", "database version 66 is newer"]
    {
        let told = |line: &&str| line.starts_with("note: ") && line.contains(words);
        assert_eq!(answer.stderr.lines().filter(told).count(), 1, "{words}: {}", answer.stderr);
    }
    let found: Value = audit(&answer);
    assert_eq!((found["warnings"].as_array().unwrap().len(), &found["cache"]["hits"]), (3, &json!(9)));
}

#[test]
fn all_that_is_wrong_with_a_command_line_is_told_at_once() {
    let spack = RealSpack::new();
    let [lock, mirror, tree] = ["a.lock", "mirror", "tree"].map(|name| spack.at(name).display().to_string());
    let words = ["stack", "check", "--lock", &lock, "--mirror", &mirror, "--tree", &tree];
    let answer = call(&words).run().exits(2);
    assert_eq!(answer.stderr.matches("error: ").count(), 3, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("  hint: ").count(), 3, "{}", answer.stderr);
}
