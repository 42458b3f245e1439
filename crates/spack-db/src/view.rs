//! Installs behind a view. With `use_view`, Spack's modules lead into a folder that is all links into many installs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::packages::Packages;
use super::spec::read_spec;

/// Where a view has files of its own name; the rest lies below.
const FOLDERS: [&str; 7] = ["", "bin", "sbin", "lib", "lib64", "libexec", "include"];

/// Of one folder so many entries are looked at: a view may hold a whole distribution.
const MOST: usize = 20_000;

/// The installs that `prefix` shows the package `name` from: those of its name among all that it links into, or all of
/// them where none bears it. None for a prefix that is no view.
#[must_use]
pub fn behind(prefix: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(own) = prefix.canonicalize() else { return Vec::new() };
    if own.join(".spack/spec.json").is_file() {
        return Vec::new();
    }
    let mut installs = BTreeSet::new();
    for folder in FOLDERS.map(|folder| prefix.join(folder)) {
        let whole = folder.is_symlink();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten().take(MOST) {
            if !whole && !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                continue;
            }
            let Ok(real) = entry.path().canonicalize() else { continue };
            if real.starts_with(&own) || installs.iter().any(|install| real.starts_with(install)) {
                continue;
            }
            installs.extend(
                real.ancestors()
                    .find(|above| above.join(".spack/spec.json").is_file())
                    .map(Path::to_path_buf),
            );
        }
    }
    let is_named = |install: &&PathBuf| {
        read_spec(install, &Packages::default()).is_ok_and(|(record, _)| *record.name == *name)
    };
    let named: Vec<PathBuf> = installs.iter().filter(is_named).cloned().collect();
    if named.is_empty() { installs.into_iter().collect() } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_leads_into_the_installs_of_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let install = |name: &str| {
            let prefix = root.join(format!("opt/{name}"));
            std::fs::create_dir_all(prefix.join(".spack")).unwrap();
            std::fs::create_dir_all(prefix.join("bin")).unwrap();
            std::fs::write(prefix.join("bin").join(name), "").unwrap();
            let spec =
                format!(r#"{{"spec": {{"_meta": {{"version": 5}}, "nodes": [{{"name": "{name}"}}]}}}}"#);
            std::fs::write(prefix.join(".spack/spec.json"), spec).unwrap();
            prefix
        };
        let (mpich, zlib) = (install("mpich"), install("zlib"));
        std::fs::create_dir_all(root.join("view/bin")).unwrap();
        for (name, prefix) in [("mpich", &mpich), ("zlib", &zlib)] {
            std::os::unix::fs::symlink(prefix.join("bin").join(name), root.join("view/bin").join(name))
                .unwrap();
        }
        std::os::unix::fs::symlink("/usr/bin/env", root.join("view/bin/env")).unwrap();
        assert_eq!(behind(&root.join("view"), "mpich"), std::slice::from_ref(&mpich));
        assert_eq!(behind(&root.join("view"), "gcc"), [mpich.clone(), zlib]);
        assert!(behind(&mpich, "mpich").is_empty() && behind(Path::new("/nowhere"), "x").is_empty());
        // A folder that one package alone fills is one link.
        std::fs::create_dir_all(root.join("other")).unwrap();
        std::os::unix::fs::symlink(mpich.join("bin"), root.join("other/bin")).unwrap();
        assert_eq!(behind(&root.join("other"), "mpich"), [mpich]);
    }
}
