//! The hierarchy for people: who makes whom visible, and what is tested.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Tested, View};
use crate::stack::spider::Found;
use crate::suite::Layer;
use crate::suite::module_name::Module;

/// A stack whose modules open each other in a circle is cut here.
const DEEPEST: usize = 8;

/// The tree and a line of counts.
pub(super) fn draw(view: &View<'_>) -> String {
    let mut below: BTreeMap<Vec<&Module>, Vec<&Found>> = BTreeMap::new();
    for entry in &view.found {
        if entry.parents.is_empty() {
            below.entry(Vec::new()).or_default().push(entry);
        }
        for chain in &entry.parents {
            below.entry(chain.iter().collect()).or_default().push(entry);
        }
    }
    let toolchains = view.toolchains.iter().map(|tested| {
        let members = tested.chain.modules.iter().map(|(_, module)| module).collect();
        (members, tested.suites.as_slice())
    });
    let tree = Tree { view, below, suites: toolchains.collect() };
    let mut rows = Vec::new();
    tree.grow(&mut Vec::new(), &mut rows);
    let named = view.toolchains.iter().filter_map(|tested| Some((tested, tested.chain.named.as_ref()?)));
    rows.extend(named.map(|(tested, named)| {
        let modules: Vec<String> =
            tested.chain.modules.iter().map(|(_, module)| module.to_string()).collect();
        let load = named.load.join(" ");
        let told = format!("{} as {} by {load}", tested.suites.join(" "), modules.join(" "));
        (named.label.clone(), "named", told)
    }));
    let width = rows.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, layer, tested) in rows {
        let line = format!("{name:width$}  {layer:8}  {tested}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let hidden = view.found.iter().filter(|entry| entry.hidden).count();
    let _ = writeln!(
        text,
        "\n{} toolchains: {} compilers, {} pairs of compiler and MPI, {} runtimes; {} other modules; {} modulefiles, {hidden} hidden",
        view.toolchains.len(),
        view.count(&[Layer::Compiler]),
        view.count(&[Layer::Compiler, Layer::Mpi]),
        view.count(&[Layer::Runtime]),
        view.others(),
        view.found.len(),
    );
    text
}

type Rows = Vec<(String, &'static str, String)>;

struct Tree<'v> {
    view: &'v View<'v>,
    below: BTreeMap<Vec<&'v Module>, Vec<&'v Found>>,
    suites: BTreeMap<Vec<&'v Module>, &'v [&'v str]>,
}

impl<'v> Tree<'v> {
    fn grow(&self, chain: &mut Vec<&'v Module>, rows: &mut Rows) {
        let entries: &[&'v Found] = self.below.get(chain).map(Vec::as_slice).unwrap_or_default();
        for entry in entries {
            if chain.len() >= DEEPEST || chain.contains(&&entry.module) {
                continue;
            }
            let marks = [(entry.default, " (default)"), (entry.hidden, " (hidden)")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            let layer = match self.view.layers.get(&entry.module) {
                Some(Layer::Compiler) => "compiler",
                Some(Layer::Mpi) => "mpi",
                Some(Layer::Runtime) => "runtime",
                None => "",
            };
            chain.push(&entry.module);
            let name = format!("{}{}{marks}", "  ".repeat(chain.len() - 1), entry.module);
            rows.push((name, layer, self.tested(entry, chain)));
            self.grow(chain, rows);
            chain.pop();
        }
    }

    /// Which suites are for this place in the hierarchy, or why none is.
    fn tested(&self, entry: &Found, chain: &[&Module]) -> String {
        match self.suites.get(chain) {
            Some([]) => "not tested: no suite is for it".to_owned(),
            Some(suites) => {
                let own = suites.iter().filter(|suite| !self.view.beside.contains_key(*suite));
                own.copied().collect::<Vec<_>>().join(" ")
            }
            None if self.view.covered.contains_key(&entry.module) => {
                format!("not tested by itself: {}", self.view.covered[&entry.module])
            }
            None if self.view.layers.contains_key(&entry.module) && entry.hidden => {
                "not tested: hidden, as a .modulerc says".to_owned()
            }
            None if self.view.layers.contains_key(&entry.module) || self.is_known(entry) => self.apart(entry),
            None => {
                let suites = self.suites_about(entry, chain);
                match (suites.as_slice(), self.view.walked) {
                    ([], true) => "loaded only".to_owned(),
                    ([], false) => "not tested".to_owned(),
                    (suites, _) => suites.join(" "),
                }
            }
        }
    }

    /// The suites about this module, which they load first, beside the toolchain below which it stands.
    fn suites_about(&self, entry: &Found, chain: &[&Module]) -> Vec<&'v str> {
        let above = chain.split_last().map_or(&[][..], |(_, above)| above);
        let suites = self.suites.get(above).copied().unwrap_or_default();
        let about = |suite: &&&str| {
            let modules = self.view.beside.get(**suite).copied().unwrap_or_default();
            modules.first().is_some_and(|one| one.take(&entry.module))
        };
        suites.iter().filter(about).copied().collect()
    }

    /// Whether more is known of it than that it loads, be its family in a table or not.
    fn is_known(&self, entry: &Found) -> bool {
        self.view.untested.iter().any(|(module, _)| *module == entry.module)
            || self
                .view
                .toolchains
                .iter()
                .any(|tested| tested.chain.modules.iter().any(|(_, one)| *one == entry.module))
    }

    /// What is tested of a module whose toolchains do not show in its place: an MPI beside its compilers.
    fn apart(&self, entry: &Found) -> String {
        let is_last = |tested: &&Tested<'_>| tested.chain.unlocking() == [&entry.module];
        let toolchains = self.view.toolchains.iter().filter(is_last);
        let mut told: Vec<String> = toolchains
            .filter_map(|tested| {
                let (_, compiler) = tested.chain.modules.first()?;
                Some(format!("with {compiler}: {}", tested.suites.join(" ")))
            })
            .collect();
        if told.is_empty() {
            let member =
                |tested: &&Tested<'_>| tested.chain.modules.iter().any(|(_, one)| *one == entry.module);
            let chains = self.view.toolchains.iter().filter(member).map(|tested| &tested.chain.modules);
            told.extend(chains.filter_map(|modules| {
                let (_, mpi) = modules.last().filter(|(_, mpi)| *mpi != entry.module)?;
                Some(format!("tested as the compiler of {mpi}"))
            }));
        }
        let why = self.view.untested.iter().find(|(module, _)| *module == entry.module);
        match why {
            Some((_, why)) if told.is_empty() => format!("not tested: {why}"),
            _ if told.is_empty() && entry.fault.is_some() => "not tested: it cannot be read".to_owned(),
            _ if told.is_empty() && entry.parents.is_empty() => "not tested within these limits".to_owned(),
            _ if told.is_empty() => {
                let chain = entry.parents.first().into_iter().flatten();
                let chain: Vec<String> = chain.map(ToString::to_string).collect();
                format!(
                    "not tested: it is visible only below {}; MODULEPATH may name the folder that this opens",
                    chain.join(" ")
                )
            }
            _ => told.join("; "),
        }
    }
}
