//! Every case that a run owes, before the first one starts. Pure.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::digest::fnv;
use crate::plan::share::{Group, Share};
use crate::suite::module_name::Module;
use crate::suite::select::{Selection, Under};
use crate::suite::{Layer, Suite};

/// A toolchain as the plan sees it: named, perhaps not loaded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// `gcc/12.2.0 openmpi/5.0.11`.
    pub label: String,
    /// Its layers with the canonical family of each.
    pub layers: Vec<(Layer, String)>,
    /// Its modules by their full names, and by their canonical families where these are others; none where it is not
    /// known yet what the names of a command line mean, and then the label is none that lasts.
    pub modules: Option<Vec<(Layer, Module)>>,
}

impl Planned {
    /// What a selection may know of it.
    fn under(&self) -> Option<Under<'_>> {
        self.modules.as_deref().map(|modules| Under { label: &self.label, modules })
    }
}

/// A probe under a toolchain. The fields index into the lists that the plan was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Unique within the plan, fit to be a file name, the same in every run.
    pub id: String,
    /// Which suite.
    pub suite: usize,
    /// Which probe of it.
    pub probe: usize,
    /// Which toolchain.
    pub toolchain: usize,
    /// How many MPI ranks, if it knows ranks.
    pub ranks: Option<u32>,
    /// CPU slots that it takes.
    pub slots: u32,
    /// Whether it may run beside a launcher that has every slot: it starts none, or its suite gives it one slot.
    pub filler: bool,
}

/// All cases, those of one toolchain together, those of one build side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub cases: Vec<Case>,
}

impl Plan {
    /// Every selected probe under every toolchain that has exactly the layers that its suite asks for; a
    /// suite for any is under every one. A runtime suite also takes a runtime with a compiler loaded beside it.
    #[must_use]
    pub fn new(
        suites: &[Suite],
        toolchains: &[Planned],
        selection: &Selection,
        share: Option<&Share>,
    ) -> Self {
        let mut cases = Vec::new();
        let mut taken = HashSet::new();
        // The group of each case.
        let (mut groups, mut places) = (Vec::new(), Vec::new());
        for (toolchain, planned) in toolchains.iter().enumerate() {
            for (s, suite) in suites.iter().enumerate().filter(|(_, suite)| fits(suite, planned)) {
                for (p, probe) in suite.probes.iter().enumerate() {
                    if !selection.takes_under(suite, probe, planned.under()) {
                        continue;
                    }
                    let ranks: Vec<Option<u32>> = match probe.ranks.as_slice() {
                        [] => vec![None],
                        ranks => ranks.iter().copied().map(Some).collect(),
                    };
                    let named = ranks
                        .into_iter()
                        .map(|ranks| (ranks, id(&suite.name, &probe.name, ranks, &planned.label)));
                    let named: Vec<(Option<u32>, String)> =
                        named.filter(|(_, id)| planned.modules.is_none() || selection.takes_id(id)).collect();
                    if named.is_empty() {
                        continue;
                    }
                    let name = format!("{}/{}", suite.name, probe.name);
                    let mut group = Group { probe: name, cases: Vec::new() };
                    for (ranks, mut id) in named {
                        while !taken.insert(id.clone()) {
                            id.push('_');
                        }
                        let slots = probe.slots.or(ranks).unwrap_or(1);
                        let filler = slots == 1 && (ranks.is_none() || probe.slots.is_some());
                        group.cases.push(id.clone());
                        places.push(groups.len());
                        cases.push(Case { id, suite: s, probe: p, toolchain, ranks, slots, filler });
                    }
                    groups.push(group);
                }
            }
        }
        if let Some(share) = share {
            let kept = share.takes(&groups);
            let mut places = places.into_iter();
            cases.retain(|_| places.next().is_some_and(|place| kept[place]));
        }
        Self { cases }
    }
}

/// The suites that are for this toolchain.
pub fn suites_for<'s>(suites: &'s [Suite], planned: &Planned) -> impl Iterator<Item = &'s Suite> {
    suites.iter().filter(|suite| fits(suite, planned))
}

fn fits(suite: &Suite, planned: &Planned) -> bool {
    let has = |layer| planned.layers.iter().any(|(own, _)| *own == layer);
    let same = [Layer::Compiler, Layer::Mpi, Layer::Runtime]
        .into_iter()
        .all(|layer| suite.toolchain.contains(&layer) == has(layer));
    let beside = suite.toolchain == [Layer::Runtime] && has(Layer::Runtime);
    let family = planned.layers.iter().find(|(layer, _)| *layer == Layer::Runtime).map(|(_, family)| family);
    (same || beside || suite.toolchain.is_empty())
        && suite.runtime.as_ref().is_none_or(|runtime| family == Some(runtime))
}

/// `mpi.hello.n4.gcc-12.2.0.openmpi-5.0.11`. A name too long for a file keeps its beginning and ends in a hash.
fn id(suite: &str, probe: &str, ranks: Option<u32>, toolchain: &str) -> String {
    let ranks = ranks.map(|ranks| format!(".n{ranks}")).unwrap_or_default();
    let text = format!("{suite}.{probe}{ranks}.{toolchain}");
    let mut id: String = text
        .chars()
        .map(|letter| match letter {
            ' ' => '.',
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '+' => letter,
            _ => '-',
        })
        .collect();
    if id.len() > 180 {
        let hash = fnv(text.as_bytes());
        id.truncate(160);
        let _ = write!(id, "-{hash:016x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Source;
    use crate::suite::file;
    use crate::suite::folder::Folder;
    use crate::suite::vocabulary::Vocabulary;
    use proptest::prelude::*;

    fn suite(name: &str, toolchain: &str, probes: &[&str]) -> Suite {
        let mut text = format!("name = \"{name}\"\nsummary = \"x\"\ntoolchain = {toolchain}\n");
        for probe in probes {
            let _ =
                writeln!(text, "[[probe]]\nname = \"{probe}\"\nsummary = \"y\"\nrun = \"x\"\nranks = [2, 4]");
        }
        let folder = Folder::Disk("/nowhere".into());
        file::parse(&Source::new("s", text), &folder, &Vocabulary::default()).unwrap()
    }

    fn planned(label: &str, layers: &[(Layer, &str)]) -> Planned {
        let layers = layers.iter().map(|(layer, family)| (*layer, (*family).to_owned())).collect();
        Planned { label: label.to_owned(), layers, modules: None }
    }

    fn stack() -> (Vec<Suite>, Vec<Planned>) {
        let suites = vec![
            suite("compiler", "[\"compiler\"]", &["a", "b"]),
            suite("mpi", "[\"compiler\", \"mpi\"]", &["hello"]),
        ];
        let gcc = (Layer::Compiler, "gcc");
        let toolchains =
            vec![planned("gcc/12", &[gcc]), planned("gcc/12 openmpi/5", &[gcc, (Layer::Mpi, "openmpi")])];
        (suites, toolchains)
    }

    #[test]
    fn a_suite_runs_under_the_toolchains_of_its_layers() {
        let (suites, toolchains) = stack();
        let plan = Plan::new(&suites, &toolchains, &Selection::default(), None);
        let ids: Vec<&str> = plan.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "compiler.a.n2.gcc-12",
                "compiler.a.n4.gcc-12",
                "compiler.b.n2.gcc-12",
                "compiler.b.n4.gcc-12",
                "mpi.hello.n2.gcc-12.openmpi-5",
                "mpi.hello.n4.gcc-12.openmpi-5"
            ]
        );
        assert_eq!(plan.cases[5].slots, 4);
    }

    proptest! {
        #[test]
        fn shards_are_the_plan_without_overlap(count in 1_usize..5) {
            let (suites, toolchains) = stack();
            let whole = Plan::new(&suites, &toolchains, &Selection::default(), None);
            let mut parts: Vec<Case> = Vec::new();
            for index in 1..=count {
                let share = Share::even(format!("{index}/{count}").parse().unwrap());
                parts.extend(Plan::new(&suites, &toolchains, &Selection::default(), Some(&share)).cases);
            }
            parts.sort_by(|left, right| left.id.cmp(&right.id));
            let mut cases = whole.cases;
            cases.sort_by(|left, right| left.id.cmp(&right.id));
            prop_assert_eq!(parts, cases);
        }

        #[test]
        fn an_id_is_always_a_file_name(probe in ".{0,300}", toolchain in ".{0,300}") {
            let id = id("s", &probe, Some(2), &toolchain);
            prop_assert!(id.len() <= 200 && !id.contains('/') && !id.contains('\0'));
        }
    }
}
