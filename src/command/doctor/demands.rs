//! What a selection needs of the pod, and which suites need it. No module is loaded for it: what an MPI needs is known by
//! the name that was asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::Select;
use crate::error::Error;
use crate::plan::cases::{Plan, Planned};
use crate::plan::catalogue::Catalogue;
use crate::plan::request::Request;
use crate::stack::launcher::Profile;
use crate::stack::matrix::Limits;
use crate::suite::Layer;
use crate::suite::module_name::Wanted;
use crate::verdict::fitness::{self, Demand};

/// Each demand with the suites whose it is.
pub(super) type Demands = BTreeMap<Demand, BTreeSet<String>>;

/// A toolchain as it may be, and how its MPI is launched.
type Possible<'c> = (Planned, Vec<&'c Profile>);

/// Everything that the selection needs.
///
/// # Errors
/// Names that no suite, probe or module can have.
pub(super) fn demands(catalogue: &Catalogue, select: &Select) -> Result<Demands, Error> {
    let request = Request::new(select, catalogue)?;
    let (planned, profiles): (Vec<Planned>, Vec<Vec<&Profile>>) =
        possible(catalogue, &request.limits, request.all).into_iter().unzip();
    let plan = Plan::new(&catalogue.suites, &planned, &request.selection, request.share.as_ref());
    let mut demands = Demands::new();
    for case in &plan.cases {
        let suite = &catalogue.suites[case.suite];
        let probe = &suite.probes[case.probe];
        let launched = profiles[case.toolchain].iter().map(|profile| Some(*profile));
        let profiles: Vec<Option<&Profile>> =
            if profiles[case.toolchain].is_empty() { vec![None] } else { launched.collect() };
        for profile in profiles {
            for demand in fitness::demands(probe, profile, case.ranks) {
                demands.entry(demand).or_default().insert(suite.name.clone());
            }
        }
    }
    Ok(demands)
}

/// Of compilers, only that there is one matters here.
const COMPILER: (Layer, &str) = (Layer::Compiler, "compiler");

/// Every kind of toolchain that may be meant.
fn possible<'c>(catalogue: &'c Catalogue, limits: &Limits, all: bool) -> Vec<Possible<'c>> {
    let Limits { compilers, mpis, runtimes } = limits;
    let open = all || limits.is_empty();
    let plain = |layers: &[(Layer, &str)]| {
        let layers: Vec<(Layer, String)> =
            layers.iter().map(|(layer, family)| (*layer, (*family).to_owned())).collect();
        let families: Vec<&str> = layers.iter().map(|(_, family)| family.as_str()).collect();
        Planned { label: families.join(" "), layers, modules: None }
    };
    let mut possible = Vec::new();
    if open || !compilers.is_empty() {
        possible.push((plain(&[COMPILER]), Vec::new()));
    }
    if mpis.is_empty() && open {
        let mut families: Vec<&str> = catalogue.launchers.iter().map(Profile::family).collect();
        families.dedup();
        for family in families {
            let profiles = of(catalogue, family);
            possible.push((plain(&[COMPILER, (Layer::Mpi, family)]), profiles));
        }
    }
    for mpi in mpis {
        let (family, profiles) = launched(catalogue, mpi);
        possible.push((plain(&[COMPILER, (Layer::Mpi, &family)]), profiles));
    }
    let known: BTreeSet<&str> =
        catalogue.suites.iter().filter_map(|suite| suite.runtime.as_deref()).collect();
    let asked: Vec<String> = runtimes
        .iter()
        .map(|runtime| catalogue.families.canonical(family(runtime)).to_owned())
        .chain(known.into_iter().filter(|_| open && runtimes.is_empty()).map(str::to_owned))
        .collect();
    for runtime in &asked {
        possible.push((plain(&[(Layer::Runtime, runtime)]), Vec::new()));
    }
    possible
}

fn family(wanted: &Wanted) -> &str {
    wanted.text().split('/').next().unwrap_or_default()
}

fn of<'c>(catalogue: &'c Catalogue, family: &str) -> Vec<&'c Profile> {
    catalogue.launchers.iter().filter(|profile| profile.family() == family).collect()
}

/// The family of an MPI that was asked for, and the profiles that may be its: a prefix such as `mpich/4` may come to
/// mean a version of one or of another.
fn launched<'c>(catalogue: &'c Catalogue, mpi: &Wanted) -> (String, Vec<&'c Profile>) {
    let name = catalogue.families.canonical(family(mpi)).to_owned();
    let version = mpi.text().split_once('/').map_or("", |(_, version)| version);
    if mpi.is_glob() || version.is_empty() {
        let all = if mpi.is_glob() { catalogue.launchers.iter().collect() } else { Vec::new() };
        let own: Vec<&Profile> = catalogue
            .families
            .kin(&name, version)
            .iter()
            .flat_map(|(family, _)| of(catalogue, family))
            .collect();
        return if own.is_empty() { (name, all) } else { (name, own) };
    }
    let last = format!("{version}.999999");
    let found = [version, &last]
        .into_iter()
        .filter_map(|version| catalogue.launchers.find(&catalogue.families.kin(&name, version)));
    let mut profiles: Vec<&Profile> = found.collect();
    profiles.dedup_by(|a, b| std::ptr::eq(*a, *b));
    (name, profiles)
}
