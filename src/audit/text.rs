//! An audit for people.

use std::fmt::Write as _;

use super::answer::{Audit, Read};
use super::cache::Cache;
use super::finding::Finding;
use super::impact::Impact;
use crate::report::text::{line, many};

/// Lines of one kind that are shown.
const SHOWN: usize = 20;
/// Characters of a line.
const SHORT: usize = 400;

/// What does not agree, what is not known, what was looked at, and the sum of it last.
#[must_use]
pub fn render(audit: &Audit) -> String {
    let mut text = String::new();
    for same in audit.findings.chunk_by(|left, right| left.kind == right.kind) {
        findings(same, &mut text);
    }
    for unknown in &audit.unknown {
        let _ = writeln!(text, "cannot tell: {}", line(&unknown.what, SHORT));
    }
    if let Some(held) = &audit.cache {
        cache(held, &mut text);
    }
    for impact in &audit.impact {
        touched(impact, &mut text);
    }
    read(&audit.read, &mut text);
    let (wrong, unknown) = (audit.findings.len(), audit.unknown.len());
    let sum = match (wrong, unknown) {
        (0, 0) => "all of it agrees".to_owned(),
        (0, _) => format!("what could be looked at agrees; {} could not be", many(unknown, "thing")),
        (1, 0) => "1 thing does not agree".to_owned(),
        (_, 0) => format!("{wrong} things do not agree"),
        _ => format!(
            "{} not agreeing, {} that could not be looked at",
            many(wrong, "thing"),
            many(unknown, "thing")
        ),
    };
    let _ = writeln!(text, "{sum}");
    text
}

fn findings(same: &[Finding], text: &mut String) {
    let Some(first) = same.first() else { return };
    let _ =
        writeln!(text, "{} [{}]: {}", many(same.len(), "finding"), first.kind.name(), first.kind.meaning());
    listed(same.iter().map(|finding| &*finding.what), same.len(), text);
    let _ = writeln!(text, "  hint: {}", first.fix);
}

fn listed<'l>(lines: impl Iterator<Item = &'l str>, all: usize, text: &mut String) {
    for shown in lines.take(SHOWN) {
        let _ = writeln!(text, "  {}", line(shown, SHORT));
    }
    if all > SHOWN {
        let _ = writeln!(text, "  and {} more: --format json has them", all - SHOWN);
    }
}

fn cache(held: &Cache, text: &mut String) {
    let Cache { path, layout, packages, specs, hits, misses, unasked } = held;
    let _ = writeln!(text, "build cache {path} (layout {layout}): {}", many(*packages, "package"));
    if *specs == 0 {
        let _ = writeln!(text, "  no lock file asks for any: --lock names one");
        return;
    }
    let wanted = misses.iter().filter(|miss| !miss.only_builds).count();
    let _ = writeln!(
        text,
        "  it has {hits} of {} of the lock files; {} missing, {} more that only build others; {} that no lock file asks for",
        many(*specs, "spec"),
        wanted,
        misses.len() - wanted,
        many(unasked.len(), "package"),
    );
    let lines: Vec<String> = misses
        .iter()
        .map(|miss| {
            let only = if miss.only_builds { ", only builds others" } else { "" };
            format!(
                "miss: {}/{}: {}{only}",
                miss.package,
                &miss.hash.get(..7).unwrap_or(&miss.hash),
                miss.why
            )
        })
        .collect();
    listed(lines.iter().map(String::as_str), lines.len(), text);
    let lines: Vec<String> = unasked.iter().map(|one| format!("not asked for: {one}")).collect();
    listed(lines.iter().map(String::as_str), lines.len(), text);
}

fn touched(impact: &Impact, text: &mut String) {
    let Impact { change, changed, rebuilt, modules, tests } = impact;
    let _ = writeln!(
        text,
        "a change of {change} ({}): {} to build again, {} to write anew",
        many(changed.len(), "package"),
        many(rebuilt.len(), "package"),
        many(modules.len(), "modulefile"),
    );
    let lines: Vec<String> = rebuilt.iter().map(|one| format!("build: {one}")).collect();
    listed(lines.iter().map(String::as_str), lines.len(), text);
    let lines: Vec<String> =
        modules.iter().map(|one| format!("module: {} {}", one.module, one.file)).collect();
    listed(lines.iter().map(String::as_str), lines.len(), text);
    let Some(tests) = tests else { return };
    let _ = writeln!(
        text,
        "  to test again: {} of {}, {} of {}; and {} under any toolchain that look at the whole stack",
        tests.toolchains.len(),
        many(tests.of_toolchains, "toolchain"),
        tests.cases,
        many(tests.of_cases, "case"),
        tests.looking,
    );
    listed(tests.toolchains.iter().map(String::as_str), tests.toolchains.len(), text);
    for label in &tests.unloaded {
        let _ = writeln!(text, "  {label} does not load: all of its cases are counted");
    }
}

fn read(read: &Read, text: &mut String) {
    for tree in &read.trees {
        let other = if tree.own { "" } else { " of another Spack, which owes this stack nothing" };
        let _ = writeln!(text, "{} in {}{other}", many(tree.installs, "install"), tree.path);
    }
    for environment in &read.environments {
        let _ = writeln!(text, "{} in {}", many(environment.specs, "spec"), environment.path);
    }
    match read.modulefiles {
        Some(found) => {
            let _ = writeln!(
                text,
                "{}, {} of them of installs",
                many(found.files, "modulefile"),
                found.of_installs
            );
        }
        None => text.push_str("modulefiles are not looked at with --tree\n"),
    }
}
