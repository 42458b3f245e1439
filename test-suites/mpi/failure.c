/* The last rank fails in the way that its argument names; the others wait for it for ever. The launcher must end the
 * job and say so with its exit status. Nothing can be told after the failure, so rank 0 speaks before. */
#define _GNU_SOURCE
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size, word = 0, last;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const char *how = argc > 1 ? argv[1] : "none";
    last = size - 1;
    if (rank == 0) {
        printf("%d ranks, rank %d goes by %s\n", size, last, how);
        fflush(stdout);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == last) {
        /* What rank 0 said is on its way through the launcher. */
        usleep(200000);
        if (strcmp(how, "abort") == 0)
            MPI_Abort(MPI_COMM_WORLD, 7);
        if (strcmp(how, "exit") == 0)
            _exit(9);
        if (strcmp(how, "segv") == 0) {
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
        }
        if (strcmp(how, "kill") == 0)
            raise(SIGKILL);
    } else if (strcmp(how, "return") != 0) {
        MPI_Recv(&word, 1, MPI_INT, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    MPI_Finalize();
    return rank == last && strcmp(how, "return") == 0 ? 5 : 0;
}
