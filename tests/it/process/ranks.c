/* An MPI program that ends as its argument says. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *end = argc > 1 ? argv[1] : "pass";
    int rank, size, sum = 0;
    if (!strcmp(end, "stubborn"))
        for (int i = 0; i < 3; i++) signal((int[]){SIGTERM, SIGINT, SIGHUP}[i], SIG_IGN);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) {
        printf("sum %d of %d\n", sum, size);
        fflush(stdout);
    }
    /* What rank 0 has said must be on its way before the launcher drops it. */
    if (!strcmp(end, "crash") || !strcmp(end, "abort")) usleep(200000);
    if (!strcmp(end, "crash") && rank == 1) raise(SIGSEGV);
    if (!strcmp(end, "abort") && rank == 1) MPI_Abort(MPI_COMM_WORLD, 3);
    if (!strcmp(end, "launcher") && rank == 0) {
        /* The others may still be in the allreduce: not before they have mapped what they share. */
        usleep(100000);
        kill(atoi(getenv("LAUNCHER")), SIGKILL);
    }
    if (strcmp(end, "pass"))
        for (;;) pause();
    MPI_Finalize();
    return 0;
}
