//! The toolchains for a workflow: short ids that stay the same from run to run, whatever else the stack gains or loses.

use serde_json::{Map, Value};

use super::View;
use crate::digest::fnv;
use crate::suite::Layer;

/// With the hash behind it an id has at most 57 characters: a Kubernetes label holds 63.
const LONGEST: usize = 48;

/// A JSON list, one toolchain a line: some 100 bytes each, so that 450 stay far below a parameter's limits.
pub(super) fn list(view: &View<'_>) -> String {
    let lines: Vec<String> = view
        .toolchains
        .iter()
        .map(|tested| {
            let mut entry = Map::new();
            let label = tested.chain.label();
            entry.insert("id".to_owned(), Value::from(id(&label)));
            entry.insert("toolchain".to_owned(), Value::from(label));
            for (layer, module) in &tested.chain.modules {
                let flag = match layer {
                    Layer::Compiler => "cc",
                    Layer::Mpi => "mpi",
                    Layer::Runtime => "runtime",
                };
                entry.insert(flag.to_owned(), Value::from(module.to_string()));
            }
            Value::Object(entry).to_string()
        })
        .collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

/// Lower-case letters, digits and hyphens, then a hash of the whole name: `5.1` and `5-1` are two toolchains.
pub(super) fn id(label: &str) -> String {
    let mut id = String::new();
    for letter in label.chars() {
        if letter.is_ascii_alphanumeric() {
            id.push(letter.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(LONGEST);
    format!("{}-{:08x}", id.trim_end_matches('-'), fnv(label.as_bytes()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_a_label_and_tells_apart_what_looks_alike() {
        let one = id("gcc/12.2.0 openmpi/5.0.11");
        assert!(one.starts_with("gcc-12-2-0-openmpi-5-0-11-"), "{one}");
        assert_ne!(id("a/5.1"), id("a/5-1"));
        let long = id(&"R/4.4 ".repeat(60));
        assert!(long.len() <= 63 && !long.contains("--"), "{long}");
        assert!(long.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
    }
}
