/* Cartesian and graph topologies, and intercommunicators with their collectives. */
#include "tap_mpi.h"

static void check_dims(void)
{
    int free_dims[2] = {0, 0}, fixed[3] = {0, 3, 0};
    MPI_Dims_create(12, 2, free_dims);
    check(tap_same_int("first", free_dims[0], 4) && tap_same_int("second", free_dims[1], 3), "dims are balanced");
    MPI_Dims_create(24, 3, fixed);
    check(tap_same_int("first", fixed[0], 4) && tap_same_int("fixed", fixed[1], 3) &&
          tap_same_int("last", fixed[2], 2), "dims keep what is fixed");
}

static void check_cart(void)
{
    int dims[2] = {0, 0}, periods[2] = {1, 0}, coords[2], found_dims[2], found_periods[2], back, kind, ndims;
    MPI_Comm grid, row;
    MPI_Dims_create(tap_size, 2, dims);
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
    MPI_Topo_test(grid, &kind);
    MPI_Cartdim_get(grid, &ndims);
    check(kind == MPI_CART && tap_same_int("dimensions", ndims, 2), "a grid says that it is one");
    MPI_Cart_get(grid, 2, found_dims, found_periods, coords);
    MPI_Cart_rank(grid, coords, &back);
    check(tap_same_int("rank", back, tap_rank) && tap_same_int("row", coords[0], tap_rank / dims[1]) &&
          tap_same_int("column", coords[1], tap_rank % dims[1]), "coordinates are row major");
    check(tap_same_int("rows", found_dims[0], dims[0]) && found_periods[0] && !found_periods[1],
          "a grid keeps its shape");

    int up, down, before, after;
    MPI_Cart_shift(grid, 0, 1, &up, &down);
    MPI_Cart_shift(grid, 1, 1, &before, &after);
    check(tap_same_int("below", down, (coords[0] + 1) % dims[0] * dims[1] + coords[1]), "a periodic shift wraps");
    check(tap_same_int("after", after, coords[1] + 1 < dims[1] ? tap_rank + 1 : MPI_PROC_NULL),
          "an open shift ends in proc null");

    int keep[2] = {0, 1}, size, rank, sum = tap_rank, wanted = 0;
    MPI_Cart_sub(grid, keep, &row);
    MPI_Comm_size(row, &size);
    MPI_Comm_rank(row, &rank);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, row);
    for (int c = 0; c < dims[1]; c++)
        wanted += coords[0] * dims[1] + c;
    check(tap_same_int("size", size, dims[1]) && tap_same_int("rank", rank, coords[1]) &&
          tap_same_int("sum", sum, wanted), "a row is a communicator of its own");
    MPI_Comm_free(&row);
    MPI_Comm_free(&grid);
}

/* A line as a graph: index holds running degrees, edges the neighbours. */
static void check_graph(void)
{
    int index[64], edges[128], total = 0, count, kind, near[2], nodes, lines;
    for (int r = 0; r < tap_size; r++) {
        if (r > 0)
            edges[total++] = r - 1;
        if (r < tap_size - 1)
            edges[total++] = r + 1;
        index[r] = total;
    }
    MPI_Comm line;
    MPI_Graph_create(MPI_COMM_WORLD, tap_size, index, edges, 0, &line);
    MPI_Topo_test(line, &kind);
    MPI_Graphdims_get(line, &nodes, &lines);
    check(kind == MPI_GRAPH && tap_same_int("nodes", nodes, tap_size) && tap_same_int("edges", lines, total),
          "a graph keeps its size");
    MPI_Graph_neighbors_count(line, tap_rank, &count);
    MPI_Graph_neighbors(line, tap_rank, count, near);
    int first = tap_rank > 0 ? tap_rank - 1 : tap_rank + 1;
    check(tap_same_int("degree", count, (tap_rank > 0) + (tap_rank < tap_size - 1)) &&
          (count == 0 || tap_same_int("neighbour", near[0], first)), "a graph knows the neighbours");
    MPI_Comm_free(&line);
}

/* Rank 0 alone on one side, all others on the other. */
static void check_intercomm(void)
{
    MPI_Comm side, inter, merged;
    int alone = tap_rank == 0, is_inter = 0, size, remote, value, rank, right_group = !alone;
    MPI_Comm_split(MPI_COMM_WORLD, alone, 0, &side);
    MPI_Intercomm_create(side, 0, MPI_COMM_WORLD, alone ? 1 : 0, 3, &inter);
    MPI_Comm_test_inter(inter, &is_inter);
    MPI_Comm_size(inter, &size);
    MPI_Comm_remote_size(inter, &remote);
    check(is_inter && tap_same_int("local", size, alone ? 1 : tap_size - 1) &&
          tap_same_int("remote", remote, alone ? tap_size - 1 : 1), "an intercommunicator has two sides");

    value = alone ? 42 : -1;
    MPI_Bcast(&value, 1, MPI_INT, alone ? MPI_ROOT : 0, inter);
    check(tap_same_int("value", value, 42), "bcast across");

    int out = tap_rank + 1, sum = -1, wanted = 0;
    MPI_Allreduce(&out, &sum, 1, MPI_INT, MPI_SUM, inter);
    for (int r = 1; r < tap_size; r++)
        wanted += r + 1;
    check(tap_same_int("sum", sum, alone ? wanted : 1), "allreduce gives the sum of the other side");

    int all[64];
    memset(all, 0xff, sizeof all);
    MPI_Allgather(&out, 1, MPI_INT, all, 1, MPI_INT, inter);
    check(alone ? tap_same_ramp("gathered", all, tap_size - 1, 2, 1) : tap_same_int("gathered", all[0], 1),
          "allgather gives the values of the other side");

    value = tap_rank;
    if (alone)
        for (int r = 0; r < tap_size - 1; r++)
            MPI_Send(&r, 1, MPI_INT, r, 8, inter);
    else
        MPI_Recv(&value, 1, MPI_INT, 0, 8, inter, MPI_STATUS_IGNORE);
    check(alone || tap_same_int("value", value, tap_rank - 1), "a rank across is named by its place there");

    MPI_Intercomm_merge(inter, right_group, &merged);
    MPI_Comm_rank(merged, &rank);
    MPI_Comm_size(merged, &size);
    check(tap_same_int("rank", rank, tap_rank) && tap_same_int("size", size, tap_size),
          "merge puts the high side behind");
    MPI_Comm_free(&merged);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&side);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    check_dims();
    check_cart();
    check_graph();
    check_intercomm();
    return tap_end();
}
