//! What a plan is made from: looks at this binary, the site file, the suites and the stack.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::digest::{Parts, hex, sha256, sha256_of};
use crate::plan::asked::Asked;
use crate::plan::cases::Plan;
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::report::basis::{Basis, Modulefile};
use crate::stack::inventory::Claim;
use crate::stack::uncommented::uncommented;
use crate::suite::Suite;
use crate::suite::folder::Folder;

/// Digits of a digest that are kept.
const DIGITS: usize = 16;

/// What this plan is made from.
#[must_use]
pub fn basis(catalogue: &Catalogue, stack: &Stack<'_>, asked: &[Asked], plan: &Plan) -> Basis {
    let (modulefiles, books) =
        stack.seen().map_or_else(|| (loaded(asked), BTreeMap::new()), |_| whole(stack));
    let judgement = catalogue.site.source.as_ref();
    let mut by_probe = BTreeMap::new();
    for case in &plan.cases {
        let suite = &catalogue.suites[case.suite];
        let probe = &suite.probes[case.probe];
        if !probe.tags.is_empty() {
            by_probe.entry(format!("{}/{}", suite.name, probe.name)).or_insert_with(|| probe.tags.clone());
        }
    }
    let on_disk = catalogue.suites.iter().filter(|suite| matches!(suite.folder, Folder::Disk(_)));
    Basis {
        binary: File::open("/proc/self/exe").and_then(sha256_of).map(short).unwrap_or_default(),
        site: judgement.map(|source| short(sha256(source.text.as_bytes()))).unwrap_or_default(),
        suites: on_disk.map(|suite| (suite.name.clone(), suite_digest(suite))).collect(),
        touched: if books.is_empty() { newest(modulefiles.keys()) } else { newest(books.keys()) },
        modulefiles,
        books,
        tags: by_probe,
        seconds: BTreeMap::new(),
    }
}

/// Which of these files are not as they were when a plan was made from them; none if none of them is there to be looked at.
#[must_use]
pub fn changed(basis: &Basis) -> Option<Vec<String>> {
    let modulefiles = basis.modulefiles.par_iter().map(|(path, was)| {
        let now = std::fs::read(path).map(|bytes| short(sha256(&uncommented(Path::new(path), &bytes))));
        (path, now.ok(), &was.text)
    });
    let books = basis.books.par_iter().map(|(path, was)| (path, digest_of(Path::new(path)), was));
    let all: Vec<(&String, Option<String>, &String)> = modulefiles.chain(books).collect();
    if all.iter().all(|(_, now, _)| now.is_none()) {
        return None;
    }
    let differs = all.into_iter().filter(|(_, now, was)| now.as_ref() != Some(*was));
    Some(differs.map(|(path, ..)| path.clone()).collect())
}

/// Every modulefile and every book of the stack.
fn whole(stack: &Stack<'_>) -> (BTreeMap<String, Modulefile>, BTreeMap<String, String>) {
    let Ok(found) = stack.found() else { return Default::default() };
    let inventory = stack.inventory().ok();
    let files = found.par_iter().map(|entry| {
        let install = match inventory.map(|inventory| inventory.claim(&entry.file)) {
            Some(Claim::Of(record)) => record.hash.to_string(),
            _ => String::new(),
        };
        (entry.file.to_string_lossy().into_owned(), Modulefile { text: text_of(&entry.file), install })
    });
    let files = files.collect();
    let Ok(books) = stack.books() else { return (files, BTreeMap::new()) };
    let trees = books.trees.iter().map(|tree| tree.root.join(".spack-db/index.json"));
    let all: Vec<PathBuf> = trees.chain(books.environments.iter().map(|(path, _)| path.clone())).collect();
    let digest = |path: &PathBuf| (path.to_string_lossy().into_owned(), digest_of(path).unwrap_or_default());
    (files, all.par_iter().map(digest).collect())
}

/// The modulefiles of toolchains that were asked for by name.
fn loaded(asked: &[Asked]) -> BTreeMap<String, Modulefile> {
    let toolchains = asked.iter().filter_map(|asked| asked.loaded.get()?.as_ref().ok());
    let modules = toolchains.flat_map(|toolchain| &toolchain.loaded);
    let entry = |loaded: &crate::stack::toolchain::Loaded| {
        let install = loaded.hash.as_deref().unwrap_or_default().to_owned();
        (loaded.file.to_string_lossy().into_owned(), Modulefile { text: text_of(&loaded.file), install })
    };
    modules.map(entry).collect()
}

fn text_of(file: &Path) -> String {
    std::fs::read(file).map(|bytes| short(sha256(&uncommented(file, &bytes)))).unwrap_or_default()
}

fn digest_of(path: &Path) -> Option<String> {
    File::open(path).and_then(sha256_of).map(short).ok()
}

fn suite_digest(suite: &Suite) -> String {
    let mut parts = Parts::new("suite");
    parts.add("suite.toml", suite.source.text.as_bytes());
    for file in suite.probes.iter().flat_map(|probe| probe.sources.iter().chain(&probe.files)) {
        parts.add(file, &suite.folder.read(file).unwrap_or_default());
    }
    short(parts.digest())
}

/// When the newest of these files was written.
fn newest<'f>(files: impl Iterator<Item = &'f String>) -> String {
    let times = files.filter_map(|path| std::fs::metadata(path).ok()?.modified().ok());
    let Some(newest) = times.max().map(OffsetDateTime::from) else { return String::new() };
    newest.replace_nanosecond(0).unwrap_or(newest).format(&Rfc3339).unwrap_or_default()
}

fn short(digest: [u8; 32]) -> String {
    let mut text = hex(&digest);
    text.truncate(DIGITS);
    text
}
