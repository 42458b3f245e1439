//! argv → command → exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::ColorChoice;
use stackprobe::error::Error;
use stackprobe::exit::Exit;
use stackprobe::pod::{init, survive};
use stackprobe::run::{environment, message, supervise, watch, within};
use stackprobe::settings::{Faults, Settings};
use stackprobe::{alias, bug, command, complete, report};

fn main() -> ExitCode {
    bug::end_at_panic();
    match std::env::args_os().nth(1) {
        Some(word) if word == message::ARGUMENT => return supervise::main(),
        Some(word) if word == environment::ARGUMENT => return environment::main(),
        Some(word) if word == within::ARGUMENT => return within::main(),
        Some(word) if word == watch::ARGUMENT => return watch::main(),
        _ => {}
    }
    if init::is_first() {
        return init::serve().unwrap_or_else(|error| fail(&error));
    }
    if let Err(error) = survive::limits() {
        return fail(&error);
    }
    survive::small_stack(obey)
}

/// What the command line says.
fn obey() -> ExitCode {
    match complete::answer() {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => error.exit(),
    }
    let argv = alias::resolve(std::env::args_os().collect());
    let settings = match Settings::find(&argv) {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    for told in &settings.notes {
        report::console::note(told);
    }
    let cli = match settings.parse(argv).map_err(Faults::asked) {
        Ok(cli) => cli,
        Err(Ok(asked)) => asked.exit(),
        Err(Err(faults)) => {
            // Nobody reads what cannot be written there.
            let _ = write!(anstream::stderr(), "{}", faults.told());
            return Exit::Usage.into();
        }
    };
    match cli.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    match command::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    report::console::error(error);
    report::termination::fail(error);
    error.exit().into()
}
