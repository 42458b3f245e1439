//! `stackprobe stack check`: whether what Spack says of a stack agrees with what is there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{Audit, Books, Cache, Impact, render};
use crate::cli::{Format, OfStack, StackCheck, StackVerb};
use crate::error::{Error, Fault, Kind};
use crate::exit::Exit;
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::pod::signals::Stop;
use crate::report::console::note;
use crate::report::mask::mask;
use crate::report::print::{answer, to_json};
use crate::run::root::Root;
use crate::stack::inventory::Inventory;
use spack_db::{Lock, Mirror, Packages, ReadError, Trees};

/// Raised where an older reader would be misled.
const FORMAT: u32 = 1;

/// Looks at all of it and prints what does not agree.
///
/// # Errors
/// Every file of the command line that cannot be read; a stack that cannot be looked at, or of which Spack says nothing.
pub fn stack(verb: &StackVerb) -> Result<Exit, Error> {
    let OfStack::Check(flags) = &verb.what;
    let catalogue = Catalogue::load(&flags.suite_folders, flags.site.as_ref())?;
    let packages = catalogue.families.packages();
    let named = Named::read(flags, &packages)?;
    let audit = if flags.trees.is_empty() {
        let stop = Arc::new(Stop::unheard()?);
        let root = Root::new(false)?;
        let stack = Stack::open(&catalogue, root.path(), &stop, true).map_err(or_trees)?;
        audit(flags, stack.inventory()?, named, Some((&stack, &catalogue)))?
    } else {
        let books = Trees::find(flags.trees.iter().map(PathBuf::as_path), &[], None, &packages);
        audit(flags, &Inventory::new(books, &[]), named, None)?
    };
    for line in &audit.warnings {
        note(line);
    }
    let text = match flags.format {
        Format::Json => to_json(&audit)?,
        Format::Text => mask(&render(&audit)).into_owned(),
    };
    answer(&text, flags.out.as_deref())?;
    Ok(audit.exit())
}

/// Where no modules can be asked for, Spack's own files may still be read.
fn or_trees(mut error: Error) -> Error {
    if let Some(fault) = error.faults.last_mut() {
        let hint = fault.hint.take().map(|hint| format!("{hint}; ")).unwrap_or_default();
        fault.hint = Some(format!("{hint}--tree reads an install tree without modules"));
    }
    error
}

fn audit(
    flags: &StackCheck,
    inventory: &Inventory,
    Named { locks: named, mirror, mut warnings }: Named,
    stack: Option<(&Stack<'_>, &Catalogue)>,
) -> Result<Audit, Error> {
    let books = &inventory.books;
    if books.trees.is_empty() && books.unread.is_empty() {
        let error = Error::new(Kind::Nothing, "no folder above what the modules bring holds a .spack-db");
        return Err(error.hint("SPACK_ROOT names a Spack that lies elsewhere, --tree an install tree"));
    }
    warnings.extend(books.warnings.iter().cloned());
    let mut locks: Vec<(PathBuf, Lock)> = inventory.environments().cloned().collect();
    let is_new = |(path, _): &(PathBuf, Lock)| locks.iter().all(|(known, _)| !is_same(known, path));
    let named: Vec<_> = named.into_iter().filter(is_new).collect();
    locks.extend(named);
    let found = stack.map(|(stack, _)| stack.found()).transpose()?;
    let (read, mut findings, mut unknown) = Books { inventory, locks: &locks, found }.look();
    let cache = mirror.map(|mirror| {
        warnings.extend(mirror.warnings.iter().cloned());
        Cache::new(&mirror, &locks, &mut findings, &mut unknown)
    });
    if read.is_empty() && findings.is_empty() && unknown.is_empty() {
        let trees = read.trees.iter().map(|tree| format!("`{}`", tree.path)).collect::<Vec<_>>().join(", ");
        return Err(Error::new(
            Kind::Nothing,
            format!("nothing of this stack is installed, says the database of {trees}"),
        )
        .hint(
            "`spack install` installs; another Spack's tree, to which only externals lead, is not looked at",
        ));
    }
    let impact = Impact::of(&flags.impact, inventory, &locks, stack)?;
    Ok(Audit { format: FORMAT, read, findings, unknown, warnings, cache, impact })
}

fn is_same(left: &Path, right: &Path) -> bool {
    left == right
        || left.canonicalize().is_ok_and(|left| right.canonicalize().is_ok_and(|right| left == right))
}

/// What the command line names.
struct Named {
    locks: Vec<(PathBuf, Lock)>,
    mirror: Option<Mirror>,
    warnings: Vec<String>,
}

impl Named {
    /// Reads all of it, and says all that is wrong with it at once.
    fn read(flags: &StackCheck, packages: &Packages) -> Result<Self, Error> {
        let mut errors = Vec::new();
        let mut named = Self { locks: Vec::new(), mirror: None, warnings: Vec::new() };
        for path in &flags.locks {
            match lock(path, packages) {
                Ok((path, lock)) => {
                    named.warnings.extend(lock.warnings.iter().cloned());
                    named.locks.push((path, lock));
                }
                Err(error) => errors.push(error),
            }
        }
        match flags.mirror.as_deref().map(mirror).transpose() {
            Ok(mirror) => named.mirror = mirror,
            Err(error) => errors.push(error),
        }
        errors.extend(flags.trees.iter().filter_map(|tree| no_tree(tree)));
        let Some(first) = errors.first() else { return Ok(named) };
        // What must be corrected goes before what another try may tell.
        let kind =
            errors.iter().map(|error| error.kind).find(|kind| *kind == Kind::Usage).unwrap_or(first.kind);
        Err(Error::of(kind, errors.into_iter().flat_map(|error| error.faults).collect()))
    }
}

fn lock(path: &Path, packages: &Packages) -> Result<(PathBuf, Lock), Error> {
    let path = if path.is_dir() { path.join("spack.lock") } else { path.to_path_buf() };
    open(
        &path,
        "--lock names a spack.lock, or the folder of an environment that `spack concretize` was called for",
    )?;
    let lock = Lock::read(&path, packages).map_err(|error| wrong(&error))?;
    if lock.roots.is_empty() {
        let what = format!("`{}` asks for nothing: it has no roots", path.display());
        return Err(
            Error::new(Kind::Usage, what).hint("add specs to its spack.yaml, then `spack -e ENV concretize`")
        );
    }
    Ok((path, lock))
}

fn mirror(named: &Path) -> Result<Mirror, Error> {
    let text = named.to_string_lossy();
    let path = text.strip_prefix("file://").map_or_else(|| named.to_path_buf(), PathBuf::from);
    if let Some((scheme, _)) = path.to_string_lossy().split_once("://") {
        let what = format!("--mirror is a local folder, and `{text}` is an address of {scheme}");
        return Err(Error::new(Kind::Usage, what)
            .hint("mount it, or copy v3 and blobs of it: what is read is a folder"));
    }
    open(&path, "--mirror names the folder that holds v3 or build_cache")?;
    Mirror::read(&path).map_err(|error| wrong(&error))
}

/// Why a folder is no install tree.
fn no_tree(tree: &Path) -> Option<Error> {
    let index = tree.join(".spack-db/index.json");
    let error = File::open(&index).err()?;
    Some(missing(
        Error::io(Kind::Usage, "read", &index, &error),
        "--tree names the folder that holds .spack-db, such as SPACK_ROOT/opt/spack",
    ))
}

fn open(path: &Path, hint: &str) -> Result<(), Error> {
    match File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(missing(Error::io(Kind::Usage, "read", path, &error), hint)),
    }
}

/// The same error, with advice where the system's own reason brings none.
fn missing(error: Error, hint: &str) -> Error {
    if error.faults.iter().any(|fault| fault.hint.is_some()) { error } else { error.hint(hint) }
}

fn wrong(error: &ReadError) -> Error {
    let fault = Fault::new(error.to_string());
    let fault = error.hint.into_iter().fold(fault, Fault::hint);
    Error::of(Kind::Usage, vec![fault])
}
