//! `--site FILE`: what only the site can know: its families, and the failures that it already knows of.

use std::collections::BTreeMap;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use regex::Regex;
use time::Date;
use time::macros::format_description;

use crate::document::{self, Table, Written};
use crate::error::{Error, Fault, Kind, Source};
use crate::suite::Layer;
use crate::suite::budget::Budgets;
use crate::suite::named_toolchain::NamedToolchain;
use crate::suite::variables::Variables;

/// A site's own judgement.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Which modules are compilers, MPIs and runtimes, where the module tree does not say.
    pub families: BTreeMap<String, Layer>,
    /// Toolboxes of MATLAB for which the site holds licences, by the names that `license()` takes.
    pub toolboxes: Vec<String>,
    /// Toolchains that are named by hand.
    pub toolchains: Vec<NamedToolchain>,
    /// Failures that are known.
    pub known: Vec<Known>,
    /// How long modules may take to load.
    pub budgets: Budgets,
    /// Which variables modules may set, and which not.
    pub variables: Variables,
    /// What is secret here, beside what always is.
    pub secrets: Secrets,
    /// The file, for tables that other rooms read from it (launchers, diagnoses).
    pub source: Option<Source>,
}

/// What reports must not show.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Names of variables, flags and keys; `*` matches, and the case of letters does not count.
    pub names: Vec<String>,
    /// Regular expressions; the group `v` is the secret, or else all that matches.
    pub patterns: Vec<String>,
}

/// A failure that the site knows of and waits for.
#[derive(Clone, Debug)]
pub struct Known {
    suite: GlobMatcher,
    probe: GlobMatcher,
    check: GlobMatcher,
    toolchain: GlobMatcher,
    /// Why it fails.
    pub reason: String,
    /// Where it is followed up: a ticket, an issue.
    pub reference: String,
    /// The last day on which it is excused.
    pub until: Option<Date>,
}

/// What a known issue is matched against.
#[derive(Clone, Copy, Debug)]
pub struct ExcusedCheck<'s> {
    /// The suite's name.
    pub suite: &'s str,
    /// The probe's name.
    pub probe: &'s str,
    /// The check's name.
    pub check: &'s str,
    /// The toolchain's label: `gcc/12.2.0 openmpi/5.0.11`.
    pub toolchain: &'s str,
}

impl Known {
    /// Whether this issue speaks of `subject`.
    #[must_use]
    pub fn matches(&self, subject: ExcusedCheck<'_>) -> bool {
        self.suite.is_match(subject.suite)
            && self.probe.is_match(subject.probe)
            && self.check.is_match(subject.check)
            && self.toolchain.is_match(subject.toolchain)
    }

    /// Whether it no longer excuses anything.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

impl Site {
    /// Reads a site file, which several rooms take their tables from.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(path: &Path) -> Result<Source, Error> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
        Ok(Source::new(path, text))
    }

    /// Reads a site file's text.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let families = root.table("families", families).unwrap_or_default();
            let toolboxes = root.table("matlab", toolboxes).unwrap_or_default();
            let toolchains = root.tables("toolchain", NamedToolchain::read).into_iter().flatten().collect();
            let known = root.tables("known", known).into_iter().flatten().collect();
            // Read by the rooms that know their meaning, from the same source.
            for elsewhere in ["launcher", "method", "diagnosis", "family", "environment"] {
                root.leave(elsewhere);
            }
            let (budgets, variables) = (Budgets::table(root), Variables::table(root));
            let secrets = root.table("secrets", secrets).unwrap_or_default();
            Self {
                families,
                toolboxes,
                toolchains,
                known,
                budgets,
                variables,
                secrets,
                source: Some(source.clone()),
            }
        })
    }
}

fn secrets(table: &mut Table<'_>) -> Secrets {
    let names = table.strings("names").unwrap_or_default();
    let patterns = table.strings("patterns").unwrap_or_default();
    for name in names.iter().filter(|name| name.value.trim_matches('*').is_empty()) {
        table.fault("a name of nothing but `*` would hide everything", name.span.clone());
    }
    for pattern in &patterns {
        match Regex::new(&pattern.value) {
            Ok(found) if found.is_match("") => {
                table.fault(
                    "a pattern that matches nothing at all would hide everything",
                    pattern.span.clone(),
                );
            }
            Ok(_) => {}
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                table.fault(format!("cannot read the pattern: {why}"), pattern.span.clone());
            }
        }
    }
    let texts = |all: Vec<Written<String>>| all.into_iter().map(|text| text.value).collect();
    Secrets { names: texts(names), patterns: texts(patterns) }
}

fn toolboxes(table: &mut Table<'_>) -> Vec<String> {
    let written = table.strings("toolboxes").unwrap_or_default();
    for name in &written {
        let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if name.value.is_empty() || !name.value.chars().all(word) {
            let what = format!("`{}` is not a name that license() takes", name.value);
            table.fault_with_hint(
                what,
                name.span.clone(),
                "such as Distrib_Computing_Toolbox or Statistics_Toolbox",
            );
        }
    }
    written.into_iter().map(|name| name.value).collect()
}

fn families(table: &mut Table<'_>) -> BTreeMap<String, Layer> {
    table.any_key();
    let mut families = BTreeMap::new();
    for key in table.keys() {
        let layer = table.named_string(&key.value).map(|layer| layer.value);
        let layer = match layer.as_deref() {
            Some("compiler") => Layer::Compiler,
            Some("mpi") => Layer::Mpi,
            Some("runtime") => Layer::Runtime,
            _ => {
                table.fault(format!("the family `{}` must be compiler, mpi or runtime", key.value), key.span);
                continue;
            }
        };
        families.insert(key.value, layer);
    }
    families
}

fn known(table: &mut Table<'_>) -> Option<Known> {
    let globs = table.table("match", |table| {
        let mut glob = |key| {
            let pattern = table.string(key);
            let text = pattern.as_ref().map_or("*", |pattern| pattern.value.as_str());
            match Glob::new(text) {
                Ok(glob) => Some(glob.compile_matcher()),
                Err(error) => {
                    let span = pattern.map_or(0..0, |pattern| pattern.span);
                    table.fault(format!("cannot read the pattern of `{key}`: {}", error.kind()), span);
                    None
                }
            }
        };
        Some((glob("suite")?, glob("probe")?, glob("check")?, glob("toolchain")?))
    });
    if globs.is_none() {
        table.fault("`match` is missing", table.span());
    }
    let reason = table.needed_string("reason");
    let reference = table.needed_string("ref");
    let until = table.string("until").and_then(|until| {
        let date = Date::parse(&until.value, format_description!("[year]-[month]-[day]")).ok();
        // Other centuries are slips of the hand, and would excuse for ever or never.
        let date = date.filter(|date| (2000..3000).contains(&date.year()));
        if date.is_none() {
            table.fault(
                format!("`until` must be a day such as 2027-01-31, found `{}`", until.value),
                until.span,
            );
        }
        date
    });
    let (suite, probe, check, toolchain) = globs.flatten()?;
    Some(Known { suite, probe, check, toolchain, reason: reason?.value, reference: reference?.value, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_known_issue_matches_by_glob_and_runs_out() {
        let site = Site::parse(&Source::new(
            "site.toml",
            "[[known]]\nmatch = { suite = \"mpi\", probe = \"mpif*\", toolchain = \"llvm/* openmpi/*\" }\n\
             reason = \"flang cannot read gfortran's modules\"\nref = \"SITE-1\"\nuntil = \"2026-12-31\"\n",
        ))
        .unwrap();
        let subject = ExcusedCheck {
            suite: "mpi",
            probe: "mpif-h",
            check: "ring",
            toolchain: "llvm/16.0.6 openmpi/5.0.11",
        };
        assert!(site.known[0].matches(subject));
        assert!(!site.known[0].matches(ExcusedCheck { toolchain: "gcc/12.2.0 openmpi/5.0.11", ..subject }));
        assert!(!site.known[0].is_over(date!(2026 - 12 - 31)));
        assert!(site.known[0].is_over(date!(2027 - 01 - 01)));
    }

    #[test]
    fn a_toolchain_that_is_named_by_hand_has_modules() {
        let site = Site::parse(&Source::new(
            "site.toml",
            "[[toolchain]]\nmodules = [\"foss/2023a\"]\n[[toolchain]]\nname = \"ours\"\nmodules = [\"a/1\", \"b\"]\ncc = \"a\"\n",
        ))
        .unwrap();
        let labels: Vec<String> = site.toolchains.iter().map(NamedToolchain::label).collect();
        assert_eq!(labels, ["foss/2023a", "ours"]);
        let text = "[[toolchain]]\nname = \"x\"\n[[toolchain]]\nmodules = [\"a*\", \"-t\"]\nmip = \"x\"\n";
        let faults = Site::parse(&Source::new("site.toml", text)).unwrap_err();
        let told: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("`modules` is missing") && told[1].contains("is a pattern"), "{told:?}");
    }

    #[test]
    fn a_known_issue_without_a_reason_is_refused() {
        let faults =
            Site::parse(&Source::new("site.toml", "[[known]]\nmatch = { suite = \"mpi\" }\n")).unwrap_err();
        let told: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(told, ["`reason` is missing", "`ref` is missing"]);
    }
}
