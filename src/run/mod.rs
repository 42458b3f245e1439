//! HOW a case is run: one command, one supervisor, and nothing left afterwards.
//!
//! Killing a process, its group or its session is not enough: MPI ranks sit in groups and sessions of their own, and
//! daemons leave both. So every command runs below a *supervisor*, this same program started again as a child
//! subreaper: whatever the command starts stays below the supervisor until it is dead, whoever its parent was. It
//! serves one command after the other ([`supervisor_pool`]), as long as nothing of the one before is left.
//!
//! ```text
//! harness ── execute ──┬─ a socket: jobs one way, hang and report the other; closed means "dead"
//!                      ├─ the command's stdout: a pipe, drained by the harness ──┐
//!                      └─ the command's stderr: a pipe, drained by the harness ──┴→ log file, head and tail, TAP
//! supervisor ── supervise ── the command ── ranks, daemons, whatever it starts
//! ```

pub mod archive;
pub mod call;
pub mod command;
pub mod cran;
pub mod environment;
pub mod execute;
mod family;
pub mod foreground;
mod hang;
pub mod index;
pub mod itself;
mod limits;
pub mod memory;
pub mod message;
mod oom;
pub mod outcome;
pub mod output;
pub mod process;
pub mod refusal;
mod remains;
mod remove;
pub mod root;
pub mod schedule;
pub mod scheduler;
pub mod service;
mod socket;
pub mod stage;
pub mod supervise;
pub mod supervisor_pool;
pub mod surroundings;
pub mod sweep;
mod text;
mod tree;
pub mod watch;
pub mod within;
