//! The hierarchy for programs.

use serde_json::{Value, json};

use super::{View, ids};
use crate::error::Error;
use crate::report::print::to_json;
use crate::suite::Layer;

/// Everything that is known, as one JSON object.
///
/// # Errors
/// What JSON cannot hold.
pub(super) fn json(view: &View<'_>) -> Result<String, Error> {
    let name = |layer: Layer| match layer {
        Layer::Compiler => "compiler",
        Layer::Mpi => "mpi",
        Layer::Runtime => "runtime",
    };
    let toolchains: Vec<Value> = view
        .toolchains
        .iter()
        .map(|tested| {
            let modules: Vec<Value> = tested
                .chain
                .modules
                .iter()
                .map(|(layer, module)| json!({"layer": name(*layer), "module": module.to_string()}))
                .collect();
            let label = tested.chain.label();
            json!({"id": ids::id(&label), "toolchain": label, "modules": modules, "suites": tested.suites})
        })
        .collect();
    let modules: Vec<Value> = view
        .found
        .iter()
        .map(|entry| {
            let parents: Vec<Vec<String>> =
                entry.parents.iter().map(|chain| chain.iter().map(ToString::to_string).collect()).collect();
            json!({
                "module": entry.module.to_string(),
                "file": entry.file.to_string_lossy(),
                "layer": view.layers.get(&entry.module).copied().map(name),
                "parents": parents,
                "hidden": entry.hidden,
                "default": entry.default,
            })
        })
        .collect();
    let untested =
        view.untested.iter().map(|(module, why)| json!({"module": module.to_string(), "why": why}));
    let untested: Vec<Value> = untested.collect();
    to_json(&json!({"toolchains": toolchains, "untested": untested, "modules": modules}))
}
