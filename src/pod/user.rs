//! Who we are: the user id, whether it has a name, and what HOME is worth.
//!
//! Files are read, never the C library asked: a static one would load name-service libraries from the image under test.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::pod::folder::Folder;
use path_fault::Obstacle;

/// The user of this pod.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct User {
    /// Effective user id.
    pub id: u32,
    /// Its name in `/etc/passwd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it has a name; none where another source than files may know one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<bool>,
    /// `HOME`, if it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Folder>,
}

impl User {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let id = nix::unistd::geteuid().as_raw();
        let users = text("/etc/passwd");
        let name = users.as_ref().and_then(|text| name(text, id));
        // What cannot be read may name it.
        let others = users.is_none()
            || text("/etc/nsswitch.conf").is_none_or(|text| other_sources(&String::from_utf8_lossy(&text)));
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        Self {
            id,
            named: if name.is_some() { Some(true) } else { (!others).then_some(false) },
            name,
            home: home.map(|home| writable(&home)),
        }
    }
}

/// What a file holds, nothing if it is not there; none if it cannot be read.
fn text(path: &str) -> Option<Vec<u8>> {
    match std::fs::read(path) {
        Ok(text) => Some(text),
        Err(error) => (Obstacle::of(&error) == Obstacle::Missing).then(Vec::new),
    }
}

/// HOME is written to, but programs are seldom run from it: nothing is started there.
fn writable(home: &Path) -> Folder {
    Folder { writable: Some(tempfile::tempfile_in(home).is_ok()), ..Folder::glance(home) }
}

/// The name of `id` in the text of a passwd file.
fn name(text: &[u8], id: u32) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    })
}

/// Whether users may be known elsewhere than in files: LDAP, sssd.
fn other_sources(text: &str) -> bool {
    let sources = text.lines().find_map(|line| line.trim_start().strip_prefix("passwd:"));
    let sources = sources.and_then(|line| line.split('#').next()).unwrap_or_default();
    // `systemd` knows root, nobody and dynamic users of services only.
    let plain = |word: &str| word.starts_with('[') || ["files", "compat", "systemd"].contains(&word);
    !sources.split_whitespace().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_number_only() {
        let text = b"root:x:0:0:root:/root:/bin/sh\n# 7:x\n\xff:x:7\nhpc:x:1000:100::/home/hpc:/bin/sh\n";
        assert_eq!(name(text, 1000).as_deref(), Some("hpc"));
        assert_eq!(name(text, 100), None);
        assert_eq!(name(text, 0).as_deref(), Some("root"));
    }

    #[test]
    fn a_site_with_a_directory_of_users_may_know_a_name_that_files_do_not() {
        assert!(!other_sources("passwd:  files systemd\ngroup: sss\n"));
        assert!(!other_sources("hosts: files dns\n"));
        assert!(!other_sources("passwd: files # sss\n"));
        assert!(other_sources("passwd: files [NOTFOUND=continue] sss\n"));
        assert!(other_sources(" passwd:\tldap files\n"));
    }
}
