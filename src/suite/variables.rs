//! Which variables change what tools do, and which modules may set them all the same: `variables.toml`, and a site's
//! own `[[variable]]` before it.

use globset::{Glob, GlobMatcher};

use crate::document::{self, Table};
use crate::error::{Fault, Source};

/// All that is known of variables; the first entry that names variable and module counts.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    all: Vec<Variable>,
}

/// Some variables, set by some modules.
#[derive(Clone, Debug)]
pub struct Variable {
    names: Vec<GlobMatcher>,
    modules: Vec<GlobMatcher>,
    /// What they change.
    pub changes: String,
    /// Why these modules may set them.
    pub allowed: Option<String>,
}

impl Variables {
    /// Reads `variables.toml`.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, Self::table)
    }

    /// Reads the tables of a document that may have some.
    pub(super) fn table(root: &mut Table<'_>) -> Self {
        Self { all: root.tables("variable", variable) }
    }

    /// These, and `others` where these say nothing.
    #[must_use]
    pub fn before(&self, others: &Self) -> Self {
        Self { all: self.all.iter().chain(&others.all).cloned().collect() }
    }

    /// What a module changes that sets a variable, unless it may.
    #[must_use]
    pub fn changed(&self, name: &str, module: &str) -> Option<&str> {
        let any = |globs: &[GlobMatcher], text: &str| globs.iter().any(|glob| glob.is_match(text));
        let found = self.all.iter().find(|entry| any(&entry.names, name) && any(&entry.modules, module))?;
        found.allowed.is_none().then_some(found.changes.as_str())
    }
}

fn variable(table: &mut Table<'_>) -> Variable {
    let names = globs(table, "names").unwrap_or_default();
    if names.is_empty() {
        table.fault("`names` must name a variable", table.span());
    }
    let everything = || Glob::new("*").map(|glob| glob.compile_matcher()).into_iter().collect();
    let modules = globs(table, "modules").unwrap_or_else(everything);
    let changes = table.string("changes").map(|text| text.value);
    let allowed = table.string("allowed").map(|text| text.value);
    if changes.is_none() == allowed.is_none() {
        table
            .fault("wanted either `changes`, what it changes, or `allowed`, why it may be set", table.span());
    }
    Variable { names, modules, changes: changes.unwrap_or_default(), allowed }
}

fn globs(table: &mut Table<'_>, key: &'static str) -> Option<Vec<GlobMatcher>> {
    let mut globs = Vec::new();
    for text in table.strings(key)? {
        match Glob::new(&text.value) {
            Ok(glob) => globs.push(glob.compile_matcher()),
            Err(error) => {
                table.fault(format!("cannot read the pattern `{}`: {}", text.value, error.kind()), text.span);
            }
        }
    }
    Some(globs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    fn ours() -> Variables {
        Variables::parse(&embedded::table("variables.toml")).unwrap()
    }

    #[test]
    fn what_changes_tools_is_known_and_what_spack_sets_is_not() {
        let ours = ours();
        for name in [
            "OMP_NUM_THREADS",
            "OMP_THREAD_LIMIT",
            "GLIBC_TUNABLES",
            "LD_BIND_NOW",
            "LD_PRELOAD",
            "CFLAGS",
            "LDFLAGS",
            "COMPILER_PATH",
            "GCC_EXEC_PREFIX",
            "PYTHONPATH",
            "PYTHONHOME",
            "PYTHONOPTIMIZE",
            "R_LIBS",
            "R_PROFILE",
            "MALLOC_ARENA_MAX",
            "OMPI_MCA_btl",
            "MPIR_CVAR_NOLOCAL",
            "I_MPI_FABRICS",
            "UCX_TLS",
            "MATLABPATH",
            "UCX_MODULE_DIR",
            "MPICH_VERSION_DISPLAY",
        ] {
            assert!(ours.changed(name, "gcc/12.2.0").is_some(), "{name}");
        }
        for name in [
            "CC",
            "CXX",
            "FC",
            "F77",
            "PATH",
            "MANPATH",
            "CPATH",
            "LIBRARY_PATH",
            "LD_LIBRARY_PATH",
            "CMAKE_PREFIX_PATH",
            "PKG_CONFIG_PATH",
            "I_MPI_ROOT",
            "I_MPI_CC",
            "MPICH_CC",
            "FI_PROVIDER_PATH",
            "OPAL_PREFIX",
            "LMOD_MPI_NAME",
            "TMPDIR",
            "LC_ALL",
            "MKLROOT",
            "JAVA_HOME",
            "XDG_DATA_DIRS",
            "GCC_HOME",
            "MPICH_DIR",
            "MV2_HOME",
            "UCX_ROOT",
            "NCCL_INCLUDE_DIR",
        ] {
            assert_eq!(ours.changed(name, "gcc/12.2.0"), None, "{name}");
        }
        assert_eq!(ours.changed("PYTHONPATH", "py-mpi4py/4.1.2"), None);
        assert_eq!(ours.changed("R_LIBS", "r-rcpp/1.0"), None);
    }

    #[test]
    fn a_site_goes_first_for_the_modules_that_it_names() {
        let text =
            "[[variable]]\nnames = [\"OMP_NUM_*\"]\nmodules = [\"matlab/*\"]\nallowed = \"licences\"\n";
        let site = Variables::parse(&Source::new("site.toml", text)).unwrap().before(&ours());
        assert_eq!(site.changed("OMP_NUM_THREADS", "matlab/R2024a"), None);
        assert!(site.changed("OMP_NUM_THREADS", "gcc/12").is_some());
    }

    #[test]
    fn every_fault_is_told_at_its_place() {
        let text = "[[variable]]\nnames = [\"A[\"]\nchanges = \"x\"\n[[variable]]\nnames = [\"B\"]\n\
                    [[variable]]\nchanges = \"x\"\nallowed = \"y\"\n";
        let faults = Variables::parse(&Source::new("site.toml", text)).unwrap_err();
        assert!(faults.len() >= 4, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.place.is_some()), "{faults:?}");
    }
}
