/* The profiling interface: every tool (Score-P, Darshan, mpiP) replaces MPI_ functions and calls PMPI_ ones. */
#include "tap_mpi.h"

static int reduced, sent, finalized_by_us;

int MPI_Allreduce(const void *out, void *in, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    reduced++;
    return PMPI_Allreduce(out, in, n, type, op, comm);
}

int MPI_Send(const void *buf, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
    sent++;
    return PMPI_Send(buf, n, type, to, tag, comm);
}

int MPI_Finalize(void)
{
    finalized_by_us = 1;
    return PMPI_Finalize();
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    int sum = 1, before, value = tap_rank, got = -1;
    int right = (tap_rank + 1) % tap_size, left = (tap_rank + tap_size - 1) % tap_size;
    MPI_Request request;

    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_int("calls", reduced, 1), "an own allreduce is called");
    check(tap_same_int("sum", sum, tap_size), "the real allreduce does the work");
    PMPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_int("calls", reduced, 1), "pmpi goes past the own function");

    before = sent;
    MPI_Irecv(&got, 1, MPI_INT, left, 1, MPI_COMM_WORLD, &request);
    MPI_Send(&value, 1, MPI_INT, right, 1, MPI_COMM_WORLD);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(tap_same_int("calls", sent - before, 1) && tap_same_int("value", got, left), "an own send is called");
    check(MPI_Pcontrol(1) == MPI_SUCCESS, "pcontrol is there");
    int status = tap_end();
    return finalized_by_us ? status : 1;
}
