//! Which CI we run in, and what is told to it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Component, Path};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, reason};
use crate::report::account::Account;
use crate::report::console::note;
use crate::report::print::print_raw;
use crate::report::{github, gitlab};

/// Tells the CI that we run in, if it is one that can show more than a log. It reads its marks as they are: what takes
/// colours out of other texts would take GitLab's out of this one.
///
/// # Errors
/// Standard output that cannot be written.
pub fn tell(account: &Account) -> Result<(), Error> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        print_raw(github::annotations(account, &is_here).as_bytes())?;
        if let Some(path) = set("GITHUB_STEP_SUMMARY")
            && let Err(error) = append(Path::new(&path), &github::page(account))
        {
            note(&format!("cannot write `{}`: {}", Path::new(&path).display(), reason(&error)));
        }
    } else if set("GITLAB_CI").is_some() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        print_raw(gitlab::sections(account, now.as_secs()).as_bytes())?;
    }
    Ok(())
}

/// Steps of a job, and commands of a step, add to what is there.
fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// A suite that lies in the folder that we were called in, which is the repository where CI calls.
fn is_here(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) && path.is_file()
}
