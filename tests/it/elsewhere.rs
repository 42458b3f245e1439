//! What the machine is like must not decide a test: where the repository lies, and who may enter its folders.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::fixture::skip;

/// As root's own home is on a fresh machine.
#[test]
fn a_repository_below_a_closed_folder_is_opened_for_the_users_that_tests_become() {
    if !nix::unistd::geteuid().is_root() {
        return skip("root", "only root can become another user");
    }
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("home/source");
    let repository = closed.join("repository");
    fs::create_dir_all(repository.join("fixtures")).unwrap();
    let script = repository.join("fixtures/opened");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/opened"), &script).unwrap();
    let file = repository.join("file");
    fs::write(&file, "read\n").unwrap();
    for (path, mode) in [
        (folder.path(), 0o755),
        (&folder.path().join("home"), 0o700),
        (&closed, 0o700),
        (&repository, 0o755),
        (&file, 0o644),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let read = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "cat"];
    let output = Command::new(read[0]).args(&read[1..]).arg(&file).output().unwrap();
    assert!(!output.status.success(), "the folder is not closed");
    let shell = "echo new > written; exec \"$@\"";
    let output = Command::new(&script)
        .args(["sh", "-c", shell, "sh"])
        .args(read)
        .arg(&file)
        .current_dir(&repository)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "read\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::read_to_string(repository.join("written")).unwrap(), "new\n", "what is written stays");
    assert_eq!(fs::metadata(&closed).unwrap().permissions().mode() & 0o777, 0o700, "nothing changes outside");
}
