//! The MPI that is attacked: what it declares, what it has for Fortran, and the shim in front of it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::mutate::{self, Library, Prototype};
use crate::pod::signals::Stop;
use crate::run::command::{Command, Limits};
use crate::run::execute::{Capture, execute};
use crate::run::outcome::Ended;
use crate::run::output::Stream;
use crate::run::surroundings::{Place, environment};
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::template::Placeholder;

/// Compiling the shim takes seconds; a compiler on a cold network mount may take long.
const LIMIT: Duration = Duration::from_mins(3);

/// The MPI that is attacked.
pub(super) struct Attacked {
    pub(super) prototypes: Vec<Prototype>,
    pub(super) library: Library,
}

/// Where the shim lies.
pub(super) fn shim(root: &Path) -> PathBuf {
    root.join("libmutant.so")
}

impl Attacked {
    /// Reads its header as the wrapper does, and the names in its libraries.
    pub(super) fn new(toolchain: &Toolchain, root: &Path, stop: &Stop) -> Result<Self, Error> {
        write(&root.join("header.c"), "#include <mpi.h>\n")?;
        let header = mpicc(toolchain, &["-E", "-P", "header.c"], root, stop)?;
        let prototypes = mutate::read(&header);
        if prototypes.is_empty() {
            return Err(Error::new(Kind::Stack, "mpi.h declares no function that could be attacked"));
        }
        // The names of types are macros in some headers, gone after preprocessing.
        write(&root.join("macros.c"), "#include <mpi.h>\n")?;
        let macros = mpicc(toolchain, &["-E", "-dM", "macros.c"], root, stop)?;
        let fortran = fortran_symbols(toolchain);
        let fortran_types = fortran.binary_search_by(|symbol| symbol.as_str().cmp("mpi_bcast_")).is_ok();
        let library = Library { header: header + &macros, fortran, fortran_types };
        Ok(Self { prototypes, library })
    }

    /// Compiles the shim.
    pub(super) fn build_shim(
        &self,
        toolchain: &Toolchain,
        faults: &mutate::Catalogue,
        root: &Path,
        stop: &Stop,
    ) -> Result<(), Error> {
        write(&root.join("mutant.c"), &mutate::source(faults, &self.prototypes))?;
        let words = ["-w", "-O1", "-fPIC", "-shared", "mutant.c", "-o", "libmutant.so", "-ldl"];
        mpicc(toolchain, &words, root, stop).map(|_| ())
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::io(Kind::Pod, "write", path, &error))
}

/// What the C wrapper prints.
fn mpicc(toolchain: &Toolchain, words: &[&str], root: &Path, stop: &Stop) -> Result<String, Error> {
    let wrapper = match toolchain.tools.get(&Placeholder::Mpicc) {
        Some(Ok(words)) => words,
        Some(Err(why)) => return Err(Error::new(Kind::Stack, why.clone())),
        None => return Err(Error::new(Kind::Stack, "no loaded module is known to bring mpicc")),
    };
    let place = Place {
        home: root,
        tmp: root,
        dir: root,
        ranks: 1,
        cpus: 1,
        launched: None,
        root: false,
        toolboxes: &[],
        job: None,
    };
    let environment = environment(toolchain, &place);
    let command = Command {
        argv: wrapper.iter().map(String::as_str).chain(words.iter().copied()).map(OsString::from).collect(),
        env: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        dir: root.to_path_buf(),
        tmp: root.to_path_buf(),
        limits: Limits { wall: LIMIT, ..Limits::default() },
    };
    let (mut said, mut complaints) = (Vec::new(), Vec::new());
    let executed = execute(&command, &Capture::new("/dev/null"), stop, &mut |stream, chunk| match stream {
        Stream::Stdout => said.extend_from_slice(chunk),
        Stream::Stderr => complaints.extend_from_slice(chunk),
    })?;
    if executed.ended == Ended::Exit(0) {
        return Ok(String::from_utf8_lossy(&said).into_owned());
    }
    let complaints = String::from_utf8_lossy(&complaints);
    let first = complaints.lines().find(|line| line.contains("error")).or(complaints.lines().next());
    let what = format!("mpicc {} does not work: {}", words.join(" "), first.unwrap_or("it says nothing"));
    Err(Error::new(Kind::Stack, what)
        .hint("`stackprobe run mpi/identity` tells what is wrong with the wrapper"))
}

/// Names of Fortran functions in the libraries beside the MPI, sorted: `mpi_bcast_`, `mpi_bcast_f08ts_`.
fn fortran_symbols(toolchain: &Toolchain) -> Vec<String> {
    let Some(prefix) = toolchain.of(Layer::Mpi).and_then(|loaded| loaded.prefix.as_ref()) else {
        return Vec::new();
    };
    let mut names = BTreeSet::new();
    for folder in ["lib", "lib64", "lib/release"] {
        for entry in fs::read_dir(prefix.join(folder)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("lib") && name.contains("mpi") && name.contains(".so") {
                let bytes = fs::read(entry.path()).unwrap_or_default();
                names.extend(words(&bytes).filter(|word| word.starts_with("mpi_") && word.ends_with('_')));
            }
        }
    }
    names.into_iter().collect()
}

/// What stands between two NULs and could be a symbol of MPI. A link editor keeps `MPI_Recv` as the end of `PMPI_Recv`.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = String> {
    let parts = bytes.split(|byte| *byte == 0).filter(|part| part.len() < 96);
    let profiling = |part: &[u8]| part.starts_with(b"PMPI_") || part.starts_with(b"pmpi_");
    let parts = parts.map(move |part| if profiling(part) { &part[1..] } else { part });
    let parts = parts.filter(|part| part.starts_with(b"MPI_") || part.starts_with(b"mpi_"));
    parts.filter_map(|part| String::from_utf8(part.to_vec()).ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_symbol_is_found_at_the_end_of_its_profiling_name() {
        let found: Vec<String> =
            super::words(b"\0PMPI_Recv\0printf\0MPI_Init\0pmpi_send_\0mpi_bcast_\0").collect();
        assert_eq!(found, ["MPI_Recv", "MPI_Init", "mpi_send_", "mpi_bcast_"]);
    }
}
