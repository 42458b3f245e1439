//! Is everything below these prefixes linked as it should be?

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::alone::{self, Reach, finding};
use super::bad::BadElf;
use super::finding::{Finding, FindingKind, Weight};
use super::image::Kind;
use super::loader::Loader;
use super::object::Object;
use super::policy::Policy;
use super::together::Together;
use super::walk::{Sighting, walk};

/// What a scan came to.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Regular files that were looked at.
    pub files: usize,
    /// ELF files among them.
    pub elf: usize,
    /// What is wrong: the worst first, then by kind and file.
    pub findings: Vec<Finding>,
    /// Who built how many of the ELF files, in the words of their `.comment`.
    pub producers: BTreeMap<Box<str>, usize>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Scan {
    /// Findings that are wrong beyond doubt.
    pub fn wrong(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.weight == Weight::Wrong)
    }
}

/// Reads every ELF file below `roots` (prefixes, folders or single files), resolves each as `loader` would, and judges
/// it by `policy`. Uses all threads of the current rayon pool.
#[must_use]
pub fn scan(roots: &[PathBuf], loader: &Loader, policy: &Policy) -> Scan {
    let start = Instant::now();
    let walk = walk(roots);
    let (files, elf) = (walk.files, walk.elf.len());
    let mut findings = alone::library_path(loader);
    for (path, reason) in walk.unreadable {
        findings.push(finding(&path, FindingKind::Unreadable, Weight::Odd, reason.to_string()));
    }
    for (path, detail) in walk.dangling {
        findings.push(finding(&path, FindingKind::DanglingLink, Weight::Odd, detail));
    }
    let mut producers: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for producer in
        walk.elf.iter().filter_map(|seen| seen.image.as_ref().ok()).flat_map(|image| &image.producers)
    {
        match producers.get_mut(producer) {
            Some(count) => *count += 1,
            None => {
                producers.insert(producer.clone(), 1);
            }
        }
    }
    let judged: Vec<(Option<Arc<Object>>, Vec<Finding>)> =
        walk.elf.into_par_iter().map(|seen| judge(seen, loader, policy)).collect();
    let mut objects = Vec::with_capacity(judged.len());
    for (object, more) in judged {
        findings.extend(more);
        objects.extend(object);
    }
    objects.sort_by(|a, b| a.path.cmp(&b.path));
    findings.extend(Together::new(loader, policy, roots, &objects).judge(&objects));
    findings.sort();
    Scan { files, elf, findings, producers, elapsed: start.elapsed() }
}

/// Judges one file on its own; the object is there to be loaded with others.
fn judge(seen: Sighting, loader: &Loader, policy: &Policy) -> (Option<Arc<Object>>, Vec<Finding>) {
    let image = match seen.image {
        Ok(image) => image,
        Err(bad @ BadElf::Unreadable { .. }) => {
            let finding = finding(&seen.path, FindingKind::Unreadable, Weight::Odd, bad.to_string());
            return (None, vec![finding]);
        }
        Err(bad) => {
            let finding = finding(&seen.path, FindingKind::Damaged, Weight::Wrong, bad.to_string());
            return (None, vec![finding]);
        }
    };
    if !matches!(image.kind, Kind::Program | Kind::Library) {
        return (None, Vec::new());
    }
    let here = alone::reach(&image) == Reach::Here;
    let object = loader.adopt(&seen.path, seen.file, Arc::new(image));
    let findings = alone::judge(&object, seen.mode, loader, policy);
    (here.then_some(object), findings)
}
