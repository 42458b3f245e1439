//! The stack as this pod sees it: Lmod, and what `MODULEPATH` and `SPACK_ROOT` name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::line::Line;
use crate::plan::catalogue::Catalogue;
use crate::plan::toolchains::Stack;
use crate::pod::folder::Folder;
use crate::pod::signals::Stop;
use crate::run::root::Root;
use crate::stack::environment::Environment;
use crate::stack::modulefiles;
use crate::stack::modulepath::nothing_visible;
use crate::stack::system_command::system;
use path_fault::{entries, is_folder};

/// What Lmod says of itself, and how long it took to.
pub(super) struct Health {
    pub(super) line: Line,
    pub(super) took: Option<Duration>,
}

/// Asks the module system for its version and for what it cannot refuse.
pub(super) fn lmod(catalogue: &Catalogue) -> Health {
    let environment = Environment::inherited();
    let told = |line| Health { line, took: None };
    let command = match system(&environment, PathBuf::new()) {
        Ok(system) => system.command().to_owned(),
        Err(error) => return told(Line::new("lmod", "none").unfit("lmod-missing", error.what())),
    };
    if nothing_visible(&roots(&environment)).is_some() {
        return told(Line::new("lmod", format!("{}; not asked: there is no stack", command.display())));
    }
    let Ok(root) = Root::new(false) else {
        return told(Line::new("lmod", format!("{}; not asked: no folder for it", command.display())));
    };
    let begun = Instant::now();
    let answer = Stop::unheard().map(Arc::new).and_then(|stop| {
        let stack = Stack::open(catalogue, root.path(), &stop, false)?;
        stack.sound().map(|()| (stack.lmod_version(), stack.lacks()))
    });
    let took = begun.elapsed();
    let line = match answer {
        Ok((version, lacks)) => {
            let lacks = lacks.map(|lacks| format!("; {lacks}")).unwrap_or_default();
            let ms = took.as_millis();
            Line::new("lmod", format!("{version}, {}: answered in {ms} ms{lacks}", command.display()))
        }
        Err(error) => {
            let line = Line::new("lmod", format!("{}: no answer", command.display()));
            line.unfit(error.id.unwrap_or("lmod-broken"), error.what())
        }
    };
    Health { line, took: Some(took) }
}

/// Folders that are to show the stack's modules.
fn roots(environment: &Environment) -> Vec<PathBuf> {
    let named = environment.paths("MODULEPATH");
    let Some(spack) = environment.get("SPACK_ROOT").filter(|root| !root.is_empty() && named.is_empty())
    else {
        return named;
    };
    let tree = Path::new(spack).join("share/spack/lmod");
    let folders = match entries(&tree) {
        Ok(folders) => folders.into_iter().map(|entry| entry.path().join("Core")),
        // It is looked at again, and says why not.
        Err(_) => return vec![tree],
    };
    // One that cannot be looked at is there, as far as anybody knows.
    let cores: Vec<PathBuf> = folders.filter(|core| !matches!(is_folder(core), Ok(false))).collect();
    if cores.is_empty() { vec![tree.join("*/Core")] } else { cores }
}

/// Whether what is named is there, and whether this pod could change it.
pub(super) fn mounts() -> Line {
    let environment = Environment::inherited();
    let folders: Vec<Folder> = roots(&environment).iter().map(|path| Folder::glance(path)).collect();
    if folders.is_empty() {
        return Line::new("stack", "neither MODULEPATH nor SPACK_ROOT is set")
            .unfit("modulepath-unset", "MODULEPATH and SPACK_ROOT are not set");
    }
    let (there, missing): (Vec<&Folder>, Vec<&Folder>) = folders.iter().partition(|folder| folder.exists);
    let names = |folders: &[&Folder]| {
        let names: Vec<String> = folders.iter().map(|folder| folder.path.display().to_string()).collect();
        names.join(", ")
    };
    let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.path.clone()).collect();
    if let Some(why) = nothing_visible(&paths) {
        let what = format!("no module is visible: {why}");
        return Line::new("stack", what.clone()).unfit("stack-not-mounted", what);
    }
    let hidden = modulefiles::hidden(&paths);
    let writable: Vec<&Folder> =
        there.iter().copied().filter(|folder| !folder.read_only && folder.writable == Some(true)).collect();
    let state = if writable.is_empty() { "cannot be written" } else { "writable" };
    let mut line = Line::new("stack", format!("{}: {state}", names(&there)));
    if !missing.is_empty() {
        let why = missing.iter().map(|folder| {
            let path = folder.path.display();
            folder.barred.clone().unwrap_or_else(|| format!("{path} is not there"))
        });
        let why = why.collect::<Vec<_>>().join("; ");
        line = line.note("stack-not-mounted", format!("cannot be read: {why}"));
    }
    if let Some((_, fault)) = hidden.first() {
        let others = hidden.len().checked_sub(1).filter(|others| *others > 0);
        let others = others.map(|others| format!("; and {others} more")).unwrap_or_default();
        line = line.unfit("modules-hidden", format!("what is not visible is not tested: {fault}{others}"));
    }
    if !writable.is_empty() {
        line = line.note("stack-writable", format!("can be written: {}", names(&writable)));
    }
    line
}
