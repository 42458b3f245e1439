/* Reductions that carry more than a number: MINLOC and MAXLOC, operations of our own, reduce_local. */
#include "tap_mpi.h"

enum { N = 16 };

/* The value of rank (i % size) stands out; where two ranks tie the lower must win. */
#define LOC(ctype, mpitype, name)                                                                                    \
    do {                                                                                                             \
        struct {                                                                                                     \
            ctype value;                                                                                             \
            int rank;                                                                                                \
        } out[N], low[N], high[N];                                                                                   \
        int ok = 1, tie = 1;                                                                                         \
        memset(out, 0, sizeof out);                                                                                  \
        for (int i = 0; i < N; i++) {                                                                                \
            out[i].value = (ctype)(i == N - 1 ? 7 : 10 + (tap_rank + i) % tap_size);                                 \
            out[i].rank = tap_rank;                                                                                  \
        }                                                                                                            \
        MPI_Allreduce(out, low, N, mpitype, MPI_MINLOC, MPI_COMM_WORLD);                                             \
        MPI_Allreduce(out, high, N, mpitype, MPI_MAXLOC, MPI_COMM_WORLD);                                            \
        for (int i = 0; i < N - 1; i++) {                                                                            \
            int lowest = (tap_size - i % tap_size) % tap_size, highest = (lowest + tap_size - 1) % tap_size;         \
            ok &= low[i].value == (ctype)10 && tap_same_int("rank of the least", low[i].rank, lowest) &&             \
                  high[i].value == (ctype)(9 + tap_size) &&                                                          \
                  tap_same_int("rank of the greatest", high[i].rank, highest);                                       \
        }                                                                                                            \
        tie = low[N - 1].value == (ctype)7 && high[N - 1].value == (ctype)7 &&                                       \
              tap_same_int("rank of a tie", low[N - 1].rank, 0) && tap_same_int("rank of a tie", high[N - 1].rank, 0); \
        check(ok, "minloc maxloc of %s", name);                                                                      \
        check(tie, "minloc maxloc of %s give a tie to the lower rank", name);                                        \
    } while (0)

/* x -> a x + b: composition is associative and does not commute. */
struct affine {
    long long a, b;
};

static void compose(void *in, void *inout, int *length, MPI_Datatype *type)
{
    struct affine *first = in, *then = inout;
    (void)type;
    for (int i = 0; i < *length; i++) {
        struct affine both = {first[i].a * then[i].a, first[i].b * then[i].a + then[i].b};
        then[i] = both;
    }
}

static struct affine affine_of(int rank, int i)
{
    return (struct affine){2 + (rank + i) % 2, rank + 1 + i};
}

static struct affine composed(int from, int to, int i)
{
    struct affine result = affine_of(from, i);
    for (int rank = from + 1; rank < to; rank++) {
        struct affine next = affine_of(rank, i);
        result = (struct affine){result.a * next.a, result.b * next.a + next.b};
    }
    return result;
}

static int all_composed(const struct affine *found, int from, int to)
{
    int ok = 1;
    for (int i = 0; i < N; i++) {
        struct affine wanted = composed(from, to, i);
        ok &= tap_same_int("factor", found[i].a, wanted.a) && tap_same_int("offset", found[i].b, wanted.b);
    }
    return ok;
}

static void check_order(void)
{
    MPI_Datatype pair;
    MPI_Op op;
    struct affine out[N], in[N];
    int commutes = 1, ok = 1, counts[64];
    MPI_Type_contiguous(2, MPI_LONG_LONG, &pair);
    MPI_Type_commit(&pair);
    MPI_Op_create(compose, 0, &op);
    MPI_Op_commutative(op, &commutes);
    check(!commutes, "an own operation tells that it does not commute");
    for (int i = 0; i < N; i++)
        out[i] = affine_of(tap_rank, i);

    MPI_Allreduce(out, in, N, pair, op, MPI_COMM_WORLD);
    check(all_composed(in, 0, tap_size), "allreduce keeps the order of ranks");
    for (int root = 0; root < tap_size; root++) {
        MPI_Reduce(out, in, N, pair, op, root, MPI_COMM_WORLD);
        ok &= tap_rank != root || all_composed(in, 0, tap_size);
    }
    check(ok, "reduce keeps the order of ranks at every root");
    MPI_Scan(out, in, N, pair, op, MPI_COMM_WORLD);
    check(all_composed(in, 0, tap_rank + 1), "scan keeps the order of ranks");
    MPI_Exscan(out, in, N, pair, op, MPI_COMM_WORLD);
    check(tap_rank == 0 || all_composed(in, 0, tap_rank), "exscan keeps the order of ranks");

    for (int r = 0; r < tap_size; r++)
        counts[r] = r == 0 ? N : 0;
    MPI_Reduce_scatter(out, in, counts, pair, op, MPI_COMM_WORLD);
    check(tap_rank != 0 || all_composed(in, 0, tap_size), "reduce_scatter keeps the order of ranks");

    MPI_Request request;
    MPI_Iallreduce(out, in, N, pair, op, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(all_composed(in, 0, tap_size), "iallreduce keeps the order of ranks");

    for (int i = 0; i < N; i++) {
        out[i] = affine_of(0, i);
        in[i] = affine_of(1, i);
    }
    MPI_Reduce_local(out, in, N, pair, op);
    check(all_composed(in, 0, 2), "reduce_local keeps the order of operands");
    MPI_Op_free(&op);
    MPI_Type_free(&pair);
    check(op == MPI_OP_NULL, "a freed operation is null");
}

static void check_commutes(void)
{
    int commutes = 0, sum[3] = {1, 2, 3}, more[3] = {10, 20, 30};
    MPI_Op_commutative(MPI_SUM, &commutes);
    check(commutes, "predefined operations commute");
    MPI_Reduce_local(more, sum, 3, MPI_INT, MPI_SUM);
    check(tap_same_ramp("sum", sum, 3, 11, 11), "reduce_local of a predefined operation");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    LOC(short, MPI_SHORT_INT, "short int");
    LOC(int, MPI_2INT, "two ints");
    LOC(long, MPI_LONG_INT, "long int");
    LOC(float, MPI_FLOAT_INT, "float int");
    LOC(double, MPI_DOUBLE_INT, "double int");
    LOC(long double, MPI_LONG_DOUBLE_INT, "long double int");
    check_order();
    check_commutes();
    return tap_end();
}
