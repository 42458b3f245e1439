//! argv → command → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == stackprobe::run::supervise::ARGUMENT) {
        return stackprobe::run::supervise::main();
    }
    ExitCode::SUCCESS
}
