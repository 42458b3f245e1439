//! What is wrong with a command line: all of it at once, where clap ends at the first.
//!
//! What was at fault is taken out, and the rest is read again.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

/// So many faults are told at most.
const MOST: usize = 20;

/// All that is wrong with a command line, or one text that was asked for.
#[derive(Debug)]
pub struct Faults {
    all: Vec<clap::Error>,
    /// Beside each of them, what else is known of it.
    beside: Vec<Option<String>>,
}

impl Faults {
    pub(super) fn one(error: clap::Error) -> Self {
        Self { all: vec![error], beside: vec![None] }
    }

    /// What there is to tell, one after the other, and at the end how the verb is used.
    #[must_use]
    pub fn told(&self) -> String {
        let mut parts = Vec::new();
        for (at, (error, beside)) in self.all.iter().zip(&self.beside).enumerate() {
            let text = error.render().ansi().to_string();
            let is_tail = |part: &str| part.contains("Usage:") || part.contains("For more information");
            let (tail, own): (Vec<&str>, Vec<&str>) =
                text.trim_end().split("\n\n").partition(|part| is_tail(part));
            parts.extend(own.into_iter().map(str::to_owned));
            parts.extend(beside.iter().map(|beside| format!("  hint: {beside}")));
            if at + 1 == self.all.len() {
                parts.extend(tail.into_iter().map(str::to_owned));
            }
        }
        parts.join("\n\n") + "\n"
    }

    /// The text that was asked for, where that is all there is: a help, a version.
    ///
    /// # Errors
    /// These faults, where something is wrong.
    pub fn asked(mut self) -> Result<clap::Error, Self> {
        match self.all.pop() {
            Some(error) if !error.use_stderr() => Ok(error),
            Some(error) => {
                self.all.push(error);
                Err(self)
            }
            None => Err(self),
        }
    }
}

/// Reads a command line with the command that `command` makes, in which the variables that it is given say nothing.
pub(super) fn read(
    command: impl Fn(&[String]) -> Command,
    mut argv: Vec<OsString>,
) -> Result<(ArgMatches, Command), Faults> {
    let mut faults = Faults { all: Vec::new(), beside: Vec::new() };
    let mut unheard: Vec<String> = Vec::new();
    loop {
        let mut built = command(&unheard);
        let error = match built.try_get_matches_from_mut(&argv) {
            Ok(matches) if faults.all.is_empty() => return Ok((matches, built)),
            Ok(_) => return Err(faults),
            Err(error) => error,
        };
        let by_itself = [ErrorKind::UnknownArgument, ErrorKind::InvalidValue, ErrorKind::ValueValidation];
        // What is wrong only now may be so because of what was taken out.
        if !faults.all.is_empty() && !by_itself.contains(&error.kind()) {
            return Err(faults);
        }
        let cut = Cut::of(&error, &argv, &built).filter(|_| by_itself.contains(&error.kind()));
        let variable = match &cut {
            Some(Cut::Variable(name)) => Some(name.clone()),
            _ => None,
        };
        faults.beside.push(variable.as_ref().map(|name| format!("the variable {name} says so")));
        faults.all.push(error);
        match cut {
            Some(Cut::Words(rest)) if faults.all.len() < MOST => argv = rest,
            Some(Cut::Variable(name)) if faults.all.len() < MOST => unheard.push(name),
            _ => return Err(faults),
        }
    }
}

/// How to go on without what is at fault.
enum Cut {
    /// By these words.
    Words(Vec<OsString>),
    /// Without this variable.
    Variable(String),
}

impl Cut {
    fn of(error: &clap::Error, argv: &[OsString], command: &Command) -> Option<Self> {
        let said = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let flag = said(ContextKind::InvalidArg)?.split([' ', '=']).next()?;
        let end = argv.iter().position(|word| word == "--").unwrap_or(argv.len());
        let with_value = format!("{flag}=");
        let is_it = |word: &OsString| word == flag || word.to_string_lossy().starts_with(&with_value);
        if let Some(at) = argv[..end].iter().position(is_it) {
            let whole = argv[at] == flag;
            let value = argv.get(at + 1).filter(|_| whole && at + 1 < end);
            // A word behind a flag that nobody knows may be its value.
            let is_value = value.is_some_and(|value| match said(ContextKind::InvalidValue) {
                Some(invalid) => value == invalid,
                None => !value.to_string_lossy().starts_with('-'),
            });
            let mut rest = argv.to_vec();
            rest.drain(at..=at + usize::from(is_value));
            return Some(Self::Words(rest));
        }
        let long = flag.strip_prefix("--")?;
        let all = std::iter::once(command).chain(command.get_subcommands());
        let variable = all
            .flat_map(Command::get_arguments)
            .filter(|arg| arg.get_long() == Some(long))
            .find_map(|arg| arg.get_env())?
            .to_str()?;
        std::env::var_os(variable).is_some().then(|| Self::Variable(variable.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction, value_parser};

    fn command(_: &[String]) -> Command {
        let number = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(u8));
        let words = Arg::new("words").action(ArgAction::Append);
        Command::new("x").args([number("jobs"), number("tries"), words])
    }

    fn told(words: &[&str]) -> String {
        let argv = std::iter::once("x").chain(words.iter().copied()).map(OsString::from).collect();
        let told = read(command, argv).map_or_else(|faults| faults.told(), |_| String::new());
        anstream::adapter::strip_str(&told).to_string()
    }

    #[test]
    fn every_fault_is_told_once_and_the_usage_last() {
        let all = told(&["--bogus", "--jobs", "many", "a", "--other=1", "--tries=x", "--more", "word"]);
        for part in [
            "argument '--bogus'",
            "'many' for '--jobs",
            "argument '--other'",
            "'x' for '--tries",
            "argument '--more'",
        ] {
            assert_eq!(all.matches(part).count(), 1, "{part}: {all}");
        }
        assert_eq!(all.matches("Usage:").count(), 1, "{all}");
        assert!(told(&["--jobs", "1", "a"]).is_empty());
        assert!(told(&["--jobs"]).contains("a value is required"));
        assert!(!told(&["--jobs", "x", "--", "--bogus"]).contains("bogus"));
    }
}
