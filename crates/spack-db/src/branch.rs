//! In which branch of the hierarchy does a modulefile lie, and does its install belong there?
//!
//! Spack puts an MPI's part before the compiler's (`openmpi/5.0.6-abcdefg/gcc/14.2.0`), people usually the other way
//! round (`mpi/gcc/12.2.0/openmpi/5.0.11`), so parts are told apart by their names.

use std::path::Path;

use super::packages::Packages;
use super::record::{Record, Tool};

/// A folder of modules, as far as its path tells what its modules were built with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    /// Name and version of the compiler.
    pub compiler: Option<(String, String)>,
    /// Name and version of the MPI; the version without the short hash that Spack adds.
    pub mpi: Option<(String, String)>,
    /// The short hash of the MPI.
    pub mpi_hash: Option<String>,
}

impl Branch {
    /// Reads the path of a folder of modules (an entry of `MODULEPATH`), from its end on. A `Core` folder, or one that
    /// names neither, has no parts.
    #[must_use]
    pub fn of(folder: &Path, packages: &Packages) -> Self {
        let parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
        let mut branch = Self::default();
        for pair in parts.windows(2).rev() {
            let (name, version) = (pair[0], pair[1]);
            if !version.starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            if branch.mpi.is_none() && packages.is_mpi(name) {
                let (version, hash) = split_hash(version);
                branch.mpi = Some((name.to_owned(), version.to_owned()));
                branch.mpi_hash = hash.map(str::to_owned);
            } else if branch.compiler.is_none() && packages.is_compiler(name) {
                branch.compiler = Some((name.to_owned(), version.to_owned()));
            }
        }
        branch
    }

    /// What of `record` does not fit this branch, in one line; `None` where all does. A branch that does not name a
    /// part says nothing about it: binary packages lie in `Core`, whatever made them.
    #[must_use]
    pub fn misfit(&self, record: &Record, packages: &Packages) -> Option<String> {
        let fits = |part: &(String, String), tool: &Tool| {
            let version = tool.version.is_empty() || is_prefix(&part.1, &tool.version);
            packages.are_one(&part.0, &tool.name) && version
        };
        if let (Some(part), Some(tool)) = (&self.compiler, &record.compiler)
            && !fits(part, tool)
        {
            let (name, version) = part;
            return Some(format!("built with {} {}, lies under {name} {version}", tool.name, tool.version));
        }
        match (&self.mpi, &record.mpi) {
            (Some(part), Some(tool)) => {
                let hash_fits = match (&self.mpi_hash, &tool.hash) {
                    (Some(start), Some(hash)) => hash.starts_with(start.as_str()),
                    _ => true,
                };
                let (name, version) = part;
                (!fits(part, tool) || !hash_fits).then(|| {
                    format!("built with {} {}, lies under {name} {version}", tool.name, tool.version)
                })
            }
            (Some((name, version)), None) => Some(format!("built without MPI, lies under {name} {version}")),
            (None, Some(tool)) if self.compiler.is_some() => {
                Some(format!("built with {} {}, lies under no MPI", tool.name, tool.version))
            }
            _ => None,
        }
    }
}

/// `14` and `14.2` stand for `14.2.0`, `1` does not.
fn is_prefix(part: &str, version: &str) -> bool {
    version.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Parts a version from the seven characters of base 32 that Spack appends.
pub(super) fn split_hash(version: &str) -> (&str, Option<&str>) {
    match version.rsplit_once('-') {
        Some((version, hash)) if is_short_hash(hash) => (version, Some(hash)),
        _ => (version, None),
    }
}

/// Spack's hashes are lower-case base 32; seven of it are customary, all 32 possible.
pub(super) fn is_short_hash(text: &str) -> bool {
    (5..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(compiler: (&str, &str), mpi: Option<(&str, &str, &str)>) -> Record {
        let tool = |name: &str, version: &str, hash: Option<&str>| Tool {
            name: name.into(),
            version: version.into(),
            hash: hash.map(Into::into),
        };
        Record {
            name: "hdf5".into(),
            version: "1.14.5".into(),
            hash: "x7k2abc".into(),
            prefix: None,
            compiler: Some(tool(compiler.0, compiler.1, None)),
            mpi: mpi.map(|(name, version, hash)| tool(name, version, Some(hash))),
            explicit: true,
            installed: true,
            deprecated_for: None,
            external: false,
            dependents: None,
            needs: Vec::new(),
            builders: Vec::new(),
        }
    }

    fn packages() -> Packages {
        let mut packages = Packages::default();
        for (package, name) in [("gcc", "gcc"), ("intel-oneapi-compilers", "oneapi"), ("llvm", "clang")] {
            packages.add_compiler(package, [name]);
        }
        packages.add_mpi("openmpi");
        packages.add_mpi("mpich");
        packages
    }

    #[test]
    fn a_branch_is_read_from_its_path_in_either_order() {
        let spack =
            Branch::of(Path::new("/s/lmod/linux-rhel9-x86_64/openmpi/5.0.6-abcdefg/gcc/14.2.0"), &packages());
        assert_eq!(spack.compiler, Some(("gcc".into(), "14.2.0".into())));
        assert_eq!(spack.mpi, Some(("openmpi".into(), "5.0.6".into())));
        assert_eq!(spack.mpi_hash.as_deref(), Some("abcdefg"));
        let people = Branch::of(Path::new("/apps/modules/mpi/gcc/12.2.0/mpich/5.0.2"), &packages());
        assert_eq!(people.compiler, Some(("gcc".into(), "12.2.0".into())));
        assert_eq!(people.mpi, Some(("mpich".into(), "5.0.2".into())));
        assert_eq!(people.mpi_hash, None);
        // What no table knows is no part.
        let unknown = Branch::of(Path::new("/apps/modules/newcc/1.0/newmpi/2"), &packages());
        assert_eq!(unknown, Branch::default());
        assert_eq!(Branch::of(Path::new("/s/lmod/linux-rhel9-x86_64/Core"), &packages()), Branch::default());
    }

    #[test]
    fn an_install_in_the_wrong_branch_is_named() {
        let branch = Branch::of(Path::new("/m/openmpi/5.0.6-abcdefg/gcc/14.2.0"), &packages());
        let right = ("openmpi", "5.0.6", "abcdefghijklmnopqrstuvwxyz234567");
        assert_eq!(branch.misfit(&record(("gcc", "14.2.0"), Some(right)), &packages()), None);
        for (compiler, mpi, words) in [
            (("gcc", "13.2.0"), Some(right), "built with gcc 13.2.0, lies under gcc 14.2.0"),
            (("clang", "14.2.0"), Some(right), "built with clang 14.2.0"),
            (("gcc", "14.2.0"), Some(("mpich", "5.0.6", "abcdefg")), "built with mpich 5.0.6"),
            (("gcc", "14.2.0"), Some(("openmpi", "5.0.6", "zzzzzzz")), "built with openmpi 5.0.6"),
            (("gcc", "14.2.0"), None, "built without MPI"),
        ] {
            let misfit = branch.misfit(&record(compiler, mpi), &packages()).unwrap();
            assert!(misfit.contains(words), "{misfit}");
        }
        let serial = Branch::of(Path::new("/m/gcc/14.2.0"), &packages());
        assert!(
            serial
                .misfit(&record(("gcc", "14.2.0"), Some(right)), &packages())
                .unwrap()
                .contains("under no MPI")
        );
        assert_eq!(Branch::default().misfit(&record(("gcc", "1"), Some(right)), &packages()), None);
    }

    #[test]
    fn compilers_have_two_names_and_versions_may_be_short() {
        let branch = Branch::of(Path::new("/m/intel-oneapi-compilers/2025.0.4"), &packages());
        assert_eq!(branch.misfit(&record(("oneapi", "2025.0.4"), None), &packages()), None);
        let branch = Branch::of(Path::new("/m/gcc/14"), &packages());
        assert_eq!(branch.misfit(&record(("gcc", "14.2.0"), None), &packages()), None);
        let branch = Branch::of(Path::new("/m/gcc/1"), &packages());
        assert!(branch.misfit(&record(("gcc", "14.2.0"), None), &packages()).is_some());
    }

    #[test]
    fn a_hash_is_told_from_a_version() {
        assert_eq!(split_hash("1.14.5-x7k2abc"), ("1.14.5", Some("x7k2abc")));
        assert_eq!(split_hash("1.14.5-rc1"), ("1.14.5-rc1", None));
        assert_eq!(split_hash("1.14.5-openmpi-x7k2abc"), ("1.14.5-openmpi", Some("x7k2abc")));
        assert_eq!(split_hash("1.14.5"), ("1.14.5", None));
    }
}
