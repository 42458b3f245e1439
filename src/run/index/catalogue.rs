//! What the index offers: packages made here from their sources, and the build backends that source packages name.
//!
//! All of it is in the binary: a folder in the image would be one more thing that can be absent, stale or unreadable, and
//! a tester that lacks it could tell nothing about the stack. The backends are the price, 1.4 MiB.

use std::borrow::Cow;
use std::fmt::Write as _;

use include_dir::{Dir, DirEntry, include_dir};

use crate::digest::{base64url, hex, sha256};
use crate::run::archive::{Member, tar_gz, zip};

static INDEX: Dir = include_dir!("$CARGO_MANIFEST_DIR/fixtures/python-index");

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The project it belongs to, normalised (PEP 503): lower case, words joined by `-`.
    pub project: String,
    /// The file's name.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The Pythons it is for, in the words of PEP 440.
    pub requires_python: String,
    /// What it holds.
    pub bytes: Cow<'static, [u8]>,
}

/// Everything that the index offers.
///
/// # Errors
/// Says which embedded file is missing or malformed.
pub fn catalogue() -> Result<Vec<Release>, String> {
    let mut releases = pinned()?;
    releases.push(wheel("stackprobe-base")?);
    releases.push(wheel("stackprobe-pure")?);
    releases.push(source("stackprobe-native")?);
    Ok(releases)
}

/// The wheels of `wheels/PINNED`. Their hashes are taken from there: what is served can then not differ unseen.
fn pinned() -> Result<Vec<Release>, String> {
    let lines = text("wheels/PINNED")?.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let (Some(sha256), Some(file), Some(requires)) = (words.next(), words.next(), words.next())
            else {
                return Err(format!("`wheels/PINNED` wants three words on each line, found `{line}`"));
            };
            Ok(Release {
                project: normalised(file.split('-').next().unwrap_or(file)),
                file: file.to_owned(),
                sha256: sha256.to_owned(),
                requires_python: requires.to_owned(),
                bytes: Cow::Borrowed(embedded(&format!("wheels/{file}"))?),
            })
        })
        .collect()
}

/// A wheel (PEP 427) of pure Python: the package's folders beside the metadata that installers read.
fn wheel(project: &str) -> Result<Release, String> {
    let root = format!("packages/{project}");
    let metadata = text(&format!("{root}/METADATA"))?;
    let (name, version) = (project.replace('-', "_"), field(metadata, "Version")?);
    let info = format!("{name}-{version}.dist-info");
    let mut members = members(&root)?;
    for member in &mut members {
        if member.path == "METADATA" {
            member.path = format!("{info}/METADATA");
        }
    }
    members.push(Member {
        path: format!("{info}/WHEEL"),
        bytes: b"Wheel-Version: 1.0\nGenerator: stackprobe\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            .into(),
    });
    let mut record = String::new();
    for member in &members {
        let digest = base64url(&sha256(&member.bytes));
        let _ = writeln!(record, "{},sha256={digest},{}", member.path, member.bytes.len());
    }
    let _ = writeln!(record, "{info}/RECORD,,");
    members.push(Member { path: format!("{info}/RECORD"), bytes: record.into_bytes() });
    release(project, format!("{name}-{version}-py3-none-any.whl"), metadata, zip(&members))
}

/// A source distribution (PEP 625): everything under one folder named for the release.
fn source(project: &str) -> Result<Release, String> {
    let root = format!("packages/{project}");
    let metadata = text(&format!("{root}/PKG-INFO"))?;
    let stem = format!("{}-{}", project.replace('-', "_"), field(metadata, "Version")?);
    let mut members = members(&root)?;
    for member in &mut members {
        member.path = format!("{stem}/{}", member.path);
    }
    release(project, format!("{stem}.tar.gz"), metadata, tar_gz(&members)?)
}

fn release(project: &str, file: String, metadata: &str, bytes: Vec<u8>) -> Result<Release, String> {
    Ok(Release {
        project: project.to_owned(),
        file,
        sha256: hex(&sha256(&bytes)),
        requires_python: field(metadata, "Requires-Python")?.to_owned(),
        bytes: Cow::Owned(bytes),
    })
}

/// Every file under an embedded folder, by its path from there, in order.
fn members(root: &str) -> Result<Vec<Member>, String> {
    let folder = INDEX.get_dir(root).ok_or_else(|| format!("`{root}` is not in the embedded index"))?;
    let mut members = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(inner) => folders.push(inner),
                DirEntry::File(file) => {
                    let path = file.path().to_string_lossy();
                    let path = path.strip_prefix(root).unwrap_or(&path).trim_start_matches('/').to_owned();
                    members.push(Member { path, bytes: file.contents().to_vec() });
                }
            }
        }
    }
    members.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(members)
}

fn embedded(path: &str) -> Result<&'static [u8], String> {
    let file = INDEX.get_file(path).ok_or_else(|| format!("`{path}` is not in the embedded index"))?;
    Ok(file.contents())
}

fn text(path: &str) -> Result<&'static str, String> {
    std::str::from_utf8(embedded(path)?).map_err(|_| format!("`{path}` of the embedded index is not UTF-8"))
}

/// The value of a header of a metadata file.
fn field<'a>(metadata: &'a str, key: &str) -> Result<&'a str, String> {
    let value = metadata.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    value.map(str::trim).ok_or_else(|| format!("package metadata has no `{key}`"))
}

/// A project's name as PEP 503 compares it.
#[must_use]
pub fn normalised(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wheel_is_the_one_that_was_pinned() {
        for release in pinned().unwrap() {
            assert_eq!(hex(&sha256(&release.bytes)), release.sha256, "{}", release.file);
        }
    }

    #[test]
    fn the_index_stays_below_the_two_mebibytes_it_may_add_to_the_binary() {
        let bytes: usize = catalogue().unwrap().iter().map(|release| release.bytes.len()).sum();
        assert!(bytes < 2 << 20, "{bytes} bytes");
    }

    #[test]
    fn packages_are_the_same_bytes_each_time() {
        assert_eq!(catalogue().unwrap(), catalogue().unwrap());
    }

    #[test]
    fn names_are_compared_as_pep_503_says() {
        assert_eq!(normalised("Poetry_Core"), "poetry-core");
        assert_eq!(normalised("a.-_b"), "a-b");
    }
}
