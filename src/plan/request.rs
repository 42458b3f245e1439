//! What a command line asks for, understood before any stack is looked at: all that is wrong with it, at once.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::{Modules, Select};
use crate::error::{Error, Fault, Kind};
use crate::plan::again::Again;
use crate::plan::catalogue::Catalogue;
use crate::plan::share::Share;
use crate::report::results::read_plan;
use crate::stack::matrix::Limits;
use crate::suite::filter::Filter;
use crate::suite::module_name::Wanted;
use crate::suite::select::Selection;

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
    pub share: Option<Share>,
    /// What was not green before, where only that is asked for.
    pub again: Option<Again>,
}

impl Request {
    /// Reads the flags.
    ///
    /// # Errors
    /// Names of suites, probes, tags and modules that nothing can have.
    pub fn new(select: &Select, catalogue: &Catalogue) -> Result<Self, Error> {
        let suites = &catalogue.suites;
        let selection = Selection::new(&select.suites, &given(&select.tags), suites);
        let narrowed =
            Selection::default().narrowed(&given(&select.exclude), &given(&select.filters), suites);
        let wanted = wanted(&select.modules, select.all);
        let (selection, (limits, extra), share) = match (selection, narrowed, wanted, share(select)) {
            (Ok(selection), Ok(narrowed), Ok(wanted), Ok(share)) => (selection.with(narrowed), wanted, share),
            (selection, narrowed, wanted, share) => {
                let errors =
                    [selection.err(), narrowed.err(), wanted.err(), share.err()].into_iter().flatten();
                return Err(Error::of(Kind::Usage, errors.flat_map(|error| error.faults).collect()));
            }
        };
        // An expression that names modules says under which toolchains.
        let named = limits.is_empty() && selection.filters().iter().any(Filter::names_toolchains);
        let request = Self {
            selection,
            limits,
            extra,
            all: select.all || (named && select.failed.is_none()),
            share,
            again: None,
        };
        match &select.failed {
            Some(folder) => request.only_failed(folder.as_deref().unwrap_or(&select.results)),
            None => Ok(request),
        }
    }

    /// The same request for what was not green in these results.
    fn only_failed(self, results: &Path) -> Result<Self, Error> {
        let again = Again::read(results)?;
        let extra = if self.extra.is_empty() {
            again.modules.iter().filter_map(|name| Wanted::new(name).ok()).collect()
        } else {
            self.extra
        };
        let selection = self.selection.only(
            again
                .cases
                .iter()
                .map(|(id, owed)| (id.clone(), (owed.suite.clone(), owed.probe.clone())))
                .collect(),
        );
        Ok(Self { selection, extra, all: false, again: Some(again), ..self })
    }

    /// Whether it asks for any toolchain.
    #[must_use]
    pub fn has_toolchains(&self) -> bool {
        self.all || self.again.is_some() || !self.limits.is_empty()
    }
}

/// Which part of the plan is asked for.
fn share(select: &Select) -> Result<Option<Share>, Error> {
    let index = std::env::var("JOB_COMPLETION_INDEX").ok();
    let shard = select.shard.map(|choice| choice.resolve(index.as_deref())).transpose().map_err(|what| {
        Error::new(Kind::Usage, what).hint("--shard I/N names the shard itself, counted from 1")
    })?;
    let Some(shard) = shard else { return Ok(None) };
    Ok(Some(match seconds(select)? {
        Some(seconds) => Share::balanced(shard, seconds),
        None => Share::even(shard),
    }))
}

/// How long each case takes, by its id, where all parts of the plan are to take about as long.
///
/// # Errors
/// A file that is no such plan.
pub fn seconds(select: &Select) -> Result<Option<BTreeMap<String, f64>>, Error> {
    let Some(path) = &select.balance else { return Ok(None) };
    let hint =
        "--balance names a plan that `stackprobe list --all --format json --history FILE --out PLAN` writes";
    let seconds = read_plan(path)
        .map_err(|error| error.hint(hint))?
        .basis
        .map(|basis| basis.seconds)
        .unwrap_or_default();
    if seconds.is_empty() {
        let what = format!("`{}` does not say how long any case takes", path.display());
        return Err(Error::new(Kind::Usage, what)
            .hint("`stackprobe list --all --format json --history FILE --out PLAN` writes one that does"));
    }
    Ok(Some(seconds))
}

/// The toolchains that are asked for, and with which further modules. What no flag says is what pods have always set,
/// unless `all` are wanted.
///
/// # Errors
/// Every name that no module can have; an MPI without a compiler.
pub fn wanted(given: &Modules, all: bool) -> Result<(Limits, Vec<Wanted>), Error> {
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
    let extra = named(&given.others, &mut faults);
    if faults.is_empty() && !limits.mpis.is_empty() && limits.compilers.is_empty() && !all {
        let hint = "give --cc as well, or --all for every compiler that has this MPI";
        faults.push(Fault::new("an MPI was asked for, but no compiler").hint(hint));
    }
    if faults.is_empty() { Ok((limits, extra)) } else { Err(Error::of(Kind::Usage, faults)) }
}

/// What is not blank: an environment may set a variable to nothing.
fn given(texts: &[String]) -> Vec<String> {
    texts.iter().filter(|text| !text.trim().is_empty()).cloned().collect()
}

/// Names of modules, those of them that can be any.
fn named(names: &[String], faults: &mut Vec<Fault>) -> Vec<Wanted> {
    let given = names.iter().filter(|name| !name.trim().is_empty());
    given.filter_map(|name| Wanted::new(name).map_err(|fault| faults.push(Fault::new(fault))).ok()).collect()
}
