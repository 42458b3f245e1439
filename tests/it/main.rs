//! What a user relies on, against the real stack: one program, and a module a subject.
//!
//! `cargo test --test it run::` runs one subject. The stack is that of `make stack`, or of `STACKPROBE_FIXTURE`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says why"
)]

mod arrows;
mod budget;
mod careless;
mod chart;
mod ci;
mod cluster;
mod complete;
mod console;
mod control_group;
mod diagnose;
mod diagnoses;
mod discover;
mod doctor;
mod elsewhere;
mod explain;
mod families;
mod faults;
mod fixture;
mod gate;
mod help;
mod history;
mod hostile;
mod images;
mod layouts;
mod ledger;
mod libraries;
mod linkage;
mod lmod;
mod messages;
mod modules;
mod mutate;
mod notify;
mod outputs;
mod packages;
mod paths;
mod pause;
mod process;
mod promotion;
mod reach;
mod realspack;
mod reasons;
mod reference;
mod releases;
mod report;
mod run;
mod runtimes;
mod schemas;
mod settings;
mod shell;
mod slurm;
mod spack;
mod stack_check;
mod swallowed;
mod trees;
mod typed;
mod uninstalled;
mod untested;
