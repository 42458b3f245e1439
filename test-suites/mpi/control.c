/* A control: the last rank alone expects a wrong sum. Rank 0, which prints, sees nothing wrong itself. */
#include "tap_mpi.h"

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    int sum = 1, seeded = tap_rank == tap_size - 1;
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_int("sum", sum, tap_size), "the true sum");
    check(tap_same_int("sum", sum, tap_size + seeded), "seeded wrong sum");
    return tap_end();
}
