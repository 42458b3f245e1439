//! Which probes can be put on the bench, and what is known of one that is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::mutate::Binding;
use crate::plan::catalogue::Catalogue;
use crate::run::stage::Stage;
use crate::suite::select::Selection;
use crate::suite::template::{Placeholder, Template};
use crate::suite::{Action, Layer, Probe, Suite};
use crate::verdict::check::{Check, Outcome};

/// A probe that is built and green, for one number of ranks.
pub(super) struct Ready<'b> {
    pub(super) suite: &'b Suite,
    pub(super) probe: &'b Probe,
    pub(super) run: &'b Template,
    pub(super) stage: Arc<Stage>,
    pub(super) ranks: Option<u32>,
    pub(super) bindings: Vec<Binding>,
    pub(super) symbols: Arc<BTreeSet<String>>,
    /// What the healthy library takes, and which checks it fails.
    pub(super) healthy: Duration,
    pub(super) red: BTreeSet<String>,
}

impl Ready<'_> {
    /// `SUITE/PROBE`, with the number of ranks where there are several.
    pub(super) fn name(&self) -> String {
        let ranks = self.ranks.filter(|_| self.probe.ranks.len() > 1);
        let ranks = ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
        format!("{}/{}{ranks}", self.suite.name, self.probe.name)
    }
}

/// Probes that launch a program of their own under a compiler and an MPI, and that are to pass.
pub(super) fn probes<'c>(
    catalogue: &'c Catalogue,
    selection: &'c Selection,
) -> impl Iterator<Item = (&'c Suite, &'c Probe, &'c Template)> {
    let suites = catalogue
        .suites
        .iter()
        .filter(|suite| suite.toolchain.contains(&Layer::Compiler) && suite.toolchain.contains(&Layer::Mpi));
    let probes = suites.flat_map(|suite| suite.probes.iter().map(move |probe| (suite, probe)));
    probes.filter(|(suite, probe)| selection.takes(suite, probe) && !probe.control).filter_map(
        |(suite, probe)| match &probe.action {
            Action::Run(run) if probe.uses(Placeholder::Mpirun) => Some((suite, probe, run)),
            _ => None,
        },
    )
}

/// The languages through which a probe calls MPI, by what its sources use.
pub(super) fn bindings(suite: &Suite, probe: &Probe) -> Vec<Binding> {
    let mut found = BTreeSet::new();
    for file in &probe.sources {
        let bytes = suite.folder.read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let used = |module: &str| {
            text.lines().any(|line| {
                let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                words.find(|word| !word.is_empty()) == Some("use")
                    && words.find(|word| !word.is_empty()) == Some(module)
            })
        };
        // What a C source includes may include mpi.h in its turn.
        let extension = file.rsplit('.').next().unwrap_or_default();
        found.insert(if ["c", "cc", "cpp", "cxx", "C"].contains(&extension) {
            Binding::C
        } else if used("mpi_f08") {
            Binding::MpiF08
        } else if used("mpi") {
            Binding::Mpi
        } else {
            Binding::Mpifh
        });
    }
    found.into_iter().collect()
}

pub(super) fn is_red(check: &Check) -> bool {
    matches!(check.outcome, Outcome::Failed | Outcome::Error)
}
