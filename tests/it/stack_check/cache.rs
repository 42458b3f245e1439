//! Build caches of both layouts, as Spack's documentation describes them, made of the specs of a real lock file.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{audit, findings};
use crate::fixture::{Answer, call};
use crate::realspack::RealSpack;

/// A build cache that holds all that the environment `lab` is built of.
pub(super) struct Made {
    pub(super) root: PathBuf,
    layout: &'static str,
    /// Name, version and hash of each package.
    pub(super) packages: Vec<(String, String, String)>,
    /// What the index says.
    index: Value,
    packed: bool,
}

pub(super) fn lock(spack: &RealSpack) -> PathBuf {
    spack.root().join("var/spack/environments/lab/spack.lock")
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    bytes.extend(b"index.json\0");
    bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
    bytes.extend([0; 4]);
    bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    bytes
}

impl Made {
    pub(super) fn new(spack: &RealSpack, layout: &'static str, packed: bool) -> Self {
        let lock: Value = serde_json::from_slice(&fs::read(lock(spack)).unwrap()).unwrap();
        let (mut packages, mut installs) = (Vec::new(), json!({}));
        for (hash, spec) in lock["concrete_specs"].as_object().unwrap() {
            // What is needed and was not pushed stands in the index, too.
            let pushed = spec.get("external").is_none();
            installs[hash] = json!({"spec": spec, "ref_count": 1, "in_buildcache": pushed});
            if pushed {
                let text = |key: &str| spec[key].as_str().unwrap().to_owned();
                packages.push((text("name"), text("version"), hash.clone()));
            }
        }
        let index = json!({"database": {"version": "8", "installs": installs}});
        let made = Self { root: spack.at(layout), layout, packages, index, packed };
        for at in 0..made.packages.len() {
            made.push(at);
        }
        made.write_index();
        made
    }

    /// Writes a blob and says what a manifest says of it.
    fn blob(&self, bytes: &[u8], kind: &str, compression: &str) -> Value {
        let sum = sum(bytes);
        write(&self.root.join("blobs/sha256").join(&sum[..2]).join(&sum), bytes);
        json!({"contentLength": bytes.len(), "mediaType": kind, "compression": compression,
               "checksumAlgorithm": "sha256", "checksum": sum})
    }

    fn push(&self, at: usize) {
        let (name, version, hash) = &self.packages[at];
        if self.layout == "v2" {
            let stem = format!("linux-debian12-x86_64_v4-gcc-12.2.0-{name}-{version}-{hash}");
            let end = if at.is_multiple_of(2) { "spec.json.sig" } else { "spec.json" };
            write(&self.root.join(format!("build_cache/{stem}.{end}")), b"{}");
            write(&self.archive(at), b"archive");
            return;
        }
        let archive = self.blob(hash.as_bytes(), "application/vnd.spack.install.v2.tar+gzip", "gzip");
        let spec = self.blob(format!("spec {hash}").as_bytes(), "application/vnd.spack.spec.v5+json", "gzip");
        let mut text = json!({"version": 3, "data": [archive, spec]}).to_string();
        if at.is_multiple_of(2) {
            text = format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
            );
        }
        write(&self.manifest(at), text.as_bytes());
    }

    /// What leads to a package.
    fn manifest(&self, at: usize) -> PathBuf {
        let (name, version, hash) = &self.packages[at];
        if self.layout == "v3" {
            let file = format!("{name}-{version}-{hash}.spec.manifest.json");
            return self.root.join("v3/manifests/spec").join(name).join(file);
        }
        let stem = format!("linux-debian12-x86_64_v4-gcc-12.2.0-{name}-{version}-{hash}");
        let end = if at.is_multiple_of(2) { "spec.json.sig" } else { "spec.json" };
        self.root.join(format!("build_cache/{stem}.{end}"))
    }

    fn archive(&self, at: usize) -> PathBuf {
        let (name, version, hash) = &self.packages[at];
        if self.layout == "v3" {
            let sum = sum(hash.as_bytes());
            return self.root.join("blobs/sha256").join(&sum[..2]).join(sum);
        }
        let stem = format!("linux-debian12-x86_64_v4-gcc-12.2.0-{name}-{version}-{hash}");
        let folder = format!("build_cache/linux-debian12-x86_64_v4/gcc-12.2.0/{name}-{version}");
        self.root.join(folder).join(format!("{stem}.spack"))
    }

    /// The file that is the index, and which a build cache may have cut short.
    pub(super) fn write_index(&self) -> PathBuf {
        let text = self.index.to_string().into_bytes();
        if self.layout == "v2" {
            let file = self.root.join("build_cache/index.json");
            write(&file, &text);
            return file;
        }
        let kind = "application/vnd.spack.db.v8+json";
        let blob =
            if self.packed { self.blob(&gzip(&text), kind, "gzip") } else { self.blob(&text, kind, "none") };
        let sum = blob["checksum"].as_str().unwrap().to_owned();
        let manifest = json!({"version": 3, "data": [blob]}).to_string();
        write(&self.root.join("v3/layout.json"), br#"{"signing": "gpg"}"#);
        write(&self.root.join("v3/manifests/index/index.manifest.json"), manifest.as_bytes());
        self.root.join("blobs/sha256").join(&sum[..2]).join(sum)
    }

    pub(super) fn check(&self, spack: &RealSpack) -> Answer {
        let (tree, lock) = (spack.root().join("opt/spack"), lock(spack));
        let [tree, lock, root] = [&tree, &lock, &self.root].map(|path| path.to_str().unwrap());
        call(&["stack", "check", "--tree", tree, "--lock", lock, "--mirror", root, "--format", "json"])
            .without("MODULEPATH")
            .run()
    }

    fn at(&self, name: &str) -> usize {
        self.packages.iter().position(|(own, ..)| own == name).unwrap()
    }
}

const LAYOUTS: [(&str, bool); 3] = [("v2", false), ("v3", false), ("v3", true)];

#[test]
fn a_whole_build_cache_gives_all_that_its_environment_is_built_of() {
    for (layout, packed) in LAYOUTS {
        let spack = RealSpack::new();
        let made = Made::new(&spack, layout, packed);
        let found = audit(&made.check(&spack).exits(0));
        let cache = &found["cache"];
        assert_eq!(
            (&cache["layout"], &cache["hits"], &cache["specs"]),
            (&json!(layout), &json!(9), &json!(9))
        );
        assert_eq!((&cache["misses"], &cache["unasked"]), (&json!([]), &json!([])), "{layout}");
        assert_eq!(found["warnings"], json!([]), "{layout}");
    }
}

#[test]
fn hits_misses_and_what_is_stale_cut_short_or_unlisted_are_told_apart() {
    for (layout, packed) in LAYOUTS {
        let spack = RealSpack::new();
        let mut made = Made::new(&spack, layout, packed);
        let [hdf5, zlib, hwloc, wrapper, numactl] =
            ["hdf5", "zlib", "hwloc", "compiler-wrapper", "numactl"].map(|name| made.at(name));
        // In the index and gone; pushed in part; pushed and not in the index; in neither.
        for at in [hdf5, wrapper] {
            fs::remove_file(made.manifest(at)).unwrap();
            fs::remove_file(made.archive(at)).unwrap();
        }
        fs::write(made.archive(zlib), b"").unwrap();
        fs::remove_file(made.archive(numactl)).unwrap();
        for at in [hwloc, wrapper] {
            let hash = made.packages[at].2.clone();
            made.index["database"]["installs"].as_object_mut().unwrap().shift_remove(&hash);
        }
        // And one that no lock file asks for.
        let (name, version, hash) = ("cowsay".to_owned(), "3.8".to_owned(), "c".repeat(32));
        made.index["database"]["installs"][&hash] =
            json!({"spec": {"name": name, "version": version, "hash": hash}, "in_buildcache": true});
        made.packages.push((name, version, hash));
        made.push(made.packages.len() - 1);
        made.write_index();
        let found = audit(&made.check(&spack).exits(1));
        let findings = findings(&found);
        let kinds: Vec<&str> = findings.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["stale", "not-whole", "not-whole", "unlisted"], "{layout}: {findings:#?}");
        for ((_, what), name) in findings.iter().zip(["hdf5", "numactl", "zlib", "hwloc"]) {
            assert!(what.contains(&format!("{name}@")) || what.contains(&format!("{name}-")), "{what}");
        }
        let cache = &found["cache"];
        assert_eq!((&cache["hits"], &cache["specs"]), (&json!(4), &json!(9)), "{layout}: {cache}");
        let misses: Vec<(&str, &str, bool)> = cache["misses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|miss| {
                let text = |key: &str| miss[key].as_str().unwrap();
                (
                    text("package").split('@').next().unwrap(),
                    text("why"),
                    miss["only_builds"].as_bool().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            misses,
            [
                ("hdf5", "only in its index", false),
                ("hwloc", "not in its index", false),
                ("numactl", "not whole", false),
                ("zlib", "not whole", false),
                ("compiler-wrapper", "not in it", true),
            ],
            "{layout}"
        );
        assert_eq!(cache["unasked"], json!(["cowsay@3.8/ccccccc"]), "{layout}");
        let words = [made.root.to_str().unwrap(), lock(&spack).to_str().unwrap()].map(str::to_owned);
        let text = spack
            .run("lmod", &["stack", "check", "--mirror", &words[0], "--lock", &words[1]])
            .exits(1)
            .stdout;
        for words in [
            "it has 4 of 9 specs of the lock files; 4 missing, 1 more that only build others; 1 package that no",
            "miss: hdf5@1.10.8/pjpiqhx: only in its index",
            "not asked for: cowsay@3.8/ccccccc",
            "spack buildcache update-index",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}

#[test]
fn an_index_for_several_versions_of_spack_is_read_where_it_is_newest_and_a_view_counts() {
    let spack = RealSpack::new();
    let mut made = Made::new(&spack, "v3", false);
    let manifest = made.root.join("v3/manifests/index/index.manifest.json");
    let newest: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    // What an older Spack left: nothing in it is there any more.
    let old = json!({"database": {"version": "7", "installs": {"d".repeat(32): {"spec": {"name": "gone"}, "in_buildcache": true}}}});
    let old = made.blob(old.to_string().as_bytes(), "application/vnd.spack.db.v7+json", "none");
    let both = json!({"version": 3, "data": [old, newest["data"][0]]});
    fs::write(&manifest, both.to_string()).unwrap();
    assert_eq!(audit(&made.check(&spack).exits(0))["cache"]["hits"], 9);
    // A view has an index of its own.
    let hash = made.packages[made.at("hdf5")].2.clone();
    let whole = made.index["database"]["installs"].clone();
    made.index["database"]["installs"].as_object_mut().unwrap().shift_remove(&hash);
    made.write_index();
    made.check(&spack).exits(1);
    let view = json!({"database": {"version": "8", "installs": {hash.as_str(): whole[&hash]}}});
    let view = made.blob(view.to_string().as_bytes(), "application/vnd.spack.db.v8+json", "none");
    let view = json!({"version": 3, "data": [view]}).to_string();
    write(&made.root.join("v3/manifests/index/lab/index.manifest.json"), view.as_bytes());
    assert_eq!(audit(&made.check(&spack).exits(0))["cache"]["hits"], 9);
}
