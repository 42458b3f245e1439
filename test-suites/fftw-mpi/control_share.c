/* One rank of a spread transform has wrong input: every rank's numbers are wrong then, and the first is named. */
#define PROOF_MPI
#include "proof.h"
#include <fftw3-mpi.h>

int main(int argc, char **argv)
{
    ptrdiff_t rows, first, i, room;
    fftw_complex *part;
    fftw_plan plan;
    int ok = 1;
    proof_begin(&argc, &argv);
    fftw_mpi_init();
    room = fftw_mpi_local_size_2d(8, 8, MPI_COMM_WORLD, &rows, &first);
    part = fftw_alloc_complex((size_t)room);
    plan = fftw_mpi_plan_dft_2d(8, 8, part, part, MPI_COMM_WORLD, FFTW_FORWARD, FFTW_ESTIMATE);
    for (i = 0; i < rows * 8; i++)
        part[i][0] = part[i][1] = 0;
    if (first == 0)
        part[0][0] = 2;
    fftw_execute(plan);
    for (i = 0; i < rows * 8 && ok; i++)
        ok = near("an element", part[i][0], 1, 1e-12);
    check(ok, "the transform of a single one is one everywhere");
    return proof_end();
}
