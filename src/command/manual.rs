//! `stackprobe completions` and `stackprobe man`: what the command line says of itself, for shells and for `man`.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::{Cli, Completions, Manual};
use crate::complete::registration;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::report::print::print_raw;

const NAME: &str = "stackprobe";

/// Prints the completions for a shell.
///
/// # Errors
/// A shell that is not known; output that cannot be written.
pub fn completions(flags: &Completions) -> Result<Exit, Error> {
    print_raw(&registration(&flags.shell.to_string())?)?;
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
    for (name, command) in below(NAME, &command) {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command, &name)?).map_err(|error| cannot(&path, &error))?;
    }
    Ok(Exit::Passed)
}

/// This command and every verb below it, by the names of their pages.
fn below<'c>(name: &str, command: &'c Command) -> Vec<(String, &'c Command)> {
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    let pages = verbs.flat_map(|verb| below(&format!("{name}-{}", verb.get_name()), verb));
    std::iter::once((name.to_owned(), command)).chain(pages).collect()
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
