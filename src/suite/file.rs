//! `suite.toml` as a person writes it → the checked model, with every fault at its line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::document::{self, Table, Written};
use crate::error::{Fault, Source};
use crate::suite::alternatives::Alternatives;
use crate::suite::command::{Known, template};
use crate::suite::expect;
use crate::suite::folder::{Folder, Lack};
use crate::suite::limits::{self, Limits};
use crate::suite::requirement::{Need, Requirement};
use crate::suite::template::Template;
use crate::suite::vocabulary::Vocabulary;
use crate::suite::{Action, Layer, Native, Probe, Protocol, Service, Suite, launch};

/// Limit of a command where neither the probe nor its suite sets one.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What a suite sets for all its probes.
struct Defaults {
    tags: Vec<String>,
    files: Vec<String>,
    env: Vec<(String, String)>,
    timeout: Duration,
    limits: Limits,
    modules: Vec<Alternatives>,
}

/// Reads one suite. `folder` is where its files are, `vocabulary` the names that tables know.
///
/// # Errors
/// Every fault of the file.
pub fn parse(source: &Source, folder: &Folder, vocabulary: &Vocabulary) -> Result<Suite, Vec<Fault>> {
    document::read(source, |root| {
        let name = name(root, "name");
        let summary = root.needed_string("summary").map(|summary| summary.value).unwrap_or_default();
        let toolchain = toolchain(root);
        let defaults = Defaults {
            tags: texts(root.strings("tags")),
            files: files(root, "files", folder),
            env: env(root),
            timeout: limits::duration(root, "timeout").unwrap_or(TIMEOUT),
            limits: Limits::read(root),
            modules: modules(root),
        };
        let runtime = root.string("runtime").map(|runtime| runtime.value);
        let mut names: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let probes = root.tables("probe", |table| {
            let written = table.string("name");
            let probe = probe(table, folder, &defaults, vocabulary);
            if let Some(written) = written
                && names.insert(written.value.clone(), written.span.clone()).is_some()
            {
                table.fault(format!("the probe name `{}` is taken", written.value), written.span);
            }
            probe
        });
        if probes.is_empty() {
            root.fault_with_hint("a suite must have a probe", 0..0, "add a [[probe]]");
        }
        Suite {
            name,
            summary,
            toolchain,
            runtime,
            modules: defaults.modules,
            folder: folder.clone(),
            source: source.clone(),
            probes,
        }
    })
}

fn probe(table: &mut Table<'_>, folder: &Folder, defaults: &Defaults, vocabulary: &Vocabulary) -> Probe {
    let line = table.source().position(table.span().start).0;
    let mut files = files(table, "files", folder);
    files.extend(defaults.files.iter().filter(|file| !files.contains(file)).cloned().collect::<Vec<_>>());
    let sources = self::files(table, "sources", folder);
    flat(table, sources.iter().chain(&files));
    let build = table.one_or_more_strings("build").unwrap_or_default();
    let known = Known { vocabulary, modules: &defaults.modules };
    let action = action(table, build.is_empty(), known);
    let build: Vec<Template> =
        build.into_iter().filter_map(|command| template(table, &command, known)).collect();
    let mut env = defaults.env.clone();
    env.extend(self::env(table));
    let mut tags = defaults.tags.clone();
    tags.extend(texts(table.strings("tags")));
    let (protocol, expect) = (protocol(table), expect::read(table));
    Probe {
        launch: launch::read(table, &build, &action),
        name: name(table, "name"),
        summary: table.needed_string("summary").map(|summary| summary.value).unwrap_or_default(),
        why: table.string("why").map(|why| why.value).unwrap_or_default(),
        action,
        tags,
        sources,
        files,
        build,
        ranks: counts(table, "ranks"),
        protocol,
        expect,
        timeout: limits::duration(table, "timeout").unwrap_or(defaults.timeout),
        limits: Limits::read(table).or(defaults.limits),
        slots: table.number("slots", 1..=4096).and_then(|slots| u32::try_from(slots.value).ok()),
        retries: table
            .number("retries", 0..=100)
            .and_then(|retries| u32::try_from(retries.value).ok())
            .unwrap_or(0),
        requires: requires(table, known),
        env,
        control: table.boolean("control").unwrap_or(false),
        aslr: table.boolean("aslr").unwrap_or(true),
        services: Service::ALL
            .into_iter()
            .filter(|(key, _)| table.boolean(key) == Some(true))
            .map(|(_, service)| service)
            .collect(),
        line,
    }
}

/// Files are staged into one flat folder, so two of one base name would overwrite each other.
fn flat<'f>(table: &mut Table<'_>, files: impl Iterator<Item = &'f String>) {
    let mut seen = BTreeMap::new();
    for file in files {
        let base = file.rsplit('/').next().unwrap_or(file);
        if let Some(other) = seen.insert(base.to_owned(), file)
            && other != file
        {
            table.fault(
                format!("`{other}` and `{file}` would be staged under one name, `{base}`"),
                table.span(),
            );
        }
    }
}

fn action(table: &mut Table<'_>, builds_nothing: bool, known: Known<'_>) -> Action {
    let run = table.string("run");
    let native = table.string("native");
    match (run, native) {
        (Some(run), Some(native)) => {
            table.fault("`run` and `native` exclude each other", native.span);
            template(table, &run, known).map_or(Action::Build, Action::Run)
        }
        (Some(run), None) => template(table, &run, known).map_or(Action::Build, Action::Run),
        (None, Some(native)) => {
            let found = Native::ALL.iter().find(|(name, _)| *name == native.value);
            found.map_or_else(
                || {
                    let known: Vec<&str> = Native::ALL.iter().map(|(name, _)| *name).collect();
                    table.fault(format!("`native` must be one of {}", known.join(", ")), native.span);
                    Action::Build
                },
                |(_, native)| Action::Native(*native),
            )
        }
        (None, None) => {
            if builds_nothing {
                table.fault("a probe must have `build`, `run` or `native`", table.span());
            }
            Action::Build
        }
    }
}

fn name(table: &mut Table<'_>, key: &'static str) -> String {
    let Some(name) = table.needed_string(key) else { return String::new() };
    let fits =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_+.".contains(letter);
    if name.value.is_empty() || !name.value.chars().all(fits) || name.value.starts_with('.') {
        table.fault(
            format!("the name `{}` must be made of a-z, 0-9, `-`, `_`, `+` and `.`", name.value),
            name.span,
        );
    }
    name.value
}

fn texts(written: Option<Vec<Written<String>>>) -> Vec<String> {
    written.unwrap_or_default().into_iter().map(|text| text.value).collect()
}

fn toolchain(table: &mut Table<'_>) -> Vec<Layer> {
    let mut layers = Vec::new();
    if table.keys().all(|key| key.value != "toolchain") {
        let hint = "a list of compiler, mpi, runtime, or [\"any\"]";
        table.fault_with_hint("`toolchain` is missing", table.span(), hint);
    }
    let words = table.strings("toolchain").unwrap_or_default();
    let any = words.iter().any(|word| word.value == "any");
    for word in words {
        match word.value.as_str() {
            "any" => {}
            other if any => {
                table.fault(format!("`any` is every toolchain, so `{other}` adds nothing"), word.span);
            }
            "compiler" => layers.push(Layer::Compiler),
            "mpi" => layers.push(Layer::Mpi),
            "runtime" => layers.push(Layer::Runtime),
            other => {
                table.fault(
                    format!("`toolchain` knows compiler, mpi, runtime and any, not `{other}`"),
                    word.span,
                );
            }
        }
    }
    layers.sort();
    layers.dedup();
    if layers == [Layer::Mpi] {
        layers.insert(0, Layer::Compiler);
    }
    layers
}

fn files(table: &mut Table<'_>, key: &'static str, folder: &Folder) -> Vec<String> {
    let files = table.strings(key).unwrap_or_default();
    for file in &files {
        let (what, hint) = match folder.lacks(&file.value) {
            None => continue,
            Some(Lack::Outside(real)) => (
                format!("`{}` leads out of the suite's folder, to {}", file.value, real.display()),
                "put a copy of the file into the folder".to_owned(),
            ),
            Some(Lack::Missing) => (
                format!("there is no file `{}` in the suite's folder", file.value),
                format!("looked for {}", folder.path(&file.value).display()),
            ),
            Some(Lack::Hidden(fault)) => (
                format!("`{}` cannot be read: {fault}", file.value),
                fault.hint().unwrap_or("look at the file system that the suite lies on").to_owned(),
            ),
        };
        table.fault_with_hint(what, file.span.clone(), hint);
    }
    texts(Some(files))
}

fn modules(root: &mut Table<'_>) -> Vec<Alternatives> {
    let mut modules = Vec::new();
    for name in root.strings("modules").unwrap_or_default() {
        match Alternatives::parse(&name.value) {
            Ok(alternatives) => modules.push(alternatives),
            Err(fault) => root.fault(fault, name.span),
        }
    }
    modules
}

fn env(table: &mut Table<'_>) -> Vec<(String, String)> {
    let mut env = Vec::new();
    for (name, value) in table.string_table("env").unwrap_or_default() {
        if name.value.is_empty() || name.value.contains(['=', '\0']) || value.value.contains('\0') {
            table.fault(format!("`{}` cannot be set in an environment", name.value), name.span);
        } else {
            env.push((name.value, value.value));
        }
    }
    env
}

fn counts(table: &mut Table<'_>, key: &'static str) -> Vec<u32> {
    let written = table.numbers(key, 1..=65536).unwrap_or_default();
    let mut counts: Vec<u32> = Vec::new();
    for count in written {
        match u32::try_from(count.value) {
            Ok(value) if !counts.contains(&value) => counts.push(value),
            _ => table.fault(format!("`{key}` holds {} twice", count.value), count.span),
        }
    }
    counts
}

fn protocol(table: &mut Table<'_>) -> Protocol {
    match table.string("protocol") {
        None => Protocol::Exit,
        Some(written) => match written.value.as_str() {
            "exit" => Protocol::Exit,
            "tap" => Protocol::Tap,
            other => {
                table.fault(format!("`protocol` must be exit or tap, found `{other}`"), written.span);
                Protocol::Exit
            }
        },
    }
}

fn requires(table: &mut Table<'_>, Known { vocabulary, modules }: Known<'_>) -> Vec<Requirement> {
    let mut requires = Vec::new();
    for written in table.strings("requires").unwrap_or_default() {
        match Requirement::parse(&written.value) {
            Ok(mut requirement) => {
                requirement.take_alternatives(modules);
                let capability =
                    if let Need::Capability(name) = &requirement.need { Some(name) } else { None };
                match capability.and_then(|name| vocabulary.fault_of_capability(name)) {
                    Some(fault) => table.leave_fault(fault, written.span),
                    None => requires.push(requirement),
                }
            }
            Err(fault) => table.fault(fault, written.span),
        }
    }
    requires
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::End;

    fn suite(text: &str) -> Result<Suite, Vec<Fault>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.c"), "").unwrap();
        let source = Source::new("suite.toml", text);
        parse(&source, &Folder::Disk(folder.path().to_path_buf()), &Vocabulary::default())
    }

    const HEAD: &str = "name = \"s\"\nsummary = \"x\"\ntoolchain = [\"mpi\"]\n";

    #[test]
    fn a_suite_reads_into_its_model() {
        let text = format!(
            "{HEAD}timeout = \"5s\"\n[[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"a.c\"]\n\
             build = \"{{mpicc}} {{sources}} -o {{exe}}\"\nrun = \"{{mpirun}} -n {{ranks}} {{exe}}\"\nranks = [2, 4]\n\
             protocol = \"tap\"\nexpect = {{ exit = 3 }}\ncontrol = true\n"
        );
        let suite = suite(&text).unwrap();
        assert_eq!(suite.toolchain, [Layer::Compiler, Layer::Mpi]);
        let probe = &suite.probes[0];
        assert_eq!(
            (probe.ranks.as_slice(), probe.timeout, probe.line),
            (&[2, 4][..], Duration::from_secs(5), 5)
        );
        assert_eq!(probe.expect.end, End::Exit(3));
        assert!(probe.control);
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = format!(
            "{HEAD}[[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"b.c\"]\nbuild = \"{{c}} x\"\nrank = 2\n\
             [[probe]]\nname = \"p\"\nsummary = \"y\"\nrun = \"x\"\ntimeout = \"soon\"\n\
             expect = {{ exit = \"never\", stdout = \"(\" }}\nrequires = [\"luck\", \"capability x\"]\n\
             cpu-time = \"0s\"\nmemory = \"much\"\nfile-size = \"-1\"\n"
        );
        let faults: Vec<String> = suite(&text).unwrap_err().iter().map(ToString::to_string).collect();
        let lines: Vec<&str> = faults
            .iter()
            .map(|fault| fault.split("suite.toml:").nth(1).unwrap().split(':').next().unwrap())
            .collect();
        assert_eq!(
            lines,
            ["7", "8", "9", "11", "14", "15", "15", "16", "16", "17", "18", "19"],
            "{faults:#?}"
        );
    }

    #[test]
    fn two_files_of_one_base_name_cannot_be_staged() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        for file in ["a.c", "d/a.c"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let text = format!(
            "{HEAD}[[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"a.c\", \"d/a.c\"]\nrun = \"x\"\n"
        );
        let source = Source::new("suite.toml", text.as_str());
        let faults = parse(&source, &Folder::Disk(folder.path().into()), &Vocabulary::default()).unwrap_err();
        assert_eq!(faults[0].what, "`a.c` and `d/a.c` would be staged under one name, `a.c`");
    }
}
