//! Who on this node works in a release.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What the processes of this node tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// `process 4711 (python3)`, for each that has something in it open, mapped or as its folder.
    pub found: Vec<String>,
    /// Processes of others that cannot be looked at.
    pub hidden: usize,
}

/// Looks at every process for one of these folders.
#[must_use]
pub fn users(folders: &[PathBuf]) -> Users {
    let mut users = Users::default();
    let Ok(entries) = fs::read_dir("/proc") else {
        users.hidden = 1;
        return users;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_err() || name == std::process::id().to_string() {
            continue;
        }
        let process = entry.path();
        match works_in(&process, folders) {
            Some(true) => {
                let command = fs::read_to_string(process.join("comm")).unwrap_or_default();
                users.found.push(format!("process {name} ({})", command.trim()));
            }
            Some(false) => {}
            // It may have ended meanwhile.
            None => users.hidden += usize::from(process.exists()),
        }
    }
    users
}

/// None if it cannot be determined.
fn works_in(process: &Path, folders: &[PathBuf]) -> Option<bool> {
    let below = |path: &Path| folders.iter().any(|folder| path.starts_with(folder));
    let link = |name: &str| fs::read_link(process.join(name)).is_ok_and(|path| below(&path));
    if link("exe") || link("cwd") || link("root") {
        return Some(true);
    }
    let open = fs::read_dir(process.join("fd")).ok()?;
    if open.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|path| below(&path))) {
        return Some(true);
    }
    let maps = fs::read(process.join("maps")).ok()?;
    let mapped = maps.split(|byte| *byte == b'\n').any(|line| {
        let path = line.iter().position(|byte| *byte == b'/').map(|at| &line[at..]).unwrap_or_default();
        below(Path::new(std::ffi::OsStr::from_bytes(path)))
    });
    // A job that has loaded its modules starts the next program from these.
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    let named = environment
        .split(|byte| matches!(byte, b'\0' | b':' | b'='))
        .any(|word| word.starts_with(b"/") && below(Path::new(std::ffi::OsStr::from_bytes(word))));
    Some(mapped || named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_it_open_or_stands_in_it_or_will_start_from_it_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let start = |command: &mut std::process::Command| command.arg("30").spawn().unwrap();
        assert!(users(std::slice::from_ref(&real)).found.is_empty());
        let standing = start(std::process::Command::new("sleep").current_dir(&real));
        let loaded =
            start(std::process::Command::new("sleep").env("LOADED", format!("/x:{}/bin", real.display())));
        let mut children = [standing, loaded];
        std::thread::sleep(std::time::Duration::from_millis(50));
        let found = users(&[real]).found;
        for child in &mut children {
            let told = found.iter().any(|user| user.contains(&format!("process {} (sleep)", child.id())));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(told, "{found:?}");
        }
    }
}
