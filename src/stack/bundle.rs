//! Modules of nothing but others: `foss/2023a` is a compiler and an MPI, by the names of other modules.

use crate::stack::closure::Closure;
use crate::suite::module_name::Module;

/// A module that loads a compiler, and most often an MPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// It itself.
    pub module: Module,
    /// The compiler that it loads.
    pub compiler: Module,
    /// The MPI that it loads.
    pub mpi: Option<Module>,
}

impl Bundle {
    /// What `module` is made of; none where it brings no compiler, or two that do not belong together.
    #[must_use]
    pub fn new(
        module: &Module,
        compilers: &[Module],
        mpis: &[Module],
        closure: &Closure<'_>,
    ) -> Option<Self> {
        let brought = closure.of(module).modules;
        let of = |all: &[Module]| {
            let own: Vec<Module> = all.iter().filter(|one| brought.contains(one)).cloned().collect();
            closure.outermost(&own)
        };
        let [compiler] = <[Module; 1]>::try_from(of(compilers)).ok()?;
        let mpi = <[Module; 1]>::try_from(of(mpis)).ok().map(|[mpi]| mpi);
        Some(Self { module: module.clone(), compiler, mpi })
    }
}
