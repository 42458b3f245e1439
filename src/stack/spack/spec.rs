//! What does an install's own `spec.json` say of it?

use std::path::Path;

use serde::Deserialize;

use super::node::Node;
use super::read::{Version, json};
use super::record::Record;
use crate::error::{Error, Kind};

#[derive(Deserialize)]
struct File {
    spec: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "_meta")]
    meta: Meta,
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    version: Version,
}

/// Reads `PREFIX/.spack/spec.json`; the second part is a warning where the version is not known. The file does not say
/// whether the install was asked for.
///
/// # Errors
/// The file cannot be read, is cut short, or holds no spec.
pub fn read_spec(prefix: &Path) -> Result<(Record, Option<String>), Error> {
    let path = prefix.join(".spack/spec.json");
    let File { spec } = json(&path, "a Spack spec")?;
    let warning = spec.meta.version.warning(&path, "spec", 2..=6);
    let names: Vec<_> = spec
        .nodes
        .iter()
        .map(|node| (node.hash.clone().unwrap_or_default(), node.name.clone(), node.version.clone()))
        .collect();
    let find = |wanted: &str| {
        let known = names.iter().find(|(hash, ..)| **hash == *wanted);
        known.map(|(_, name, version)| (&**name, &**version))
    };
    let root = spec.nodes.into_iter().next().filter(|node| !node.name.is_empty());
    let root = root.ok_or_else(|| Error::new(Kind::Stack, format!("no spec in `{}`", path.display())))?;
    let hash = root.hash.clone().unwrap_or_default();
    let record = root.record(hash, find);
    Ok((Record { prefix: Some(prefix.to_owned()), installed: true, ..record }, warning))
}
