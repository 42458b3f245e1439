//! stackprobe: does this software stack really work, here?
//!
//! A **suite** is a folder of **probes**: programs and scripts that are built and run, each of which says many things
//! by TAP or one by its exit status. A **toolchain** is what a probe is run under: the Lmod modules of a compiler, of a
//! compiler and an MPI, or of a runtime. A probe under a toolchain is a **case**; all cases that a run owes are its
//! **plan**, written down before the first one starts. Every verdict of a case is a **check**, whose **outcome** is
//! passed, failed (the stack is wrong), error (could not be determined: the pod, the site or we ourselves are in the way) or
//! skipped, with a reason. A **diagnosis** says why, and whose fault it is. A **control** is a probe that must fail:
//! it proves that the others can.
//!
//! What others may use stands in crates of its own, which import nothing of this one: `path_fault` (why a path cannot be
//! looked at), `ldwalk` (which ELF files load which, and what is wrong with them), `spack_db` (what Spack installed).
//!
//! The rooms, in the order in which data flows through them; each imports only from those above it, which
//! `tests/it/arrows.rs` holds against every file:
//!
//! - [`exit`]: every exit code; [`constant`]: what only a fault of our own can break
//! - [`error`], [`document`]: every error as data; files that people write, with all faults
//! - [`atomic`]: how a file that others read is written; [`digest`]: hashes and what is written with them
//! - [`packed`]: folders of files that are part of the binary; [`heap`]: how little memory we take
//! - [`suite`]: WHAT is to be checked
//! - [`stack`]: WHAT is installed
//! - [`pod`]: WHERE we are
//! - [`run`]: HOW a case is run, and the only place where processes are started
//! - [`verdict`]: WHAT it means
//! - [`native`]: WHAT we see with our own eyes
//! - [`mutate`]: WHAT would be seen, were the library wrong
//! - [`report`]: WHO is told
//! - [`history`]: HOW it went before
//! - [`compare`]: WHAT is not as it was
//! - [`gate`]: WHETHER a stack may go live
//! - [`notify`]: WHO is told elsewhere
//! - [`bug`]: what a fault of our own ends
//! - [`cli`]: every flag
//! - [`settings`]: WHAT a file says that no flag does
//! - [`plan`]: WHAT is owed
//! - [`ledger`]: WHAT passed before, with everything as it is now
//! - [`audit`]: WHETHER what Spack says of a stack agrees with what is there
//! - [`release`]: WHICH stack is live
//! - [`schemas`](https://json-schema.org): WHAT others can rely on in our JSON; for tests alone
//! - [`complete`]: WHAT a shell offers that completes a word
//! - [`command`]: one verb a file; [`alias`]: the names that pods already use

pub mod alias;
pub mod atomic;
pub mod audit;
pub mod bug;
pub mod cli;
pub mod command;
pub mod compare;
pub mod complete;
pub mod constant;
pub mod digest;
pub mod document;
pub mod error;
pub mod exit;
pub mod gate;
pub mod heap;
pub mod history;
pub mod ledger;
pub mod mutate;
pub mod native;
pub mod notify;
pub mod packed;
pub mod plan;
pub mod pod;
pub mod release;
pub mod report;
pub mod run;
#[cfg(test)]
mod schemas;
pub mod settings;
pub mod stack;
pub mod suite;
pub mod verdict;
