//! Every value of a command line, and where it came from.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;
use clap::parser::ValueSource;
use serde::Serialize;

use super::file::Value;
use super::known::NOT;

/// A flag of a verb and its value.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The flag without its hyphens.
    pub name: String,
    /// What it is set to; empty where it is not set.
    pub values: Vec<String>,
    /// `flag`, `environment`, `profile`, `file`, `default`, or `unset`.
    pub from: &'static str,
    /// The flag, the variable, or the line of the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// Every flag that the verb of this command line has, in the order of its help; `values` are those of the file.
pub(super) fn shown(
    mut command: Command,
    values: &[Value],
    file: Option<&Path>,
    argv: Vec<OsString>,
) -> Result<Vec<Shown>, clap::Error> {
    command.build();
    let matches = command.try_get_matches_from_mut(argv)?;
    let Some((verb, matches)) = matches.subcommand() else { return Ok(Vec::new()) };
    let verb = command.find_subcommand(verb);
    let flags = verb.into_iter().flat_map(Command::get_arguments).filter_map(|arg| {
        let name =
            arg.get_long().filter(|name| !["help", "version"].contains(name) && !NOT.contains(name))?;
        let id = arg.get_id().as_str();
        let raw = matches.get_raw(id).into_iter().flatten();
        let words: Vec<String> = raw.map(|value| value.to_string_lossy().into_owned()).collect();
        let said = values.iter().find(|value| value.key == name);
        let (from, place) = match (matches.value_source(id), said) {
            (Some(ValueSource::CommandLine), _) => ("flag", format!("--{name}")),
            (Some(ValueSource::EnvVariable), _) => (
                "environment",
                arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            ),
            (Some(_), Some(value)) => {
                let file = file.map(|file| file.display().to_string()).unwrap_or_default();
                let place = format!("{file}:{}", value.line);
                match &value.profile {
                    Some(profile) => ("profile", format!("{profile}, {place}")),
                    None => ("file", place),
                }
            }
            (Some(_), None) if !words.is_empty() => ("default", String::new()),
            _ => ("unset", String::new()),
        };
        Some(Shown { name: name.to_owned(), values: words, from, place })
    });
    Ok(flags.collect())
}
