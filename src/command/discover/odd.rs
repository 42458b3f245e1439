//! What of the stack cannot be read: one line each, and the rest is shown.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, reason};
use crate::plan::toolchains::Stack;
use crate::stack::spider::Found;

/// Folders of `MODULEPATH` that are not there or hold nothing, modulefiles and books of Spack's that cannot be read.
///
/// # Errors
/// A stack that cannot be walked.
pub(super) fn lines(stack: &Stack<'_>) -> Result<Vec<String>, Error> {
    let found = stack.found()?;
    let mut lines = Vec::new();
    lines.extend(stack.lacks().map(|lacks| format!("{}: {lacks}", stack.lmod_version())));
    for folder in stack.roots() {
        let shown = folder.display();
        match std::fs::read_dir(&folder) {
            Err(error) => lines.push(format!("MODULEPATH has {shown}: {}", reason(&error))),
            Ok(_) if !found.iter().any(|entry| entry.file.starts_with(&folder)) => {
                lines.push(format!("MODULEPATH has {shown}, and no modulefile is in it"));
            }
            Ok(_) => {}
        }
    }
    // Lmod passes over what it cannot read, so spider alone would not name it.
    let mut folders: BTreeSet<PathBuf> = stack.roots().into_iter().collect();
    folders.extend(found.iter().map(Found::folder));
    for folder in folders {
        unreadable(&folder, 0, &mut lines);
    }
    let odd = found.iter().filter_map(|entry| Some((entry, entry.fault.as_ref()?)));
    lines.extend(odd.map(|(entry, fault)| format!("{}: {fault}", entry.file.display())));
    let books = stack.books()?;
    lines.extend(books.unread);
    lines.extend(books.warnings);
    Ok(lines)
}

/// `NAME/PART/VERSION` are as many folders as names of modules have.
const DEEPEST: usize = 4;

fn unreadable(folder: &Path, depth: usize, lines: &mut Vec<String>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // One that is missing in MODULEPATH is told already.
        Err(_) if depth == 0 => return,
        Err(error) => return lines.push(format!("{} cannot be read: {}", folder.display(), reason(&error))),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if depth < DEEPEST {
                unreadable(&path, depth + 1, lines);
            }
        } else if let Err(error) = File::open(&path) {
            lines.push(format!("{} cannot be read: {}", path.display(), reason(&error)));
        }
    }
}
