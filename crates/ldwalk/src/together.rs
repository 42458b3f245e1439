//! What goes wrong when files are loaded together?
//!
//! Every program and every library is the first file of a process once. What a program runs into is wrong. What a
//! library runs into on its own may be mended by those who load it, so it is excused where that can be shown: under a
//! program of the stack; by a neighbour in its own folder, which whoever links it names as well; or as a plugin whose
//! host has loaded the rest before it is opened.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::closure::{Closure, Missing};
use super::finding::{Finding, FindingKind, Weight};
use super::folder::origin;
use super::image::Kind;
use super::loader::Loader;
use super::object::{FileId, Object, Opened};
use super::plugin::Plugins;
use super::policy::Policy;
use super::runtimes;
use super::shelf::Shelf;
use super::versions::{self, Lack};

const UNDER_PROGRAMS: &str = "the stack's programs that load it bring what it lacks";
const NEIGHBOUR: &str = "one lies beside it, for programs that name that folder";
const PLUGIN: &str = "the program that opens it has to load that first";

/// What is at fault: the same fault seen through many files is one finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fault {
    kind: FindingKind,
    file: PathBuf,
    detail: String,
}

/// A fault as one process shows it.
struct Seen {
    /// The member at fault.
    member: usize,
    fault: Fault,
    /// The library that it wanted and did not get.
    wanted: Arc<str>,
}

/// How a fault was seen.
struct Evidence {
    wanted: Arc<str>,
    /// Why it may not matter; `None`: it does.
    excuse: Option<&'static str>,
    chain: Vec<PathBuf>,
    /// The first file is a library: what a program runs into says more.
    by_library: bool,
    /// Files loaded with the one that shows it: the smallest process shows it best.
    size: usize,
    count: usize,
}

type Faults = HashMap<Fault, Evidence>;

fn merge(mut faults: Faults, more: Faults) -> Faults {
    for (fault, evidence) in more {
        note(&mut faults, fault, evidence);
    }
    faults
}

fn note(faults: &mut Faults, fault: Fault, evidence: Evidence) {
    match faults.entry(fault) {
        Entry::Vacant(place) => {
            place.insert(evidence);
        }
        Entry::Occupied(mut place) => {
            let known = place.get_mut();
            known.count += evidence.count;
            let rank = |evidence: &Evidence| (evidence.excuse.is_some(), evidence.by_library, evidence.size);
            if (rank(&evidence), &evidence.chain) < (rank(known), &known.chain) {
                *known = Evidence { count: known.count, ..evidence };
            }
        }
    }
}

pub(super) struct Together<'a> {
    loader: &'a Loader,
    policy: &'a Policy,
    plugins: Plugins<'a>,
    scanned: HashSet<FileId>,
    of_the_stack: Shelf<FileId, bool>,
}

impl<'a> Together<'a> {
    pub(super) fn new(
        loader: &'a Loader,
        policy: &'a Policy,
        roots: &'a [PathBuf],
        objects: &'a [Arc<Object>],
    ) -> Self {
        Self {
            loader,
            policy,
            plugins: Plugins::new(loader, roots, objects),
            scanned: objects.iter().map(|object| object.file).collect(),
            of_the_stack: Shelf::default(),
        }
    }

    /// Judges every process that one of `objects` begins.
    pub(super) fn judge(&self, objects: &[Arc<Object>]) -> Vec<Finding> {
        let (programs, libraries): (Vec<_>, Vec<_>) =
            objects.iter().partition(|object| object.image.kind == Kind::Program);
        let (faults, content) = programs.par_iter().map(|program| self.program(program)).reduce(
            Default::default,
            |(faults, mut content), (more, also)| {
                content.extend(also);
                (merge(faults, more), content)
            },
        );
        let others = libraries
            .par_iter()
            .map(|library| self.library(library, &content))
            .reduce(Faults::default, merge);
        merge(faults, others).into_iter().map(|(fault, evidence)| self.say(fault, evidence)).collect()
    }

    /// The faults of one program, and the members that lack nothing.
    fn program(&self, program: &Arc<Object>) -> (Faults, HashSet<FileId>) {
        let Some(closure) = self.loader.closure_after(program, &[]) else { return Default::default() };
        let mut discontent = HashSet::new();
        let mut faults = Faults::default();
        for seen in self.faults(&closure) {
            discontent.insert(closure.members[seen.member].object.file);
            let evidence = evidence(&closure, &seen, None);
            note(&mut faults, seen.fault, evidence);
        }
        let content = closure.members.iter().map(|member| member.object.file);
        (faults, content.filter(|file| !discontent.contains(file)).collect())
    }

    /// The faults of one library on its own; those in `content` lack nothing under the stack's programs.
    fn library(&self, library: &Arc<Object>, content: &HashSet<FileId>) -> Faults {
        let mut faults = Faults::default();
        let Some(closure) = self.loader.closure_after(library, &[]) else { return faults };
        let mut as_plugin = None;
        for seen in self.faults(&closure) {
            let excuse = self.excuse(&closure, &seen, content, || {
                *as_plugin.get_or_insert_with(|| self.plugins.resolves(library, &closure))
            });
            let evidence = evidence(&closure, &seen, excuse);
            note(&mut faults, seen.fault, evidence);
        }
        faults
    }

    /// Why what a library shows on its own may not matter.
    fn excuse(
        &self,
        closure: &Closure,
        seen: &Seen,
        content: &HashSet<FileId>,
        as_plugin: impl FnOnce() -> bool,
    ) -> Option<&'static str> {
        let object = &closure.members[seen.member].object;
        let kind = seen.fault.kind;
        if !matches!(kind, FindingKind::Missing | FindingKind::HostLeak | FindingKind::Version) {
            return None;
        }
        if content.contains(&object.file) {
            return Some(UNDER_PROGRAMS);
        }
        if kind != FindingKind::Version && self.has_neighbour(object, &seen.wanted) {
            return Some(NEIGHBOUR);
        }
        // A library that is itself scanned is judged where it is the first file.
        let judged_elsewhere = seen.member != 0 && self.scanned.contains(&object.file);
        (kind == FindingKind::Missing && (judged_elsewhere || as_plugin())).then_some(PLUGIN)
    }

    /// Whether the library that is wanted lies in the same folder as `object`.
    fn has_neighbour(&self, object: &Object, wanted: &str) -> bool {
        let folder = self.loader.folder(origin(&object.path));
        folder.may_hold(wanted)
            && matches!(self.loader.open(&folder.file(wanted)),
                Opened::Loadable(found) if found.image.machine == object.image.machine)
    }

    fn faults(&self, closure: &Closure) -> Vec<Seen> {
        let mut faults: Vec<_> = closure.missing.iter().map(|missing| lacks(closure, missing)).collect();
        faults.extend(self.leaks(closure));
        faults.extend(outdated(closure));
        let objects: Vec<&Object> = closure.members.iter().map(|member| &*member.object).collect();
        faults.extend(runtimes::pairs(&objects, self.policy.vendors()).into_iter().map(|pair| {
            let path = |member: usize| closure.members[member].object.path.display();
            let by = closure.members[pair.second].by.unwrap_or_default();
            let detail =
                format!("brings `{}` into a process that has `{}`", path(pair.second), path(pair.first));
            let file = closure.members[by].object.path.clone();
            Seen { member: by, fault: Fault { kind: pair.kind, file, detail }, wanted: Arc::default() }
        }));
        faults
    }

    fn leaks(&self, closure: &Closure) -> impl Iterator<Item = Seen> {
        closure.members.iter().filter_map(|member| {
            let by = member.by?;
            let (object, user) = (&member.object, &closure.members[by].object);
            let name = object.name();
            // What a library of the host takes from the host is the host's business.
            let accepted = self.policy.may_come_from_the_host(name)
                || self.is_of_the_stack(object)
                || !self.is_of_the_stack(user);
            let detail = || format!("takes `{name}` from the host: `{}`", object.path.display());
            (!accepted).then(|| Seen {
                member: by,
                fault: Fault { kind: FindingKind::HostLeak, file: user.path.clone(), detail: detail() },
                wanted: name.into(),
            })
        })
    }

    fn is_of_the_stack(&self, object: &Object) -> bool {
        self.of_the_stack
            .get(&object.file)
            .unwrap_or_else(|| self.of_the_stack.keep(object.file, self.policy.is_of_the_stack(&object.path)))
    }

    fn say(&self, fault: Fault, evidence: Evidence) -> Finding {
        let mut detail = fault.detail;
        if let Some(excuse) = evidence.excuse {
            detail = format!("{detail}; {excuse}");
        } else if fault.kind == FindingKind::Missing
            && let Some(path) = self.plugins.anywhere(&evidence.wanted)
        {
            detail = format!("{detail}; the stack has `{}`", path.display());
        }
        Finding {
            weight: if evidence.excuse.is_some() { Weight::Odd } else { Weight::Wrong },
            kind: fault.kind,
            file: fault.file,
            detail,
            chain: evidence.chain,
            others: evidence.count - 1,
        }
    }
}

fn lacks(closure: &Closure, missing: &Missing) -> Seen {
    let file = closure.members[missing.by].object.path.clone();
    let detail = match &missing.unusable {
        None => format!("needs `{}`, which is nowhere on its search path", missing.name),
        Some((path, reason)) => {
            format!("needs `{}`, and `{}` cannot be loaded: {reason}", missing.name, path.display())
        }
    };
    let fault = Fault { kind: FindingKind::Missing, file, detail };
    Seen { member: missing.by, fault, wanted: Arc::clone(&missing.name) }
}

/// Users whose library lacks versions that they were linked against. A library without any versions is accepted: the
/// loader only warns of it.
fn outdated(closure: &Closure) -> impl Iterator<Item = Seen> {
    closure.members.iter().enumerate().flat_map(move |(index, member)| {
        let user = &member.object;
        user.required.iter().enumerate().filter_map(move |(requirement, &library)| {
            let provider = &closure.members[closure.provider(library)?].object;
            let Lack::Versions(versions) = versions::lack(user, requirement, provider)? else { return None };
            let detail = format!(
                "wants {} of `{}`, which does not define it",
                versions.join(", "),
                provider.path.display()
            );
            let fault = Fault { kind: FindingKind::Version, file: user.path.clone(), detail };
            Some(Seen { member: index, fault, wanted: Arc::default() })
        })
    })
}

fn evidence(closure: &Closure, seen: &Seen, excuse: Option<&'static str>) -> Evidence {
    Evidence {
        wanted: Arc::clone(&seen.wanted),
        excuse,
        chain: closure.chain(seen.member),
        by_library: closure.members[0].object.image.kind == Kind::Library,
        size: closure.members.len(),
        count: 1,
    }
}
