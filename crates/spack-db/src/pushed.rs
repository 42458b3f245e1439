//! Which packages were pushed into a build cache, and is all there of each that Spack needs to install it?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use path_fault::{PathFault, entries, find};
use serde::Deserialize;

use super::branch::is_short_hash;

/// What is there of a package in a build cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// All that Spack needs.
    Whole,
    /// Nothing.
    Gone,
    /// Not all; in one line, what is wrong.
    Broken(String),
    /// It cannot be looked at; in one line, why.
    Hidden(String),
}

/// A package that was pushed.
#[derive(Debug)]
pub(super) struct Pushed {
    /// Its name and version as the file has them.
    pub(super) label: Box<str>,
    pub(super) state: State,
}

/// `NAME-VERSION-HASH.spec.manifest.json` in layout 3, which leads to blobs.
#[derive(Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) version: u64,
    #[serde(default)]
    pub(super) data: Vec<Blob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    #[serde(default)]
    content_length: Option<u64>,
    #[serde(default)]
    pub(super) media_type: Box<str>,
    #[serde(default)]
    pub(super) compression: Box<str>,
    #[serde(default)]
    pub(super) checksum_algorithm: Box<str>,
    #[serde(default)]
    pub(super) checksum: Box<str>,
}

impl Blob {
    /// Where it lies below `root`; none for what can be no name of a file.
    pub(super) fn path(&self, root: &Path) -> Option<PathBuf> {
        let is_name = |text: &str| text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_name(&self.checksum_algorithm) && is_name(&self.checksum)).then(|| {
            root.join("blobs").join(&*self.checksum_algorithm).join(&self.checksum[..2]).join(&*self.checksum)
        })
    }

    /// Whether it is there and as long as its manifest says.
    fn state(&self, root: &Path) -> State {
        let Some(path) = self.path(root) else {
            return State::Broken(format!("its manifest names no blob by `{}`", self.checksum));
        };
        let shown = path.display();
        match (find(&path), self.content_length) {
            (Err(fault), _) => State::Hidden(fault.to_string()),
            (Ok(None), _) => State::Broken(format!("its blob is not there: {shown}")),
            (Ok(Some(found)), Some(length)) if found.len() != length => State::Broken(format!(
                "its blob has {} bytes and not the {length} of its manifest: {shown}",
                found.len()
            )),
            (Ok(Some(_)), _) => State::Whole,
        }
    }
}

/// The packages of layout 3 by their hashes.
///
/// # Errors
/// A folder that cannot be looked at.
pub(super) fn by_manifest(root: &Path) -> Result<BTreeMap<Box<str>, Pushed>, PathFault> {
    let mut found = BTreeMap::new();
    for package in entries(&root.join("v3/manifests/spec"))? {
        for entry in entries(&package.path())? {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            let parts = file.strip_suffix(".spec.manifest.json").and_then(hash_of);
            let Some((rest, hash)) = parts else { continue };
            let name = package.file_name().to_string_lossy().into_owned();
            let version = rest.strip_prefix(&name).and_then(|rest| rest.strip_prefix('-'));
            let label = version.map_or_else(|| rest.to_owned(), |version| format!("{name}@{version}"));
            let state = manifest_state(root, &entry.path());
            found.insert(hash.into(), Pushed { label: label.into(), state });
        }
    }
    Ok(found)
}

fn manifest_state(root: &Path, path: &Path) -> State {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return State::Hidden(PathFault::new(path, &error).to_string()),
    };
    let Ok(manifest) = serde_json::from_str::<Manifest>(unsigned(&text)) else {
        return State::Broken(format!("its manifest is cut short or is none: {}", path.display()));
    };
    let has = |kind: &str| manifest.data.iter().any(|blob| blob.media_type.contains(kind));
    if !has(".install.") || !has(".spec.") {
        let what = if has(".spec.") { "no archive" } else { "no spec" };
        return State::Broken(format!("its manifest names {what}: {}", path.display()));
    }
    let states = manifest.data.iter().map(|blob| blob.state(root));
    states.into_iter().find(|state| *state != State::Whole).unwrap_or(State::Whole)
}

/// The text that a signature surrounds; all of it where there is none.
fn unsigned(text: &str) -> &str {
    let signed = text.strip_prefix("-----BEGIN PGP SIGNED MESSAGE-----");
    let body = signed.and_then(|rest| rest.split_once("\n\n").or_else(|| rest.split_once("\r\n\r\n")));
    body.map_or(text, |(_, body)| body.split("-----BEGIN PGP SIGNATURE-----").next().unwrap_or(body))
}

/// How deep below `build_cache` archives lie: the architecture, the compiler, the package.
const DEEPEST: usize = 4;

/// The packages of layout 2 by their hashes: each has a spec, `NAMES-HASH.spec.json`, signed or not, and an archive
/// `NAMES-HASH.spack` in a folder below.
///
/// # Errors
/// A folder that cannot be looked at.
pub(super) fn by_name(root: &Path) -> Result<BTreeMap<Box<str>, Pushed>, PathFault> {
    let folder = root.join("build_cache");
    let (mut specs, mut archives) = (BTreeMap::new(), BTreeMap::new());
    let mut todo = vec![(folder.clone(), 0)];
    while let Some((below, depth)) = todo.pop() {
        for entry in entries(&below)? {
            let path = entry.path();
            let file = entry.file_name();
            let file = file.to_string_lossy();
            let spec =
                [".spec.json.sig", ".spec.json", ".spec.yaml"].iter().find_map(|end| file.strip_suffix(end));
            if let Some((rest, hash)) = spec.and_then(hash_of) {
                specs.insert(Box::<str>::from(hash), Box::<str>::from(rest));
            } else if let Some((rest, hash)) = file.strip_suffix(".spack").and_then(hash_of) {
                archives.insert(Box::<str>::from(hash), (Box::<str>::from(rest), path));
            } else if depth < DEEPEST && find(&path)?.is_some_and(|found| found.is_dir()) {
                todo.push((path, depth + 1));
            }
        }
    }
    let mut found = BTreeMap::new();
    for (hash, label) in specs {
        let state = match archives.remove(&hash) {
            None => State::Broken(format!("its archive `{label}-{hash}.spack` is not there")),
            Some((_, archive)) => match find(&archive) {
                Err(fault) => State::Hidden(fault.to_string()),
                Ok(None) => State::Broken(format!("its archive leads nowhere: {}", archive.display())),
                Ok(Some(meta)) if meta.len() == 0 => {
                    State::Broken(format!("its archive is empty: {}", archive.display()))
                }
                Ok(Some(_)) => State::Whole,
            },
        };
        found.insert(hash, Pushed { label, state });
    }
    for (hash, (label, _)) in archives {
        let state = State::Broken(format!("its spec `{label}-{hash}.spec.json` is not there"));
        found.insert(hash, Pushed { label, state });
    }
    Ok(found)
}

/// What stands before a whole hash, and the hash.
fn hash_of(stem: &str) -> Option<(&str, &str)> {
    stem.rsplit_once('-').filter(|(_, hash)| hash.len() == 32 && is_short_hash(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_manifest_is_read_like_one_that_is_not() {
        let body = "{\"version\": 3}\n";
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{body}-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
        );
        assert_eq!(unsigned(&signed), body);
        assert_eq!(unsigned(body), body);
    }

    #[test]
    fn a_hash_stands_at_the_end_of_a_name() {
        let hash = "abcdefghijklmnopqrstuvwxyz234567";
        let stem = format!("py-mpi4py-4.1.2-{hash}");
        assert_eq!(hash_of(&stem), Some(("py-mpi4py-4.1.2", hash)));
        assert_eq!(hash_of("zlib-1.3.1"), None);
        assert_eq!(hash_of(&stem.to_uppercase()), None);
    }

    #[test]
    fn a_blob_lies_below_its_mirror_whatever_a_manifest_says() {
        let blob = |algorithm: &str, checksum: &str| {
            let text = format!(r#"{{"checksumAlgorithm": "{algorithm}", "checksum": "{checksum}"}}"#);
            serde_json::from_str::<Blob>(&text).unwrap().path(Path::new("/m"))
        };
        assert_eq!(blob("sha256", "abcd"), Some("/m/blobs/sha256/ab/abcd".into()));
        for (algorithm, checksum) in
            [("sha256", "../../etc"), ("..", "abcd"), ("sha256", ""), ("sha256", "é2345")]
        {
            assert_eq!(blob(algorithm, checksum), None, "{algorithm} {checksum}");
        }
    }
}
