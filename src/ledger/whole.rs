//! The state of the whole stack, for probes that look at all of it.

use std::path::Path;

use rayon::prelude::*;

use crate::digest::{Parts, sha256_of};
use crate::plan::toolchains::Stack;
use crate::stack::inventory::Claim;
use crate::stack::uncommented::uncommented;
use path_fault::find;
use spack_db::named_paths;

/// Every modulefile, which of the paths in it exist, and Spack's books.
///
/// # Errors
/// A stack that cannot be walked, a file that cannot be read.
pub(super) fn digest(stack: &Stack<'_>) -> Result<[u8; 32], String> {
    let told = |error: crate::error::Error| error.what();
    let found = stack.found().map_err(told)?;
    let inventory = stack.inventory().map_err(told)?;
    let files: Vec<[u8; 32]> = found
        .par_iter()
        .map(|entry| {
            let bytes = std::fs::read(&entry.file)
                .map_err(|error| format!("{}: {}", entry.file.display(), crate::error::reason(&error)))?;
            let mut parts = Parts::new("module");
            // What `.modulerc` says of it, too.
            parts.add("found", format!("{entry:?}").as_bytes());
            parts.add("text", &uncommented(&entry.file, &bytes));
            // Whose it is may stand in a comment.
            let claim = match inventory.claim(&entry.file) {
                Claim::Of(record) => &*record.hash,
                Claim::Gone => "gone",
                Claim::Foreign => "foreign",
                Claim::Unread => "unread",
            };
            parts.add("owner", claim.as_bytes());
            for path in named_paths(&String::from_utf8_lossy(&bytes)) {
                // What is closed to us stays closed while the case runs; of what fails now nobody knows.
                let state = match find(Path::new(path)) {
                    Ok(found) => u8::from(found.is_some()),
                    Err(fault) if fault.obstacle.may_pass() => return Err(fault.to_string()),
                    Err(_) => 2,
                };
                parts.add(path, &[state]);
            }
            Ok(parts.digest())
        })
        .collect::<Result<_, String>>()?;
    let mut parts = Parts::new("whole");
    for digest in files {
        parts.add("module", &digest);
    }
    let books = stack.books().map_err(told)?;
    let trees = books.trees.iter().map(|tree| tree.root.join(".spack-db/index.json"));
    for book in trees.chain(books.environments.iter().map(|(path, _)| path.clone())) {
        let digest = std::fs::File::open(&book).and_then(sha256_of);
        let digest =
            digest.map_err(|error| format!("{}: {}", book.display(), crate::error::reason(&error)))?;
        parts.add(&book.to_string_lossy(), &digest);
    }
    for line in &books.unread {
        parts.add("unread", line.as_bytes());
    }
    Ok(parts.digest())
}
