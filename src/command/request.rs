//! What a command line asks for, understood before any stack is looked at: all that is wrong with it, at once.

use crate::cli::{Modules, Select};
use crate::command::catalogue::Catalogue;
use crate::error::{Error, Fault, Kind};
use crate::stack::matrix::Limits;
use crate::stack::module::Wanted;
use crate::suite::select::{Selection, Shard};

/// A request that can be met by some stack.
#[derive(Debug)]
pub struct Request {
    /// Which probes.
    pub selection: Selection,
    /// Under which compilers, MPIs and runtimes.
    pub limits: Limits,
    /// With which further modules loaded.
    pub extra: Vec<Wanted>,
    /// Whether the matrix is asked for, within the limits.
    pub all: bool,
    /// Which part of the plan.
    pub shard: Option<Shard>,
}

impl Request {
    /// Reads the flags.
    ///
    /// # Errors
    /// Names of suites, probes, tags and modules that nothing can have; no toolchain at all.
    pub fn new(select: &Select, catalogue: &Catalogue) -> Result<Self, Error> {
        let selection = Selection::new(&select.suites, &select.tags, &catalogue.suites);
        match (selection, limits(&select.modules, select.all), extra(&select.modules)) {
            (Ok(_), Ok(limits), Ok(_)) if limits.is_empty() && !select.all => {
                Err(Error::new(Kind::Nothing, "no toolchain was asked for")
                    .hint("give --cc, --mpi or --runtime, or --all for every toolchain of the stack"))
            }
            (Ok(selection), Ok(limits), Ok(extra)) => {
                Ok(Self { selection, limits, extra, all: select.all, shard: select.shard })
            }
            (selection, limits, extra) => {
                let errors = [selection.err(), limits.err(), extra.err()];
                Err(Error::of(
                    Kind::Usage,
                    errors.into_iter().flatten().flat_map(|error| error.faults).collect(),
                ))
            }
        }
    }
}

/// What the command line asks for, or else, unless it wants `all`, what pods have always set.
///
/// # Errors
/// Every name that no module can have.
pub fn limits(given: &Modules, all: bool) -> Result<Limits, Error> {
    let pod = |prefix: &str| -> Vec<String> {
        let family = std::env::var(format!("HPC_LMOD_{prefix}_FAMILY")).unwrap_or_default();
        let version = std::env::var(format!("HPC_LMOD_{prefix}_VERSION")).unwrap_or_default();
        match (family.trim(), version.trim()) {
            ("", _) => Vec::new(),
            (family, "") => vec![family.to_owned()],
            (family, version) => vec![format!("{family}/{version}")],
        }
    };
    let or_pod = |names: &[String], prefix| {
        if names.is_empty() && !all { pod(prefix) } else { names.to_vec() }
    };
    // A pod that names its compiler in one variable may hold only the version of another's in the other.
    let mut faults = Vec::new();
    let limits = Limits {
        compilers: named(&or_pod(&given.cc, "CC"), &mut faults),
        mpis: named(&or_pod(&given.mpi, "MPI"), &mut faults),
        runtimes: named(&given.runtime, &mut faults),
    };
    if !faults.is_empty() {
        return Err(Error::of(Kind::Usage, faults));
    }
    if !limits.mpis.is_empty() && limits.compilers.is_empty() && !all {
        return Err(Error::new(Kind::Usage, "an MPI was asked for, but no compiler")
            .hint("give --cc as well, or --all for every compiler that has this MPI"));
    }
    Ok(limits)
}

/// Further modules to load into every toolchain.
///
/// # Errors
/// Every name that no module can have.
pub fn extra(given: &Modules) -> Result<Vec<Wanted>, Error> {
    let mut faults = Vec::new();
    let modules = named(&given.others, &mut faults);
    if faults.is_empty() { Ok(modules) } else { Err(Error::of(Kind::Usage, faults)) }
}

/// Names of modules, those of them that can be any.
fn named(names: &[String], faults: &mut Vec<Fault>) -> Vec<Wanted> {
    let given = names.iter().filter(|name| !name.trim().is_empty());
    given.filter_map(|name| Wanted::new(name).map_err(|fault| faults.push(Fault::new(fault))).ok()).collect()
}
