/* Non-blocking collectives: each one alone, and all of them in flight at once, completed in reverse. */
#include "tap_mpi.h"

enum { N = 500, KINDS = 17 };

struct flight {
    const char *name;
    int *out, *in;
    MPI_Request request;
};

static struct flight flights[KINDS];
static int counts[64], displs[64], bytes[64];
static MPI_Datatype types[64];

static int value(int from, int to, int i)
{
    return from * 1000000 + to * 10000 + i;
}

static int sum(int ranks, int to)
{
    int total = 0;
    for (int r = 0; r < ranks; r++)
        total += value(r, to, 0);
    return total;
}

static void prepare(struct flight *f)
{
    for (int to = 0; to < tap_size; to++)
        for (int i = 0; i < N; i++)
            f->out[to * N + i] = value(tap_rank, to, i);
    memset(f->in, 0xff, sizeof *f->in * N * (size_t)tap_size);
}

static void start(int kind)
{
    struct flight *f = &flights[kind];
    int root = tap_size - 1;
    MPI_Comm comm = MPI_COMM_WORLD;
    MPI_Request *request = &f->request;
    prepare(f);
    switch (kind) {
    case 0: f->name = "ibarrier"; MPI_Ibarrier(comm, request); break;
    case 1: f->name = "ibcast"; MPI_Ibcast(tap_rank == root ? f->out : f->in, N, MPI_INT, root, comm, request); break;
    case 2: f->name = "ireduce"; MPI_Ireduce(f->out, f->in, N, MPI_INT, MPI_SUM, root, comm, request); break;
    case 3: f->name = "iallreduce"; MPI_Iallreduce(f->out, f->in, N, MPI_INT, MPI_SUM, comm, request); break;
    case 4: f->name = "igather"; MPI_Igather(f->out, N, MPI_INT, f->in, N, MPI_INT, root, comm, request); break;
    case 5: f->name = "iscatter"; MPI_Iscatter(f->out, N, MPI_INT, f->in, N, MPI_INT, root, comm, request); break;
    case 6: f->name = "iallgather"; MPI_Iallgather(f->out, N, MPI_INT, f->in, N, MPI_INT, comm, request); break;
    case 7: f->name = "ialltoall"; MPI_Ialltoall(f->out, N, MPI_INT, f->in, N, MPI_INT, comm, request); break;
    case 8:
        f->name = "ireduce_scatter_block";
        MPI_Ireduce_scatter_block(f->out, f->in, N, MPI_INT, MPI_SUM, comm, request);
        break;
    case 9:
        f->name = "ireduce_scatter";
        MPI_Ireduce_scatter(f->out, f->in, counts, MPI_INT, MPI_SUM, comm, request);
        break;
    case 10: f->name = "iscan"; MPI_Iscan(f->out, f->in, N, MPI_INT, MPI_SUM, comm, request); break;
    case 11: f->name = "iexscan"; MPI_Iexscan(f->out, f->in, N, MPI_INT, MPI_SUM, comm, request); break;
    case 12:
        f->name = "igatherv";
        MPI_Igatherv(f->out, N, MPI_INT, f->in, counts, displs, MPI_INT, root, comm, request);
        break;
    case 13:
        f->name = "iscatterv";
        MPI_Iscatterv(f->out, counts, displs, MPI_INT, f->in, N, MPI_INT, root, comm, request);
        break;
    case 14:
        f->name = "iallgatherv";
        MPI_Iallgatherv(f->out, N, MPI_INT, f->in, counts, displs, MPI_INT, comm, request);
        break;
    case 15:
        f->name = "ialltoallv";
        MPI_Ialltoallv(f->out, counts, displs, MPI_INT, f->in, counts, displs, MPI_INT, comm, request);
        break;
    default:
        f->name = "ialltoallw";
        MPI_Ialltoallw(f->out, counts, bytes, types, f->in, counts, bytes, types, comm, request);
    }
}

static int gathered(const struct flight *f, int to)
{
    int ok = 1;
    for (int r = 0; r < tap_size; r++)
        ok &= tap_same_ramp(f->name, f->in + r * N, N, value(r, to, 0), 1);
    return ok;
}

static int landed(int kind)
{
    struct flight *f = &flights[kind];
    int root = tap_size - 1, here = tap_rank == root;
    if (f->request != MPI_REQUEST_NULL) {
        tap_because("the request of %s is not null", f->name);
        return 0;
    }
    switch (kind) {
    case 1: return here || tap_same_ramp(f->name, f->in, N, value(root, 0, 0), 1);
    case 2: return !here || tap_same_ramp(f->name, f->in, N, sum(tap_size, 0), tap_size);
    case 3: return tap_same_ramp(f->name, f->in, N, sum(tap_size, 0), tap_size);
    case 4: case 12: return !here || gathered(f, 0);
    case 5: case 13: return tap_same_ramp(f->name, f->in, N, value(root, tap_rank, 0), 1);
    case 6: case 14: return gathered(f, 0);
    case 7: case 15: case 16: return gathered(f, tap_rank);
    case 8: case 9: return tap_same_ramp(f->name, f->in, N, sum(tap_size, tap_rank), tap_size);
    case 10: return tap_same_ramp(f->name, f->in, N, sum(tap_rank + 1, 0), tap_rank + 1);
    default: return tap_rank == 0 || tap_same_ramp(f->name, f->in, N, sum(tap_rank, 0), tap_rank);
    }
}

/* Nobody may leave before the last rank has entered; ranks tell by message when they do. */
static void check_ibarrier_waits(void)
{
    MPI_Request request;
    int early = 0, word = 1;
    if (tap_rank == tap_size - 1) {
        for (int r = 0; r < tap_size - 1; r++)
            MPI_Recv(&word, 1, MPI_INT, r, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Ibarrier(MPI_COMM_WORLD, &request);
    } else {
        MPI_Ibarrier(MPI_COMM_WORLD, &request);
        for (int i = 0; i < 100 && !early; i++)
            MPI_Test(&request, &early, MPI_STATUS_IGNORE);
        MPI_Send(&word, 1, MPI_INT, tap_size - 1, 1, MPI_COMM_WORLD);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(!early, "ibarrier waits for the last rank");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    for (int r = 0; r < tap_size; r++) {
        counts[r] = N;
        displs[r] = r * N;
        bytes[r] = r * N * (int)sizeof(int);
        types[r] = MPI_INT;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        flights[kind].out = malloc(sizeof(int) * N * (size_t)tap_size);
        flights[kind].in = malloc(sizeof(int) * N * (size_t)tap_size);
    }
    check_ibarrier_waits();
    for (int kind = 1; kind < KINDS; kind++) {
        start(kind);
        MPI_Wait(&flights[kind].request, MPI_STATUS_IGNORE);
        check(landed(kind), "%s alone", flights[kind].name);
    }
    for (int kind = 0; kind < KINDS; kind++)
        start(kind);
    for (int kind = KINDS - 1; kind >= 0; kind--)
        MPI_Wait(&flights[kind].request, MPI_STATUS_IGNORE);
    for (int kind = 1; kind < KINDS; kind++)
        check(landed(kind), "%s among all in flight", flights[kind].name);
    for (int kind = 0; kind < KINDS; kind++) {
        free(flights[kind].out);
        free(flights[kind].in);
    }
    return tap_end();
}
