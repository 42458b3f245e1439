//! The documents that a stranger follows, typed as they stand; and recipes whose commands must be understood.

use std::path::Path;
use std::process::Command;

use clap::Parser;
use stackprobe::cli::Cli;

use crate::fixture::core;

/// The blocks of this language, in their order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Types every `sh` block of a document, one after the other, in one empty folder.
fn typed(document: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_stackprobe")).parent().unwrap().display().to_string();
    let mut told = String::new();
    for block in blocks(document, "sh") {
        let mut command = Command::new("bash");
        command.args(["--norc", "-euc", block]).current_dir(folder.path()).env_clear();
        command.env("PATH", format!("{binaries}:/usr/local/bin:/usr/bin:/bin")).env("HOME", folder.path());
        let output = command.env("NO_COLOR", "1").env("MODULEPATH", core()).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n--- ended with {}\n{said}", output.status);
        told.push_str(&said);
    }
    (told, folder)
}

#[test]
fn first_use_is_as_it_stands() {
    let (told, folder) = typed(include_str!("../../docs/first-use.md"));
    assert!(told.contains("toolchains: ") && told.contains("mpi/hello"), "{told}");
    assert!(folder.path().join("results/report.html").is_file());
}

#[test]
fn the_tutorial_of_a_suite_is_as_it_stands() {
    let (told, folder) = typed(include_str!("../../docs/your-suite.md"));
    for told_of in ["site/sum", "site/limits", "site/control-limits", "site-mpi/ring"] {
        assert!(told.contains(told_of), "{told_of}: {told}");
    }
    assert!(!told.contains(" failed"), "{told}");
    // The control of the tutorial is one: it goes red where the check can no longer see a wrong width.
    let wrong = folder.path().join("suites/site/wrong.c");
    let text = std::fs::read_to_string(&wrong).unwrap();
    std::fs::write(&wrong, text.replace("\"not \"", "\"\"")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    command
        .args(["run", "site/control-limits", "--suites", "suites", "--cc", "gcc/12"])
        .current_dir(folder.path());
    let output = command.env("MODULEPATH", core()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every `stackprobe …` of a recipe, whatever stands around it.
fn commands(text: &str) -> Vec<String> {
    let starts = ["- stackprobe ", "run: stackprobe ", "sh 'stackprobe "];
    let mut found: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let start = starts.iter().find_map(|start| Some(line.find(start)? + start.len()))?;
            Some(format!("stackprobe {}", line[start..].trim_end_matches('\'')))
        })
        .collect();
    let listed = text.lines().filter_map(|line| line.trim().strip_prefix("command: [")?.strip_suffix(']'));
    found.extend(listed.map(|words| words.replace(',', "")));
    found.extend(blocks(text, "sh").into_iter().flat_map(str::lines).map(str::to_owned));
    found
}

#[test]
fn every_command_of_a_recipe_is_understood() {
    for (text, least) in [(include_str!("../../docs/ci.md"), 9), (include_str!("../../README.md"), 20)] {
        let found = commands(text);
        let ours = found.iter().filter(|line| line.starts_with("stackprobe "));
        let mut understood = 0;
        for line in ours {
            let line = line
                .split("  #")
                .next()
                .unwrap()
                .replace("$CI_NODE_INDEX", "1")
                .replace("$CI_NODE_TOTAL", "4");
            let words = shell_words::split(line.split(" #").next().unwrap()).unwrap();
            let read = Cli::try_parse_from(&words);
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
            understood += 1;
        }
        assert!(understood >= least, "{understood}: {found:?}");
    }
}

#[test]
fn every_diagnosis_that_a_document_names_is_one() {
    let rules = stackprobe::verdict::rules::Rules::parse(&stackprobe::verdict::rules::shipped()).unwrap();
    let faq = include_str!("../../docs/faq.md");
    let named = regex::Regex::new(r"\(((?:`[a-z0-9-]+`(?:, )?)+)\)").unwrap();
    let mut count = 0;
    for found in named.captures_iter(faq) {
        for id in found[1].split(", ").map(|id| id.trim_matches('`')) {
            assert!(rules.explain(id).is_some(), "docs/faq.md names `{id}`, which is no diagnosis");
            count += 1;
        }
    }
    assert!(count >= 12, "only {count} were found");
}

#[test]
fn every_document_is_pointed_to_and_points_to_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let link = regex::Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    for entry in std::fs::read_dir(root.join("docs")).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let name = format!("docs/{}", path.file_name().unwrap().to_string_lossy());
        assert!(readme.contains(&name), "README.md does not point to {name}");
        let text = std::fs::read_to_string(&path).unwrap();
        for found in link.captures_iter(&text) {
            let to = root.join("docs").join(&found[1]);
            assert!(to.exists(), "{name} points to {}, which is not there", &found[1]);
        }
    }
}
