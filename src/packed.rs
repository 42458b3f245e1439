//! A folder of files that is part of the binary, deflated by `build.rs`.

use std::sync::OnceLock;

/// The files of a folder, by their paths below it.
#[derive(Debug)]
pub struct Packed {
    /// Path and length of each file, in the order of the bytes, which is that of the paths.
    table: &'static [(&'static str, usize)],
    deflated: &'static [u8],
    bytes: OnceLock<Vec<u8>>,
}

impl Packed {
    /// What `build.rs` has packed.
    #[must_use]
    pub const fn new(table: &'static [(&'static str, usize)], deflated: &'static [u8]) -> Self {
        Self { table, deflated, bytes: OnceLock::new() }
    }

    /// Every file with its bytes, in the order of the paths.
    pub fn files(&'static self) -> impl Iterator<Item = (&'static str, &'static [u8])> {
        let mut rest = self.bytes();
        self.table.iter().map_while(move |&(path, length)| {
            let (bytes, after) = rest.split_at_checked(length)?;
            rest = after;
            Some((path, bytes))
        })
    }

    /// The files below `folder`, by their paths from there.
    pub fn below(&'static self, folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
        self.files()
            .filter_map(move |(path, bytes)| Some((path.strip_prefix(folder)?.strip_prefix('/')?, bytes)))
    }

    /// The folders that it holds.
    pub fn folders(&'static self) -> impl Iterator<Item = &'static str> {
        let names = self.table.iter().filter_map(|(path, _)| Some(path.split_once('/')?.0));
        let mut last = None;
        names.filter(move |name| last.replace(*name) != Some(*name))
    }

    /// The bytes of the file of this path.
    pub fn get(&'static self, path: &str) -> Option<&'static [u8]> {
        self.files().find(|(file, _)| *file == path).map(|(_, bytes)| bytes)
    }

    /// The file of this path, if it is UTF-8.
    pub fn text(&'static self, path: &str) -> Option<&'static str> {
        std::str::from_utf8(self.get(path)?).ok()
    }

    fn bytes(&'static self) -> &'static [u8] {
        self.bytes.get_or_init(|| {
            let length = self.table.iter().map(|(_, length)| length).sum();
            // Our own build has deflated it: it cannot be malformed, and every suite would be missed by the tests.
            miniz_oxide::inflate::decompress_to_vec_with_limit(self.deflated, length).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::suite::embedded::SUITES;

    #[test]
    fn every_file_comes_out_as_it_went_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites");
        let mut count = 0;
        for (path, bytes) in SUITES.files() {
            assert!(std::fs::read(folder.join(path)).unwrap() == bytes, "{path}");
            count += 1;
        }
        assert_eq!(count, SUITES.table.len());
        assert!(SUITES.text("compiler/suite.toml").unwrap().contains("[[probe]]"));
        assert_eq!(SUITES.get("compiler"), None);
    }

    #[test]
    fn each_folder_is_named_once_and_holds_its_own_files() {
        let folders: Vec<_> = SUITES.folders().collect();
        assert!(
            folders.is_sorted() && folders.contains(&"mpi") && folders.contains(&"py-mpi"),
            "{folders:?}"
        );
        assert!(SUITES.below("mpi").any(|(path, _)| path == "suite.toml"));
        assert!(SUITES.below("diagnoses").any(|(path, _)| path == "shm.toml"));
    }
}
