//! The documents that a stranger follows, typed as they stand; and recipes whose commands must be understood.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use clap::Parser;
use stackprobe::cli::Cli;

use crate::fixture::{core, tree};

/// The blocks of this language, in their order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Types commands in a folder: whether they succeeded, and all that they printed.
fn type_in(folder: &Path, block: &str, modulepath: &str) -> (bool, String) {
    let binaries = Path::new(env!("CARGO_BIN_EXE_stackprobe")).parent().unwrap().display().to_string();
    let mut command = Command::new("bash");
    command.args(["--norc", "-euc", block]).current_dir(folder).env_clear();
    command.env("PATH", format!("{binaries}:/usr/local/bin:/usr/bin:/bin")).env("HOME", folder);
    let output = command.env("NO_COLOR", "1").env("MODULEPATH", modulepath).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

/// Types every `sh` block of a document, one after the other, in one empty folder.
fn typed(document: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut told = String::new();
    for block in blocks(document, "sh") {
        let (succeeded, said) = type_in(folder.path(), block, &core().to_string_lossy());
        assert!(succeeded, "{block}\n--- {said}");
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

/// Modules of a site that calls them as it likes, over the prefixes of the stack.
fn site_modules(root: &Path) {
    let hierarchy = core().parent().unwrap().to_path_buf();
    let copied = |from: &str| {
        let text = std::fs::read_to_string(hierarchy.join(from)).unwrap();
        // A name of the site's own, at a place of its own: only what finds the package is left.
        let kept = text
            .lines()
            .filter(|line| !["MODULEPATH", "LMOD_", "family("].iter().any(|part| line.contains(part)));
        kept.collect::<Vec<_>>().join("\n") + "\n"
    };
    let julia = "prepend_path(\"PATH\", \"{root}/julia\")\n";
    let (cc, mpi) = (copied("Core/gcc/12.2.0.lua"), copied("gcc/12.2.0/openmpi/4.1.4.lua"));
    let files =
        [("m/sitecc/12.2.0.lua", cc.as_str()), ("m/sitempi/2024a.lua", &mpi), ("m/julia/1.9.4.lua", julia)];
    tree(root, &files);
    tree(root, &[("julia/julia", "#!/bin/sh\necho 'julia version 1.9.4'\n")]);
    std::fs::set_permissions(root.join("julia/julia"), PermissionsExt::from_mode(0o755)).unwrap();
}

/// Whether the lines of `wanted` stand in `said` one after the other; `…` stands for anything within a line.
fn answers(said: &str, wanted: &str) -> Result<(), String> {
    let mut lines = said.lines();
    for line in wanted.lines() {
        let parts: Vec<&str> = line.split(" … ").collect();
        let fits = |found: &str| {
            parts.iter().try_fold(found, |rest, part| rest.split_once(part).map(|(_, rest)| rest)).is_some()
        };
        if !lines.any(fits) {
            return Err(format!("`{line}` is not where it should be in\n{said}"));
        }
    }
    Ok(())
}

#[test]
fn every_example_of_a_site_file_does_what_the_document_says() {
    let document = include_str!("../../docs/site.md");
    let house = tempfile::tempdir().unwrap();
    site_modules(house.path());
    let modulepath = format!("{}:{}", core().display(), house.path().join("m").display());
    let mut count = 0;
    // A site file, the commands below it, and what they answer.
    for part in document.split("```toml\n").skip(1) {
        let site = part.split("```").next().unwrap();
        let (typed, wanted) = (blocks(part, "sh"), blocks(part, "text"));
        assert!(typed.len() == 1 && wanted.len() == 1, "one block of commands and one answer:\n{part}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("site.toml"), site).unwrap();
        let (succeeded, said) = type_in(folder.path(), typed[0], &modulepath);
        assert!(succeeded, "{site}\n{}\n--- {said}", typed[0]);
        if let Err(why) = answers(&said, wanted[0]) {
            panic!("{site}\n{why}");
        }
        count += 1;
    }
    assert!(count >= 8, "{count}");
    assert!(answers("a b c\nd\n", "a … c\nd").is_ok() && answers("a b\nd\n", "d\na").is_err());
}

#[test]
fn every_table_of_a_site_file_has_an_example() {
    let document = include_str!("../../docs/site.md");
    let examples = blocks(document, "toml").join("\n");
    let (_, rest) = document.split_once("|---|---|\n").unwrap();
    let named = regex::Regex::new(r"`(\[+[a-z-]+\]+)`").unwrap();
    let tables: Vec<&str> = rest
        .lines()
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| named.captures_iter(line).map(|found| found.get(1).unwrap().as_str()))
        .collect();
    assert!(tables.len() >= 11, "{tables:?}");
    for table in tables {
        // Methods are those of a scheduler: docs/slurm.md has them.
        assert!(table == "[[method]]" || examples.contains(table), "{table}");
    }
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
