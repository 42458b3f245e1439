//! WHAT would be seen: seeded faults of an MPI library, and the shim that has them. Pure.
//!
//! From the table `test-suites/mutants/mpi.toml` and the prototypes of an `mpi.h` come the [`Mutant`]s that this very
//! library can have, and the C source of one shim that holds them all: an environment variable chooses one when a
//! program starts.

mod catalogue;
mod mutant;
mod prototype;
mod score;
mod shim;

pub use catalogue::{Catalogue, Operator};
pub use mutant::{Binding, Library, Mutant, all, in_order};
pub use prototype::{Parameter, Prototype, read};
pub use score::{Score, Trial, Verdict};
pub use shim::{CHOICE, source};
