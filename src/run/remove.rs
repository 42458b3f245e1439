//! Removing a folder of ours whatever its permissions have become.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Removes a folder, also where a probe has taken its own permissions away.
pub(super) fn remove(folder: &Path) {
    if fs::remove_dir_all(folder).is_ok() {
        return;
    }
    open_up(folder);
    // What cannot be removed is swept by the next run.
    let _ = fs::remove_dir_all(folder);
}

fn open_up(folder: &Path) {
    // Where this fails, removing does, too.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
