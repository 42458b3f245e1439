//! What does an install's own `spec.json` say of it?

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::node::Node;
use super::packages::Packages;
use super::read::{ReadError, SPEC, Version, json};
use super::record::Record;

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

/// Whether the install in `prefix` was built with this variant, as Spack writes them: `+fortran`, `languages=c++`.
/// What Spack does not record, or in a format that is not known, was not.
#[must_use]
pub fn built_with(prefix: &Path, variant: &str) -> bool {
    let Ok(file) = json::<Value>(&prefix.join(".spack/spec.json"), SPEC) else { return false };
    let Some(parameters) = file.pointer("/spec/nodes/0/parameters") else { return false };
    let is = |value: &Value, wanted: &str| match value {
        Value::Bool(value) => value.to_string() == wanted,
        Value::String(value) => value.to_lowercase().split(',').any(|part| part.trim() == wanted),
        _ => false,
    };
    let (name, wanted) = match (variant.strip_prefix('+'), variant.strip_prefix('~')) {
        (Some(name), _) => (name, "true"),
        (_, Some(name)) => (name, "false"),
        _ => variant.split_once('=').unwrap_or((variant, "true")),
    };
    match parameters.get(name) {
        Some(Value::Array(values)) => values.iter().any(|value| is(value, wanted)),
        Some(value) => is(value, wanted),
        None => false,
    }
}

/// Reads `PREFIX/.spack/spec.json`; the second part is a warning where the version is not known. The file does not say
/// whether the install was asked for. `packages` are only needed for its MPI, where the file names no virtuals.
///
/// # Errors
/// The file cannot be read, is cut short, or holds no spec.
pub fn read_spec(prefix: &Path, packages: &Packages) -> Result<(Record, Option<String>), ReadError> {
    let path = prefix.join(".spack/spec.json");
    let File { spec } = json(&path, SPEC)?;
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
    let root = root.ok_or_else(|| ReadError::new(format!("no spec in `{}`", path.display())))?;
    let hash = root.hash.clone().unwrap_or_default();
    let record = root.record(hash, find, packages);
    Ok((Record { prefix: Some(prefix.to_owned()), installed: true, ..record }, warning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_read_in_every_form_that_spack_writes() {
        let folder = tempfile::tempdir().unwrap();
        let has = |variant: &str| built_with(folder.path(), variant);
        assert!(!has("+fortran"));
        std::fs::create_dir(folder.path().join(".spack")).unwrap();
        let spec = r#"{"spec": {"nodes": [{"name": "gcc", "parameters":
            {"languages": ["c", "c++"], "fortran": true, "cuda": false, "old": "c,fortran"}}]}}"#;
        std::fs::write(folder.path().join(".spack/spec.json"), spec).unwrap();
        assert!(has("languages=c++") && has("languages=c") && has("+fortran") && has("old=fortran"));
        assert!(!has("languages=fortran") && !has("+cuda") && !has("+flang"));
        assert!(has("~cuda") && !has("~fortran") && !has("~flang"));
    }
}
