/* Neighbourhood collectives over a periodic ring, an open line and a distributed graph with unequal degrees. */
#include "tap_mpi.h"

enum { N = 10 };

static int value(int from, int slot, int i)
{
    return from * 10000 + slot * 100 + i;
}

static void fill(int *buf, int slots)
{
    for (int s = 0; s < slots; s++)
        for (int i = 0; i < N; i++)
            buf[s * N + i] = value(tap_rank, s, i);
}

static int part(const char *what, const int *buf, int from, int slot)
{
    if (from == MPI_PROC_NULL)
        return tap_same_ramp(what, buf, N, -1, 0);
    return tap_same_ramp(what, buf, N, value(from, slot, 0), 1);
}

/* Along one dimension a rank has two neighbours; what it sends down arrives above at the one below. */
static void check_line(int periodic)
{
    const char *kind = periodic ? "ring" : "open line";
    int below, above, out[2 * N], in[2 * N], twos[2] = {N, N}, displs[2] = {N, 0}, straight[2] = {0, N};
    MPI_Aint bytes[2] = {0, N * sizeof(int)};
    MPI_Datatype types[2] = {MPI_INT, MPI_INT};
    MPI_Comm line;
    MPI_Request request;
    MPI_Cart_create(MPI_COMM_WORLD, 1, &tap_size, &periodic, 0, &line);
    MPI_Cart_shift(line, 0, 1, &below, &above);
    fill(out, 2);

    memset(in, 0xff, sizeof in);
    MPI_Neighbor_allgather(out, N, MPI_INT, in, N, MPI_INT, line);
    check(part("below", in, below, 0) && part("above", in + N, above, 0), "neighbor_allgather on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Neighbor_alltoall(out, N, MPI_INT, in, N, MPI_INT, line);
    check(part("below", in, below, 1) && part("above", in + N, above, 0), "neighbor_alltoall on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Neighbor_allgatherv(out, N, MPI_INT, in, twos, displs, MPI_INT, line);
    check(part("below", in + N, below, 0) && part("above", in, above, 0), "neighbor_allgatherv on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Neighbor_alltoallv(out, twos, straight, MPI_INT, in, twos, displs, MPI_INT, line);
    check(part("below", in + N, below, 1) && part("above", in, above, 0), "neighbor_alltoallv on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Neighbor_alltoallw(out, twos, bytes, types, in, twos, bytes, types, line);
    check(part("below", in, below, 1) && part("above", in + N, above, 0), "neighbor_alltoallw on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Ineighbor_alltoall(out, N, MPI_INT, in, N, MPI_INT, line, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(part("below", in, below, 1) && part("above", in + N, above, 0), "ineighbor_alltoall on a %s", kind);

    memset(in, 0xff, sizeof in);
    MPI_Ineighbor_allgather(out, N, MPI_INT, in, N, MPI_INT, line, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(part("below", in, below, 0) && part("above", in + N, above, 0), "ineighbor_allgather on a %s", kind);
    MPI_Comm_free(&line);
}

/* Rank 0 sends to all others and hears from none; the others hear from rank 0 and from the rank before them. */
static void check_star(int adjacent)
{
    const char *how = adjacent ? "adjacent graph" : "scattered graph";
    int sources[2], targets[64], heard = 0, told = 0, found_in, found_out, weighted;
    if (tap_rank > 0)
        sources[heard++] = 0;
    if (tap_rank > 1)
        sources[heard++] = tap_rank - 1;
    for (int r = tap_rank + 1; r < tap_size && (tap_rank == 0 || r == tap_rank + 1); r++)
        targets[told++] = r;
    MPI_Comm graph;
    if (adjacent)
        MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, heard, sources, MPI_UNWEIGHTED, told, targets, MPI_UNWEIGHTED,
                                       MPI_INFO_NULL, 0, &graph);
    else
        MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &tap_rank, &told, targets, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &found_in, &found_out, &weighted);
    check(tap_same_int("sources", found_in, heard) && tap_same_int("targets", found_out, told) && !weighted,
          "degrees of a %s", how);

    /* The order of the neighbours is the library's to choose where the edges came scattered. */
    int order[2], out[N], in[2 * N + N], ok = 1;
    MPI_Dist_graph_neighbors(graph, heard, order, MPI_UNWEIGHTED, told, targets, MPI_UNWEIGHTED);
    fill(out, 1);
    memset(in, 0xff, sizeof in);
    MPI_Neighbor_allgather(out, N, MPI_INT, in, N, MPI_INT, graph);
    for (int i = 0; i < heard; i++)
        ok &= part("source", in + i * N, order[i], 0);
    ok &= tap_same_ramp("behind", in + heard * N, N, -1, 0);
    check(ok, "neighbor_allgather on a %s", how);
    MPI_Comm_free(&graph);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    check_line(1);
    check_line(0);
    check_star(1);
    check_star(0);
    return tap_end();
}
