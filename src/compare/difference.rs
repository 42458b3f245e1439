//! What a case depends on, and what of it is not as it was.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pairs::Side;
use crate::constant::packed;

/// How closely a difference points at a cause: a module by its name first, the digest of all that belongs to the host last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Module,
    Modulefiles,
    Installs,
    Question,
    Run,
    Pod,
    Digest,
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) rank: Rank,
    /// `openmpi/5.0.11`, `the modulefiles`, `pod: kernel release`.
    pub(super) what: String,
    /// Empty where it was not there.
    pub(super) before: String,
    /// Empty where it is not there.
    pub(super) after: String,
}

/// What changes by itself from run to run.
const RESTLESS: [&str; 6] = ["free", "entries", "skew", "host", "name_in_hosts", "behind"];

const MODULES: &str = "modules";

/// The parts of a record's inputs, in words. A modulefile that leads elsewhere changes which installs and tools are met,
/// but not the other way round: so it comes first where they differ together.
const PARTS: [(&str, &str, Rank); 10] = [
    (MODULES, "the modulefiles, or what loading them does", Rank::Modulefiles),
    ("installs", "the content of the installs", Rank::Installs),
    ("stack", "the stack as a whole: its modulefiles, the paths in them, Spack's database", Rank::Installs),
    ("launcher", "the launch profile", Rank::Question),
    ("probe", "the probe's sources or its suite", Rank::Question),
    ("site", "the site file", Rank::Question),
    ("index", "the package index", Rank::Question),
    ("binary", "the stackprobe binary", Rank::Run),
    ("pod", "the host's packages, kernel or CPU", Rank::Digest),
    ("size", "the size of the pod", Rank::Digest),
];

/// Everything that is recorded of the two sides and differs.
pub(super) fn differences(before: Side<'_>, after: Side<'_>) -> Vec<Difference> {
    let mut all = compare(Rank::Module, &modules(before), &modules(after));
    // Where modules do not load, nothing is known of the rest: only what both sides know is compared.
    let (old, new) = (&inputs(before), &inputs(after));
    for (name, from) in old {
        let Some(to) = new.get(name).filter(|to| *to != from) else { continue };
        let part = PARTS.iter().find(|(part, ..)| part == name);
        let (what, rank) = part.map_or((name.as_str(), Rank::Digest), |(_, what, rank)| (what, *rank));
        all.push(Difference { rank, what: what.to_owned(), before: from.clone(), after: to.clone() });
    }
    all.extend(compare(Rank::Run, &run(before), &run(after)));
    all.extend(compare(Rank::Pod, &pod(before), &pod(after)));
    all
}

fn inputs(side: Side<'_>) -> BTreeMap<String, String> {
    let mut inputs = side.case.inputs.clone();
    if inputs.is_empty() && side.case.checks.iter().any(|check| check.kind == "module.load") {
        inputs.insert(MODULES.to_owned(), "they do not load".to_owned());
    }
    inputs
}

fn compare(
    rank: Rank,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let value = |side: &BTreeMap<String, String>, name: &String| side.get(name).cloned().unwrap_or_default();
    names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            rank,
            what: name.clone(),
            before: value(before, name),
            after: value(after, name),
        })
        .collect()
}

/// Each loaded module by its name, with its version and the hash of its install. What does not load has none.
fn modules(side: Side<'_>) -> BTreeMap<String, String> {
    let properties = &side.case.properties;
    let Some(loaded) = properties.get("modules") else { return BTreeMap::new() };
    let hashes: BTreeMap<&str, &str> = properties
        .get("spack.hashes")
        .map(|hashes| hashes.split(' ').filter_map(|entry| entry.rsplit_once('/')).collect())
        .unwrap_or_default();
    let mut modules = BTreeMap::new();
    for module in loaded.split(' ') {
        let (name, version) = module.rsplit_once('/').unwrap_or((module, ""));
        let hash = hashes.get(module).map(|hash| format!(", install {hash}")).unwrap_or_default();
        modules.insert(format!("module {name}"), format!("{version}{hash}"));
    }
    modules
}

fn run(side: Side<'_>) -> BTreeMap<String, String> {
    let plan = side.plan;
    [("stackprobe", &plan.stackprobe), ("Lmod", &plan.lmod), ("MODULEPATH", &plan.modulepath)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

/// Every fact of the pod under the words of its path.
fn pod(side: Side<'_>) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let value = packed(serde_json::to_value(&side.plan.pod).ok(), "facts of ours, which JSON can hold");
    flatten("pod:", &value, &mut facts);
    facts
}

fn flatten(path: &str, value: &Value, facts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !RESTLESS.contains(&name.as_str())) {
                // The same is there twice: as found, and in short.
                let path = if name == "found" { path.to_owned() } else { format!("{path} {name}") };
                flatten(&path, value, facts);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            facts.insert(path.to_owned(), text.clone());
        }
        other => {
            facts.insert(path.to_owned(), other.to_string());
        }
    }
}
