//! argv → command → exit code.

use std::process::ExitCode;

use clap::Parser;
use stackprobe::cli::Cli;
use stackprobe::run::{environment, supervise};
use stackprobe::{alias, command, report};

fn main() -> ExitCode {
    match std::env::args_os().nth(1) {
        Some(word) if word == supervise::ARGUMENT => return supervise::main(),
        Some(word) if word == environment::ARGUMENT => return environment::main(),
        _ => {}
    }
    let cli = Cli::parse_from(alias::resolve(std::env::args_os().collect()));
    match command::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            report::console::error(&error);
            error.exit().into()
        }
    }
}
