// A control: the last rank alone expects an element that was not sent.
#include "tap_mpi.h"
#include <vector>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    std::vector<int> all(static_cast<std::size_t>(tap_size));
    MPI_Allgather(&tap_rank, 1, MPI_INT, all.data(), 1, MPI_INT, MPI_COMM_WORLD);
    check(tap_same_ramp("gathered", all.data(), tap_size, 0, 1), "the true ranks");
    check(tap_same_ramp("gathered", all.data(), tap_size, 0, tap_rank == tap_size - 1 ? 2 : 1), "seeded wrong rank");
    return tap_end();
}
