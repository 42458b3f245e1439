//! Could a library that does not resolve on its own be a plugin?
//!
//! Parts of a Java runtime, of MATLAB or of Open MPI need libraries that their host has loaded before it opens them.
//! That is believed only on evidence: what is missing lies in the same prefix, everything resolves once it is loaded,
//! and the library is either outside the folders that linkers search or is named by a program of that prefix.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::bytes::Regex;

use super::closure::Closure;
use super::folder::origin;
use super::image::Kind;
use super::loader::Loader;
use super::names::Name;
use super::object::Object;
use super::shelf::Shelf;
use super::versions::{self, Lack};

/// A host may have to load one library after another before a plugin resolves.
const MOST_ROUNDS: usize = 8;
/// Programs larger than this are not searched for names.
const LARGEST: u64 = 64 << 20;

pub(super) struct Plugins<'a> {
    loader: &'a Loader,
    roots: &'a [PathBuf],
    providers: HashMap<Name, Vec<&'a Arc<Object>>>,
    programs: Vec<&'a Arc<Object>>,
    named: Shelf<(PathBuf, Arc<str>), bool>,
}

impl<'a> Plugins<'a> {
    pub(super) fn new(loader: &'a Loader, roots: &'a [PathBuf], objects: &'a [Arc<Object>]) -> Self {
        let mut providers: HashMap<Name, Vec<_>> = HashMap::new();
        for object in objects {
            let file =
                object.path.file_name().and_then(|name| name.to_str()).map(|name| loader.names.name(name));
            for name in
                [object.soname, file.filter(|&name| Some(name) != object.soname)].into_iter().flatten()
            {
                providers.entry(name).or_default().push(object);
            }
        }
        let programs = objects.iter().filter(|object| object.image.kind == Kind::Program).collect();
        Self { loader, roots, providers, programs, named: Shelf::default() }
    }

    /// Whether `library`, whose own `closure` lacks something, resolves within a host.
    pub(super) fn resolves(&self, library: &Arc<Object>, closure: &Closure) -> bool {
        let Some(prefix) = self
            .roots
            .iter()
            .filter(|root| library.path.starts_with(root))
            .max_by_key(|root| root.as_os_str().len())
        else {
            return false;
        };
        let linkable = ["lib", "lib64"].iter().any(|folder| origin(&library.path) == prefix.join(folder));
        let mut before: Vec<Arc<Object>> = Vec::new();
        let mut missing: Vec<Arc<str>> =
            closure.missing.iter().map(|missing| Arc::clone(&missing.name)).collect();
        for _ in 0..MOST_ROUNDS {
            for name in &missing {
                let Some(provider) = self.provider(name, prefix, library) else { return false };
                if linkable && !self.is_named(prefix, name) {
                    return false;
                }
                before.push(Arc::clone(provider));
            }
            let Some(closure) = self.loader.closure_after(library, &before) else { return false };
            if closure.missing.is_empty() {
                return has_all_versions(&closure);
            }
            missing = closure.missing.iter().map(|missing| Arc::clone(&missing.name)).collect();
        }
        false
    }

    /// A scanned library of this name, wherever it lies.
    pub(super) fn anywhere(&self, name: &str) -> Option<&Path> {
        self.providers.get(&self.loader.names.name(name))?.first().map(|object| &*object.path)
    }

    fn provider(&self, name: &str, prefix: &Path, library: &Object) -> Option<&Arc<Object>> {
        let providers = self.providers.get(&self.loader.names.name(name))?;
        let fits = |object: &&&Arc<Object>| {
            object.path.starts_with(prefix) && object.image.machine == library.image.machine
        };
        providers.iter().find(fits).copied()
    }

    /// Whether a program below `prefix`, or a library that it loads from there, holds the text `name` without needing
    /// it: the way of whoever opens it by hand.
    fn is_named(&self, prefix: &Path, name: &Arc<str>) -> bool {
        let key = (prefix.to_owned(), Arc::clone(name));
        if let Some(named) = self.named.get(&key) {
            return named;
        }
        let named = self.programs.iter().filter(|program| program.path.starts_with(prefix)).any(|program| {
            self.loader.closure_after(program, &[]).is_some_and(|closure| {
                closure.members.iter().any(|member| {
                    let object = &member.object;
                    object.path.starts_with(prefix)
                        && !object.image.needed.iter().any(|needed| **needed == **name)
                        && holds(&object.path, name)
                })
            })
        });
        self.named.keep(key, named)
    }
}

fn has_all_versions(closure: &Closure) -> bool {
    closure.members.iter().all(|member| {
        member.object.required.iter().enumerate().all(|(index, &library)| {
            closure.provider(library).is_none_or(|provider| {
                let provider = &closure.members[provider].object;
                !matches!(versions::lack(&member.object, index, provider), Some(Lack::Versions(_)))
            })
        })
    })
}

fn holds(path: &Path, text: &str) -> bool {
    let small = fs::metadata(path).is_ok_and(|facts| facts.len() <= LARGEST);
    // The engine searches for a plain text in linear time, whatever the file repeats.
    let Ok(pattern) = Regex::new(&regex::escape(text)) else { return false };
    small && !text.is_empty() && fs::read(path).is_ok_and(|bytes| pattern.is_match(&bytes))
}
