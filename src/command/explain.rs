//! `stackprobe explain`: what a suite or a probe checks and why, what a diagnosis means, and how both are called.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use globset::GlobBuilder;

use crate::cli::Explain;
use crate::document::nearest;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::plan::catalogue::Catalogue;
use crate::report::print::print;
use crate::suite::select::Selection;
use crate::suite::site::Site;
use crate::suite::{Probe, Suite};
use crate::verdict::rule::Rule;
use crate::verdict::rules::{Rules, shipped};

/// Prints the explanation.
///
/// # Errors
/// A word that no suite, probe or diagnosis has.
pub fn explain(flags: &Explain) -> Result<Exit, Error> {
    let mut sources = shipped();
    if let Some(path) = &flags.site {
        sources.push(Site::read(path)?);
    }
    let rules = Rules::parse(&sources)?;
    let catalogue = Catalogue::load(&flags.suite_folders, flags.site.as_ref())?;
    let text = match flags.words.as_slice() {
        [] => everything(&rules, &catalogue.suites),
        [name] => match (rules.explain(name), named(name, &catalogue.suites)) {
            (Some(rule), _) => rule.to_string(),
            (None, Some(text)) => text,
            (None, None) => found(&flags.words, &rules, &catalogue.suites)?,
        },
        words => found(words, &rules, &catalogue.suites)?,
    };
    print(&text)?;
    Ok(Exit::Passed)
}

/// The probes that are called so, whole.
fn named(name: &str, suites: &[Suite]) -> Option<String> {
    let selection = Selection::new(&[name.to_owned()], &[], suites).ok()?;
    let mut text = String::new();
    for suite in suites {
        for probe in suite.probes.iter().filter(|probe| selection.takes(suite, probe)) {
            describe(&mut text, suite, probe);
        }
    }
    Some(text).filter(|text| !text.is_empty())
}

fn describe(text: &mut String, suite: &Suite, probe: &Probe) {
    let _ = writeln!(text, "{}/{}: {}", suite.name, probe.name, probe.summary);
    if !probe.why.is_empty() {
        let _ = writeln!(text, "  {}", probe.why.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for command in probe.commands() {
        let _ = writeln!(text, "  $ {command}");
    }
    for requirement in &probe.requires {
        let _ = writeln!(text, "  requires {requirement}");
    }
    if probe.control {
        let _ = writeln!(text, "  a control: it must fail, which proves that the others can");
    }
    let _ = writeln!(text, "  {}:{}", suite.source.path.display(), probe.line);
}

/// Every suite and every diagnosis, a line each.
fn everything(rules: &Rules, suites: &[Suite]) -> String {
    let suites: Vec<(String, &str)> =
        suites.iter().map(|suite| (suite.name.clone(), suite.summary.as_str())).collect();
    let ids: Vec<(String, &str)> = rules.iter().map(|rule| (rule.id.clone(), rule.cause.as_str())).collect();
    format!("Suites (`stackprobe list` has their probes):\n{}\nDiagnoses:\n{}", lines(suites), lines(ids))
}

/// What is called or worded like all of these words.
fn found(words: &[String], rules: &Rules, suites: &[Suite]) -> Result<String, Error> {
    let fits = |name: &str, texts: &[&str]| {
        words.iter().all(|word| {
            let glob = GlobBuilder::new(word).case_insensitive(true).build();
            let glob =
                glob.ok().filter(|_| word.contains(['*', '?', '['])).map(|glob| glob.compile_matcher());
            let word = word.to_lowercase();
            glob.is_some_and(|glob| glob.is_match(name))
                || name.to_lowercase().contains(&word)
                || texts.iter().any(|text| text.to_lowercase().contains(&word))
        })
    };
    let rule_fits = |rule: &&Rule| fits(&rule.id, &[&rule.cause, &rule.fix]);
    let ids: Vec<(String, &str)> =
        rules.iter().filter(rule_fits).map(|rule| (rule.id.clone(), rule.cause.as_str())).collect();
    let probes = suites.iter().flat_map(|suite| suite.probes.iter().map(move |probe| (suite, probe)));
    let probes = probes.map(|(suite, probe)| (format!("{}/{}", suite.name, probe.name), probe));
    let probes: Vec<(String, &str)> = probes
        .filter(|(name, probe)| fits(name, &[&probe.summary, &probe.why]))
        .map(|(name, probe)| (name, probe.summary.as_str()))
        .collect();
    if ids.is_empty() && probes.is_empty() {
        return Err(nothing(words, rules, suites));
    }
    let mut text = String::new();
    for (title, found) in [("Diagnoses:\n", ids), ("Probes:\n", probes)] {
        if !found.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = write!(text, "{gap}{title}{}", lines(found));
        }
    }
    Ok(text)
}

fn nothing(words: &[String], rules: &Rules, suites: &[Suite]) -> Error {
    let words = words.join(" ");
    let probes = suites.iter().flat_map(|suite| {
        let probes = suite.probes.iter().map(|probe| format!("{}/{}", suite.name, probe.name));
        probes.chain([suite.name.clone()])
    });
    let names: BTreeSet<String> = probes.chain(rules.iter().map(|rule| rule.id.clone())).collect();
    let meant = nearest(&words, names.iter().map(String::as_str));
    let hint = match meant {
        Some(meant) => format!("is `{meant}` meant? `stackprobe explain` lists every suite and diagnosis"),
        None => "`stackprobe explain` lists every suite and diagnosis".to_owned(),
    };
    Error::new(Kind::Nothing, format!("no suite, probe or diagnosis is called or worded like `{words}`"))
        .hint(hint)
}

/// Names in a column, what they are beside them.
fn lines(entries: Vec<(String, &str)>) -> String {
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, what): (String, &str)| format!("  {name:width$}  {what}\n");
    entries.into_iter().map(line).collect()
}
