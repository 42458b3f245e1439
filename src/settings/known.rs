//! Which keys there are, and what may stand behind them: the flags say both.

use std::ffi::OsString;

use clap::builder::ValueHint;
use clap::error::{ContextKind, ErrorKind};
use clap::{ArgAction, Command, CommandFactory};

use crate::cli::Cli;

/// What a file cannot say of itself.
pub(super) const NOT: [&str; 3] = ["config", "profile", "color"];

/// Every flag that a file can set.
pub(super) struct Known {
    command: Command,
    keys: Vec<Key>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// The flag without its hyphens.
    pub(super) name: String,
    /// The first verb that has it.
    verb: String,
    /// Whether it may have several values.
    pub(super) is_list: bool,
    /// Whether it is there or not there.
    pub(super) is_switch: bool,
    /// Whether its values are paths.
    pub(super) is_path: bool,
}

impl Known {
    pub(super) fn new() -> Self {
        let mut command = Cli::command();
        command.build();
        let mut keys: Vec<Key> = Vec::new();
        for verb in command.get_subcommands() {
            for arg in verb.get_arguments().filter(|arg| arg.get_env().is_some()) {
                let Some(name) = arg.get_long().filter(|name| !NOT.contains(name)) else { continue };
                if keys.iter().any(|key| key.name == name) {
                    continue;
                }
                let is_path = matches!(
                    arg.get_value_hint(),
                    ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
                );
                keys.push(Key {
                    name: name.to_owned(),
                    verb: verb.get_name().to_owned(),
                    is_list: matches!(arg.get_action(), ArgAction::Append),
                    is_switch: !arg.get_action().takes_values(),
                    is_path,
                });
            }
        }
        Self { command, keys }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// What is wrong with a value of this key, as the flag would say it.
    pub(super) fn fault(&self, key: &Key, value: &str) -> Option<String> {
        if key.is_switch {
            let fits = matches!(value, "true" | "false");
            return (!fits).then(|| format!("`{}` must be true or false, found `{value}`", key.name));
        }
        let words = ["stackprobe".to_owned(), key.verb.clone(), format!("--{}={value}", key.name)];
        let error = self.command.clone().try_get_matches_from(words.map(OsString::from)).err()?;
        if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
            return None;
        }
        let said = std::error::Error::source(&error).map(ToString::to_string);
        let valid = match error.get(ContextKind::ValidValue) {
            Some(clap::error::ContextValue::Strings(valid)) => {
                Some(format!("wanted one of {}", valid.join(", ")))
            }
            _ => None,
        };
        let why = said.or(valid).unwrap_or_else(|| "it cannot be read".to_owned());
        Some(format!("`{}` is wrong: {why}", key.name))
    }
}
