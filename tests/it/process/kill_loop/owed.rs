//! What the killed runs owe: cheap cases of every kind, and what each of them must come to if it is left alone.

use std::fs;
use std::path::Path;

use stackprobe::verdict::check::Outcome;

/// The suites that are run, as arguments.
pub(super) const SUITES: [&str; 2] = ["kill", "kill-mpi"];
/// The toolchains, as arguments.
pub(super) const TOOLCHAINS: [&str; 6] = ["--cc", "gcc/12", "--mpi", "openmpi/5", "--mpi", "mpich/5"];

/// Probes of one kind: name, how many there are, what they come to, their keys, their one source.
struct Kind(&'static str, usize, Outcome, &'static str, &'static str);

const SHELL: &str = "run = \"sh {sources}\"";
const COMPILED: &str = "build = \"{cc} {sources} -o {exe}\"\nrun = \"{exe}\"";

/// Without MPI.
const KINDS: [Kind; 11] = [
    // Without end while there is a file of this name: what outlives its harness is caught at it.
    Kind("endless", 1, Outcome::Passed, SHELL, "[ ! -e ENDLESS ] || { setsid sleep 60 & sleep 60; }"),
    Kind("true", 14, Outcome::Passed, "run = \"/bin/true\"", ""),
    Kind("red", 2, Outcome::Failed, SHELL, "exit 1"),
    Kind("compiled", 4, Outcome::Passed, COMPILED, "int main(void) { return 0; }"),
    Kind(
        "daemon",
        3,
        Outcome::Failed,
        SHELL,
        "setsid sh -c 'trap \"\" TERM HUP INT; exec 3>/dev/shm/daemon.$$; sleep 60' &
        sleep 0.02; exit 0",
    ),
    Kind("segment", 3, Outcome::Passed, SHELL, "exec 3>/dev/shm/segment.$$; sleep 0.1"),
    Kind(
        "stubborn",
        3,
        Outcome::Passed,
        SHELL,
        "trap '' TERM HUP INT; setsid -w sleep 0.2 & sleep 0.1; wait",
    ),
    Kind(
        "tap",
        3,
        Outcome::Passed,
        "run = \"sh {sources}\"\nprotocol = \"tap\"",
        "echo 1..4; for i in 1 2 3 4; do echo \"ok $i - c$i\"; sleep 0.03; done",
    ),
    Kind("flood", 1, Outcome::Passed, SHELL, "head -c 5000000 /dev/zero | tr '\\0' x"),
    Kind("skipped", 1, Outcome::Skipped, "run = \"/bin/true\"\nrequires = [\"tool no-such-tool\"]", ""),
    Kind("control", 1, Outcome::Passed, "run = \"sh {sources}\"\ncontrol = true", "exit 3"),
];

/// With MPI: under every library of [`TOOLCHAINS`].
const MPI_KINDS: [Kind; 3] = [
    Kind("quick", 1, Outcome::Passed, LAUNCHED, "MPI_Barrier(MPI_COMM_WORLD);"),
    Kind("slow", 1, Outcome::Passed, LAUNCHED, "MPI_Barrier(MPI_COMM_WORLD); usleep(200000);"),
    Kind("crash", 1, Outcome::Failed, LAUNCHED, "MPI_Barrier(MPI_COMM_WORLD); if (rank == 1) abort();"),
];
const LAUNCHED: &str =
    "build = \"{mpicc} {sources} -o {exe}\"\nrun = \"{mpirun} -n {ranks} {exe}\"\nranks = 2";

/// How many cases a run owes.
pub(super) const CASES: usize = 36 + 2 * 3;

/// Writes the suites. One case does not end while there is a file `endless`.
pub(super) fn write(folder: &Path, endless: &Path) {
    write_suite(folder, SUITES[0], "\"compiler\"", &KINDS, endless);
    write_suite(folder, SUITES[1], "\"compiler\", \"mpi\"", &MPI_KINDS, endless);
}

fn write_suite(folder: &Path, name: &str, toolchain: &str, kinds: &[Kind], endless: &Path) {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut suite = format!("name = \"{name}\"\nsummary = \"x\"\ntoolchain = [{toolchain}]\n");
    for Kind(kind, count, _, keys, source) in kinds {
        let file = format!("{kind}.{}", if keys.contains("build") { "c" } else { "sh" });
        let sources = if source.is_empty() { String::new() } else { format!("sources = [\"{file}\"]\n") };
        let source = if keys == &LAUNCHED {
            format!(
                "#include <mpi.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main(int n, char **v) {{ int rank;\n\
                 MPI_Init(&n, &v); MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n{source}\nMPI_Finalize(); return 0; }}\n"
            )
        } else {
            source.replace("ENDLESS", endless.to_str().unwrap())
        };
        fs::write(folder.join(&file), source).unwrap();
        for number in 0..*count {
            suite.push_str(
                &["[[probe]]\nname = \"", kind, "-", &number.to_string(), "\"\nsummary = \"y\"\n"].concat(),
            );
            suite.push_str(&[&sources, *keys, "\n"].concat());
        }
    }
    fs::write(folder.join("suite.toml"), suite).unwrap();
}

/// What the case of this probe must come to if nobody interferes.
pub(super) fn truth(probe: &str) -> Outcome {
    let kind = probe.rsplit_once('-').unwrap().0;
    KINDS.iter().chain(&MPI_KINDS).find(|Kind(name, ..)| *name == kind).unwrap().2
}
