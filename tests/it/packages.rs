//! What is handed out: packages that install into an empty root, run there, and go without a trace.
//!
//! `make packages` runs them: what makes packages is compiled first, for minutes, which `make test` does not wait for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// What a package puts where, beside the binary.
const MANUAL: &str = "usr/share/man/man1/stackprobe-run.1";
const BASH: &str = "usr/share/bash-completion/completions/stackprobe";

/// The folder into which `packaging/release` has put everything, made of the binary under test.
fn released() -> &'static Path {
    static RELEASED: OnceLock<PathBuf> = OnceLock::new();
    RELEASED.get_or_init(|| {
        let into = Path::new(REPOSITORY).join("target/packages-under-test");
        let _ = fs::remove_dir_all(&into);
        // What tests need of it is small: its symbols are not packed.
        let binary = Path::new(REPOSITORY).join("target/stackprobe-under-test");
        let mut strip = Command::new("strip");
        strip.arg("-o").args([binary.as_path(), Path::new(env!("CARGO_BIN_EXE_stackprobe"))]);
        done(&mut strip);
        release(&into);
        into
    })
}

/// Makes all of it of the binary under test.
fn release(into: &Path) {
    let binary = Path::new(REPOSITORY).join("target/stackprobe-under-test");
    let script = Path::new(REPOSITORY).join("packaging/release");
    done(Command::new(script).args([into, &binary]).env("PAYLOAD", "none"));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The one file that ends so.
fn file(end: &str) -> PathBuf {
    let found = fs::read_dir(released()).unwrap().flatten().map(|entry| entry.path());
    let found: Vec<PathBuf> = found.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    assert_eq!(found.len(), 1, "{end}: {found:?}");
    found[0].clone()
}

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    said(&output)
}

/// The binary runs in a root that holds nothing else, and knows its suites; its page, completions and licences are there.
fn assert_installed(root: &Path) {
    let version = done(Command::new("chroot").arg(root).args(["/usr/bin/stackprobe", "--version"]));
    assert_eq!(version.trim(), concat!("stackprobe ", env!("CARGO_PKG_VERSION")));
    let listed = done(Command::new("chroot").arg(root).args(["/usr/bin/stackprobe", "list"]));
    assert!(listed.contains("c-identity"), "{listed}");
    let page = fs::read_dir(root.join("usr/share/man/man1")).unwrap().flatten();
    let pages: Vec<String> = page.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(pages.iter().any(|name| name.starts_with("stackprobe-run.1")), "{pages:?}");
    done(Command::new("bash").args(["--norc", "-nc"]).arg(fs::read_to_string(root.join(BASH)).unwrap()));
    assert!(root.join("usr/share/fish/vendor_completions.d/stackprobe.fish").is_file());
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root.join("usr/share/doc/stackprobe").join(name).is_file(), "{name}");
    }
}

/// Every file below a root that a package of ours may have put there.
fn ours(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("usr")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found
}

#[test]
#[ignore = "make packages"]
fn a_deb_installs_into_an_empty_root_runs_and_goes() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["info", "updates", "triggers"] {
        fs::create_dir_all(root.path().join("var/lib/dpkg").join(folder)).unwrap();
    }
    for name in ["status", "available"] {
        fs::write(root.path().join("var/lib/dpkg").join(name), "").unwrap();
    }
    let at = format!("--root={}", root.path().display());
    done(Command::new("dpkg").args([at.as_str(), "--install"]).arg(file("_amd64.deb")));
    assert_installed(root.path());
    let fields = done(Command::new("dpkg-deb").arg("--info").arg(file("_amd64.deb")));
    assert!(fields.contains("Architecture: amd64"), "{fields}");
    assert!(fields.lines().all(|line| line.trim() == "Depends:" || !line.contains("Depends:")), "{fields}");
    done(Command::new("dpkg").args([at.as_str(), "--purge", "stackprobe"]));
    assert_eq!(ours(root.path()), [] as [PathBuf; 0]);
}

#[test]
#[ignore = "make packages"]
fn an_rpm_installs_into_an_empty_root_runs_and_goes() {
    let root = tempfile::tempdir().unwrap();
    let rpm = |words: &[&str]| {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(root.path()).args(["--dbpath", "/var/lib/rpm"]).args(words);
        command
    };
    done(&mut rpm(&["--initdb"]));
    let package = file(".x86_64.rpm");
    done(&mut rpm(&["--force-debian", "--install", package.to_str().unwrap()]));
    assert_installed(root.path());
    let needs = done(&mut rpm(&["--query", "--requires", "stackprobe"]));
    assert!(needs.lines().all(|line| line.starts_with("rpmlib(")), "it needs {needs}");
    assert!(done(&mut rpm(&["--query", "--list", "stackprobe"])).contains(MANUAL));
    done(&mut rpm(&["--force-debian", "--erase", "stackprobe"]));
    assert_eq!(ours(root.path()), [] as [PathBuf; 0]);
}

#[test]
#[ignore = "make packages"]
fn the_tarball_the_list_of_contents_and_the_checksums_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    done(Command::new("tar").arg("-xzf").arg(file(".tar.gz")).arg("-C").arg(folder.path()));
    let top = fs::read_dir(folder.path()).unwrap().flatten().next().unwrap().path();
    for name in
        ["stackprobe", "man/stackprobe.1", "stackprobe.bash", "LICENSE-MIT", "docs/first-use.md", "README.md"]
    {
        assert!(top.join(name).is_file(), "{name}");
    }
    // Every crate of the lock file that the binary is made of.
    let list: serde_json::Value = serde_json::from_slice(&fs::read(file(".cdx.json")).unwrap()).unwrap();
    assert_eq!(list["bomFormat"], "CycloneDX");
    let names: Vec<&str> =
        list["components"].as_array().unwrap().iter().filter_map(|part| part["name"].as_str()).collect();
    for name in ["clap", "serde", "maud", "nix"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for name in ["schemars", "jsonschema", "proptest"] {
        assert!(!names.contains(&name), "{name}, which only tests use");
    }
    let text = fs::read_to_string(file(".cdx.json")).unwrap();
    assert!(!text.contains(REPOSITORY), "it names the folder of the checkout");
    let checked = done(Command::new("sha256sum").args(["--check", "SHA256SUMS"]).current_dir(released()));
    assert_eq!(checked.lines().filter(|line| line.ends_with(": OK")).count(), 4, "{checked}");
    // Made again, everything is the same, and nothing is left in the checkout.
    let again = folder.path().join("again");
    release(&again);
    let sums = |folder: &Path| fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert_eq!(sums(released()), sums(&again));
    let left =
        done(Command::new("git").args(["status", "--porcelain", "--", "crates"]).current_dir(REPOSITORY));
    assert!(!left.contains(".cdx"), "{left}");
}

#[test]
#[ignore = "make packages"]
fn a_clean_clone_installs_by_cargo_and_the_binary_is_static() {
    let folder = tempfile::tempdir().unwrap();
    let (clone, root) = (folder.path().join("clone"), folder.path().join("root"));
    done(Command::new("git").args(["clone", "--quiet", "--no-local", REPOSITORY]).arg(&clone));
    // What others wrote has been compiled for this program: only what stands in the clone is compiled again.
    let mut install = Command::new("cargo");
    install
        .args(["install", "--quiet", "--path", ".", "--locked", "--debug", "--root"])
        .arg(root.join("usr"));
    done(install.current_dir(&clone).env("CARGO_TARGET_DIR", Path::new(REPOSITORY).join("target")));
    let listed = done(Command::new("chroot").arg(&root).args(["/usr/bin/stackprobe", "list"]));
    assert!(listed.contains("c-identity"), "{listed}");
}
