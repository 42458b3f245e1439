//! Names that pods already use, turned into `stackprobe run …`. Pure.
//!
//! Test images call `run-test-spack-mpicc.sh CC VERSION MPI VERSION`, `test-spack-rt-python VERSION` and
//! `test-spack-rt-matlab RELEASE`. A symlink of that name to stackprobe does what the script did, and the names are
//! understood as arguments of `run`, too.

use std::ffi::OsString;
use std::path::Path;

/// The argv that clap shall read.
#[must_use]
pub fn resolve(argv: Vec<OsString>) -> Vec<OsString> {
    let called = argv.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let called = called.to_string_lossy().into_owned();
    let rest: Vec<OsString> = argv.get(1..).unwrap_or_default().to_vec();
    if let Some(run) = run(&called, &rest) {
        return run;
    }
    if let [verb, name, rest @ ..] = rest.as_slice()
        && verb == "run"
        && let Some(run) = run(&name.to_string_lossy(), rest)
    {
        return run;
    }
    argv
}

fn run(name: &str, rest: &[OsString]) -> Option<Vec<OsString>> {
    let (suite, flags): (&str, Vec<(&str, usize)>) = match name.trim_end_matches(".sh") {
        "run-test-spack-mpicc" => ("mpi", vec![("--cc", 2), ("--mpi", 2)]),
        "test-spack-rt-python" => ("python", vec![("--runtime=python", 1)]),
        "test-spack-rt-matlab" => ("matlab", vec![("--runtime=matlab", 1)]),
        "test-spack-rt-r" => ("r", vec![("--runtime=r", 1)]),
        _ => return None,
    };
    let mut words: Vec<OsString> = vec!["stackprobe".into(), "run".into(), suite.into()];
    let given = rest.iter().take_while(|word| !word.to_string_lossy().starts_with('-')).count();
    let (mut positional, options) = rest.split_at(given);
    for (flag, count) in flags {
        let Some((these, others)) = positional.split_at_checked(count) else { break };
        positional = others;
        let mut value = OsString::new();
        if let Some((flag, family)) = flag.split_once('=') {
            words.push(flag.into());
            value.push(family);
        } else {
            words.push(flag.into());
        }
        for word in these {
            if !value.is_empty() {
                value.push("/");
            }
            value.push(word);
        }
        words.push(value);
    }
    words.extend(positional.iter().cloned());
    words.extend(options.iter().cloned());
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(line: &str) -> String {
        let argv = line.split(' ').map(OsString::from).collect();
        let words: Vec<String> =
            resolve(argv).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn the_names_of_the_scripts_are_honoured() {
        assert_eq!(
            resolved("/bin/run-test-spack-mpicc.sh gcc 12.2.0 openmpi 5.0.11 --quiet"),
            "stackprobe run mpi --cc gcc/12.2.0 --mpi openmpi/5.0.11 --quiet"
        );
        assert_eq!(resolved("test-spack-rt-python 3.12"), "stackprobe run python --runtime python/3.12");
        assert_eq!(
            resolved("stackprobe run test-spack-rt-matlab R2024a"),
            "stackprobe run matlab --runtime matlab/R2024a"
        );
        assert_eq!(resolved("stackprobe run mpi --all"), "stackprobe run mpi --all");
        // Without arguments the environment may still say which toolchain (HPC_LMOD_CC_FAMILY and its kin).
        assert_eq!(resolved("run-test-spack-mpicc.sh"), "stackprobe run mpi");
    }
}
