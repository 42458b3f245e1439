//! The key of a case: a digest of everything that its result depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{install, pod, whole};
use crate::command::catalogue::Catalogue;
use crate::command::toolchains::Stack;
use crate::digest::{Parts, hex};
use crate::pod::facts::Facts;
use crate::run::plan::Case;
use crate::run::service::Given;
use crate::stack::toolchain::Toolchain;
use crate::stack::uncommented::uncommented;
use crate::suite::{Action, Native, Probe, Suite};

/// What is known of one thing: its digest, or why it cannot be known.
type Known = Arc<OnceLock<Result<[u8; 32], String>>>;

/// Makes keys; what many cases have in common is worked out once.
pub struct Keys<'k> {
    catalogue: &'k Catalogue,
    stack: &'k Stack<'k>,
    given: Given,
    common: [u8; 32],
    size: [u8; 32],
    toolchains: Mutex<BTreeMap<String, Known>>,
    installs: Mutex<BTreeMap<PathBuf, Known>>,
    whole: OnceLock<Result<[u8; 32], String>>,
}

impl<'k> Keys<'k> {
    /// Digests this binary, the site file and the pod.
    #[must_use]
    pub fn new(catalogue: &'k Catalogue, stack: &'k Stack<'k>, facts: &Facts, given: Given) -> Self {
        let mut parts = Parts::new("common");
        match std::fs::File::open("/proc/self/exe").and_then(crate::digest::sha256_of) {
            Ok(digest) => parts.add("binary", &digest),
            // Without it no two runs are alike.
            Err(_) => parts.add("unique", &unique()),
        }
        parts.add("site", catalogue.site.source.as_ref().map_or("", |source| &*source.text).as_bytes());
        parts.add("capabilities", format!("{:?}", catalogue.capabilities).as_bytes());
        parts.add("lmod", stack.lmod_version().as_bytes());
        parts.add("pod", &pod::digest(facts));
        Self {
            catalogue,
            stack,
            given,
            common: parts.digest(),
            size: pod::size(facts),
            toolchains: Mutex::default(),
            installs: Mutex::default(),
            whole: OnceLock::new(),
        }
    }

    /// The key of `case` under its loaded toolchain: 64 hexadecimal digits.
    ///
    /// # Errors
    /// Why something that it depends on cannot be known.
    pub fn of(&self, case: &Case, toolchain: &Toolchain) -> Result<String, String> {
        let suite = &self.catalogue.suites[case.suite];
        let probe = &suite.probes[case.probe];
        let mut parts = Parts::new("case");
        parts.add("common", &self.common);
        parts.add("ranks", format!("{:?}", case.ranks).as_bytes());
        parts.add("probe", &definition(suite, probe)?);
        if !probe.services.is_empty() {
            parts.add("services", format!("{:?}", self.given).as_bytes());
        }
        parts.add("toolchain", &self.toolchain(toolchain)?);
        if matches!(probe.action, Action::Native(Native::Modules | Native::Spack)) {
            let whole = self.whole.get_or_init(|| whole::digest(self.stack));
            parts.add("whole", whole.as_ref().map_err(Clone::clone)?);
        }
        Ok(hex(&parts.digest()))
    }

    /// The key of a case that left something out for what this pod lacks: it answers for pods of the same size only.
    #[must_use]
    pub fn here(&self, key: &str) -> String {
        let mut parts = Parts::new("here");
        parts.add("key", key.as_bytes());
        parts.add("size", &self.size);
        hex(&parts.digest())
    }

    fn toolchain(&self, toolchain: &Toolchain) -> Result<[u8; 32], String> {
        // Suites may load more beside one toolchain.
        let modules = toolchain.loaded.iter().map(|loaded| loaded.module.to_string());
        let names = format!("{} = {}", toolchain.label, modules.collect::<Vec<_>>().join(" "));
        let known = shared(&self.toolchains, names);
        known.get_or_init(|| self.digest_toolchain(toolchain)).clone()
    }

    fn digest_toolchain(&self, toolchain: &Toolchain) -> Result<[u8; 32], String> {
        let mut parts = Parts::new("toolchain");
        for loaded in &toolchain.loaded {
            let bytes = std::fs::read(&loaded.file)
                .map_err(|error| format!("{}: {}", loaded.file.display(), crate::error::reason(&error)))?;
            parts.add("module", loaded.module.to_string().as_bytes());
            parts.add("file", loaded.file.as_os_str().as_encoded_bytes());
            parts.add("text", &uncommented(&loaded.file, &bytes));
        }
        for (name, value) in pod::steering(&toolchain.base) {
            parts.add(&name, value.as_bytes());
        }
        let mut roots = BTreeSet::new();
        for (name, value) in brought(toolchain) {
            parts.add(&name, value.join(":").as_bytes());
            if name != "MODULEPATH" {
                roots.extend(value.iter().filter_map(|entry| install::root(Path::new(entry))));
            }
        }
        for root in roots {
            let known = shared(&self.installs, root.clone());
            parts.add(&root.to_string_lossy(), &known.get_or_init(|| install::digest(&root)).clone()?);
        }
        parts.add("tools", format!("{:?}", toolchain.tools).as_bytes());
        parts.add("launcher", format!("{:?}", toolchain.launcher).as_bytes());
        Ok(parts.digest())
    }
}

fn shared<K: Ord>(known: &Mutex<BTreeMap<K, Known>>, key: K) -> Known {
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
