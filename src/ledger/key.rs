//! The key of a case: a digest of everything that its result depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{install, pod, whole};
use crate::digest::{Parts, hex};
use crate::plan::cases::Case;
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::run::service::Given;
use crate::stack::toolchain::Toolchain;
use crate::stack::uncommented::uncommented;
use crate::suite::{Action, Native, Probe, Suite};

/// What is known of one thing, or why it cannot be known.
type Known<T> = Arc<OnceLock<Result<T, String>>>;

/// What a case depends on, part by part.
#[derive(Clone, Debug)]
pub struct Key {
    /// Each part as it is in this place: an install by the names, sizes and times of its files.
    pub inputs: BTreeMap<String, String>,
    /// All of it, wherever it is looked at: 64 hexadecimal digits. Empty where nobody asked for it.
    pub digest: String,
}

/// What is known of a toolchain.
struct Layers {
    modules: [u8; 32],
    installs: [u8; 32],
    /// The same by content; only for a ledger.
    contents: Option<[u8; 32]>,
    launcher: [u8; 32],
}

/// What is known of this binary and this pod.
struct Common {
    binary: [u8; 32],
    pod: [u8; 32],
}

/// Makes keys; what many cases have in common is worked out once.
pub struct Keys<'k> {
    catalogue: &'k Catalogue,
    stack: &'k Stack<'k>,
    given: Given,
    site: [u8; 32],
    here: Common,
    /// What a ledger needs, which others read too.
    anywhere: Option<Common>,
    size: [u8; 32],
    toolchains: Mutex<BTreeMap<String, Known<Arc<Layers>>>>,
    states: Mutex<BTreeMap<PathBuf, Known<[u8; 32]>>>,
    contents: Mutex<BTreeMap<PathBuf, Known<[u8; 32]>>>,
    whole: OnceLock<Result<[u8; 32], String>>,
    /// By the ids of cases.
    cases: Mutex<BTreeMap<String, Result<Arc<Key>, String>>>,
}

impl<'k> Keys<'k> {
    /// Looks at this binary, the site file and the pod. `ledger`: other pods will read of it.
    #[must_use]
    pub fn new(
        catalogue: &'k Catalogue,
        stack: &'k Stack<'k>,
        facts: &Facts,
        given: Given,
        ledger: bool,
    ) -> Self {
        let mut parts = Parts::new("site");
        parts.add("site", catalogue.site.source.as_ref().map_or("", |source| &*source.text).as_bytes());
        parts.add("capabilities", format!("{:?}", catalogue.capabilities).as_bytes());
        let anywhere = || Common { binary: binary(content_of), pod: pod::digest(facts) };
        Self {
            catalogue,
            stack,
            given,
            site: parts.digest(),
            here: Common { binary: binary(state_of), pod: pod::state(facts) },
            anywhere: ledger.then(anywhere),
            size: pod::size(facts),
            toolchains: Mutex::default(),
            states: Mutex::default(),
            contents: Mutex::default(),
            whole: OnceLock::new(),
            cases: Mutex::default(),
        }
    }

    /// The key of `case` under its loaded toolchain.
    ///
    /// # Errors
    /// Why something that it depends on cannot be known.
    pub fn of(&self, case: &Case, toolchain: &Toolchain) -> Result<Arc<Key>, String> {
        let known = |keys: &Mutex<BTreeMap<String, Result<Arc<Key>, String>>>| {
            keys.lock().unwrap_or_else(PoisonError::into_inner).get(&case.id).cloned()
        };
        if let Some(known) = known(&self.cases) {
            return known;
        }
        let key = self.work_out(case, toolchain).map(Arc::new);
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).insert(case.id.clone(), key.clone());
        key
    }

    /// The key of a case that [`Keys::of`] was asked for, if it could be known.
    #[must_use]
    pub fn known(&self, case: &str) -> Option<Arc<Key>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).get(case)?.clone().ok()
    }

    fn work_out(&self, case: &Case, toolchain: &Toolchain) -> Result<Key, String> {
        let suite = &self.catalogue.suites[case.suite];
        let probe = &suite.probes[case.probe];
        let layers = self.toolchain(toolchain)?;
        let mut ranks = Parts::new("probe");
        ranks.add("probe", &definition(suite, probe)?);
        ranks.add("ranks", format!("{:?}", case.ranks).as_bytes());
        let mut parts = BTreeMap::from([
            ("binary", self.here.binary),
            ("site", self.site),
            ("pod", self.here.pod),
            ("probe", ranks.digest()),
            ("modules", layers.modules),
            ("installs", layers.installs),
            ("launcher", layers.launcher),
        ]);
        if !probe.services.is_empty() {
            let mut given = Parts::new("services");
            given.add("services", format!("{:?}", self.given).as_bytes());
            parts.insert("index", given.digest());
        }
        if matches!(probe.action, Action::Native(Native::Modules | Native::Spack)) {
            let whole = self.whole.get_or_init(|| whole::digest(self.stack));
            parts.insert("stack", *whole.as_ref().map_err(Clone::clone)?);
        }
        let short = |digest: &[u8; 32]| hex(digest).chars().take(16).collect::<String>();
        let mut inputs: BTreeMap<String, String> =
            parts.iter().map(|(name, digest)| ((*name).to_owned(), short(digest))).collect();
        inputs.insert(SIZE.to_owned(), short(&self.size));
        let mut digest = String::new();
        if let (Some(common), Some(contents)) = (&self.anywhere, layers.contents) {
            parts.extend([("binary", common.binary), ("pod", common.pod), ("installs", contents)]);
            let mut all = Parts::new("case");
            for (name, part) in &parts {
                all.add(name, part);
            }
            digest = hex(&all.digest());
        }
        Ok(Key { inputs, digest })
    }

    /// The key of a case that left something out for what this pod lacks: it answers for pods of the same size only.
    #[must_use]
    pub fn here(&self, key: &str) -> String {
        let mut parts = Parts::new("here");
        parts.add("key", key.as_bytes());
        parts.add("size", &self.size);
        hex(&parts.digest())
    }

    fn toolchain(&self, toolchain: &Toolchain) -> Result<Arc<Layers>, String> {
        // Suites may load more beside one toolchain.
        let modules = toolchain.loaded.iter().map(|loaded| loaded.module.to_string());
        let names = format!("{} = {}", toolchain.label, modules.collect::<Vec<_>>().join(" "));
        let known = shared(&self.toolchains, names);
        known.get_or_init(|| self.layers(toolchain).map(Arc::new)).clone()
    }

    fn layers(&self, toolchain: &Toolchain) -> Result<Layers, String> {
        let mut modules = Parts::new("modules");
        modules.add("lmod", self.stack.lmod_version().as_bytes());
        for loaded in &toolchain.loaded {
            let bytes = std::fs::read(&loaded.file)
                .map_err(|error| format!("{}: {}", loaded.file.display(), crate::error::reason(&error)))?;
            modules.add("module", loaded.module.to_string().as_bytes());
            modules.add("file", loaded.file.as_os_str().as_encoded_bytes());
            modules.add("text", &uncommented(&loaded.file, &bytes));
        }
        for (name, value) in pod::steering(&toolchain.base, self.catalogue.families.inherited()) {
            modules.add(&name, value.as_bytes());
        }
        let mut roots = BTreeSet::new();
        for (name, value) in brought(toolchain) {
            modules.add(&name, value.join(":").as_bytes());
            if name != "MODULEPATH" {
                for entry in &value {
                    roots.extend(install::root(Path::new(entry))?);
                }
            }
        }
        let installs = all(&roots, &self.states, install::state)?;
        let contents = match self.anywhere {
            Some(_) => Some(all(&roots, &self.contents, install::digest)?),
            None => None,
        };
        let mut launcher = Parts::new("launcher");
        launcher.add("tools", format!("{:?}", toolchain.tools).as_bytes());
        launcher.add("launcher", format!("{:?}", toolchain.launcher).as_bytes());
        Ok(Layers { modules: modules.digest(), installs, contents, launcher: launcher.digest() })
    }
}

/// The part of a key that says how large the pod is.
pub const SIZE: &str = "size";

fn all(
    roots: &BTreeSet<PathBuf>,
    known: &Mutex<BTreeMap<PathBuf, Known<[u8; 32]>>>,
    look: impl Fn(&Path) -> Result<[u8; 32], String>,
) -> Result<[u8; 32], String> {
    let mut parts = Parts::new("installs");
    for root in roots {
        let known = shared(known, root.clone());
        parts.add(&root.to_string_lossy(), &known.get_or_init(|| look(root)).clone()?);
    }
    Ok(parts.digest())
}

fn content_of(file: &std::fs::File) -> std::io::Result<Vec<u8>> {
    crate::digest::sha256_of(file).map(|digest| digest.to_vec())
}

/// A copy has another time: that costs a run, and saves reading all of it before each.
fn state_of(file: &std::fs::File) -> std::io::Result<Vec<u8>> {
    let meta = file.metadata()?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version} {} {} {}", meta.size(), meta.mtime(), meta.mtime_nsec()).into_bytes())
}

fn binary(look: impl Fn(&std::fs::File) -> std::io::Result<Vec<u8>>) -> [u8; 32] {
    let mut parts = Parts::new("binary");
    match std::fs::File::open("/proc/self/exe").and_then(|file| look(&file)) {
        Ok(found) => parts.add("binary", &found),
        // Without it no two runs are alike.
        Err(_) => parts.add("unique", &unique()),
    }
    parts.digest()
}

fn shared<K: Ord, T>(known: &Mutex<BTreeMap<K, Known<T>>>, key: K) -> Known<T> {
    Arc::clone(known.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
}

/// What a probe is: as it was read, whole, but for its place in the file; and the bytes that it stages.
fn definition(suite: &Suite, probe: &Probe) -> Result<[u8; 32], String> {
    let mut parts = Parts::new("probe");
    parts.add(
        "suite",
        format!("{} {:?} {:?} {:?}", suite.name, suite.toolchain, suite.runtime, suite.modules).as_bytes(),
    );
    // Its `Debug` form has every field, those too that are added one day; the binary's digest vouches for its shape.
    parts.add("definition", format!("{:?}", Probe { line: 0, ..probe.clone() }).as_bytes());
    for file in probe.sources.iter().chain(&probe.files) {
        let bytes = suite.folder.read(file);
        let bytes = bytes.map_err(|error| {
            format!("{}: {}", suite.folder.path(file).display(), crate::error::reason(&error))
        })?;
        parts.add(file, &bytes);
    }
    Ok(parts.digest())
}

/// What the modules put into the environment, entry by entry of lists, without what stood there before.
fn brought(toolchain: &Toolchain) -> BTreeMap<String, Vec<String>> {
    let base = &toolchain.base;
    // What Lmod, the shell below it and we ourselves keep there.
    let own = |name: &str| {
        name.starts_with("_ModuleTable")
            || name.starts_with("__LMOD_")
            || name.starts_with("STACKPROBE_")
            || ["_LMFILES_", "_", "SHLVL", "PWD", "OLDPWD"].contains(&name)
    };
    let changes =
        toolchain.environment.since(base).map(|(name, value)| (name.to_string_lossy().into_owned(), value));
    changes
        .filter(|(name, _)| !own(name))
        .map(|(name, value)| {
            let old = base.words(&name);
            let entries = match value {
                Some(value) => {
                    let value = value.to_string_lossy();
                    value
                        .split(':')
                        .filter(|entry| !old.iter().any(|old| old == entry))
                        .map(str::to_owned)
                        .collect()
                }
                None => vec!["\0unset".to_owned()],
            };
            (name, entries)
        })
        .collect()
}

fn unique() -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{} {}", now.as_nanos(), std::process::id()).into_bytes()
}
