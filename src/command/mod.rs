//! One verb a file.

pub mod compare;
pub mod config;
pub mod diagnose;
pub mod discover;
pub mod doctor;
pub mod explain;
pub mod gate;
pub mod history;
pub mod list;
pub mod manual;
pub mod mutate;
pub mod promote;
pub mod prune;
pub mod releases;
pub mod report;
pub mod rollback;
pub mod run;
pub mod shell;
pub mod stack;
pub mod submit;

use crate::cli::{Cli, Verb};
use crate::error::Error;
use crate::exit::Exit;

/// Does what the command line says.
///
/// # Errors
/// What kept it from being done.
pub fn dispatch(cli: Cli) -> Result<Exit, Error> {
    match cli.verb {
        Verb::Run(flags) => run::run(&flags),
        Verb::List(flags) => list::list(&flags),
        Verb::Discover(flags) => discover::discover(&flags),
        Verb::Doctor(flags) => doctor::doctor(&flags),
        Verb::Stack(flags) => stack::stack(&flags),
        Verb::Diagnose(flags) => diagnose::diagnose(&flags),
        Verb::Report(flags) => report::report(&flags),
        Verb::Compare(flags) => compare::compare(&flags),
        Verb::Gate(flags) => gate::gate(&flags),
        Verb::History(flags) => history::history(&flags),
        Verb::Promote(flags) => promote::promote(&flags),
        Verb::Rollback(flags) => rollback::rollback(&flags),
        Verb::Releases(flags) => releases::releases(&flags),
        Verb::Prune(flags) => prune::prune(&flags),
        Verb::Shell(flags) => shell::shell(&flags),
        Verb::Submit(flags) => submit::submit(&flags),
        Verb::Config(flags) => config::config(&flags),
        Verb::Completions(flags) => manual::completions(&flags),
        Verb::Man(flags) => manual::manual(&flags),
        Verb::Mutate(flags) => mutate::mutate(&flags),
        Verb::Explain(flags) => explain::explain(&flags),
    }
}
