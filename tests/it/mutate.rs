//! `stackprobe mutate`: what the suites would see, were the library wrong in one place.

use crate::fixture::{Answer, call};

const SUITE: &str = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\", \"mpi\"]\n\
    [[probe]]\nname = \"p\"\nsummary = \"y\"\nsources = [\"p.c\"]\nbuild = \"{mpicc} {sources} -o {exe}\"\n\
    run = \"{mpirun} -n {ranks} {exe}\"\nranks = 2\nprotocol = \"tap\"\n";
/// Looks at the first of a hundred elements only, and sends as much as that.
const PROBE: &str = "#include <mpi.h>\n#include <stdio.h>\n#include <unistd.h>\n\
    int main(int c, char **v) { int rank, ok = 1, all, data[100] = {0}; MPI_Init(&c, &v);\n\
    MPI_Comm_rank(MPI_COMM_WORLD, &rank); for (int i = 0; rank == 0 && i < 100; i++) data[i] = i + 7;\n\
    MPI_Bcast(data, 100, MPI_INT, 0, MPI_COMM_WORLD); ok = data[0] == 7;\n\
    MPI_Reduce(&ok, &all, 1, MPI_INT, MPI_MIN, 0, MPI_COMM_WORLD);\n\
    if (rank == 0) printf(\"1..1\\n%s 1 - bcast\\n\", all ? \"ok\" : \"not ok\");\n\
    MPI_Finalize(); return rank == 0 && !all; }\n";

fn attack(mpi: &str, more: &[&str]) -> Answer {
    let args = ["mutate", "mine", "--cc", "gcc/12", "--mpi", mpi, "--suites", "s", "--results", "out"];
    call(&[&args[..], more].concat()).file("s/mine/suite.toml", SUITE).file("s/mine/p.c", PROBE).run()
}

#[test]
fn a_suite_is_told_what_it_would_catch_and_what_not() {
    for mpi in ["openmpi/5", "mpich/4"] {
        let answer =
            attack(mpi, &["--only", "MPI_Bcast nothing", "--only", "MPI_Bcast last", "--at-least", "90"]);
        let answer = answer.exits(1);
        let tsv = std::fs::read_to_string(answer.folder.path().join("out/mutants.tsv")).unwrap();
        let line = |mutant: &str| {
            let start = format!("{mutant}\t");
            tsv.lines()
                .find(|line| line.starts_with(&start))
                .unwrap_or_else(|| panic!("{mutant}: {tsv}"))
                .to_owned()
        };
        assert!(line("MPI_Bcast nothing").contains("\tcaught\tmine/p: bcast: "), "{tsv}");
        assert!(line("MPI_Bcast last").contains("\tsurvived\t"), "{tsv}");
        assert!(line("MPI_Bcast last count>=4096").contains("\tsurvived\t"), "{tsv}");
        assert!(answer.stdout.contains("your green catches 1 of "), "{}", answer.stdout);
        assert!(answer.stdout.contains("  MPI_Bcast last ranks=2\n"), "{}", answer.stdout);
        let page = std::fs::read_to_string(answer.folder.path().join("out/mutants.html")).unwrap();
        assert!(page.contains("MPI_Bcast last ranks=2") && page.contains("class=\"none\""), "{page}");
    }
}

#[test]
fn what_was_tried_is_not_tried_again_and_what_nothing_calls_is_told() {
    let args =
        ["mutate", "mine", "--cc", "gcc/12", "--mpi", "openmpi/5", "--suites", "s", "--results", "out"];
    let only =
        ["--only", "MPI_Bcast nothing", "--only", "MPI_Scatter nothing", "--only", "MPI_Bcast root ranks"];
    let answer = call(&[&args[..], &only].concat())
        .file("s/mine/suite.toml", SUITE)
        .file("s/mine/p.c", PROBE)
        // Of an earlier run that was killed while it wrote its second line.
        .file("out/mutants.tsv", "MPI_Bcast nothing\tsurvived\t\nMPI_Scatter noth")
        .run()
        .exits(0);
    let tsv = std::fs::read_to_string(answer.folder.path().join("out/mutants.tsv")).unwrap();
    assert_eq!(tsv.matches("MPI_Bcast nothing\t").count(), 1, "{tsv}");
    assert!(tsv.contains("\nMPI_Scatter nothing\tuncalled\t\n"), "{tsv}");
    assert!(tsv.contains("\nMPI_Bcast root ranks=2\tcaught\t"), "{tsv}");
    assert!(tsv.contains("\nMPI_Bcast root ranks=3\tsurvived\t"), "{tsv}");
}

#[test]
fn one_toolchain_with_an_mpi_is_attacked() {
    let answer = call(&["mutate", "--cc", "gcc/12"]).run().exits(2);
    assert!(answer.stderr.contains("no compiler with an MPI was asked for"), "{}", answer.stderr);
    let answer = call(&["mutate", "--cc", "gcc/12", "--mpi", "*"]).run().exits(2);
    assert!(answer.stderr.contains("5 toolchains were asked for, one is attacked"), "{}", answer.stderr);
    let answer =
        call(&["mutate", "--cc", "gcc/12", "--mpi", "mpich/4", "--only", "MPI_Nonsense"]).run().exits(3);
    assert!(answer.stderr.contains("no fault is left to try"), "{}", answer.stderr);
}
