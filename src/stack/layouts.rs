//! How modules belong together where the module tree does not say it: `layouts.toml`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::document;
use crate::error::{Fault, Source};
use crate::stack::spider::Found;

/// What `layouts.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Layouts {
    bundles: GlobSet,
    wrappers: Vec<String>,
    launchers: Vec<String>,
}

impl Layouts {
    /// Reads `layouts.toml`.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let mut bundles = GlobSetBuilder::new();
            for pattern in root.strings("bundles").unwrap_or_default() {
                match GlobBuilder::new(&pattern.value).case_insensitive(true).build() {
                    Ok(glob) => {
                        bundles.add(glob);
                    }
                    Err(error) => {
                        root.fault(format!("cannot read the pattern: {}", error.kind()), pattern.span);
                    }
                }
            }
            let mpi = root.table("mpi", |mpi| {
                let mut names = |key| -> Vec<String> {
                    mpi.strings(key).unwrap_or_default().into_iter().map(|name| name.value).collect()
                };
                (names("wrappers"), names("launchers"))
            });
            let (wrappers, launchers) = mpi.unwrap_or_default();
            Self { bundles: bundles.build().unwrap_or_default(), wrappers, launchers }
        })
    }

    /// Whether modules of this name may be nothing but others.
    #[must_use]
    pub fn may_be_bundle(&self, family: &str) -> bool {
        self.bundles.is_match(family)
    }

    /// The wrapper that shows that `entry` is an MPI.
    #[must_use]
    pub fn shows_mpi(&self, entry: &Found) -> Option<PathBuf> {
        let holds = |folder: &Path, names: &[String]| {
            names.iter().map(|name| folder.join(name)).find(|program| program.is_file())
        };
        entry.paths.iter().find_map(|folder| {
            let wrapper = holds(folder, &self.wrappers)?;
            holds(folder, &self.launchers).map(|_| wrapper)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;
    use crate::suite::module_name::Module;

    #[test]
    fn a_wrapper_and_a_launcher_in_one_folder_are_an_mpi() {
        let layouts = Layouts::parse(&embedded::table("layouts.toml")).unwrap();
        for (name, is) in [("foss", true), ("PrgEnv-gnu", true), ("prgenv-cray", true), ("gcc", false)] {
            assert_eq!(layouts.may_be_bundle(name), is, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let entry = Found {
            paths: vec!["/nowhere".into(), folder.path().to_owned()],
            ..Found::bare(Module::new("hpc-mpi/1"), "/m".into())
        };
        std::fs::write(folder.path().join("mpicc"), "").unwrap();
        assert_eq!(layouts.shows_mpi(&entry), None);
        std::fs::write(folder.path().join("mpiexec"), "").unwrap();
        assert_eq!(layouts.shows_mpi(&entry), Some(folder.path().join("mpicc")));
    }
}
