//! What stackprobe writes is what `docs/schemas` says, and nothing that they do not name.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::gate::Site;

/// The schema of this name; a key that it does not name is a fault here, where every key is ours.
fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.json"));
    let mut schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    close(&mut schema);
    schema
}

fn close(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(close);
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

pub(crate) fn faults(name: &str, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(&schema(name)).unwrap();
    validator.iter_errors(value).map(|error| format!("{name}: {}: {error}", error.instance_path())).collect()
}

fn read(path: &Path) -> Value {
    let shown = path.display();
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

#[test]
fn what_is_written_is_what_the_schemas_say() {
    let site = Site::bare();
    let run = ["run", "site", "more", "--all", "--quiet", "--history", "h.jsonl", "--since", "ledger.json"];
    site.call(&["list", "site", "more", "--all", "--format", "json", "--out", "plan.json"]).exits(0);
    site.call(&[&run[..], &["--results", "results"]].concat()).exits(0);
    fs::write(site.at("suites/site/verdict"), "echo 1..2; echo ok 1 - a; echo not ok 2 - b\n").unwrap();
    site.call(&[&run[..], &["--results", "red"]].concat()).exits(1);
    let line = fs::read_to_string(site.at("h.jsonl")).unwrap();
    let line = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    let compared = site.call(&["compare", "results", "red", "--format", "json"]);
    let gated = site.call(&["gate", "red", "--plan", "plan.json", "--format", "json"]);
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut outputs = vec![
        ("plan", read(&site.at("plan.json"))),
        ("ledger", read(&site.at("ledger.json"))),
        ("history", line),
        ("compare", json(&compared.stdout)),
        ("gate", json(&gated.stdout)),
    ];
    for results in ["results", "red"] {
        outputs.push(("plan", read(&site.at(&format!("{results}/plan.json")))));
        outputs.push(("seal", read(&site.at(&format!("{results}/seal.json")))));
        let cases = fs::read_dir(site.at(&format!("{results}/cases"))).unwrap();
        let cases = cases.map(|case| case.unwrap().path()).filter(|path| path.is_file());
        outputs.extend(
            cases.filter(|path| path.extension().unwrap() == "json").map(|path| ("case", read(&path))),
        );
    }
    // The verdict of a sound run lets it go live.
    site.call(&["gate", "results", "--plan", "plan.json", "--format", "json", "--out", "verdict.json"])
        .exits(0);
    let stack = site.at("");
    let promote = ["promote", stack.to_str().unwrap(), "--gate", "verdict.json", "--plan", "plan.json"];
    let releases = site.at("live");
    site.call(
        &[&promote[..], &["--id", "one", "--smoke", "", "--into", releases.to_str().unwrap()]].concat(),
    )
    .exits(0);
    outputs.push(("release", read(&releases.join("releases/one/manifest.json"))));
    let audit = crate::fixture::call(&["stack", "check", "--format", "json"]).run().exits(0);
    outputs.push(("stack", json(&audit.stdout)));
    let found: Vec<String> = outputs.iter().flat_map(|(name, value)| faults(name, value)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    // They can go red: without a key, with one more, with another kind of value.
    for (name, value) in &outputs {
        let first = value.as_object().unwrap().keys().next().unwrap().clone();
        let broken: [&dyn Fn(&mut Value); 3] = [
            &|value| drop(value.as_object_mut().unwrap().shift_remove(&first)),
            &|value| value["nobody_knows"] = json!(1),
            &|value| value[&first] = json!({"no": "such"}),
        ];
        for (number, change) in broken.iter().enumerate() {
            let mut value = value.clone();
            change(&mut value);
            assert!(!faults(name, &value).is_empty(), "{name}: {number} of {first}");
        }
    }
}
