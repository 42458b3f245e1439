//! What no flag and no variable says, as a file says it: `stackprobe.toml`, with profiles.
//!
//! A key is the long name of a flag that has an environment variable, so every such flag can be set there and nothing
//! else, and its value is read as the flag's is. The command line goes before the environment, that before the profile,
//! that before the rest of the file, and the file before what is built in.

mod faults;
mod file;
mod found;
mod known;
mod mistyped;
mod shown;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory, FromArgMatches};

use crate::cli::Cli;
use crate::error::{Error, Kind};
pub use faults::Faults;
pub use file::Value;
use found::NAME;
use known::Known;
use mistyped::mistyped;
pub use shown::Shown;
use shown::shown;

/// What a file says, for the profile that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// The profile, if one was asked for.
    pub profile: Option<String>,
    /// What a person should know: of a file that was found and is not used, of variables that say nothing.
    pub notes: Vec<String>,
    /// What each key is set to.
    pub values: Vec<Value>,
}

impl Settings {
    /// Finds the file that is meant by this command line, this environment and the working directory, and reads it.
    ///
    /// # Errors
    /// All that is wrong with the file; a file or a profile that was asked for and is not there.
    pub fn find(argv: &[OsString]) -> Result<Self, Error> {
        if reads_none(argv) {
            return Ok(Self::default());
        }
        let given = |flag: &str, variable: &str| {
            typed(argv, flag).or_else(|| std::env::var_os(variable)).filter(|value| !value.is_empty())
        };
        let profile =
            given("--profile", "STACKPROBE_PROFILE").map(|name| name.to_string_lossy().into_owned());
        let site = given("--site", "STACKPROBE_SITE").map(PathBuf::from);
        let named = typed(argv, "--config").or_else(|| std::env::var_os("STACKPROBE_CONFIG"));
        let found = found::find(named.as_deref().map(Path::new), site.as_deref())?;
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let notes = found.note.iter().cloned().chain(mistyped(&Cli::command(), variables)).collect();
        let Some(path) = found.file else {
            return match profile {
                None => Ok(Self { notes, ..Self::default() }),
                Some(profile) => {
                    let what = format!("there is no {NAME} that could have a profile `{profile}`");
                    Err(Error::new(Kind::Usage, what).hint(found.note.unwrap_or_else(|| {
                        "it is searched for from the working directory upwards and beside the site file; --config names one"
                            .to_owned()
                    })))
                }
            };
        };
        let values = file::read(&path, profile.as_deref(), &Known::new())?;
        Ok(Self { file: Some(path), profile, notes, values })
    }

    /// Reads a command line, with these settings in the place of what is built in.
    ///
    /// # Errors
    /// All that is wrong with it, or a help text.
    pub fn parse(&self, argv: Vec<OsString>) -> Result<Cli, Faults> {
        let (matches, mut command) = faults::read(|unheard| self.command(unheard), argv)?;
        Cli::from_arg_matches(&matches).map_err(|error| Faults::one(error.format(&mut command)))
    }

    /// Every flag that the verb of this command line has, in the order of its help.
    ///
    /// # Errors
    /// What clap says of the command line.
    pub fn shown(&self, argv: Vec<OsString>) -> Result<Vec<Shown>, clap::Error> {
        shown(self.command(&[]), &self.values, self.file.as_deref(), argv)
    }

    /// The command line as it is with these settings. A variable that is empty, or among `unheard`, says nothing.
    fn command(&self, unheard: &[String]) -> Command {
        let heed = |arg: Arg| {
            let empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
            let quiet = arg
                .get_env()
                .is_some_and(|name| empty(name) || unheard.iter().any(|one| name == one.as_str()));
            if quiet { arg.env(None::<&'static str>) } else { arg }
        };
        Cli::command().mut_args(heed).mut_subcommands(|verb| {
            let mut verb = verb.mut_args(heed);
            for value in &self.values {
                let own = verb.get_arguments().find(|arg| arg.get_long() == Some(&value.key));
                if let Some(id) = own.map(|arg| arg.get_id().to_string()) {
                    verb = verb.mut_arg(id, |arg| arg.default_values(value.words.clone()));
                }
            }
            verb
        })
    }
}

/// Whether the command line only asks what there is to say.
fn reads_none(argv: &[OsString]) -> bool {
    let words = || argv.iter().skip(1).take_while(|word| *word != "--");
    let asks = |word: &OsString| ["--help", "-h", "--version", "-V"].iter().any(|asked| word == asked);
    let verb = words().next();
    verb.is_none_or(|verb| ["help", "completions", "man"].iter().any(|known| verb == known))
        || words().any(asks)
}

/// The value of a flag before the command line is read.
fn typed(argv: &[OsString], flag: &str) -> Option<OsString> {
    let mut words = argv.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == flag {
            return words.next().cloned();
        }
        let value = word.to_str().and_then(|word| word.strip_prefix(flag)?.strip_prefix('='));
        if let Some(value) = value {
            return Some(OsStr::new(value).to_owned());
        }
    }
    None
}
