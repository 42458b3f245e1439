//! A CRAN-like repository of our own on disk, for `file://`: `install.packages` then needs no network. Its packages are
//! packed here from their sources; some of them are made to fail.

use std::path::Path;

use crate::error::{Error, Kind};
use crate::packed::Packed;
use crate::run::archive::{Member, tar_gz};

static PACKAGES: Packed = include!(concat!(env!("OUT_DIR"), "/cran-index.rs"));

/// What `available.packages()` reads of a package's DESCRIPTION.
const LISTED: [&str; 7] =
    ["Package", "Version", "Depends", "Imports", "LinkingTo", "License", "NeedsCompilation"];

/// Writes `src/contrib` with every package and the index `PACKAGES` under `root`; gives the URL for `repos`.
///
/// # Errors
/// A folder or file that cannot be written, or a malformed embedded package.
pub fn lay_out(root: &Path) -> Result<String, Error> {
    let folder = root.join("src/contrib");
    std::fs::create_dir_all(&folder).map_err(|error| Error::io(Kind::Pod, "create", &folder, &error))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|error| Error::io(Kind::Pod, "write", &path, &error))
    };
    let mut index = String::new();
    for name in PACKAGES.folders() {
        let malformed = |what: String| Error::new(Kind::Internal, what);
        let description = PACKAGES
            .text(&format!("{name}/DESCRIPTION"))
            .ok_or_else(|| malformed(format!("the embedded package `{name}` has no DESCRIPTION")))?;
        let version = description
            .lines()
            .find_map(|line| line.strip_prefix("Version:"))
            .ok_or_else(|| malformed(format!("the embedded package `{name}` has no version")))?;
        let archive = tar_gz(&members(name)).map_err(malformed)?;
        write(&format!("{name}_{}.tar.gz", version.trim()), &archive)?;
        let listed = |line: &&str| LISTED.iter().any(|key| line.split(':').next() == Some(key));
        for line in description.lines().filter(listed) {
            index += line;
            index.push('\n');
        }
        index.push('\n');
    }
    write("PACKAGES", index.as_bytes())?;
    Ok(format!("file://{}", root.display()))
}

fn members(package: &str) -> Vec<Member> {
    let files = PACKAGES.below(package);
    files.map(|(path, bytes)| Member { path: format!("{package}/{path}"), bytes: bytes.to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_listed_and_packed() {
        let root = tempfile::tempdir().unwrap();
        let url = lay_out(root.path()).unwrap();
        assert!(url.starts_with("file:///"), "{url}");
        let index = std::fs::read_to_string(root.path().join("src/contrib/PACKAGES")).unwrap();
        let mut listed: Vec<_> = index.lines().filter_map(|line| line.strip_prefix("Package: ")).collect();
        listed.sort_unstable();
        assert_eq!(
            listed,
            ["probeBroken", "probeC", "probeCxx", "probeDependent", "probeFortran", "probeMakevars"]
        );
        for package in listed {
            assert!(root.path().join(format!("src/contrib/{package}_1.0.0.tar.gz")).is_file(), "{package}");
        }
        assert!(index.contains("Imports: probeAbsent"), "{index}");
    }
}
