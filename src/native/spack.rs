//! Whether what Spack's books say is installed and what the hierarchy shows are the same.
//!
//! Each module is held against its record where it becomes visible; what the whole stack lacks is told under the
//! compiler that built it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::native::modules::{Footing, Ward, wards};
use crate::native::{judged, judged_or_hidden, skipped};
use crate::stack::bond::Bonds;
use crate::stack::inventory::{Claim, Inventory};
use crate::stack::matrix::Matrix;
use crate::stack::spider::Found;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::module_name::Module;
use crate::verdict::check::{Check, Outcome};
use path_fault::{PathFault, is_folder};
use spack_db::{Branch, Record, Standing};

/// What is held against each other.
#[derive(Clone, Copy, Debug)]
pub struct SpackInputs<'s> {
    /// The loaded toolchain.
    pub toolchain: &'s Toolchain,
    /// Every module of the stack.
    pub found: &'s [Found],
    /// Every toolchain of the stack.
    pub matrix: &'s Matrix,
    /// What modules of Core bring and want.
    pub bonds: &'s Bonds,
    /// Whose each of them is.
    pub inventory: &'s Inventory,
}

/// How many installs of an environment are named.
const TOLD: usize = 20;

/// Looks at the outermost module of the toolchain and at all that it makes visible.
#[must_use]
pub fn look(subject: &SpackInputs<'_>) -> Vec<Check> {
    let books = &subject.inventory.books;
    if books.trees.is_empty() && books.unread.is_empty() {
        return vec![skipped("database", "no folder above what the modules bring holds a .spack-db")];
    }
    let loaded = [Layer::Compiler, Layer::Mpi, Layer::Runtime].map(|layer| subject.toolchain.of(layer));
    let toolchain: Vec<_> = loaded.into_iter().flatten().collect();
    let Some(last) = toolchain.last() else { return Vec::new() };
    let mut checks = vec![database(subject.inventory)];
    let own = subject.found.iter().filter(|entry| entry.module == last.module && entry.file == last.file);
    let visible = wards(&Footing::of(subject.toolchain), subject.found, subject.matrix, subject.bonds);
    let mut gone = Gone::default();
    for entry in own.chain(visible.iter().map(|Ward { found, .. }| *found)) {
        checks.extend(module(entry, subject.inventory));
        checks.extend(dependencies(entry, subject.inventory, &mut gone));
    }
    if let ([_], Some(compiler)) = (toolchain.as_slice(), subject.toolchain.of(Layer::Compiler)) {
        if subject.inventory.owes_modules() {
            checks.extend(absent(subject, &compiler.file));
        } else {
            let why = "nothing says that Spack wrote these modulefiles, so it is not known which installs are to have one";
            checks.push(skipped("modules of all installs", why));
        }
        checks.extend(environments(subject.inventory));
    }
    checks
}

fn database(inventory: &Inventory) -> Check {
    let books = &inventory.books;
    let odd: Vec<String> = books.warnings.iter().map(|line| format!("odd: {line}")).collect();
    let check = judged("database", "spack.database", books.unread.clone());
    let installs: usize = books.trees.iter().map(|tree| tree.database.records.len()).sum();
    let known = books.trees.iter().map(|tree| tree.root.display().to_string()).collect::<Vec<_>>().join(", ");
    let lines = [check.detail.clone(), odd.join("\n"), format!("{installs} installs in {known}")];
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    check.detail(lines.join("\n"))
}

/// Whether a module's install is there, lies where its module says, and is wanted.
fn module(entry: &Found, inventory: &Inventory) -> Vec<Check> {
    let name = &entry.module;
    let names = ["installed", "branch", "wanted"].map(|what| format!("{name} {what}"));
    let file = entry.file.display();
    let [installed, branch, wanted] = names;
    let record = match inventory.claim(&entry.file) {
        Claim::Of(record) => record,
        Claim::Foreign => {
            return vec![skipped(installed, format!("nothing says that Spack wrote {file}"))];
        }
        Claim::Unread => {
            let why = std::fs::File::open(&entry.file).err();
            let why = why.map(|error| PathFault::new(&entry.file, &error).to_string());
            let reason = why.unwrap_or_else(|| format!("{file} cannot be read"));
            return vec![Check::not_passed(installed, Outcome::Error, "spack.unread", reason)];
        }
        Claim::Gone => {
            let reason = format!("{file} was written for an install that no database knows");
            // It may stand in the one that cannot be read.
            let outcome = if inventory.books.blind { Outcome::Error } else { Outcome::Failed };
            let check = Check::not_passed(installed, outcome, "spack.no-install", reason).detail(
                "it was uninstalled after its module was written: `spack module lmod refresh --delete-tree`",
            );
            return vec![check];
        }
    };
    let packages = &inventory.books.packages;
    let there = there(name, record);
    let misfit = Branch::of(&entry.folder(), packages)
        .misfit(record, packages)
        .map(|why| format!("{name} is {why}: {file}"));
    let mut is_there = judged_or_hidden(installed, "spack.no-install", Vec::from_iter(there));
    if !record.installed && inventory.books.blind {
        // It may be installed in the tree whose database cannot be read.
        is_there.outcome = Outcome::Error;
    }
    let checks = [
        is_there,
        judged(branch, "spack.branch", Vec::from_iter(misfit)),
        judged(wanted, "spack.unwanted", Vec::from_iter(unwanted(name, record, inventory))),
    ];
    checks.map(|check| if check.reason.is_empty() { check } else { appended(check, &words(record)) }).to_vec()
}

/// Which installs have no prefix, by their hash, each looked at once.
type Gone<'i> = HashMap<&'i str, Option<Result<(), PathFault>>>;

/// Whether all that a module's install is linked to or runs with is there.
fn dependencies<'i>(entry: &Found, inventory: &'i Inventory, gone: &mut Gone<'i>) -> Option<Check> {
    let Claim::Of(record) = inventory.claim(&entry.file) else { return None };
    if !record.installed || record.needs.is_empty() {
        return None;
    }
    let mut faults = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut todo: Vec<&Record> = vec![record];
    while let Some(one) = todo.pop() {
        // Of what no database knows nothing can be said.
        for need in one.needs.iter().filter_map(|hash| inventory.by_hash(hash)) {
            if !seen.insert(&need.hash) {
                continue;
            }
            let lacks = gone.entry(&need.hash).or_insert_with(|| match is_folder(need.prefix.as_deref()?) {
                Ok(true) => None,
                Ok(false) => Some(Ok(())),
                Err(fault) => Some(Err(fault)),
            });
            match lacks {
                None => todo.push(need),
                Some(Ok(())) => {
                    let prefix = need.prefix.as_deref().unwrap_or(Path::new("")).display();
                    let said =
                        if need.installed { "" } else { ", and the database says that it is not installed" };
                    let by =
                        if std::ptr::eq(one, record) { String::new() } else { format!(" of {}", short(one)) };
                    faults.push(Ok(format!(
                        "{} needs {}{by}, whose prefix does not exist: {prefix}{said}",
                        entry.module,
                        short(need)
                    )));
                }
                Some(Err(fault)) => faults.push(Err(fault.clone())),
            }
        }
    }
    Some(judged_or_hidden(format!("{} dependencies", entry.module), "spack.no-dependency", faults))
}

fn there(name: &Module, record: &Record) -> Option<Result<String, PathFault>> {
    if !record.installed {
        return Some(Ok(format!("{name} is of {}, which the database says is not installed", short(record))));
    }
    let prefix = record.prefix.as_deref()?;
    match is_folder(prefix) {
        Ok(true) => None,
        Ok(false) => Some(Ok(format!(
            "{name} is of {}, whose prefix does not exist: {}",
            short(record),
            prefix.display()
        ))),
        Err(fault) => Some(Err(fault)),
    }
}

fn unwanted(name: &Module, record: &Record, inventory: &Inventory) -> Option<String> {
    match record.standing() {
        Standing::Deprecated => {
            let hash = record.deprecated_for.as_deref().unwrap_or_default();
            let other = inventory.by_hash(hash).map_or_else(|| format!("/{hash}"), short);
            Some(format!("{name} is of {}, which is deprecated for {other}", short(record)))
        }
        Standing::Orphaned => Some(format!(
            "{name} is of {}, which is orphaned: nobody asked for it and nothing depends on it, so the next `spack gc` removes it",
            short(record)
        )),
        Standing::Wanted | Standing::Absent => None,
    }
}

/// Installs that lack a module: those that the compiler of `file` built, and those whose compiler has no module itself.
fn absent(subject: &SpackInputs<'_>, file: &Path) -> Vec<Check> {
    let inventory = subject.inventory;
    let hash_of = |file: &Path| match inventory.claim(file) {
        Claim::Of(record) => Some(&*record.hash),
        _ => None,
    };
    let own = hash_of(file);
    let compilers: Vec<&str> = subject
        .found
        .iter()
        .filter(|entry| subject.matrix.chains.iter().any(|chain| is_alone(&entry.module, chain)))
        .filter_map(|entry| hash_of(&entry.file))
        .collect();
    let is_here = |record: &&Record| {
        let by = record.compiler.as_ref().and_then(|tool| match &tool.hash {
            Some(hash) => Some(&**hash),
            // Before Spack 1.0 a compiler is a name and a version.
            None => compilers.iter().copied().find(|hash| {
                inventory.by_hash(hash).is_some_and(|compiler| {
                    inventory.books.packages.are_one(&tool.name, &compiler.name)
                        && tool.version == compiler.version
                })
            }),
        });
        by.is_none_or(|hash| Some(hash) == own || !compilers.contains(&hash))
    };
    inventory
        .without_module()
        .filter(is_here)
        .map(|record| {
            let prefix = record.prefix.as_deref().unwrap_or(Path::new("")).display();
            let reason = format!("{} is installed, and no visible module is its own: {prefix}", short(record));
            let name = format!("{}/{} module", record.name, short_hash(record));
            Check::not_passed(name, Outcome::Failed, "spack.no-module", reason)
                .detail("`spack module lmod refresh` writes it; two installs of one module name need a hash or a suffix in it; \
                         what modules.yaml leaves out on purpose is a known issue of the site file")
        })
        .collect()
}

fn is_alone(module: &Module, chain: &crate::stack::matrix::Chain) -> bool {
    matches!(chain.modules.as_slice(), [(Layer::Compiler, one)] if one == module)
}

/// What an environment asks for is installed.
fn environments(inventory: &Inventory) -> Vec<Check> {
    let check = |(path, lock): &(PathBuf, spack_db::Lock)| {
        let name = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let installed =
            |hash: &str| inventory.by_hash(hash).is_some_and(|record| record.installed || record.external);
        let missing: Vec<String> = lock
            .records
            .iter()
            .filter(|record| record.explicit && !record.external && !installed(&record.hash))
            .map(|record| format!("{} is in {} and not installed", short(record), path.display()))
            .take(TOLD)
            .collect();
        let mut check = judged(format!("environment {name}"), "spack.environment", missing);
        if check.outcome == Outcome::Failed && inventory.books.blind {
            check.outcome = Outcome::Error;
        }
        check
    };
    inventory.environments().map(check).collect()
}

fn short(record: &Record) -> String {
    format!("{}@{}/{}", record.name, record.version, short_hash(record))
}

/// Seven characters are what Spack shows.
fn short_hash(record: &Record) -> &str {
    record.hash.get(..7).unwrap_or(&record.hash)
}

fn words(record: &Record) -> String {
    let tool = |what: &str, tool: Option<&spack_db::Tool>| {
        tool.map(|tool| format!(", {what} {} {}", tool.name, tool.version)).unwrap_or_default()
    };
    let prefix = record.prefix.as_deref().unwrap_or(Path::new("")).display();
    let (compiler, mpi) = (tool("built with", record.compiler.as_ref()), tool("over", record.mpi.as_ref()));
    format!("its record: {}@{}/{}{compiler}{mpi}, in {prefix}", record.name, record.version, record.hash)
}

fn appended(check: Check, line: &str) -> Check {
    let detail = if check.detail.is_empty() { line.to_owned() } else { format!("{}\n{line}", check.detail) };
    check.detail(detail)
}
