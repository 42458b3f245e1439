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

/* What one function of the family is given: two neighbours, parts in the reverse order where displacements say so. */
struct exchange {
    const int *out;
    int *in;
    const int *twos, *straight, *reverse;
    const MPI_Aint *bytes;
    const MPI_Datatype *types;
    MPI_Comm comm;
    MPI_Request *request;
};

#define FUNCTION(name, body) \
    static int name(const struct exchange *it) { return body; }
#define PLAIN(member) it->member
#define FIVE(p, P, suffix, R, TAIL) \
    FUNCTION(p##allgather##suffix, MPI_##P##allgather##suffix(it->out, N, MPI_INT, it->in, N, MPI_INT, it->comm TAIL)) \
    FUNCTION(p##allgatherv##suffix, MPI_##P##allgatherv##suffix(it->out, N, MPI_INT, it->in, R(twos), R(reverse), MPI_INT, \
                                                                it->comm TAIL)) \
    FUNCTION(p##alltoall##suffix, MPI_##P##alltoall##suffix(it->out, N, MPI_INT, it->in, N, MPI_INT, it->comm TAIL)) \
    FUNCTION(p##alltoallv##suffix, MPI_##P##alltoallv##suffix(it->out, R(twos), R(straight), MPI_INT, it->in, R(twos), \
                                                              R(reverse), MPI_INT, it->comm TAIL)) \
    FUNCTION(p##alltoallw##suffix, MPI_##P##alltoallw##suffix(it->out, R(twos), it->bytes, it->types, it->in, R(twos), \
                                                              it->bytes, it->types, it->comm TAIL))
#define REQUEST , it->request
#define INFO_REQUEST , MPI_INFO_NULL, it->request

FIVE(neighbor_, Neighbor_, , PLAIN, )
FIVE(ineighbor_, Ineighbor_, , PLAIN, REQUEST)
#if MPI_VERSION >= 4
static const MPI_Count wide_twos[2] = {N, N};
static const MPI_Aint wide_straight[2] = {0, N}, wide_reverse[2] = {N, 0};
#define WIDE(member) wide_##member
FIVE(neighbor_, Neighbor_, _c, WIDE, )
FIVE(ineighbor_, Ineighbor_, _c, WIDE, REQUEST)
FIVE(neighbor_, Neighbor_, _init_c, WIDE, INFO_REQUEST)
#define PERSISTENT_ONES 1
#elif defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
#define PERSISTENT_ONES 1
#endif
#ifdef PERSISTENT_ONES
FIVE(neighbor_, Neighbor_, _init, PLAIN, INFO_REQUEST)
#endif

enum way { BLOCKING, STARTED, PERSISTENT };

#define LIST(p, suffix, way) \
    {#p "allgather" #suffix, p##allgather##suffix, 0, 0, way}, {#p "allgatherv" #suffix, p##allgatherv##suffix, 0, 1, way}, \
        {#p "alltoall" #suffix, p##alltoall##suffix, 1, 0, way}, {#p "alltoallv" #suffix, p##alltoallv##suffix, 1, 1, way}, \
        {#p "alltoallw" #suffix, p##alltoallw##suffix, 1, 0, way},

static const struct {
    const char *name;
    int (*call)(const struct exchange *);
    int each, reversed; /* each neighbour is sent another part; the parts received stand the other way round */
    enum way way;
} functions[] = {
    LIST(neighbor_, , BLOCKING) LIST(ineighbor_, , STARTED)
#if MPI_VERSION >= 4
    LIST(neighbor_, _c, BLOCKING) LIST(ineighbor_, _c, STARTED) LIST(neighbor_, _init_c, PERSISTENT)
#endif
#ifdef PERSISTENT_ONES
    LIST(neighbor_, _init, PERSISTENT)
#endif
};

/* Every function of the family, over a ring whose ranks stand the other way round. */
static void check_twins(void)
{
    int below, above, periodic = 1, rank, out[2 * N], in[2 * N], twos[2] = {N, N}, reverse[2] = {N, 0}, straight[2] = {0, N};
    MPI_Aint bytes[2] = {0, N * sizeof(int)};
    MPI_Datatype types[2] = {MPI_INT, MPI_INT};
    MPI_Comm backwards, ring;
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &backwards);
    MPI_Cart_create(backwards, 1, &tap_size, &periodic, 0, &ring);
    MPI_Cart_shift(ring, 0, 1, &below, &above);
    MPI_Comm_rank(ring, &rank);
    for (int i = 0; i < 2 * N; i++)
        out[i] = value(rank, i / N, i % N);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        MPI_Request request = MPI_REQUEST_NULL;
        struct exchange it = {out, in, twos, straight, reverse, bytes, types, ring, &request};
        memset(in, 0xff, sizeof in);
        int error = functions[f].call(&it);
        if (error == MPI_SUCCESS && functions[f].way == PERSISTENT)
            error = MPI_Start(&request);
        if (error == MPI_SUCCESS && functions[f].way != BLOCKING)
            error = MPI_Wait(&request, MPI_STATUS_IGNORE);
        if (functions[f].way == PERSISTENT && request != MPI_REQUEST_NULL)
            MPI_Request_free(&request);
        const int *first = functions[f].reversed ? in + N : in, *second = functions[f].reversed ? in : in + N;
        check(tap_same_int("error", error, MPI_SUCCESS) && part("below", first, below, functions[f].each) &&
                  part("above", second, above, 0), "%s among ranks in the reverse order", functions[f].name);
    }
    MPI_Comm_free(&ring);
    MPI_Comm_free(&backwards);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    check_line(1);
    check_line(0);
    check_star(1);
    check_star(0);
    check_twins();
    return tap_end();
}
