//! No file of others makes a reader panic, whatever has become of it: it is read, or its faults are lines. (ELF files:
//! `linkage/hostile.rs`; TAP: `src/verdict/tap/streams.rs`; `ld.so.cache`: `crates/ldwalk/src/ldcache.rs`.)

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stackprobe::error::Source;
use stackprobe::report::foreign;
use stackprobe::suite::file::parse;
use stackprobe::suite::folder::Folder;
use stackprobe::suite::vocabulary::Vocabulary;

/// Files as others write them.
const JUNIT: [&str; 3] = [
    "<?xml version=\"1.0\"?><testsuites><testsuite name=\"s\" tests=\"2\" time=\"0.5\"><testcase name=\"a\" classname=\"c\" \
     time=\"0.1\"/><testcase name=\"b\"><failure message=\"m\" type=\"t\">text</failure></testcase></testsuite></testsuites>",
    "<testsuite name=\"s\"><properties><property name=\"k\" value=\"v\"/></properties><testcase name=\"a\"><skipped/>\
     <system-out><![CDATA[out ]]]]><![CDATA[>]]></system-out></testcase></testsuite>",
    "<testsuites><testsuite><testsuite name=\"in\"><testcase name=\"&lt;a&#10;\"><error/></testcase></testsuite></testsuite>\
     </testsuites>",
];
const DATABASE: &str = r#"{"database": {"version": "8", "installs": {"abcdefghijklmnopqrstuvwxyz234567": {"spec": {"name":
    "zlib", "version": "1.3.1", "hash": "abcdefghijklmnopqrstuvwxyz234567", "dependencies": [{"name": "gcc", "hash":
    "bbcdefghijklmnopqrstuvwxyz234567", "parameters": {"deptypes": ["build"], "virtuals": ["c"]}}]}, "path":
    "/opt/zlib", "installed": true, "explicit": true, "ref_count": 0, "deprecated_for": null}}}}"#;
const LOCK: &str = r#"{"_meta": {"file-type": "spack-lockfile", "lockfile-version": 6}, "roots": [{"hash":
    "abcdefghijklmnopqrstuvwxyz234567", "spec": "zlib"}], "concrete_specs": {"abcdefghijklmnopqrstuvwxyz234567": {"name":
    "zlib", "version": "1.3.1", "compiler": {"name": "gcc", "version": "12.2.0"}}}}"#;

/// What a disk, an editor or a stranger makes of a text: bytes changed, a piece doubled or gone, an end too early.
fn spoiled(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let pieces = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..40, any::<bool>()),
        0..4,
    );
    (prop::sample::select(seeds), bytes, pieces).prop_map(|(mut text, bytes, pieces)| {
        for (from, to, length, doubled) in pieces {
            let from = from.index(text.len().max(1)).min(text.len());
            let end = (from + length).min(text.len());
            let piece: Vec<u8> = text[from..end].to_vec();
            if doubled {
                let to = to.index(text.len() + 1);
                text.splice(to..to, piece);
            } else {
                text.drain(from..end);
            }
        }
        for (at, byte) in bytes {
            if !text.is_empty() {
                let at = at.index(text.len());
                text[at] = byte;
            }
        }
        text
    })
}

fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Every suite that the binary brings.
fn suites() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("suite.toml"));
    let all: Vec<Vec<u8>> = all.filter_map(|path| fs::read(path).ok()).collect();
    assert!(all.len() >= 5);
    all
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_junit_file_is_read_or_refused_in_a_line(bytes in spoiled(texts(&JUNIT))) {
        let folder = tempfile::tempdir().unwrap();
        if let Err(what) = foreign::read(&written(folder.path(), "junit.xml", &bytes)) {
            prop_assert!(!what.is_empty() && !what.contains('\n'), "{what}");
        }
    }

    #[test]
    fn any_file_of_spack_is_read_or_refused_in_a_line(bytes in spoiled(texts(&[DATABASE, LOCK]))) {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), ".spack-db/index.json", &bytes);
        written(folder.path(), ".spack/spec.json", &bytes);
        let lock = written(folder.path(), "spack.lock", &bytes);
        let packages = spack_db::Packages::default();
        let errors = [
            spack_db::Database::read(folder.path(), &packages).err(),
            spack_db::Lock::read(&lock, &packages).err(),
            spack_db::read_spec(folder.path(), &packages).err(),
        ];
        for error in errors.into_iter().flatten() {
            let what = error.to_string();
            prop_assert!(!what.is_empty() && !what.contains('\n'), "{what}");
        }
    }

    #[test]
    fn any_suite_is_read_or_its_faults_lie_within_it(bytes in spoiled(suites())) {
        let folder = tempfile::tempdir().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let source = Source::new("suite.toml", text.as_str());
        if let Err(faults) = parse(&source, &Folder::Disk(folder.path().to_path_buf()), &Vocabulary::default()) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(!fault.what.is_empty(), "{fault:?}");
            }
        }
    }
}
