//! `--filter`: which cases are meant, in one language for every verb. Pure.
//!
//! An expression is asked about a [`Subject`], of which not all need be known yet: before a toolchain is loaded its
//! version is not. So an answer is yes, no, or maybe, and `not` of maybe is maybe.

mod parse;
mod subject;

use std::ops::Range;

use globset::GlobMatcher;

use crate::document::nearest;
use crate::error::{Error, Fault, Kind, Source};
use crate::suite::module_name::{Module, Wanted};
use crate::suite::{Layer, Suite};
pub use subject::{Answer, Subject};

/// What the text of a filter is called where its faults are shown.
const NAME: &str = "--filter";

/// An expression as it was read.
#[derive(Clone, Debug)]
pub struct Filter {
    source: Source,
    root: Node,
}

/// A part of an expression.
#[derive(Clone, Debug)]
enum Node {
    All,
    None,
    Is(Set),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

/// `function(argument)`.
#[derive(Clone, Debug)]
struct Set {
    function: Function,
    span: Range<usize>,
    argument: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Name(GlobMatcher),
    Module(Wanted),
}

/// What an expression can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The suite's name.
    Suite,
    /// The probe's name, or `SUITE/PROBE`.
    Probe,
    /// One of the probe's tags.
    Tag,
    /// The compiler.
    Cc,
    /// The MPI.
    Mpi,
    /// The runtime.
    Runtime,
    /// The toolchain as reports name it.
    Toolchain,
    /// The name of a check.
    Check,
    /// What came of a check.
    Outcome,
}

impl Function {
    /// Every function with the word that it is written as.
    pub const ALL: [(&'static str, Self); 9] = [
        ("suite", Self::Suite),
        ("probe", Self::Probe),
        ("tag", Self::Tag),
        ("cc", Self::Cc),
        ("mpi", Self::Mpi),
        ("runtime", Self::Runtime),
        ("toolchain", Self::Toolchain),
        ("check", Self::Check),
        ("outcome", Self::Outcome),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("", |(word, _)| word)
    }

    fn layer(self) -> Option<Layer> {
        match self {
            Self::Cc => Some(Layer::Compiler),
            Self::Mpi => Some(Layer::Mpi),
            Self::Runtime => Some(Layer::Runtime),
            _ => None,
        }
    }

    /// Whether only results can answer it.
    fn is_of_results(self) -> bool {
        matches!(self, Self::Check | Self::Outcome)
    }
}

/// What `outcome()` can be given.
pub const OUTCOMES: [&str; 4] = ["passed", "failed", "error", "skipped"];

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// All that is wrong with it, each with a caret.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let source = Source::new(NAME, text);
        match parse::parse(&source) {
            Ok(root) => Ok(Self { source, root }),
            Err(faults) => Err(Error::of(Kind::Usage, faults)),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// Whether it takes the subject, as far as that is known.
    #[must_use]
    pub fn answer(&self, subject: &Subject<'_>) -> Answer {
        answer(&self.root, subject)
    }

    /// Whether it asks about compilers, MPIs, runtimes or toolchains.
    #[must_use]
    pub fn names_toolchains(&self) -> bool {
        self.sets().iter().any(|set| set.function.layer().is_some() || set.function == Function::Toolchain)
    }

    /// What of it cannot be answered before anything has run, and names that no suite, probe or tag has. A pattern may
    /// match nothing; a name that does is a slip of the hand, which would leave out what was meant.
    #[must_use]
    pub fn faults(&self, suites: &[Suite]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for set in self.sets() {
            let place = |fault: Fault| fault.at(&self.source, set.span.clone());
            if set.function.is_of_results() {
                let what = format!(
                    "only results have a `{}`: this verb runs or lists whole probes",
                    set.function.word()
                );
                faults.push(
                    place(Fault::new(what))
                        .hint("`stackprobe report` understands it; probe(NAME) selects a probe"),
                );
                continue;
            }
            let (kind, names) = match set.function {
                Function::Suite => ("suite", suites.iter().map(|suite| suite.name.clone()).collect()),
                Function::Probe => ("probe", probes(suites, set.argument.contains('/'))),
                Function::Tag => ("tag", tags(suites)),
                _ => continue,
            };
            if !is_pattern(&set.argument) && !names.contains(&set.argument) {
                let hint = match nearest(&set.argument, names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if set.function == Function::Probe => {
                        "`stackprobe list` prints all probes".to_owned()
                    }
                    None => format!("{kind}s are: {}", names.join(", ")),
                };
                let what = format!("no {kind} is named `{}`", set.argument);
                faults.push(place(Fault::new(what)).hint(hint));
            }
        }
        faults
    }

    /// What it names of compilers, MPIs and runtimes that none of these toolchains has, as it was written.
    #[must_use]
    pub fn unmet(&self, toolchains: &[Vec<(Layer, Module)>]) -> Vec<&str> {
        let has = |layer: Layer, wanted: &Wanted| {
            toolchains.iter().flatten().any(|(own, module)| *own == layer && wanted.matches(module))
        };
        let unmet = self.sets().into_iter().filter(|set| match (&set.matcher, set.function.layer()) {
            (Matcher::Module(wanted), Some(layer)) => !has(layer, wanted),
            _ => false,
        });
        unmet.map(|set| &self.source.text[set.span.clone()]).collect()
    }

    fn sets(&self) -> Vec<&Set> {
        let mut sets = Vec::new();
        collect(&self.root, &mut sets);
        sets
    }
}

fn collect<'n>(node: &'n Node, sets: &mut Vec<&'n Set>) {
    match node {
        Node::All | Node::None => {}
        Node::Is(set) => sets.push(set),
        Node::Not(inner) => collect(inner, sets),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| collect(part, sets)),
    }
}

fn answer(node: &Node, subject: &Subject<'_>) -> Answer {
    match node {
        Node::All => Answer::Yes,
        Node::None => Answer::No,
        Node::Is(set) => set.answer(subject),
        Node::Not(inner) => answer(inner, subject).not(),
        Node::And(parts) => parts.iter().map(|part| answer(part, subject)).min().unwrap_or(Answer::Yes),
        Node::Or(parts) => parts.iter().map(|part| answer(part, subject)).max().unwrap_or(Answer::No),
    }
}

impl Set {
    fn answer(&self, subject: &Subject<'_>) -> Answer {
        let name = |text: &str| match &self.matcher {
            Matcher::Name(glob) => Answer::of(glob.is_match(text)),
            Matcher::Module(_) => Answer::No,
        };
        let known = |text: Option<&str>| text.map_or(Answer::Maybe, name);
        match self.function {
            Function::Suite => name(subject.suite),
            Function::Probe if self.argument.contains('/') => {
                name(&format!("{}/{}", subject.suite, subject.probe))
            }
            Function::Probe => name(subject.probe),
            Function::Tag => subject
                .tags
                .map_or(Answer::Maybe, |tags| tags.iter().map(|tag| name(tag)).max().unwrap_or(Answer::No)),
            Function::Toolchain => known(subject.toolchain),
            Function::Check => known(subject.check),
            Function::Outcome => known(subject.outcome),
            Function::Cc | Function::Mpi | Function::Runtime => {
                let (Matcher::Module(wanted), Some(modules)) = (&self.matcher, subject.modules) else {
                    return Answer::Maybe;
                };
                let mut own = modules.iter().filter(|(layer, _)| Some(*layer) == self.function.layer());
                Answer::of(own.any(|(_, module)| wanted.matches(module)))
            }
        }
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{', '\\'])
}

fn probes(suites: &[Suite], whole: bool) -> Vec<String> {
    let all = suites.iter().flat_map(|suite| suite.probes.iter().map(move |probe| (suite, probe)));
    let name = |(suite, probe): (&Suite, &crate::suite::Probe)| {
        if whole { format!("{}/{}", suite.name, probe.name) } else { probe.name.clone() }
    };
    all.map(name).collect()
}

fn tags(suites: &[Suite]) -> Vec<String> {
    let mut tags: Vec<String> =
        suites.iter().flat_map(|suite| &suite.probes).flat_map(|probe| probe.tags.iter().cloned()).collect();
    tags.sort();
    tags.dedup();
    tags
}

#[cfg(test)]
mod tests;
