//! Which files end up in one process, and what is missing?
//!
//! Breadth first, as the loader does it: a need is satisfied by whatever is already loaded under that name, whoever
//! brought it and from wherever.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::loader::{Asking, Found, Loader};
use super::names::Name;
use super::object::Object;

/// One loaded file.
#[derive(Clone, Debug)]
pub struct Member {
    /// The file.
    pub object: Arc<Object>,
    /// Which member asked for it first; `None` for the first file and the loader itself.
    pub by: Option<usize>,
}

/// A need that nothing satisfies.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Which member needs it.
    pub by: usize,
    /// The name that it asks for.
    pub name: Arc<str>,
    /// A file that was found and that the loader gives up on, and why.
    pub unusable: Option<(PathBuf, Arc<str>)>,
}

/// Everything that is loaded with one file.
#[derive(Clone, Debug)]
pub struct Closure {
    /// In the order in which they are loaded; the first is the file itself.
    pub members: Vec<Member>,
    /// What could not be found.
    pub missing: Vec<Missing>,
    loaded: HashMap<Name, usize>,
}

impl Closure {
    /// The file that satisfies needs for `name`.
    pub(super) fn provider(&self, name: Name) -> Option<usize> {
        self.loaded.get(&name).copied()
    }

    /// Who led to a member: from the first file to the member itself.
    #[must_use]
    pub fn chain(&self, member: usize) -> Vec<PathBuf> {
        let mut chain: Vec<PathBuf> =
            self.ancestry(member).iter().map(|object| object.path.clone()).collect();
        chain.reverse();
        chain
    }

    /// The member, the one that asked for it, and so on.
    fn ancestry(&self, member: usize) -> Vec<&Object> {
        let mut chain = Vec::new();
        let mut next = Some(member);
        while let Some(member) = next.and_then(|index| self.members.get(index)) {
            chain.push(&*member.object);
            next = member.by;
        }
        chain
    }

    fn add(&mut self, object: Arc<Object>, by: Option<usize>) -> usize {
        let known = self.members.iter().position(|member| member.object.file == object.file);
        let index = known.unwrap_or(self.members.len());
        if let Some(soname) = object.soname {
            self.loaded.entry(soname).or_insert(index);
        }
        if known.is_none() {
            self.members.push(Member { object, by });
        }
        index
    }
}

impl Loader {
    /// Resolves everything that the file at `path` needs; `None` if it cannot be loaded, or if the loader of its machine
    /// is not known.
    #[must_use]
    pub fn closure(&self, path: &Path) -> Option<Closure> {
        self.closure_after(&self.object(path)?, &[])
    }

    /// The same for an object of this loader in a process that has loaded `before` already, as a program that opens
    /// plugins has.
    pub(super) fn closure_after(&self, root: &Arc<Object>, before: &[Arc<Object>]) -> Option<Closure> {
        let system = self.system_of(&root.image)?;
        let mut closure =
            Closure { members: Vec::new(), missing: Vec::new(), loaded: HashMap::with_capacity(32) };
        closure.add(Arc::clone(root), None);
        if let Some(interpreter) = self.object(&system.interpreter) {
            closure.add(interpreter, None);
        }
        for object in before {
            closure.add(Arc::clone(object), None);
        }
        let mut next = 0;
        while next < closure.members.len() {
            let asker = Arc::clone(&closure.members[next].object);
            for &name in &asker.needed {
                if closure.loaded.contains_key(&name) {
                    continue;
                }
                let chain = closure.ancestry(next);
                match self.find(name, &Asking { chain: &chain, root, system: &system }) {
                    Found::At(object) => {
                        let index = closure.add(object, Some(next));
                        closure.loaded.insert(name, index);
                    }
                    Found::Nowhere => closure.lack(next, self.names.text(name), None),
                    Found::Unusable(path, reason) => {
                        closure.lack(next, self.names.text(name), Some((path, reason)));
                    }
                }
            }
            next += 1;
        }
        Some(closure)
    }
}

impl Closure {
    fn lack(&mut self, by: usize, name: Arc<str>, unusable: Option<(PathBuf, Arc<str>)>) {
        self.missing.push(Missing { by, name, unusable });
    }
}
