// A control: the last rank alone expects an element that was not sent.
#include "tap_mpi.h"

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    int *all = new int[static_cast<unsigned>(tap_size)];
    MPI_Allgather(&tap_rank, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
    check(tap_same_ramp("gathered", all, tap_size, 0, 1), "the true ranks");
    check(tap_same_ramp("gathered", all, tap_size, 0, tap_rank == tap_size - 1 ? 2 : 1), "seeded wrong rank");
    delete[] all;
    return tap_end();
}
