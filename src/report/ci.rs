//! Which CI we run in, and what is told to it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Component, Path};
use std::time::{SystemTime, UNIX_EPOCH};

use anstream::eprintln;

use crate::error::reason;
use crate::report::account::Account;
use crate::report::{github, gitlab};

/// Tells the CI that we run in, if it is one that can show more than a log.
pub fn tell(account: &Account) {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        say(&github::annotations(account, &is_here));
        if let Some(path) = set("GITHUB_STEP_SUMMARY")
            && let Err(error) = append(Path::new(&path), &github::page(account))
        {
            eprintln!("warning: cannot write `{}`: {}", Path::new(&path).display(), reason(&error));
        }
    } else if set("GITLAB_CI").is_some() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        say(&gitlab::sections(account, now.as_secs()));
    }
}

/// To the log as it is: what takes colours out of other texts would take GitLab's marks out of this one.
fn say(text: &str) {
    let mut log = io::stdout().lock();
    let _ = log.write_all(text.as_bytes()).and_then(|()| log.flush());
}

/// Steps of a job, and commands of a step, add to what is there.
fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// A suite that lies in the folder that we were called in, which is the repository where CI calls.
fn is_here(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) && path.is_file()
}
