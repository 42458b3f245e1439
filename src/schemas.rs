//! The JSON that others read, as JSON Schema: made from the types and held against `docs/schemas`. Only tests need it.

use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// Set it, and the files are written instead of compared.
const WRITE: &str = "STACKPROBE_WRITE_SCHEMAS";

/// Each file below `docs/schemas`, and what is in it.
fn all() -> [(&'static str, Schema); 9] {
    [
        ("plan", schema::<crate::report::record::PlanRecord>("plan.json of a results directory")),
        ("case", schema::<crate::report::record::CaseRecord>("cases/ID.json of a results directory")),
        ("seal", schema::<crate::report::seal::Seal>("seal.json of a results directory")),
        ("ledger", schema::<crate::ledger::store::Whole>("the ledger of --since")),
        ("history", schema::<crate::history::entry::Entry>("one line of the file of --history")),
        ("compare", schema::<crate::compare::Comparison>("stackprobe compare --format json")),
        ("gate", schema::<crate::gate::verdict::Verdict>("stackprobe gate --format json")),
        ("stack", schema::<crate::audit::Audit>("stackprobe stack check --format json")),
        ("release", schema::<crate::release::manifest::Manifest>("the manifest of a release")),
    ]
}

fn schema<T: JsonSchema>(title: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema
}

#[test]
fn each_schema_says_what_its_type_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    let mut stale = Vec::new();
    for (name, schema) in all() {
        let path = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os(WRITE).is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(path.display().to_string());
        }
    }
    assert!(stale.is_empty(), "{WRITE}=1 cargo test --lib schemas writes them anew: {stale:#?}");
    let page = fs::read_to_string(folder.with_file_name("schemas.md")).unwrap();
    let files = fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, all().len(), "a file of no type lies in docs/schemas");
    for (name, _) in all() {
        assert!(page.contains(&format!("(schemas/{name}.json)")), "{name} is not in docs/schemas.md");
    }
}
