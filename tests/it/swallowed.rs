//! No error is lost without a word: what is thrown away says why, and what only a bug can break ends everything.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Every source of the binary and its crates, without its tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("crates")];
    let mut all = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "rs") && !is_test(&path) {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            all.push((path.strip_prefix(root).unwrap().display().to_string(), code));
        }
    }
    assert!(all.len() > 200, "{}", all.len());
    all
}

fn is_test(path: &Path) -> bool {
    let name: PathBuf = path.file_name().unwrap().into();
    name == Path::new("tests.rs") || name == Path::new("schemas.rs")
}

/// `let _ =` of anything but writing to a text, without a comment in the two lines above it.
fn discarded(text: &str) -> Vec<usize> {
    let thrown = Regex::new(r"\blet _ = ").unwrap();
    let text_of_ours = Regex::new(r"\blet _ = write(?:ln)?!").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let is_bare = |at: &usize| {
        thrown.is_match(lines[*at])
            && !text_of_ours.is_match(lines[*at])
            && !lines[at.saturating_sub(2)..=*at].iter().any(|line| line.contains("//"))
    };
    (0..lines.len()).filter(is_bare).map(|at| at + 1).collect()
}

/// A pattern of ours that would match nothing were it broken, and JSON of our own types that would be null.
fn hushed(text: &str) -> Vec<usize> {
    let broken = Regex::new(
        r##"Regex::new\(r?#?"[^;]*?"#?\)\s*\.ok\(\)|LazyLock<Option<(?:\w+::)*Regex>>|serde_json::to_\w+\([^;]*?\)\s*\.unwrap_or_default\(\)"##,
    )
    .unwrap();
    broken.find_iter(text).map(|found| text[..found.start()].lines().count()).collect()
}

#[test]
fn what_is_thrown_away_says_why() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        faults.extend(discarded(&text).iter().map(|line| format!("{name}:{line}: no word why it is lost")));
        faults.extend(hushed(&text).iter().map(|line| format!("{name}:{line}: only a bug can break this")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn each_kind_of_lost_error_is_seen() {
    assert_eq!(discarded("fn f() {\n\n\n    let _ = kill(pid);\n}\n"), [4]);
    assert!(discarded("    // It may be gone.\n    let _ = kill(pid);\n").is_empty());
    assert!(discarded("\n\nlet _ = writeln!(text);\nlet _guard = lock();\n").is_empty());
    assert_eq!(hushed("\nlet a = LazyLock::new(|| Regex::new(r\"a\").ok());\n").len(), 1);
    assert_eq!(hushed("let v = serde_json::to_value(&facts).unwrap_or_default();").len(), 1);
    assert!(hushed("Regex::new(&by_name).ok()").is_empty());
}
