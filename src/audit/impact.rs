//! What does a change of a package touch: packages, modules, toolchains, cases?

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;

use super::finding::short;
use super::graph::Graph;
use crate::document::nearest;
use crate::error::{Error, Kind};
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::cases::{Case, Plan};
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::stack::inventory::{Claim, Inventory};
use crate::stack::matrix::Chain;
use crate::stack::spider::Found;
use crate::suite::select::Selection;
use crate::suite::{Action, Native};
use spack_db::{Lock, Record};

/// A modulefile that is written anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Touched {
    /// Its module.
    pub module: String,
    /// Where it is now.
    pub file: String,
}

/// What must be tested again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tests {
    /// Toolchains that have a case which loads something that is built again.
    pub toolchains: Vec<String>,
    /// Toolchains of the stack.
    pub of_toolchains: usize,
    /// Cases that load something that is built again.
    pub cases: usize,
    /// Others, under any toolchain, that look at the whole stack, and so at what is built again.
    pub looking: usize,
    /// Cases of the whole stack.
    pub of_cases: usize,
    /// Toolchains that do not load: all of their cases count, for nobody knows what they load.
    pub unloaded: Vec<String>,
}

/// What a change touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Impact {
    /// What changes, in the words of the command line.
    pub change: String,
    /// The installs and specs that these mean.
    pub changed: Vec<String>,
    /// What is to be built again, themselves among it: all that depends on them, be it only to be built.
    pub rebuilt: Vec<String>,
    /// The modules of these.
    pub modules: Vec<Touched>,
    /// What is to be tested again; none with `--tree`.
    pub tests: Option<Tests>,
}

impl Impact {
    /// Of each of `changes`. `stack` and its modulefiles are none where trees were named instead.
    ///
    /// # Errors
    /// Every name that nothing has; a stack that cannot be looked at.
    pub fn of(
        changes: &[String],
        inventory: &Inventory,
        locks: &[(PathBuf, Lock)],
        stack: Option<(&Stack<'_>, &Catalogue)>,
    ) -> Result<Vec<Self>, Error> {
        let books = &inventory.books;
        let trees =
            books.trees.iter().flat_map(|tree| &tree.database.records).filter(|record| record.installed);
        let all = trees.chain(locks.iter().flat_map(|(_, lock)| &lock.records));
        let graph = Graph::new(all, &books.packages);
        let meant: Vec<_> = changes.iter().map(|words| (words, graph.meant(words))).collect();
        let unknown: Vec<_> = meant.iter().filter(|(_, meant)| meant.is_empty()).collect();
        if !unknown.is_empty() {
            let faults = unknown.into_iter().map(|(words, _)| no_such(words, &graph));
            return Err(Error::of(Kind::Nothing, faults.collect()));
        }
        let found = stack.map(|(stack, _)| stack.found()).transpose()?.unwrap_or_default();
        let impacts = meant.into_iter().map(|(words, meant)| {
            let touched = graph.touched(&meant);
            let tests =
                stack.map(|(stack, catalogue)| tests(&touched, inventory, stack, catalogue)).transpose()?;
            let mut rebuilt: Vec<String> =
                touched.values().filter(|record| !record.external).map(|record| short(record)).collect();
            rebuilt.sort();
            Ok(Self {
                change: words.clone(),
                changed: meant.iter().map(|record| short(record)).collect(),
                rebuilt,
                modules: modules(&touched, inventory, found),
                tests,
            })
        });
        impacts.collect()
    }
}

fn no_such(words: &str, graph: &Graph<'_>) -> crate::error::Fault {
    let what = format!("--impact: nothing that is installed or locked is called `{words}`");
    let name = words.split(['@', '/']).next().unwrap_or(words);
    let names = graph.names();
    crate::error::Fault::new(what).hint(match nearest(name, names.iter().copied()) {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ => "a package is named as Spack names it: openmpi, openmpi@5.0 or /HASH".to_owned(),
    })
}

fn modules(touched: &BTreeMap<&str, &Record>, inventory: &Inventory, found: &[Found]) -> Vec<Touched> {
    let is_touched = |entry: &&Found| is_of(&entry.file, touched, inventory);
    let mut modules: Vec<Touched> = found
        .iter()
        .filter(is_touched)
        .map(|entry| Touched { module: entry.module.to_string(), file: entry.file.display().to_string() })
        .collect();
    modules.sort();
    modules
}

/// Whether a modulefile is that of an install that is touched.
fn is_of(file: &std::path::Path, touched: &BTreeMap<&str, &Record>, inventory: &Inventory) -> bool {
    matches!(inventory.claim(file), Claim::Of(record) if touched.contains_key(&*record.hash))
}

/// What is known of the cases of one toolchain.
struct Counted {
    label: String,
    cases: usize,
    looking: usize,
    of: usize,
    unloaded: bool,
}

fn tests(
    touched: &BTreeMap<&str, &Record>,
    inventory: &Inventory,
    stack: &Stack<'_>,
    catalogue: &Catalogue,
) -> Result<Tests, Error> {
    let count = |chain: &Chain| -> Result<Counted, Error> {
        let asked = Asked::exactly(chain, &catalogue.suites)?;
        let plan = Plan::new(&catalogue.suites, &[asked.planned(catalogue)], &Selection::default(), None);
        let mut counted = Counted { label: chain.label(), cases: 0, looking: 0, of: 0, unloaded: false };
        for Case { suite, probe, .. } in &plan.cases {
            let suite = &catalogue.suites[*suite];
            let is_touched = match stack.load_for(suite, &asked, &[]) {
                Ok(toolchain) => {
                    toolchain.loaded.iter().any(|loaded| is_of(&loaded.file, touched, inventory))
                }
                // What the stack does not offer is owed to nobody.
                Err(Unloaded::Absent(_)) => continue,
                Err(_) => {
                    counted.unloaded = true;
                    true
                }
            };
            let looks_at_all =
                matches!(suite.probes[*probe].action, Action::Native(Native::Modules | Native::Spack));
            counted.of += 1;
            counted.cases += usize::from(is_touched);
            counted.looking += usize::from(looks_at_all && !is_touched);
        }
        Ok(counted)
    };
    let counted = stack.matrix()?.chains.par_iter().map(count).collect::<Result<Vec<Counted>, Error>>()?;
    Ok(Tests {
        of_toolchains: counted.len(),
        cases: counted.iter().map(|counted| counted.cases).sum(),
        looking: counted.iter().map(|counted| counted.looking).sum(),
        of_cases: counted.iter().map(|counted| counted.of).sum(),
        unloaded: counted.iter().filter(|one| one.unloaded).map(|one| one.label.clone()).collect(),
        toolchains: counted.into_iter().filter(|one| one.cases > 0).map(|one| one.label).collect(),
    })
}
