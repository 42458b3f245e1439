//! What does a build cache in a local folder hold: by its index, and by its files?
//!
//! | layout | Spack | index | packages |
//! |---|---|---|---|
//! | 2 | 0.18–0.23 | `build_cache/index.json` | `build_cache/…-HASH.spec.json`, signed or not, and `…-HASH.spack` in a folder below |
//! | 3 | 1.0– | `v3/manifests/index/index.manifest.json`, which leads to a blob | `v3/manifests/spec/NAME/NAME-VERSION-HASH.spec.manifest.json`, which leads to blobs |

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::File as Open;
use std::path::{Path, PathBuf};

use path_fault::{entries, is_file, is_folder};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::database::Database;
use super::gzip::gunzip;
use super::node::Node;
use super::pushed::{Blob, Manifest, Pushed, State, by_manifest, by_name};
use super::read::{Kind, ReadError, Version, json, not_json};

const INDEX: Kind = Kind {
    what: "the index of a build cache",
    cure: "`spack buildcache update-index MIRROR` writes it anew",
};
const MANIFEST: Kind =
    Kind { what: "the manifest of an index", cure: "`spack buildcache update-index MIRROR` writes it anew" };
const WANTED: &str = "a build cache holds v3/manifests/index/index.manifest.json or build_cache/index.json";

/// Where the files of a build cache lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Spack before 1.0.
    V2,
    /// Spack from 1.0 on.
    V3,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        })
    }
}

/// A package in a build cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// `zlib@1.3.1`; where only a file of layout 2 tells of it, the file's name without the hash.
    pub label: Box<str>,
    /// The index has it. Spack does not find what only lies there.
    pub listed: bool,
    /// What is there of it.
    pub state: State,
}

/// A build cache.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// The folder.
    pub root: PathBuf,
    /// Where its files lie.
    pub layout: Layout,
    /// By their hashes. What an index names only because something else needs it is left out.
    pub packages: BTreeMap<Box<str>, Cached>,
    /// What could not be understood, one line each.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    database: Body,
}

#[derive(Deserialize)]
struct Body {
    version: Version,
    #[serde(default)]
    installs: BTreeMap<Box<str>, Install>,
}

#[derive(Deserialize)]
struct Install {
    #[serde(default)]
    spec: Node,
    #[serde(default = "yes")]
    in_buildcache: bool,
}

/// Indexes of Spack before 0.14 name only what they hold.
fn yes() -> bool {
    true
}

impl Mirror {
    /// Reads the index of the build cache in `root`, and looks for the files of each package.
    ///
    /// # Errors
    /// No build cache, or one whose index cannot be read or is not whole.
    pub fn read(root: &Path) -> Result<Self, ReadError> {
        let (new, old) = (root.join("v3"), root.join("build_cache"));
        let mut warnings = Vec::new();
        let (layout, bodies, pushed) = if is_folder(&new)? {
            let bodies = indexes(root, &mut warnings)?;
            (Layout::V3, bodies, by_manifest(root)?)
        } else if is_folder(&old)? {
            let index = old.join("index.json");
            if !is_file(&index)? {
                return Err(without_index(&old));
            }
            let File { database } = json(&index, INDEX)?;
            warnings.extend(database.version.warning(&index, "index", Database::KNOWN));
            (Layout::V2, vec![database], by_name(root)?)
        } else {
            return Err(not_a_mirror(root));
        };
        let mut packages: BTreeMap<Box<str>, Cached> = BTreeMap::new();
        for (hash, install) in bodies.into_iter().flat_map(|body| body.installs) {
            if install.in_buildcache {
                let label = format!("{}@{}", install.spec.name, install.spec.version);
                packages.insert(hash, Cached { label: label.into(), listed: true, state: State::Gone });
            }
        }
        for (hash, Pushed { label, state }) in pushed {
            let package = packages.entry(hash).or_insert(Cached { label, listed: false, state: State::Gone });
            package.state = state;
        }
        Ok(Self { root: root.to_path_buf(), layout, packages, warnings })
    }
}

/// The indexes of layout 3: of the whole mirror, and of each of its views.
fn indexes(root: &Path, warnings: &mut Vec<String>) -> Result<Vec<Body>, ReadError> {
    const FILE: &str = "index.manifest.json";
    let folder = root.join("v3/manifests/index");
    let views = entries(&folder)?;
    let mut manifests = vec![folder.join(FILE)];
    manifests.extend(views.iter().map(|view| view.path().join(FILE)));
    let mut bodies = Vec::new();
    for manifest in manifests {
        if is_file(&manifest)? {
            bodies.push(packed(root, &manifest, warnings)?);
        }
    }
    if bodies.is_empty() { Err(without_index(&folder)) } else { Ok(bodies) }
}

/// The index to which a manifest leads.
fn packed(root: &Path, path: &Path, warnings: &mut Vec<String>) -> Result<Body, ReadError> {
    let Manifest { version, data } = json(path, MANIFEST)?;
    warnings.extend(Version(version).warning(path, "manifest", 3..=3));
    let bad = |what: &str| ReadError::with(format!("`{}`: {what}", path.display()), INDEX.cure);
    // A manifest may have one for each version of Spack that writes here: the newest that is known is the whole one.
    let known =
        |blob: &&Blob| database_version(blob).is_some_and(|version| version <= *Database::KNOWN.end());
    let newest = data.iter().filter(known).max_by_key(|blob| database_version(blob));
    let oldest = || {
        data.iter().filter(|blob| database_version(blob).is_some()).min_by_key(|blob| database_version(blob))
    };
    let blob = newest.or_else(oldest).ok_or_else(|| bad("it names no index of packages"))?;
    let file = blob.path(root).ok_or_else(|| bad("it names its index by no checksum"))?;
    let bytes = std::fs::read(&file).map_err(|error| ReadError::io(&file, &error).or(INDEX.cure))?;
    let shown = file.display();
    if &*blob.checksum_algorithm == "sha256" && hex(&Sha256::digest(&bytes)) != *blob.checksum {
        let what = format!("{} is not whole: `{shown}` has another checksum than its name", INDEX.what);
        return Err(ReadError::with(what, INDEX.cure));
    }
    let text = match &*blob.compression {
        "gzip" => gunzip(&bytes).ok_or_else(|| {
            ReadError::with(
                format!("{} cannot be unpacked: `{shown}` is no whole gzip", INDEX.what),
                INDEX.cure,
            )
        })?,
        "none" | "" => bytes,
        other => return Err(bad(&format!("its index is packed by `{other}`, which is not known"))),
    };
    let File { database } = serde_json::from_slice(&text).map_err(|error| not_json(&file, INDEX, &error))?;
    warnings.extend(database.version.warning(&file, "index", Database::KNOWN));
    Ok(database)
}

/// `application/vnd.spack.db.v8+json` is 8.
fn database_version(blob: &Blob) -> Option<u64> {
    blob.media_type.split_once(".db.v")?.1.split('+').next()?.parse().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn without_index(folder: &Path) -> ReadError {
    let what = format!("a build cache without an index: none is in `{}`", folder.display());
    ReadError::with(
        what,
        "`spack buildcache update-index MIRROR` writes it; without it Spack finds nothing there",
    )
}

/// What stands at `root` instead of a build cache.
fn not_a_mirror(root: &Path) -> ReadError {
    let shown = root.display();
    if let Err(error) = Open::open(root) {
        return ReadError::io(root, &error).or(WANTED);
    }
    if !root.is_dir() {
        return ReadError::with(format!("not a build cache: `{shown}` is a file"), WANTED);
    }
    let all = match entries(root) {
        Ok(all) => all,
        Err(fault) => return fault.into(),
    };
    if all.is_empty() {
        return ReadError::with(format!("not a build cache: `{shown}` is empty"), WANTED);
    }
    let newer = |entry: &std::fs::DirEntry| -> Option<u64> {
        let version = entry.file_name().to_str()?.strip_prefix('v')?.parse().ok()?;
        (version > 3 && entry.path().join("manifests").is_dir()).then_some(version)
    };
    if let Some(version) = all.iter().filter_map(newer).max() {
        let what = format!(
            "a build cache of layout {version}, which is newer than 3, the newest that is known: `{shown}`"
        );
        return ReadError::with(what, "a newer stackprobe may know it");
    }
    let inner = ["index.json", "manifests", "layout.json"].iter().any(|name| root.join(name).exists());
    if inner && root.parent().is_some_and(|above| !above.as_os_str().is_empty()) {
        let what = format!("not a build cache: `{shown}` seems to be a folder of one");
        return ReadError::with(what, "name the folder above it, which `spack mirror list` prints");
    }
    ReadError::with(format!("not a build cache: `{shown}` has neither `v3` nor `build_cache`"), WANTED)
}
