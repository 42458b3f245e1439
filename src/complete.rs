//! What a shell is told that completes a word: suites, probes, tags, modules of this stack, diagnoses, results.
//!
//! The script of `stackprobe completions SHELL` calls us with `VARIABLE` set. What cannot be found out in time, or has
//! faults, is not offered: a shell that completes a word has no place for an error.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use crate::cli::Cli;
use crate::error::{Error, Kind};
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::pod::signals::Stop;
use crate::run::root::Root;
use crate::stack::matrix::layer;
use crate::suite::Layer;
use crate::verdict::rules::{Rules, shipped};

/// The variable that says which shell asks.
const VARIABLE: &str = "STACKPROBE_COMPLETE";
const NAME: &str = "stackprobe";

/// How long a person waits for the modules of a stack.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers a shell, if one asks; else says that none does.
///
/// # Errors
/// A shell that is not known.
pub fn answer() -> clap::error::Result<bool> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(std::env::args_os(), here.as_deref())
}

/// What a shell is to read once.
///
/// # Errors
/// A shell that is not known.
pub fn registration(shell: &str) -> Result<Vec<u8>, Error> {
    let completer = Shells::builtins();
    let completer = completer
        .completer(shell)
        .ok_or_else(|| Error::new(Kind::Usage, format!("no completions are known for `{shell}`")))?;
    let mut text = Vec::new();
    let written: io::Result<()> = completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut text);
    written.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(text)
}

/// The command line, whose arguments know what may stand there.
fn command() -> Command {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").collect();
    let given = Arc::new(Given::new(&words));
    Cli::command().mut_subcommands(move |mut verb| {
        let known: Vec<(String, String)> = verb.get_arguments().map(name_of).collect();
        // Every argument in its turn: one that is touched goes behind those that are not, and places would change.
        for (id, name) in known {
            let given = Arc::clone(&given);
            let candidates = candidates(verb.get_name(), &name);
            verb = verb.mut_arg(id, |arg| match candidates {
                Some(candidates) => {
                    arg.add(ArgValueCompleter::new(move |word: &OsStr| candidates(&given, word)))
                }
                None => arg,
            });
        }
        verb
    })
}

/// Its id, and how a person knows it: by its flag, or by its place.
fn name_of(arg: &Arg) -> (String, String) {
    let id = arg.get_id().to_string();
    let name = arg.get_long().map_or_else(|| id.clone(), |long| format!("--{long}"));
    (id, name)
}

/// What may stand at an argument, given what was typed of it.
type Candidates = fn(&Given, &OsStr) -> Vec<CompletionCandidate>;

fn candidates(verb: &str, name: &str) -> Option<Candidates> {
    Some(match (verb, name) {
        ("history", "probes") | (_, "suites" | "--exclude") => |given, word| given.probes(word),
        (_, "--tag") => |given, word| given.tags(word),
        (_, "--cc") => |given, word| given.modules(word, Some(Layer::Compiler)),
        (_, "--mpi") => |given, word| given.modules(word, Some(Layer::Mpi)),
        (_, "--runtime") => |given, word| given.modules(word, Some(Layer::Runtime)),
        (_, "--module") => |given, word| given.modules(word, None),
        ("explain", "words") => |given, word| given.explained(word),
        ("shell", "case") => |_, word| results(word, true),
        ("report", "inputs")
        | ("compare", "before" | "after")
        | ("gate", "results" | "--baseline")
        | (_, "--results" | "--failed") => |_, word| results(word, false),
        _ => return None,
    })
}

/// What the words before the cursor say already.
#[derive(Debug)]
struct Given {
    suites: Vec<PathBuf>,
    site: Option<PathBuf>,
}

impl Given {
    fn new(words: &[OsString]) -> Self {
        let values = |flag: &str, variable: &str| -> Vec<PathBuf> {
            let pairs = words.windows(2).filter(|pair| pair[0] == flag).map(|pair| PathBuf::from(&pair[1]));
            let joined = words.iter().filter_map(|word| word.to_str()?.strip_prefix(flag)?.strip_prefix('='));
            let mut found: Vec<PathBuf> = pairs.chain(joined.map(PathBuf::from)).collect();
            if found.is_empty() {
                let set = std::env::var_os(variable).filter(|value| !value.is_empty());
                found.extend(set.iter().flat_map(std::env::split_paths));
            }
            found
        };
        let suites = values("--suites", "STACKPROBE_SUITES");
        Self { suites, site: values("--site", "STACKPROBE_SITE").pop() }
    }

    fn catalogue(&self) -> Option<Catalogue> {
        Catalogue::load(&self.suites, self.site.as_ref()).ok()
    }

    /// Suites, and once one is typed its probes.
    fn probes(&self, word: &OsStr) -> Vec<CompletionCandidate> {
        let Some(catalogue) = self.catalogue() else { return Vec::new() };
        let word = word.to_string_lossy();
        let mut found = Vec::new();
        for suite in &catalogue.suites {
            if word.contains('/') || word == suite.name {
                let probes = suite.probes.iter();
                found.extend(probes.map(|probe| (format!("{}/{}", suite.name, probe.name), &probe.summary)));
            }
            found.push((suite.name.clone(), &suite.summary));
        }
        let fits = found.into_iter().filter(|(name, _)| name.starts_with(&*word));
        fits.map(|(name, summary)| CompletionCandidate::new(name).help(Some(summary.clone().into())))
            .collect()
    }

    fn tags(&self, word: &OsStr) -> Vec<CompletionCandidate> {
        let Some(catalogue) = self.catalogue() else { return Vec::new() };
        let tags = catalogue.suites.iter().flat_map(|suite| &suite.probes).flat_map(|probe| &probe.tags);
        plain(tags.cloned().collect(), &word.to_string_lossy())
    }

    /// Suites, probes and the ids of diagnoses.
    fn explained(&self, word: &OsStr) -> Vec<CompletionCandidate> {
        let mut found = self.probes(word);
        let word = word.to_string_lossy();
        let rules = Rules::parse(&shipped()).unwrap_or_default();
        let ids = rules.iter().filter(|rule| rule.id.starts_with(&*word));
        found
            .extend(ids.map(|rule| CompletionCandidate::new(&rule.id).help(Some(rule.cause.clone().into()))));
        found
    }

    /// The modules that stand in this layer, or all; nothing if the stack does not answer in time.
    fn modules(&self, word: &OsStr, of: Option<Layer>) -> Vec<CompletionCandidate> {
        let (suites, site) = (self.suites.clone(), self.site.clone());
        let (answered, answer) = channel();
        let ask = move || {
            // Whoever waited has given up by then.
            let _ = answered.send(modules(&Self { suites, site }, of).unwrap_or_default());
        };
        let asked = std::thread::Builder::new().spawn(ask);
        let found = asked.ok().and_then(|_| answer.recv_timeout(PATIENCE).ok());
        plain(found.unwrap_or_default(), &word.to_string_lossy())
    }
}

fn modules(given: &Given, of: Option<Layer>) -> Option<BTreeSet<String>> {
    let catalogue = given.catalogue()?;
    let stop = Arc::new(Stop::unheard().ok()?);
    let root = Root::new(false).ok()?;
    let stack = Stack::open(&catalogue, root.path(), &stop, true).ok()?;
    let found = stack.found().ok()?.iter();
    let is_of = |stands: Option<Layer>| of.is_none() || stands == of;
    let found = found.filter(|entry| is_of(layer(entry, &catalogue.families, &catalogue.site.families)));
    Some(found.filter(|entry| !entry.hidden).map(|entry| entry.module.to_string()).collect())
}

fn plain(names: BTreeSet<String>, word: &str) -> Vec<CompletionCandidate> {
    names.into_iter().filter(|name| name.starts_with(word)).map(CompletionCandidate::new).collect()
}

/// Results directories below what is typed of a path, and the folders on the way to them; with `cases`, cases, too.
fn results(word: &OsStr, cases: bool) -> Vec<CompletionCandidate> {
    let typed = word.to_string_lossy();
    let (folder, start) = typed.rsplit_once('/').map_or(("", &*typed), |(folder, start)| (folder, start));
    let prefix = if typed.contains('/') { format!("{folder}/") } else { String::new() };
    let at = if prefix.is_empty() { Path::new(".") } else { Path::new(&prefix) };
    let Ok(entries) = std::fs::read_dir(at) else { return Vec::new() };
    let is_cases = at.ends_with("cases") && at.join("../plan.json").is_file();
    let mut found = BTreeSet::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        if !name.starts_with(start) || (name.starts_with('.') && start.is_empty()) || !path.is_dir() {
            continue;
        }
        let is_results = path.join("plan.json").is_file();
        if is_cases {
            found.insert(format!("{prefix}{name}"));
        } else if is_results && cases {
            found.insert(format!("{prefix}{name}/cases/"));
        }
        if is_results {
            found.insert(format!("{prefix}{name}"));
        } else if !is_cases {
            found.insert(format!("{prefix}{name}/"));
        }
    }
    found.into_iter().map(CompletionCandidate::new).collect()
}
