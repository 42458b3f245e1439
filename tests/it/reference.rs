//! `docs/` says what the code does: keys, placeholders and examples.

use std::collections::BTreeSet;
use std::path::Path;

use stackprobe::suite::template::Placeholder;

use crate::fixture::call;

fn docs(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Every `word` of the text that stands between backquotes.
fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_key_that_a_suite_uses_is_described() {
    let text = docs("suites.md");
    let (_, text) = text.split_once("## Keys of a suite").unwrap();
    let (suite, probe) = text.split_once("## Keys of a probe").unwrap();
    let (suite, probe) = (quoted(suite), quoted(probe));
    let mut seen = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites")).unwrap() {
        let Ok(file) = std::fs::read_to_string(entry.unwrap().path().join("suite.toml")) else { continue };
        let file: toml::Table = toml::from_str(&file).unwrap();
        for key in file.keys() {
            assert!(suite.contains(key.as_str()), "{key} of a suite");
        }
        for table in file["probe"].as_array().unwrap() {
            for key in table.as_table().unwrap().keys() {
                assert!(probe.contains(key.as_str()), "{key} of a probe");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_placeholder_is_described_as_the_code_does() {
    let text = docs("suites.md");
    for (name, _, meaning) in Placeholder::ALL {
        let row = format!("| `{{{name}}}` | {meaning} |");
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn every_room_stands_in_the_architecture() {
    let rooms = include_str!("../../ARCHITECTURE.md");
    let modules = include_str!("../../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
    let modules: Vec<&str> = modules.map(|name| name.trim_end_matches(';')).collect();
    assert!(modules.len() > 20, "{modules:?}");
    for room in modules {
        assert!(rooms.contains(&format!("`{room}`")), "{room}");
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let tops =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name));
    let mut links = 0;
    for page in pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")).chain(tops) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if !link.is_empty() && !link.contains("://") {
                links += 1;
                assert!(page.parent().unwrap().join(link).exists(), "{}: {link}", page.display());
            }
        }
    }
    assert!(links > 20, "{links}");
}

#[test]
fn the_example_of_a_suite_is_one() {
    let text = docs("suites.md");
    let example = text.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let mut call = call(&["list", "site", "--suites", "suites"]).file("suites/site/suite.toml", example);
    for source in ["halo.c", "answer.f90", "wrong.f90"] {
        call = call.file(&format!("suites/site/{source}"), "");
    }
    let listed = call.run().exits(0);
    assert!(listed.stdout.contains("control-answer") && listed.stdout.contains("halo"), "{}", listed.stdout);
}
