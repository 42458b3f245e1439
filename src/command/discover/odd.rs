//! What of the stack cannot be read: one line each, and the rest is shown.

use std::fs::File;

use crate::command::toolchains::Stack;
use crate::error::{Error, reason};

/// Folders of `MODULEPATH` that are not there or hold nothing, modulefiles and books of Spack's that cannot be read.
///
/// # Errors
/// A stack that cannot be walked.
pub(super) fn lines(stack: &Stack<'_>) -> Result<Vec<String>, Error> {
    let found = stack.found()?;
    let mut lines = Vec::new();
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
    for entry in found {
        if let Err(error) = File::open(&entry.file) {
            lines.push(format!(
                "{} cannot be read: {}: {}",
                entry.module,
                entry.file.display(),
                reason(&error)
            ));
        }
    }
    let books = stack.books()?;
    lines.extend(books.unread);
    lines.extend(books.warnings);
    Ok(lines)
}
