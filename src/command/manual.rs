//! `stackprobe completions` and `stackprobe man`: what the command line says of itself, for shells and for `man`.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::{Cli, Completions, Manual};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::report::print::print_raw;

const NAME: &str = "stackprobe";

/// Prints the completions for a shell.
///
/// # Errors
/// A shell that is not known; output that cannot be written.
pub fn completions(flags: &Completions) -> Result<Exit, Error> {
    let mut text = Vec::new();
    clap_complete::generate(flags.shell, &mut Cli::command(), NAME, &mut text);
    print_raw(&text)?;
    Ok(Exit::Passed)
}

/// Writes a page for every verb into a folder, or prints the page of the whole.
///
/// # Errors
/// A folder that cannot be written.
pub fn manual(flags: &Manual) -> Result<Exit, Error> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &flags.folder else {
        print_raw(&page(&command, NAME)?)?;
        return Ok(Exit::Passed);
    };
    let cannot = |path: &Path, error: &io::Error| Error::place("write", path, error);
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    let verbs = verbs.map(|verb| (format!("{NAME}-{}", verb.get_name()), verb));
    for (name, command) in std::iter::once((NAME.to_owned(), &command)).chain(verbs) {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command, &name)?).map_err(|error| cannot(&path, &error))?;
    }
    Ok(Exit::Passed)
}

fn page(command: &Command, name: &str) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let title = name.to_uppercase();
    Man::new(command.clone().name(name.to_owned()))
        .title(title)
        .render(&mut text)
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(text)
}
