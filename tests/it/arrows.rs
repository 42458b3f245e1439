//! Every arrow goes down: who imports whom below `src`, held against the order of rooms in the head of `src/lib.rs`.
//!
//! And no verb imports a verb. A name that a module only hands on (`pub use`) counts as an import of the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// `stack/family/entry`, and what the file says.
type Sources = BTreeMap<Vec<String>, String>;

/// Who imports whom.
type Edges = BTreeSet<(Vec<String>, Vec<String>)>;

#[test]
fn every_import_goes_down_and_none_in_a_circle() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = read(&src);
    assert!(sources.len() > 200, "{}", sources.len());
    let faults = faults(&sources, &fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A file that answers one question is not longer.
const MOST_LINES: usize = 400;

#[test]
fn no_file_is_longer_than_a_question_needs() {
    let sources = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let too_long = |(name, text): (&Vec<String>, &String)| {
        let (name, lines) = (name.join("/"), text.lines().count());
        (lines > MOST_LINES).then(|| {
            format!("src/{name}.rs has {lines} lines, {MOST_LINES} are enough: split it by question")
        })
    };
    let mut faults: Vec<String> = sources.iter().filter_map(too_long).collect();
    for (name, sources) in crates() {
        faults.extend(sources.iter().filter_map(too_long).map(|fault| format!("crates/{name}/{fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_files_of_a_crate_that_others_may_use_import_each_other() {
    for (name, sources) in crates() {
        assert!(!sources.is_empty(), "{name}");
        let circles = circles(&edges(&sources));
        assert!(circles.is_empty(), "{name}: {}", circles.join("\n"));
    }
}

/// The crates below `crates`, with their sources.
fn crates() -> Vec<(String, Sources)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let all: Vec<_> = all
        .map(|entry| (entry.file_name().into_string().unwrap(), read(&entry.path().join("src"))))
        .collect();
    assert!(all.len() >= 3, "{all:?}");
    all
}

#[test]
fn each_kind_of_wrong_arrow_is_seen() {
    let order = "//! - [`low`]: a\n//! - [`high`], [`command`]: b\n";
    let found = |files: &[(&str, &str)]| {
        let mut sources: Sources =
            ["low", "high", "command"].map(|room| (vec![room.to_owned()], String::new())).into();
        sources.extend(files.iter().map(|(name, text)| (split(name), (*text).to_owned())));
        faults(&sources, order)
    };
    assert_eq!(found(&[("high/a", "use crate::low::b;\n"), ("low/b", "")]), [""; 0]);
    assert_eq!(
        found(&[("low/b", "use crate::{\n    high::a::Name as Other,\n};\n"), ("high/a", "")]),
        ["low/b imports high/a, which stands below it in src/lib.rs"]
    );
    assert_eq!(
        found(&[("low/b", "fn f() -> crate::high::a::Name {}\n"), ("high/a", "")]),
        ["low/b imports high/a, which stands below it in src/lib.rs"]
    );
    assert_eq!(
        found(&[
            ("low/a", "use super::b;"),
            ("low/b", "use super::c::{C, D};"),
            ("low/c", "use super::a::*;")
        ]),
        ["these import each other: low/a low/b low/c"]
    );
    // By way of what hands a name on.
    assert_eq!(
        found(&[("low", "pub use a::A;\n"), ("low/a", "use crate::low::b::B;"), ("low/b", "use super::A;")]),
        ["these import each other: low/a low/b"]
    );
    assert_eq!(
        found(&[
            ("low", "pub use a::A;\n"),
            ("low/a", ""),
            ("low/b", "use super::A;"),
            ("high/a", "use crate::low;")
        ]),
        [""; 0]
    );
    assert_eq!(
        found(&[("new", "use crate::low::a;"), ("low/a", "")]),
        ["the room `new` is not in the order of rooms in src/lib.rs"]
    );
    assert_eq!(
        found(&[
            ("command/list", "use crate::command::run;\n"),
            ("command/run/mod", ""),
            ("command/run", "")
        ]),
        ["the verb `list` imports the verb `run`"]
    );
    assert_eq!(
        found(&[("command/run/case", "use super::session::A;"), ("command/run/session", "")]),
        [""; 0]
    );
    assert_eq!(found(&[("command", "use run::run;"), ("command/run", "")]), [""; 0]);
    // Neither comments nor texts nor the tests of a file are imports.
    let quiet = "// use crate::high::a;\n/// [`crate::high::a`]\nconst A: &str = \"use crate::high::a;\";\n\
                 pub(in crate::low) fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::high::a;\n}\n";
    assert_eq!(found(&[("low/b", quiet), ("high/a", "")]), [""; 0]);
}

fn read(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    for entry in walkdir(folder) {
        let name = entry.strip_prefix(folder).unwrap().with_extension("");
        let mut parts: Vec<String> = name.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        parts.pop_if(|last| last == "mod");
        if parts != ["lib"] && parts != ["main"] {
            sources.insert(parts, fs::read_to_string(&entry).unwrap());
        }
    }
    sources
}

fn walkdir(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn faults(sources: &Sources, lib: &str) -> Vec<String> {
    let order = order(lib);
    let place = |room: &String| order.iter().position(|known| known == room);
    let edges = edges(sources);
    let rooms: BTreeSet<&String> = sources.keys().map(|file| &file[0]).collect();
    let mut faults: Vec<String> = rooms
        .into_iter()
        .filter(|room| place(room).is_none())
        .map(|room| format!("the room `{room}` is not in the order of rooms in src/lib.rs"))
        .collect();
    for (from, to) in &edges {
        if from[0] != to[0] && place(&from[0]) < place(&to[0]) && place(&from[0]).is_some() {
            let (from, to) = (from.join("/"), to.join("/"));
            faults.push(format!("{from} imports {to}, which stands below it in src/lib.rs"));
        }
    }
    // Below `command` stands one verb a file or folder.
    for (from, to) in &edges {
        if let ([room, verb, ..], [other, another, ..]) = (from.as_slice(), to.as_slice())
            && room == "command"
            && other == "command"
            && verb != another
        {
            faults.push(format!("the verb `{verb}` imports the verb `{another}`"));
        }
    }
    faults.extend(circles(&edges));
    faults
}

/// The rooms in the order of the list in the head of the library.
fn order(lib: &str) -> Vec<String> {
    let name = Regex::new(r"\[`(\w+)`\]").unwrap();
    let list = lib.lines().filter(|line| line.starts_with("//! - ") || line.starts_with("//!   "));
    list.flat_map(|line| name.captures_iter(line).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect()
}

fn edges(sources: &Sources) -> Edges {
    let names: BTreeMap<&Vec<String>, Vec<Vec<String>>> =
        sources.iter().map(|(file, text)| (file, imports(file, text, sources))).collect();
    let defined = |name: &[String]| {
        let mut name = name.to_vec();
        // Handed on at most from folder to folder, each deeper than the one before.
        loop {
            let length = (0..=name.len()).rev().find(|&length| sources.contains_key(&name[..length]))?;
            let file = &name[..length];
            let onward = name.get(length).and_then(|item| {
                let handed = names[&file.to_vec()].iter().find(|other| {
                    other.len() > length + 1 && other.starts_with(file) && other.last() == Some(item)
                });
                handed.filter(|_| hands_on(&sources[file], item))
            });
            match onward {
                Some(onward) => name.clone_from(onward),
                None => return Some(file.to_vec()),
            }
        }
    };
    let all = names.iter().flat_map(|(from, names)| {
        names.iter().filter_map(|name| Some(((*from).clone(), defined(name)?))).collect::<Vec<_>>()
    });
    all.filter(|(from, to)| from != to).collect()
}

/// Whether `text` hands on `item` by `pub use`.
fn hands_on(text: &str, item: &str) -> bool {
    let uses = Regex::new(r"(?m)^pub(?:\([^)]*\))?\s+use\s+([^;]+);").unwrap();
    let mut words = uses.captures_iter(text).flat_map(|found| {
        let words: Vec<String> = found[1]
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .map(str::to_owned)
            .collect();
        words
    });
    words.any(|word| word == item)
}

/// The full names of everything that `text`, the source of `file`, imports.
fn imports(file: &[String], text: &str, sources: &Sources) -> Vec<Vec<String>> {
    let noise = Regex::new(r#"//[^\n]*|"(?:[^"\\]|\\.)*"|pub\(in [^)]*\)"#).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = noise.replace_all(code, "");
    let uses = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);").unwrap();
    let inline = Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
    let mut found: Vec<String> = uses.captures_iter(&code).flat_map(|found| expand(&found[1])).collect();
    let rest = uses.replace_all(&code, "");
    found.extend(inline.find_iter(&rest).map(|path| path.as_str().to_owned()));
    found.iter().filter_map(|path| absolute(file, path, sources)).collect()
}

/// `a::{b, c::{d, e as f}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![tree.split_whitespace().next().unwrap_or_default().to_owned()];
    };
    let body = rest.rsplit_once('}').map_or(rest, |(body, _)| body);
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (at, letter) in body.char_indices().chain([(body.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = body[start..at].trim();
                if !part.is_empty() {
                    all.extend(expand(part).into_iter().map(|part| format!("{}{part}", head.trim())));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    all
}

/// The path from the root of the crate. `None` for what is of another crate.
fn absolute(file: &[String], path: &str, sources: &Sources) -> Option<Vec<String>> {
    let mut words: Vec<String> = path
        .split("::")
        .map(str::trim)
        .filter(|word| !["self", "*"].contains(word))
        .map(str::to_owned)
        .collect();
    match words.first()?.as_str() {
        "crate" => Some(words.split_off(1)),
        "super" => {
            let up = words.iter().take_while(|word| *word == "super").count();
            let mut whole = file.get(..file.len().checked_sub(up)?)?.to_vec();
            whole.extend(words.split_off(up));
            Some(whole)
        }
        child => {
            let mut whole = file.to_vec();
            whole.push(child.to_owned());
            (sources.contains_key(&whole) || path.starts_with("self::")).then(|| {
                whole.extend(words.split_off(1));
                whole
            })
        }
    }
}

/// Every set of files each of which reaches each other by imports.
fn circles(edges: &Edges) -> Vec<String> {
    let mut next: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
    }
    let reached = |from: &Vec<String>| {
        let mut open: Vec<&Vec<String>> = next.get(from).into_iter().flatten().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(file) = open.pop() {
            if seen.insert(file.clone()) {
                open.extend(next.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
        next.keys().map(|file| (*file, reached(file))).collect();
    let circles: BTreeSet<Vec<String>> = reached
        .iter()
        .filter(|(file, seen)| seen.contains(**file))
        .map(|(file, seen)| {
            let back = |other: &&Vec<String>| reached.get(*other).is_some_and(|seen| seen.contains(*file));
            seen.iter().filter(back).map(|file| file.join("/")).collect()
        })
        .collect();
    circles.into_iter().map(|files| format!("these import each other: {}", files.join(" "))).collect()
}

fn split(name: &str) -> Vec<String> {
    name.split('/').map(str::to_owned).collect()
}
