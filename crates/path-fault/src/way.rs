//! What lies on the way to a path that cannot be looked at: who owns it, which folder is closed, which links turn.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use nix::unistd::{getegid, geteuid};

use super::obstacle::Obstacle;

/// Who owns what is closed, its mode, and who we are: whether the pod's user or the permissions are wrong is for a
/// person to say, who needs both.
pub(super) fn owners(path: &Path) -> String {
    let us = format!("we are uid {} gid {}", geteuid(), getegid());
    // Where everything can be looked at, it is reading or writing that is refused.
    let folder = || path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_path_buf);
    let shut = barrier(path);
    let shown = if let Some(shut) = shut {
        vec![shut]
    } else {
        [Some(path.to_path_buf()), folder()].into_iter().flatten().collect()
    };
    let mut told: Vec<String> = shown.iter().filter_map(|path| owner(path)).collect();
    told.push(us);
    told.join("; ")
}

/// None for what is not there: it would be made.
fn owner(path: &Path) -> Option<String> {
    let found = fs::symlink_metadata(path).ok()?;
    let (shown, uid, gid, mode) = (path.display(), found.uid(), found.gid(), found.mode() & 0o7777);
    Some(format!("`{shown}` belongs to uid {uid} gid {gid}, mode {mode:04o}"))
}

/// The folder that lets nobody like us through, if there is one on the way, through links as well.
fn barrier(path: &Path) -> Option<PathBuf> {
    let (mut path, mut links) = (path.to_path_buf(), 0);
    'again: loop {
        let mut last = PathBuf::new();
        for part in path.components() {
            let here = last.join(part);
            let closed = |error: &io::Error| Obstacle::of(error) == Obstacle::Closed;
            match fs::symlink_metadata(&here) {
                Err(error) if closed(&error) => {
                    let shut = if last.as_os_str().is_empty() { PathBuf::from(".") } else { last };
                    // Through a link the folder itself, whose mode counts.
                    return Some(fs::canonicalize(&shut).unwrap_or(shut));
                }
                Err(_) => return None,
                Ok(found) if found.is_symlink() && fs::metadata(&here).is_err_and(|error| closed(&error)) => {
                    links += 1;
                    let target = fs::read_link(&here).ok().filter(|_| links < 40)?;
                    path = last.join(target);
                    continue 'again;
                }
                Ok(_) => {}
            }
            last = here;
        }
        return None;
    }
}

/// `/a -> /b -> /a`: the first link on the way that leads back to itself.
pub(super) fn circle(path: &Path) -> Option<String> {
    let turning = |path: &Path| fs::metadata(path).is_err_and(|error| Obstacle::of(&error) == Obstacle::Loop);
    let mut first = PathBuf::new();
    for part in path.components() {
        first.push(part);
        if turning(&first) {
            break;
        }
    }
    let (mut told, mut seen, mut here) = (first.display().to_string(), vec![first.clone()], first);
    while seen.len() < 9 {
        let target = fs::read_link(&here).ok()?;
        here = tidy(&here.parent()?.join(target));
        told.push_str(" -> ");
        told.push_str(&here.display().to_string());
        if seen.contains(&here) {
            break;
        }
        seen.push(here.clone());
    }
    Some(told)
}

/// Without `.` and `..`, so that a link met twice is known again. It is only shown, never opened for what it holds.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            part => tidy.push(part),
        }
    }
    tidy
}
